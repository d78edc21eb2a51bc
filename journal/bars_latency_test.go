//go:build bars && sdjournal

package journal_test

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"bailiff/journal"
	"bailiff/journal/journaltest"

	"github.com/coreos/go-systemd/v22/sdjournal"
)

// TestJournalBarsLatency holds how soon an entry is yielded, while entries flow and after a quiet second, and what waiting
// costs. sdjournal's Wait stands beside it.
func TestJournalBarsLatency(t *testing.T) {
	j := journaltest.Start(t)
	o := journal.Options{Dir: j.Dir, Reader: journal.ReaderNative, Match: lat, Fields: []string{"MESSAGE"}}
	for _, c := range []struct {
		name  string
		n     int
		every time.Duration
		bar   time.Duration
	}{
		{"500 a second", 2000, 2 * time.Millisecond, 15 * time.Millisecond},
		{"20 a second", 300, 50 * time.Millisecond, 15 * time.Millisecond},
		{"from idle", 40, 1200 * time.Millisecond, 120 * time.Millisecond},
	} {
		o.Since = time.Now()
		ours := latencies(t, o, j, c.n, c.every)
		theirs := waits(t, j, min(c.n, 300), c.every)
		t.Logf("%s: native p50 %v p99 %v; sdjournal's Wait p50 %v p99 %v", c.name, quantile(ours, .5), quantile(ours, .99), quantile(theirs, .5), quantile(theirs, .99))
		if p99 := quantile(ours, .99); p99 > c.bar {
			t.Errorf("%s: p99 of %v is over %v", c.name, p99, c.bar)
		}
	}
	if share := idle(t, o, 20*time.Second); share > .3 {
		t.Errorf("waiting takes %.2f %% of a processor", share)
	}
}

func quantile(all []time.Duration, q float64) time.Duration {
	slices.Sort(all)
	return all[int(q*float64(len(all)-1))].Round(10 * time.Microsecond)
}

// idle returns what following takes while nothing is written, in per cent of a processor.
func idle(t *testing.T, o journal.Options, d time.Duration) float64 {
	ctx, stop := context.WithTimeout(t.Context(), d)
	defer stop()
	before := cpu()
	if err := journal.Follow(ctx, o, func(*journal.Entry) error { return nil }); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatal(err)
	}
	share := 100 * (cpu() - before).Seconds() / d.Seconds()
	t.Logf("idle: %.3f %% of a processor", share)
	return share
}

// waits does what latencies does with go-systemd alone.
func waits(t *testing.T, j *journaltest.Journald, n int, every time.Duration) (all []time.Duration) {
	r, err := sdjournal.NewJournalFromDir(j.Dir)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if err := errors.Join(r.AddMatch("SYSLOG_IDENTIFIER=lat"), r.SeekTail()); err != nil {
		t.Fatal(err)
	}
	r.Previous()
	sent := make(chan error, 1)
	go func() { sent <- send(t.Context(), j, n, every) }()
	deadline := time.Now().Add(10*time.Second + time.Duration(n)*every)
	for len(all) < n && time.Now().Before(deadline) { // an entry was missed once, and never came
		if moved, err := r.Next(); err != nil {
			t.Fatal(err)
		} else if moved == 0 {
			r.Wait(time.Second)
			continue
		}
		text, err := r.GetDataValue("MESSAGE")
		if err != nil {
			t.Fatal(err)
		}
		nanos, err := strconv.ParseInt(strings.TrimPrefix(text, "LAT "), 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, time.Since(time.Unix(0, nanos)))
	}
	if err := <-sent; err != nil {
		t.Fatal(err)
	}
	if len(all) == 0 {
		t.Fatal("sdjournal told nothing")
	}
	if len(all) < n {
		t.Logf("sdjournal told %d of %d entries", len(all), n)
	}
	return all
}
