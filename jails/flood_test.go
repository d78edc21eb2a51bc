package jails

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"bailiff/jails/config"
	"bailiff/jails/event"
)

// TestAFloodIsFolded has many failures in a second. The first are logged as ever, the others with one line, also when
// nothing follows.
func TestAFloodIsFolded(t *testing.T) {
	j, log := testJail(func(c *config.Jail) { c.MaxRetry = 1000 })
	begin := time.Date(2026, 11, 22, 6, 51, 38, 0, time.UTC)
	fail := func(i int, now time.Time) {
		a := netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)})
		j.judge(&event.Failure{Subject: event.Address(a), Time: now, Attempts: 1}, now, false)
	}
	for i := range 1000 {
		fail(i%250, begin.Add(time.Duration(i)*time.Microsecond))
	}
	if n := strings.Count(log.String(), "] Found 10.0.0."); n != toldPerSecond {
		t.Errorf("%d failures are told", n)
	}
	if strings.Contains(log.String(), "more failures") {
		t.Error("the flood is told of before it is over")
	}
	j.sweep(begin.Add(time.Second))
	j.sweep(begin.Add(2 * time.Second))
	if want := fmt.Sprintf("[sshd] Found %d more failures from 250 addresses within a second", 1000-toldPerSecond); strings.Count(log.String(), want) != 1 {
		t.Errorf("no %q in the log's end: %s", want, log.String()[max(0, log.Len()-300):])
	}
	for i := range toldPerSecond + 7 {
		fail(i, begin.Add(2*time.Second))
	}
	fail(1, begin.Add(3*time.Second))
	if !strings.Contains(log.String(), "[sshd] Found 7 more failures from 7 addresses") {
		t.Errorf("the next second is not told of: %s", log.String()[max(0, log.Len()-300):])
	}
	for i := range toldPerSecond - 1 {
		fail(i, begin.Add(3*time.Second))
	}
	j.sweep(begin.Add(4 * time.Second))
	if n := strings.Count(log.String(), "more failures"); n != 2 {
		t.Errorf("%d floods are told of", n)
	}
}
