package jails

import (
	"math"
	"time"

	"bailiff/jails/event"
)

// A tally is what a jail remembers of one subject that keeps failing.
type tally struct {
	retry    int // compared with maxretry; rescaled when the interval outgrows findtime
	failures int // all that were counted since the tally began
	first    time.Time
	last     time.Time
	times    []time.Time // sliding only: the newest failures, oldest first, no more than maxretry
	lines    event.Lines // the newest maxmatches, and up to as many before them
}

// A charge is what the failures of a subject that reached maxretry come to.
type charge struct {
	failures int
	last     time.Time
	lines    []string
}

// A counter counts failures per subject within findtime. By default it counts as fail2ban does: when the interval
// since the first failure outgrows findtime, the count is rescaled by its rate (docs/counting.md). A sliding counter
// holds exactly the failures of the last findtime.
type counter struct {
	findtime   time.Duration
	maxretry   int
	maxmatches int
	sliding    bool
	tallies    map[event.Subject]*tally
}

// add counts f. Once its subject has reached maxretry its failures are returned and forgotten; until then it is nil.
func (c *counter) add(f *event.Failure) *charge {
	t, begin := c.tallies[f.Subject], f.Time.Add(-c.findtime)
	if t == nil || !t.last.After(begin) {
		t = &tally{first: f.Time, last: f.Time}
		c.tallies[f.Subject] = t
	}
	if c.sliding {
		c.slide(t, f.Time)
	} else {
		c.rescale(t, f.Time, begin)
	}
	t.failures += max(f.Attempts, 1)
	if c.maxmatches > 0 {
		f.AddLines(&t.lines)
	}
	reached := t.retry >= c.maxretry
	if reached || t.lines.Len() > 2*c.maxmatches { // forgetting lines one by one would move the others each time
		t.lines.Newest(c.maxmatches)
	}
	if !reached {
		return nil
	}
	delete(c.tallies, f.Subject)
	return &charge{t.failures, t.last, t.lines.Strings()}
}

// rescale counts a failure at now, where begin was findtime before: an interval longer than findtime keeps the rate of
// failures and loses the rest.
func (c *counter) rescale(t *tally, now, begin time.Time) {
	if now.After(t.last) {
		if t.first.Before(begin) {
			rate := float64(t.retry) / float64(now.Sub(t.first))
			t.retry = int(math.RoundToEven(rate * float64(c.findtime)))
			t.first = begin
		}
		t.last = now
	}
	t.retry++
}

// slide counts a failure at now and forgets those older than findtime.
func (c *counter) slide(t *tally, now time.Time) {
	if now.After(t.last) {
		t.last = now
	}
	begin, n := t.last.Add(-c.findtime), 0
	for _, at := range t.times {
		if at.After(begin) {
			t.times[n] = at
			n++
		}
	}
	t.times = append(t.times[:n], now)
	if keep := max(c.maxretry, 1); len(t.times) > keep {
		t.times = append(t.times[:0], t.times[len(t.times)-keep:]...)
	}
	t.retry = len(t.times)
}

// sweep forgets the subjects whose last failure is older than findtime.
func (c *counter) sweep(now time.Time) {
	begin := now.Add(-c.findtime)
	for s, t := range c.tallies {
		if !t.last.After(begin) {
			delete(c.tallies, s)
		}
	}
}
