package jails

import (
	"time"

	"bailiff/jails/event"
)

// An overlap keeps failures from counting twice when a jail's lines begin to come from another source, as when a log
// file appears that holds what the journal already had. It is off until it is told how long to remember.
type overlap struct {
	window time.Duration // 0: off
	recent []sighting    // what was counted within the window, oldest first
	echoes map[sighting]int
}

// A sighting is a failure as two sources would both tell it: log files know whole seconds only.
type sighting struct {
	subject event.Subject
	second  int64
}

// note remembers a counted failure.
func (o *overlap) note(f *event.Failure) {
	if o.window == 0 {
		return
	}
	if len(o.recent) == cap(o.recent) {
		o.forget(f.Time)
	}
	o.recent = append(o.recent, sighting{f.Subject, f.Time.Unix()})
}

func (o *overlap) forget(now time.Time) {
	begin, n := now.Add(-o.window).Unix(), 0
	for _, s := range o.recent {
		if s.second >= begin {
			o.recent[n] = s
			n++
		}
	}
	o.recent = o.recent[:n]
}

// moved says that from now on lines come from another source, which may repeat what was counted.
func (o *overlap) moved() {
	o.echoes = map[sighting]int{}
	for _, s := range o.recent {
		o.echoes[s]++
	}
	o.recent = nil
}

// repeats tells whether the failure was counted from the source before, and forgets that it was: each counts for one.
func (o *overlap) repeats(f *event.Failure) bool {
	if len(o.echoes) == 0 {
		return false
	}
	for _, shift := range []int64{0, -1, 1} { // one source may round what the other cuts
		s := sighting{f.Subject, f.Time.Unix() + shift}
		if n := o.echoes[s]; n > 0 {
			o.echoes[s] = n - 1
			return true
		}
	}
	return false
}
