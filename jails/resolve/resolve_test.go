package resolve

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// run runs a resolver whose look-ups are made by lookup, for as long as the test lasts.
func run(t *testing.T, lookup func(ctx context.Context, host string) ([]netip.Addr, error)) (*Resolver, *strings.Builder) {
	var log strings.Builder
	r := New(func(ctx context.Context, _, host string) ([]netip.Addr, error) { return lookup(ctx, host) },
		slog.New(slog.NewTextHandler(&log, nil)))
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- r.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		<-done
	})
	return r, &log
}

// ask returns the answer, and when it came.
func ask(r *Resolver, host string) (Answer, time.Duration) {
	start, got := time.Now(), make(chan Answer, 1)
	if a, known := r.Ask(host, func(a Answer) { got <- a }); known {
		return a, time.Since(start)
	}
	a := <-got
	return a, time.Since(start)
}

var notFound = &net.DNSError{Err: "no such host", IsNotFound: true}

func dead(ctx context.Context, _ string) ([]netip.Addr, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

func TestAnswersAreRemembered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked := map[string]int{}
		r, _ := run(t, func(_ context.Context, host string) ([]netip.Addr, error) {
			asked[host]++
			time.Sleep(time.Second)
			switch host {
			case "none":
				return nil, notFound
			case "broken":
				return nil, &net.DNSError{Err: "server misbehaving", IsTemporary: true}
			}
			return []netip.Addr{netip.MustParseAddr("::ffff:192.0.2.1")}, nil
		})
		for _, c := range []struct {
			host   string
			addrs  string
			failed bool
			holds  time.Duration
		}{{"one", "[192.0.2.1]", false, believed}, {"none", "[]", false, believed}, {"broken", "[]", true, failedFor}} {
			for i, wait := range []time.Duration{0, c.holds - time.Millisecond, time.Millisecond} {
				time.Sleep(wait)
				a, took := ask(r, c.host)
				if fmt.Sprint(a.Addrs) != c.addrs || (a.Err != nil) != c.failed {
					t.Errorf("%s is %+v", c.host, a)
				}
				if known := took == 0; known != (i == 1) {
					t.Errorf("%s: asked for the %d. time, the answer took %v", c.host, i+1, took)
				}
			}
			if asked[c.host] != 2 {
				t.Errorf("%s was looked up %d times", c.host, asked[c.host])
			}
		}
	})
}

func TestANameIsLookedUpOnceForAllWhoAsk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lookups, told := 0, 0
		r, _ := run(t, func(context.Context, string) ([]netip.Addr, error) {
			lookups++
			time.Sleep(time.Second)
			return nil, notFound
		})
		for range 5 {
			r.Ask("name", func(Answer) { told++ })
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if lookups != 1 || told != 5 {
			t.Errorf("%d look-ups, %d told", lookups, told)
		}
	})
}

// TestADeadNameServerCostsAMoment holds that thousands of names wait as long as one does, and that the log says so
// once.
func TestADeadNameServerCostsAMoment(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		alive := false
		r, log := run(t, func(ctx context.Context, host string) ([]netip.Addr, error) {
			if alive {
				return nil, notFound
			}
			return dead(ctx, host)
		})
		start, answers := time.Now(), make(chan Answer, Room)
		for i := range Room {
			r.Ask(fmt.Sprint("name", i), func(a Answer) { answers <- a })
		}
		for range Room {
			if a := <-answers; a.Err == nil {
				t.Fatal("an answer out of nothing")
			}
		}
		if took := time.Since(start); took > 2*limit {
			t.Errorf("the names were given up after %v", took)
		}
		if n := strings.Count(log.String(), "\n"); n != 1 || !strings.Contains(log.String(), "not looked up") {
			t.Errorf("the log has %d lines:\n%s", n, log)
		}
		alive = true
		if a, _ := ask(r, "another"); a.Err != nil {
			t.Errorf("with the name server back: %v", a.Err)
		}
		if !strings.Contains(log.String(), `looked up again" "given up"=99`) {
			t.Errorf("not told that it is back:\n%s", log)
		}
	})
}

