package journal_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"bailiff/journal"
	"bailiff/journal/journaltest"
)

// lat chooses what a latency is measured with.
var lat = journal.Match{{{Field: "SYSLOG_IDENTIFIER", Values: []string{"lat"}}}}

// BenchmarkLatency measures the time from sending an entry to its being yielded.
func BenchmarkLatency(b *testing.B) {
	for _, reader := range readers {
		for name, every := range map[string]time.Duration{"isolated": 1500 * time.Millisecond, "20 a second": 50 * time.Millisecond, "500 a second": 2 * time.Millisecond} {
			b.Run(reader+"/"+name, func(b *testing.B) {
				j := journaltest.Start(b)
				b.ResetTimer()
				all := latencies(b, journal.Options{Dir: j.Dir, Reader: reader, Match: lat, Fields: []string{"MESSAGE"}}, j, b.N, every)
				report(b, all)
			})
		}
	}
}

// BenchmarkIdle measures what waiting costs while nothing is written.
func BenchmarkIdle(b *testing.B) {
	for _, reader := range readers {
		b.Run(reader, func(b *testing.B) {
			j := journaltest.Start(b)
			ctx, stop := context.WithTimeout(b.Context(), time.Duration(b.N)*time.Second)
			defer stop()
			o := journal.Options{Dir: j.Dir, Reader: reader, Match: lat}
			b.ResetTimer()
			before, begin := cpu(), time.Now()
			err := journal.Follow(ctx, o, func(*journal.Entry) error { return nil })
			if !errors.Is(err, context.DeadlineExceeded) {
				b.Fatal(err)
			}
			b.ReportMetric(100*(cpu()-before).Seconds()/time.Since(begin).Seconds(), "%cpu")
		})
	}
}

// TestLatencyWhileEntriesFlow guards against a reader that waits for journald's notifications, which take a quarter of a
// second and more. Half of that is left to a busy machine.
func TestLatencyWhileEntriesFlow(t *testing.T) {
	for _, reader := range readers {
		j := journaltest.Start(t)
		all := latencies(t, journal.Options{Dir: j.Dir, Reader: reader, Match: lat, Fields: []string{"MESSAGE"}}, j, 50, 20*time.Millisecond)
		slices.Sort(all)
		if p50 := all[len(all)/2]; p50 > 60*time.Millisecond {
			t.Errorf("%s: half the entries took over %v", reader, p50)
		}
	}
}

// latencies sends n entries and returns how long each took.
func latencies(tb testing.TB, o journal.Options, j *journaltest.Journald, n int, every time.Duration) (all []time.Duration) {
	tb.Helper()
	ctx, stop := context.WithTimeout(tb.Context(), time.Minute+time.Duration(n)*every*2)
	defer stop()
	sent := make(chan error, 1)
	o.Idle = sync.OnceFunc(func() {
		go func() { sent <- send(ctx, j, n, every) }()
	})
	err := journal.Follow(ctx, o, func(e *journal.Entry) error {
		nanos, err := strconv.ParseInt(strings.TrimPrefix(string(e.Get("MESSAGE")), "LAT "), 10, 64)
		if err != nil {
			return err
		}
		if all = append(all, time.Since(time.Unix(0, nanos))); len(all) == n {
			return errEnough
		}
		return nil
	})
	if !errors.Is(err, errEnough) {
		tb.Fatalf("after %d of %d: %v", len(all), n, err)
	}
	if err := <-sent; err != nil {
		tb.Fatal(err)
	}
	return all
}

// send sends n entries, each with the time it was sent.
func send(ctx context.Context, j *journaltest.Journald, n int, every time.Duration) error {
	conn, err := net.Dial("unixgram", j.Socket())
	if err != nil {
		return err
	}
	defer conn.Close()
	tick := time.NewTicker(every)
	defer tick.Stop()
	for range n {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
		if _, err := fmt.Fprintf(conn, "SYSLOG_IDENTIFIER=lat\nMESSAGE=LAT %d\n", time.Now().UnixNano()); err != nil {
			return err
		}
	}
	return nil
}

func report(b *testing.B, all []time.Duration) {
	slices.Sort(all)
	for name, q := range map[string]float64{"p50-ms": .5, "p99-ms": .99, "max-ms": 1} {
		b.ReportMetric(all[int(q*float64(len(all)-1))].Seconds()*1e3, name)
	}
}
