package jails

import (
	"fmt"
	"time"

	"bailiff/jails/event"
)

const (
	// toldPerSecond is how many failures of a jail are logged one by one within a second. What comes above is a flood, whose
	// lines would fill disks and which nobody reads.
	toldPerSecond = 200
	// countedSubjects is how many of a second's subjects are told apart.
	countedSubjects = 10000
)

// A flood is the failures of a second that are not logged one by one.
type flood struct {
	second   int64
	told     int // one by one
	more     int
	subjects map[event.Subject]struct{} // of more
}

// takes reports whether a failure belongs to the flood of this second. What is to be said of an earlier second has been.
func (f *flood) takes(s event.Subject, now time.Time) bool {
	if second := now.Unix(); second != f.second {
		*f = flood{second: second}
	}
	if f.told < toldPerSecond {
		f.told++
		return false
	}
	if f.more++; f.subjects == nil {
		f.subjects = map[event.Subject]struct{}{}
	}
	if len(f.subjects) < countedSubjects {
		f.subjects[s] = struct{}{}
	}
	return true
}

// over reports whether there is something to say of a second that has passed.
func (f *flood) over(now time.Time) bool { return f.more > 0 && now.Unix() != f.second }

// tellFlood logs what was not logged one by one, once its second is over. j.mu is held.
func (j *Jail) tellFlood(now time.Time) {
	if !j.flood.over(now) {
		return
	}
	n := fmt.Sprint(len(j.flood.subjects))
	if len(j.flood.subjects) >= countedSubjects {
		n += " or more"
	}
	j.log.Info(fmt.Sprintf("[%s] Found %d more failures from %s addresses within a second", j.Name, j.flood.more, n))
	j.flood = flood{second: j.flood.second, told: toldPerSecond}
}
