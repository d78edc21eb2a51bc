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
	lines    []string    // the newest maxmatches lines
	fields   map[string]string
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

// add counts f and returns the subject's tally once it has reached maxretry, forgetting it; else nil.
func (c *counter) add(f event.Failure) *tally {
	t := c.tallies[f.Subject]
	if t == nil || !t.last.After(f.Time.Add(-c.findtime)) {
		t = &tally{first: f.Time, last: f.Time}
		c.tallies[f.Subject] = t
	}
	if c.sliding {
		c.slide(t, f.Time)
	} else {
		c.rescale(t, f.Time)
	}
	t.failures += max(f.Attempts, 1)
	t.fields = f.Fields
	t.keep(f.Lines, c.maxmatches)
	if t.retry < c.maxretry {
		return nil
	}
	delete(c.tallies, f.Subject)
	return t
}

// rescale counts a failure at now: an interval longer than findtime keeps the rate of failures and loses the rest.
func (c *counter) rescale(t *tally, now time.Time) {
	if now.After(t.last) {
		if begin := now.Add(-c.findtime); t.first.Before(begin) {
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

func (t *tally) keep(lines []string, maxmatches int) {
	t.lines = append(t.lines, lines...)
	if over := len(t.lines) - maxmatches; over > 0 {
		t.lines = append([]string(nil), t.lines[over:]...)
	}
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