// TestSlowNamesOfOthers holds that names which are slow by themselves, as an attacker's, leave the others their turn.
func TestSlowNamesOfOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, _ := run(t, func(ctx context.Context, host string) ([]netip.Addr, error) {
			if strings.HasPrefix(host, "slow") {
				return dead(ctx, host)
			}
			return []netip.Addr{netip.MustParseAddr("192.0.2.1")}, nil
		})
		for i := range inParallel - 1 {
			r.Ask(fmt.Sprint("slow", i), func(Answer) {})
		}
		for i := range 100 {
			if a, took := ask(r, fmt.Sprint("quick", i)); a.Err != nil || took > 0 {
				t.Fatalf("%v after %v", a, took)
			}
		}
	})
}

func TestWhoWaitsTooLongIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, _ := run(t, func(ctx context.Context, host string) ([]netip.Addr, error) {
			if strings.HasSuffix(host, "5") || strings.HasSuffix(host, "0") {
				time.Sleep(limit - 1)
				return nil, notFound // the name server is there
			}
			return dead(ctx, host)
		})
		start, answers := time.Now(), make(chan Answer, 5000)
		for i := range cap(answers) {
			r.Ask(fmt.Sprint(i), func(a Answer) { answers <- a })
		}
		for range cap(answers) {
			<-answers
		}
		if took := time.Since(start); took < late || took > late+2*limit {
			t.Errorf("the last was given up after %v", took)
		}
	})
}

func TestAFloodOfNamesIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, _ := run(t, dead)
		refused := 0
		for i := range 3 * Room {
			if a, known := r.Ask(fmt.Sprint(i), func(Answer) {}); known && errors.Is(a.Err, ErrGivenUp) {
				refused++
			}
		}
		if most := Room + inParallel; 3*Room-refused > most {
			t.Errorf("%d names wait, at most %d should", 3*Room-refused, most)
		}
	})
	var m memory
	for i := range 10 * Room {
		m.put(fmt.Sprint(i), Answer{}, time.Now())
	}
	if n := len(m.young) + len(m.old); n > Room {
		t.Errorf("%d answers are remembered", n)
	}
	if _, ok := m.get(fmt.Sprint(10*Room-Room/2), time.Now()); !ok {
		t.Error("one of the newest answers is forgotten")
	}
}

func TestRefreshKeepsNoFailure(t *testing.T) {
	var err error
	r, _ := run(t, func(context.Context, string) ([]netip.Addr, error) {
		return []netip.Addr{netip.MustParseAddr("192.0.2.1")}, err
	})
	r.Refresh(t.Context(), "name")
	err = errors.New("no route")
	if a := r.Refresh(t.Context(), "name"); a.Err == nil {
		t.Error("the answer is an old one")
	}
	if a := r.Resolve(t.Context(), "name"); a.Err != nil || len(a.Addrs) != 1 {
		t.Errorf("what was known is lost: %+v", a)
	}
}

// TestAgainstANameServerThatIsSilent uses the real resolver on a socket that nobody reads.
func TestAgainstANameServerThatIsSilent(t *testing.T) {
	socket, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	silent := net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp", socket.LocalAddr().String())
	}}
	r := New(silent.LookupNetIP, slog.New(slog.DiscardHandler))
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- r.Run(ctx) }()
	names := make([]string, 61)
	answers := make(chan Answer, len(names))
	start := time.Now()
	for i := range names {
		r.Ask(fmt.Sprintf("host%d.example.org", i), func(a Answer) { answers <- a })
	}
	for range names {
		if a := <-answers; a.Err == nil {
			t.Errorf("answered %+v", a)
		}
	}
	if took := time.Since(start); took > 4*limit {
		t.Errorf("61 names took %v", took)
	}
	if a := r.Resolve(t.Context(), "localhost"); !slices.Contains(a.Addrs, netip.MustParseAddr("127.0.0.1")) {
		t.Errorf("localhost, of the hosts file, is %+v", a)
	}
	cancel()
	<-done
}
