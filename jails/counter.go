package jails

import (
	"math"
	"time"

	"bailiff/jails/event"
)

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
	tallies    tallies
	oldest     int64       // no tally's last failure is older
	fresh      event.Lines // those of the failure at hand
	unkept     int         // failures whose lines there was no room for
}

// nanos is a time as tallies keep it. Times before 1970, which no log has, count as 1970.
func nanos(t time.Time) int64 {
	if t.Unix() < 0 {
		return 0
	}
	return t.UnixNano()
}

// add counts f. Once its subject has reached maxretry its failures are returned and forgotten; until then it is nil.
func (c *counter) add(f *event.Failure) *charge {
	now := nanos(f.Time)
	begin := now - int64(c.findtime)
	t, fresh := c.tallies.get(f.Subject), tally{first: now, last: now}
	known := t != nil
	switch {
	case !known:
		t = &fresh
	case t.last <= begin:
		c.tallies.reset(t)
		*t = fresh
	}
	if c.sliding {
		c.slide(t, now)
	} else {
		c.rescale(t, now, begin)
	}
	t.failures = int32(min(int64(t.failures)+int64(max(f.Attempts, 1)), math.MaxInt32))
	if int(t.retry) >= c.maxretry {
		return c.charge(t, f, known)
	}
	if !known {
		t = c.tallies.put(f.Subject, fresh)
		if c.tallies.len() == 1 || now < c.oldest {
			c.oldest = now
		}
	}
	c.keepLines(t, f)
	return nil
}

// charge is what a tally comes to with its last failure, f. A known one is forgotten.
func (c *counter) charge(t *tally, f *event.Failure, known bool) *charge {
	ch := &charge{failures: int(t.failures), last: f.Time}
	if t.last != nanos(f.Time) {
		ch.last = time.Unix(0, t.last).In(f.Time.Location())
	}
	if c.maxmatches > 0 {
		c.fresh.Reset(mostFresh)
		if t.more != nil {
			c.fresh.AddAll(&t.more.lines)
		}
		f.AddLines(&c.fresh)
		c.fresh.Newest(c.maxmatches)
		ch.lines = c.fresh.Strings()
	}
	if known {
		c.forget(f.Subject)
	}
	return ch
}

// forget forgets the failures of a subject.
func (c *counter) forget(s event.Subject) { c.tallies.drop(s) }

const (
	mostFresh = 16 << 10 // bytes of lines whose memory is kept for the next failure

	// Lines are for people; who fails from a million addresses shall not fill the memory with them. Most of these
	// addresses fail once: the first lines go before those of who fails again.
	firstRoom = 8 << 20  // bytes of lines from which on those of a subject's first failure are not kept
	linesRoom = 64 << 20 // and from which on none are
)

// keepLines keeps the lines that led to f, the newest maxmatches and up to as many before them: forgetting lines one by
// one would move the others each time.
func (c *counter) keepLines(t *tally, f *event.Failure) {
	first := t.more == nil || t.more.lines.Len() == 0
	if first && c.maxmatches <= 0 {
		return
	}
	if kept := c.tallies.bytes; kept >= linesRoom || first && t.failures <= 1 && kept >= firstRoom {
		c.unkept++
		return
	}
	if t.more == nil {
		t.more = &more{}
	}
	l := &t.more.lines
	c.tallies.bytes -= l.Size()
	if first { // most subjects have no second line: as much memory as it takes
		c.fresh.Reset(mostFresh)
		f.AddLines(&c.fresh)
		l.AddAll(&c.fresh)
	} else {
		f.AddLines(l)
	}
	if l.Len() > 2*c.maxmatches {
		l.Newest(c.maxmatches)
	}
	c.tallies.bytes += l.Size()
}

// rescale counts a failure at now, where begin was findtime before: an interval longer than findtime keeps the rate of
// failures and loses the rest.
func (c *counter) rescale(t *tally, now, begin int64) {
	if now > t.last {
		if t.first < begin {
			rate := float64(t.retry) / float64(now-t.first)
			t.retry = int32(math.RoundToEven(rate * float64(c.findtime)))
			t.first = begin
		}
		t.last = now
	}
	t.retry = min(t.retry, math.MaxInt32-1) + 1
}

// slide counts a failure at now and forgets those older than findtime. A first failure's time is where rescale has it.
func (c *counter) slide(t *tally, now int64) {
	t.last = max(t.last, now)
	if t.retry == 0 {
		t.retry = 1
		return
	}
	if t.more == nil {
		t.more = &more{}
	}
	times := t.more.times
	if t.retry == 1 && len(times) == 0 {
		times = append(make([]int64, 0, min(max(c.maxretry, 1), 7)+1), t.first)
	}
	begin, n := t.last-int64(c.findtime), 0
	for _, at := range times {
		if at > begin {
			times[n] = at
			n++
		}
	}
	times = append(times[:n], now)
	if keep := max(c.maxretry, 1); len(times) > keep {
		times = append(times[:0], times[len(times)-keep:]...)
	}
	t.more.times = times
	t.retry = int32(len(times))
}

// sweep forgets the subjects whose last failure is older than findtime.
func (c *counter) sweep(now time.Time) {
	begin := nanos(now) - int64(c.findtime)
	if c.tallies.len() == 0 || c.oldest > begin {
		return
	}
	c.oldest = math.MaxInt64
	c.tallies.sweep(func(t *tally) (drop bool) {
		if t.last <= begin {
			return true
		}
		c.oldest = min(c.oldest, t.last)
		return false
	})
}
