package date

import (
	"bytes"
	"time"
)

// A repeat is the begin of the last line, where that decided the line's date. A line that begins alike has its date there
// too, and it reads the same: in a flood hundreds of lines are of one second.
type repeat struct {
	begin []byte // empty: the date was not decided so
	reach int    // how far the next search at a line's begin reads at first, for begin to be short
}

// behindDate is how much a parser looks at behind nearly every date.
const behindDate = 8

// note notes that the entry that matched last was found in the line again, and how much of it that took. What a parser
// did not read had no say.
func (d *Detector) note(e *entry, h *hit) {
	if e.parse == nil || !e.tied() {
		return
	}
	d.repeat.reach = h.end + behindDate
	if c := &d.cursor; c.cut && !c.lost {
		d.repeat.begin = append(d.repeat.begin[:0], c.s...)
	}
}

// again finds the date where the line begins as the last one did, as find would find it. Else it returns nil.
func (d *Detector) again(line []byte, now time.Time) (*template, *hit) {
	r := &d.repeat
	if len(r.begin) == 0 || !bytes.HasPrefix(line, r.begin) {
		r.begin = r.begin[:0]
		return nil, nil
	}
	e := &d.entries[d.last]
	e.wins++
	e.used = now
	return e.template, &d.best
}
