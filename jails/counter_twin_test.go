package jails

import (
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"
	"time"

	"bailiff/jails/event"
)

// A plainTally is a tally without thrift.
type plainTally struct {
	retry    int
	failures int
	first    time.Time
	last     time.Time
	times    []time.Time
	lines    event.Lines
}

// A plainCounter is the counter's slow twin: it counts the same with a map of whole subjects.
type plainCounter struct {
	findtime   time.Duration
	maxretry   int
	maxmatches int
	sliding    bool
	tallies    map[event.Subject]*plainTally
}

// add counts f. Once its subject has reached maxretry its failures are returned and forgotten; until then it is nil.
func (c *plainCounter) add(f *event.Failure) *charge {
	t, begin := c.tallies[f.Subject], f.Time.Add(-c.findtime)
	if t == nil || !t.last.After(begin) {
		t = &plainTally{first: f.Time, last: f.Time}
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
func (c *plainCounter) rescale(t *plainTally, now, begin time.Time) {
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
func (c *plainCounter) slide(t *plainTally, now time.Time) {
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
func (c *plainCounter) sweep(now time.Time) {
	begin := now.Add(-c.findtime)
	for s, t := range c.tallies {
		if !t.last.After(begin) {
			delete(c.tallies, s)
		}
	}
}

// whoFails are subjects of every sort, some of which are alike.
func whoFails() (all []event.Subject) {
	for _, s := range []string{"192.0.2.1", "192.0.2.2", "::ffff:192.0.2.1", "2001:db8::1", "2001:db8::2", "::192.0.2.1",
		"192.0.2.0/24", "2001:db8::/64", "192.0.2.1/32", "0.0.0.0", "::", "::1", "0.0.0.0/0", "::/0"} {
		one, err := event.ParseSubject(s)
		if err != nil {
			panic(err)
		}
		all = append(all, one)
	}
	return append(all, event.ID("192.0.2.1"), event.ID("mallory"), event.ID(""))
}

// TestCounterAgainstItsSlowTwin has both count the same failures, some of them late, while settings change.
func TestCounterAgainstItsSlowTwin(t *testing.T) {
	who := whoFails()
	for seed := range uint64(300) {
		rng := rand.New(rand.NewPCG(seed, 1))
		c, twin := &counter{}, &plainCounter{tallies: map[event.Subject]*plainTally{}}
		configure := func(sliding bool) {
			c.findtime = time.Duration(1 + rng.Int64N(int64(20*time.Minute)))
			c.maxretry, c.maxmatches, c.sliding = rng.IntN(8), rng.IntN(4), sliding
			twin.findtime, twin.maxretry, twin.maxmatches, twin.sliding = c.findtime, c.maxretry, c.maxmatches, c.sliding
		}
		configure(seed%2 == 0)
		many := 1 + rng.IntN(len(who))
		now := noon
		for i := range 1500 {
			now = now.Add(time.Duration(rng.Int64N(int64(4 * time.Minute / time.Duration(many)))))
			switch rng.IntN(40) {
			case 0:
				c.sweep(now)
				twin.sweep(now)
			case 1:
				s := who[rng.IntN(many)]
				c.forget(s)
				delete(twin.tallies, s)
			case 2:
				configure(c.sliding)
			case 3:
				now = now.Add(c.findtime)
			}
			f := event.Failure{Subject: who[rng.IntN(many)], Attempts: rng.IntN(3), Time: now, Lines: []string{fmt.Sprint("line ", i)}}
			if rng.IntN(4) == 0 {
				f.Time = now.Add(-time.Duration(rng.Int64N(int64(2 * c.findtime))))
			}
			got, want := c.add(&f), twin.add(&f)
			if (got == nil) != (want == nil) || got != nil && (got.failures != want.failures || !got.last.Equal(want.last) ||
				got.last.Location() != want.last.Location() || !slices.Equal(got.lines, want.lines)) {
				t.Fatalf("seed %d, failure %d: %+v, want %+v", seed, i, got, want)
			}
			if c.tallies.len() != len(twin.tallies) {
				t.Fatalf("seed %d, failure %d: %d fail, want %d", seed, i, c.tallies.len(), len(twin.tallies))
			}
		}
		c.sweep(now.Add(c.findtime))
		if c.tallies.len() != 0 || c.tallies.bytes != 0 {
			t.Fatalf("seed %d: %d tallies and %d bytes of lines are left", seed, c.tallies.len(), c.tallies.bytes)
		}
	}
}

// TestManyAddressesTakeLittleMemory holds the bound of what an address costs that failed once, and that it is given
// back.
func TestManyAddressesTakeLittleMemory(t *testing.T) {
	const many = 250_000
	for _, c := range []struct {
		name             string
		six, lines, slid bool
		most             uint64 // bytes an address
	}{
		{"IPv4", false, false, false, 64}, {"IPv6", true, false, false, 96}, {"IPv4 with lines", false, true, false, 120},
		{"IPv6 with lines, sliding", true, true, true, 150},
	} {
		before := heapInUse()
		counter := newCounter(c.slid)
		f := failureAt(0)
		if f.Lines = []string{sshdLine}; !c.lines {
			counter.maxmatches = 0
		}
		for i := range uint32(many) {
			f.Subject = numbered(i, c.six)
			counter.add(f)
		}
		each := (heapInUse() - before) / many
		t.Logf("%s: %d bytes an address, the lines of %d are not kept", c.name, each, counter.unkept)
		if each > c.most {
			t.Errorf("%s: an address takes %d bytes, at most %d are wanted", c.name, each, c.most)
		}
		for range 3 {
			counter.add(f)
		}
		if ch := counter.add(f); ch == nil || c.lines && len(ch.lines) != 3 {
			t.Errorf("%s: in a flood the ban of one who goes on failing has %+v", c.name, ch)
		}
		counter.sweep(f.Time.Add(counter.findtime))
		if left := int64(heapInUse()-before) / 1024; left > 512 {
			t.Errorf("%s: %d KB are left after the flood", c.name, left)
		}
		runtime.KeepAlive(counter)
	}
}

// heapInUse is how many bytes are reachable.
func heapInUse() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
