package date

import (
	"math"
	"time"
)

// A period is a stretch of time in which a zone keeps one offset.
type period struct {
	loc        *time.Location
	start, end int64 // in Unix seconds; end is outside
	offset     int64 // seconds east of UTC
	summer     bool
}

// has tells whether the period covers the Unix second t of loc.
func (p *period) has(loc *time.Location, t int64) bool {
	return p.loc == loc && p.start <= t && t < p.end
}

// load makes p the period of loc that covers the Unix second t.
func (p *period) load(loc *time.Location, t int64) {
	at := time.Unix(t, 0).In(loc)
	_, offset := at.Zone()
	start, end := at.ZoneBounds()
	*p = period{loc: loc, start: math.MinInt64, end: math.MaxInt64, offset: int64(offset), summer: at.IsDST()}
	if !start.IsZero() {
		p.start = start.Unix()
	}
	if !end.IsZero() {
		p.end = end.Unix()
	}
}

// A localClock turns civil time into Unix time as glibc's mktime does when nobody says whether summer time holds.
type localClock struct {
	period
	last int64 // the offset of the time before: it decides what an hour that comes twice means
}

// unix returns the Unix second of a civil time in loc. A civil time that the zone skips is read as if the clock had
// already been put forward, or not yet, whichever is summer time.
func (c *localClock) unix(loc *time.Location, civil int64) int64 {
	t := civil - c.last
	if c.has(loc, t) && c.offset == c.last {
		return t
	}
	t = c.probe(loc, t, civil)
	c.last = civil - t
	return t
}

// settled tells whether unix would answer the same if it was asked the same again.
func (c *localClock) settled() bool { return c.offset == c.last }

// probe corrects the guess t until it shows civil, or until it jumps between the two sides of a gap. Beyond six steps
// mktime would give up; no real zone takes so many.
func (c *localClock) probe(loc *time.Location, t, civil int64) int64 {
	before, beforeThat, summerBefore := t, t, false
	for range 6 {
		if !c.has(loc, t) {
			c.load(loc, t)
		}
		miss := civil - (t + c.offset)
		if miss == 0 {
			return t
		}
		if t == beforeThat && t != before && (c.summer || !summerBefore) {
			return t
		}
		beforeThat, before, t, summerBefore = before, t, t+miss, c.summer
	}
	return t
}
