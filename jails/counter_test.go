package jails

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"bailiff/jails/event"
)

var (
	noon     = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	attacker = event.ID("attacker")
)

func failureAt(seconds float64) *event.Failure {
	return &event.Failure{Subject: attacker, Attempts: 1, Time: noon.Add(time.Duration(seconds * float64(time.Second))),
		Lines: []string{fmt.Sprint(seconds)}}
}

func newCounter(sliding bool) *counter {
	return &counter{findtime: 600 * time.Second, maxretry: 5, maxmatches: 3, sliding: sliding}
}

// bannedAt returns the number of the failure that reached maxretry, 0 for none.
func bannedAt(c *counter, seconds ...float64) int {
	for i, s := range seconds {
		if c.add(failureAt(s)) != nil {
			return i + 1
		}
	}
	return 0
}

func every(step float64, n int) (at []float64) {
	for i := range n {
		at = append(at, float64(i)*step)
	}
	return at
}

func TestCounterAgainstTheTableInTheDocs(t *testing.T) {
	for _, test := range []struct {
		name             string
		at               []float64
		rescaled, strict int
	}{
		{"five in a burst", every(1, 5), 5, 5},
		{"every 150 s", every(150, 20), 5, 0}, // the fifth falls just out of a strict window
		{"four in a burst, the fifth after 599 s", []float64{0, 1, 2, 3, 599}, 5, 5},
		{"four in a burst, the fifth after 602 s", []float64{0, 1, 2, 3, 602}, 5, 0},
		{"every 200 s", every(200, 50), 0, 0},
		{"a pause longer than findtime", []float64{0, 1, 2, 3, 700, 701}, 0, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := bannedAt(newCounter(false), test.at...); got != test.rescaled {
				t.Errorf("rescaled: banned at failure %d, want %d", got, test.rescaled)
			}
			if got := bannedAt(newCounter(true), test.at...); got != test.strict {
				t.Errorf("sliding: banned at failure %d, want %d", got, test.strict)
			}
		})
	}
}

func TestCounterKeepsTheNewestLines(t *testing.T) {
	c := newCounter(false)
	for i := range 4 {
		c.add(failureAt(float64(i)))
	}
	got := c.add(failureAt(4))
	if got == nil || fmt.Sprint(got.lines) != "[2 3 4]" || got.failures != 5 {
		t.Fatalf("got %+v, want the lines 2 3 4 and five failures", got)
	}
	if c.tallies.len() != 0 {
		t.Error("the tally stays after its ban")
	}
}

func TestCounterWithMaxretryZeroBansAtOnce(t *testing.T) {
	c := newCounter(false)
	c.maxretry = 0
	if bannedAt(c, 0) != 1 {
		t.Error("the first failure was not enough")
	}
}

// TestSlidingCounterAgainstItsSlowTwin compares with counting, for each failure, those of the last findtime.
func TestSlidingCounterAgainstItsSlowTwin(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for round := range 2000 {
		c, at, now := newCounter(true), []float64{}, 0.0
		for range 40 {
			now += rng.Float64() * 300
			at = append(at, now)
			n := 0
			for _, earlier := range at {
				if earlier > now-600 {
					n++
				}
			}
			banned := c.add(failureAt(now)) != nil
			if banned != (n >= 5) {
				t.Fatalf("round %d, failures at %v: banned %v with %d in the window", round, at, banned, n)
			}
			if banned {
				at = at[:0]
			}
		}
	}
}

func TestCounterSweepsWhatIsOld(t *testing.T) {
	c := newCounter(false)
	c.add(failureAt(0))
	c.sweep(noon.Add(599 * time.Second))
	if c.tallies.len() != 1 {
		t.Fatal("swept too early")
	}
	c.sweep(noon.Add(600 * time.Second))
	if c.tallies.len() != 0 {
		t.Fatal("not swept")
	}
}
