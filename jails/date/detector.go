package date

import (
	"time"
	"unicode/utf8"
)

// A Detector finds dates in the lines of one source. The order in which it tries its templates, and so what it finds
// in a line with several dates, depends on the lines before. It is not for concurrent use.
type Detector struct {
	resolver
	work
	entries     []entry
	firstUnused int
	last        int // the entry that matched last; beyond the list at first
	place       place
	line        []byte
	reserve     hit
	best        hit
	repeat      repeat
	found       int
}

// An entry is a template in a detector's list.
type entry struct {
	*template
	wins     int       // lines this template decided
	used     time.Time // when it last decided a line
	distance int       // where its date began then, in characters
}

// weight is what entries are ordered by.
func (e *entry) weight() float64 {
	return float64(e.wins) * e.template.weight / float64(max(1, e.distance))
}

const (
	never     = 0x7fffffff      // a distance no line has
	longSince = 5 * time.Minute // an entry unused so long gives way to any that is used
)

// NewDetector returns a detector that has seen no line yet.
func (p *Patterns) NewDetector() *Detector {
	d := &Detector{last: never, entries: make([]entry, len(p.templates))}
	d.place.start, d.repeat.reach = 1, reach
	for i, t := range p.templates {
		d.entries[i] = entry{template: t, distance: never}
	}
	d.zone = p.zone
	return d
}

// Match finds the date of line, which is valid UTF-8. Dates that leave out their year or day are taken as those
// nearest to now, which also is the clock by which unused templates age. A match without a time means that the text is
// empty, or that it looks like a date and is none.
func (d *Detector) Match(line []byte, now time.Time) (Match, bool) {
	t, h := d.again(line, now)
	if t == nil {
		d.line = line
		d.shape.reset(line)
		if t, h = d.find(now); t == nil {
			return Match{}, false
		}
	}
	d.found++
	m := Match{Start: h.from, End: h.to, Template: t.name}
	if h.from < h.to {
		m.Time = d.time(h.fields, now)
	}
	return m, true
}

// Found counts the lines in which a date was found since the detector was made. As long as it stays, so does what the
// detector finds in a line.
func (d *Detector) Found() int { return d.found }

// GaveUp counts the searches that took too many steps since the detector was made. Their templates count as not
// matching; only patterns of users can take so many.
func (d *Detector) GaveUp() int { return d.gaveUp }

// find decides which template names the line's date: the one that matched last, if it matches in the same place or is
// anchored; else the first in the list that is anchored or lies no farther right than dates did before; else the
// leftmost.
func (d *Detector) find(now time.Time) (*template, *hit) {
	skip, reserved := never, -1
	h := &d.best
	if d.last < len(d.entries) {
		e := &d.entries[d.last]
		found, whole := d.tryLast(e, h)
		if whole {
			skip = d.last
		}
		if found {
			if len(d.entries) == 1 || e.anchored || d.place.same(d.line, h) {
				d.note(e, h)
				return d.win(d.last, h, now)
			}
			d.reserve, reserved = *h, d.last
		}
	}
	return d.findInList(skip, reserved, now)
}

// tryLast searches with the entry that matched last: where its date was, if the characters around that place are as
// they were; else the whole line.
func (d *Detector) tryLast(e *entry, h *hit) (found, whole bool) {
	if !e.anchored {
		if start, end, ok := d.place.in(d.line); ok {
			return e.search(d.line[:end], start, &d.work, h), false
		}
		return e.search(d.line, 0, &d.work, h), true
	}
	d.shape.narrow(d.repeat.reach)
	found = e.search(d.line, 0, &d.work, h)
	d.shape.narrow(reach)
	return found, true
}

// findInList tries all entries in order, but for the one at skip. reserved is the entry that d.reserve is a hit of, or
// -1.
func (d *Detector) findInList(skip, reserved int, now time.Time) (*template, *hit) {
	h, noClock := &d.best, d.shape.noClock()
	for i := range d.entries {
		e := &d.entries[i]
		if i == skip || noClock && e.needsClock() || !e.search(d.line, 0, &d.work, h) {
			continue
		}
		if d.wins(i, h) {
			return d.win(i, h, now)
		}
		if reserved < 0 || h.start < d.reserve.start {
			d.reserve, reserved = *h, i
		}
	}
	if reserved < 0 {
		return nil, nil
	}
	return d.win(reserved, &d.reserve, now)
}

// wins tells whether entry i's hit ends the search through the list.
func (d *Detector) wins(i int, h *hit) bool {
	e := &d.entries[i]
	if i+1 >= len(d.entries) || e.anchored {
		return true
	}
	distance := utf8.RuneCount(d.line[:h.start])
	return distance <= e.distance && distance <= d.place.start
}

// win notes that entry i decided the line, and lets it move up.
func (d *Detector) win(i int, h *hit, now time.Time) (*template, *hit) {
	e := &d.entries[i]
	t := e.template
	e.wins++
	e.used = now
	e.distance = utf8.RuneCount(d.line[:h.start])
	if d.firstUnused == i {
		d.firstUnused++
	}
	if h.start < len(d.line) {
		d.place.start = e.distance
		if !e.anchored {
			d.place.set(d.line, h, e.distance)
		}
		if i > 0 && i != d.last {
			i = d.moveUp(i)
		}
		d.last = i
	}
	return t, h
}

// moveUp lets entry i overtake others: to the first that never decided a line or half way up, else by one.
func (d *Detector) moveUp(i int) int {
	to := i / 2
	if d.firstUnused < i {
		to = d.firstUnused
	}
	if !d.overtakes(i, to) {
		if to == i-1 {
			return i
		}
		if to = i - 1; !d.overtakes(i, to) {
			return i
		}
	}
	moved := d.entries[i]
	copy(d.entries[to+1:i+1], d.entries[to:i])
	d.entries[to] = moved
	for d.firstUnused < len(d.entries) && d.entries[d.firstUnused].wins > 0 {
		d.firstUnused++
	}
	return to
}

func (d *Detector) overtakes(i, to int) bool {
	e, other := &d.entries[i], &d.entries[to]
	return e.weight() > other.weight() || e.used.Add(-longSince).After(other.used)
}
