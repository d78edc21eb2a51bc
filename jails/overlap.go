package jails

import "bailiff/jails/event"

// An overlap keeps failures from counting twice when a jail's lines begin to come from another source, as when a log
// file appears that holds what the journal already had.
type overlap struct {
	isOn   bool
	recent []sighting // what was counted last, oldest first, at most mostRecent
	echoes map[sighting]int
}

// mostRecent is how many failures are remembered: 0.9 MB of them. Only in a flood are those of a findtime more.
const mostRecent = 1 << 14

// A sighting is a failure as two sources would both tell it: log files know whole seconds only.
type sighting struct {
	subject event.Subject
	second  int64
}

// note remembers a counted failure.
func (o *overlap) note(f *event.Failure) {
	if !o.isOn {
		return
	}
	if len(o.recent) == mostRecent {
		o.recent = o.recent[:copy(o.recent, o.recent[mostRecent/2:])]
	}
	o.recent = append(o.recent, sighting{f.Subject, f.Time.Unix()})
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
