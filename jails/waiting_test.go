package jails

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"bailiff/jails/config"
	"bailiff/jails/event"
	"bailiff/jails/filter"
	"bailiff/jails/resolve"
)

// slowNames answers after a while: "hostN.slow" with 198.51.100.N, "none..." with no such name, "broken..." with an error,
// "dead..." never.
func slowNames(ctx context.Context, _, host string) ([]netip.Addr, error) {
	if strings.HasPrefix(host, "dead") {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	time.Sleep(time.Second)
	var n byte
	switch {
	case strings.HasPrefix(host, "none"):
		return nil, &net.DNSError{Err: "no such host", IsNotFound: true}
	case strings.HasPrefix(host, "broken"):
		return nil, errors.New("server misbehaving")
	case host == "two.slow":
		return []netip.Addr{netip.MustParseAddr("198.51.100.201"), netip.MustParseAddr("2001:db8::201")}, nil
	}
	_, err := fmt.Sscanf(host, "host%d.slow", &n)
	return []netip.Addr{netip.AddrFrom4([4]byte{198, 51, 100, n})}, err
}

// onBenchOfNames has two jails read one source, the first with a filter that looks names up, and a resolver run.
func onBenchOfNames(t *testing.T, usedns string, test func(ctx context.Context, b *bench, named *Jail)) {
	onBench(t, func(ctx context.Context, b *bench) {
		d := filter.Definition{Name: "named", Failregex: []string{`^ denied <HOST>$`}, UseDNS: usedns}
		f, err := filter.Compile(d)
		if err != nil {
			t.Fatal(err)
		}
		named := NewJail(&config.Jail{Name: "named", Definition: d, Filter: f, MaxRetry: 2, MaxMatches: 2, FindTime: 10 * time.Minute,
			BanTime: time.Hour}, NewIgnoreLists(nil, nil, b.jail.log), b.jail.log, nil)
		b.Jails([]*Jail{named, b.jail})
		b.watch.Names = resolve.New(slowNames, b.jail.log)
		posts := append([]*Post{{Jail: named, Matcher: f.NewMatcher(filter.Options{FindTime: 10 * time.Minute})}}, b.watch.posts...)
		b.watch.Post(posts)
		ctx, cancel := context.WithCancel(ctx)
		var g sync.WaitGroup
		g.Go(func() { _ = b.watch.Names.Run(ctx) })
		test(ctx, b, named)
		cancel()
		g.Wait()
	})
}

// denied is a block of the first jail's lines.
func denied(hosts ...string) *event.Block {
	var text strings.Builder
	for _, h := range hosts {
		fmt.Fprintf(&text, "%s denied %s\n", time.Now().Format(time.RFC3339), h)
	}
	return &event.Block{Origin: "/log", Text: []byte(text.String()), Live: true}
}

func judged(e event.Effects) bool {
	if e.Judged == nil {
		return true
	}
	select {
	case <-e.Judged:
		return true
	default:
		return false
	}
}

// TestANameIsWaitedForByNobody holds that with a dead name server neither the source nor another jail waits, and that the
// jail itself goes on in a moment.
func TestANameIsWaitedForByNobody(t *testing.T) {
	onBenchOfNames(t, "yes", func(ctx context.Context, b *bench, named *Jail) {
		var names []string
		for i := range 61 {
			names = append(names, fmt.Sprintf("dead%d.example", i))
		}
		start := time.Now()
		first, err := b.watch.See(ctx, denied(names...))
		if err != nil || judged(first) || !first.Any {
			t.Fatalf("effects %+v, %v", first, err)
		}
		own, _ := b.watch.See(ctx, denied("192.0.2.7", "192.0.2.7"))
		b.see(ctx, block(3, "192.0.2.1"))
		if took := time.Since(start); took != 0 || !b.kernel.blocks("192.0.2.1") {
			t.Errorf("the other jail's ban took %v: %v", took, b.kernel.blocks("192.0.2.1"))
		}
		if judged(own) || b.kernel.blocks("192.0.2.7") {
			t.Error("the jail's own failures were judged before those that came first")
		}
		time.Sleep(4 * time.Second)
		synctest.Wait()
		if !judged(first) || !judged(own) || !b.kernel.blocks("192.0.2.7") {
			t.Error("the jail waits for a dead name server")
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if n := strings.Count(b.log.String(), "host names could not be looked up; their failures do not count"); n != 2 {
			t.Errorf("%d lines about names, want one at once and one after a minute:\n%s", n, b.log)
		}
	})
}

// TestFailuresOfAJailAreJudgedInTheirOrder mixes names that are answered in another order than they came with addresses.
func TestFailuresOfAJailAreJudgedInTheirOrder(t *testing.T) {
	onBenchOfNames(t, "yes", func(ctx context.Context, b *bench, named *Jail) {
		b.watch.See(ctx, denied("host1.slow"))
		time.Sleep(900 * time.Millisecond)
		last, _ := b.watch.See(ctx, denied("host2.slow", "192.0.2.1", "none.slow", "two.slow", "192.0.2.2", "host1.slow", "dead.slow",
			"192.0.2.3"))
		time.Sleep(5 * time.Second)
		synctest.Wait()
		var found []string
		for line := range strings.Lines(b.log.String()) {
			if _, rest, ok := strings.Cut(line, "[named] Found "); ok {
				who, _, _ := strings.Cut(rest, " ")
				found = append(found, who)
			}
		}
		want := "198.51.100.1 198.51.100.2 192.0.2.1 198.51.100.201 2001:db8::201 192.0.2.2 198.51.100.1 192.0.2.3"
		if got := strings.Join(found, " "); got != want {
			t.Errorf("judged %s, want %s", got, want)
		}
		if !b.kernel.blocks("198.51.100.1") || !judged(last) {
			t.Error("two failures of a host did not ban it")
		}
		ban := named.Bans()[0]
		if len(ban.Lines) != 2 || !strings.HasSuffix(ban.Lines[1], "denied host1.slow") || ban.Fields["dns"] != "host1.slow" {
			t.Errorf("the ban does not say what led to it: %q %v", ban.Lines, ban.Fields)
		}
		now, _ := b.watch.See(ctx, denied("host9.slow"))
		if time.Sleep(2 * time.Second); !judged(now) {
			t.Error("not judged")
		}
		if again, _ := b.watch.See(ctx, denied("host9.slow")); again.Judged != nil {
			t.Error("a name that is known is waited for")
		}
	})
}

// TestUsedns holds what each mode makes of a name.
func TestUsedns(t *testing.T) {
	for mode, want := range map[string]struct {
		banned string
		warned bool
	}{"yes": {"198.51.100.1", false}, "warn": {"198.51.100.1", true}, "": {"198.51.100.1", true}, "no": {"", false}, "raw": {"host1.slow", false}} {
		onBenchOfNames(t, mode, func(ctx context.Context, b *bench, named *Jail) {
			b.watch.See(ctx, denied("host1.slow", "host1.slow"))
			time.Sleep(2 * time.Second)
			synctest.Wait()
			banned := ""
			for _, ban := range named.Bans() {
				banned += ban.Subject.String()
			}
			if banned != want.banned && mode != "raw" || mode == "raw" && named.Status().Failed != 2 {
				t.Errorf("usedns = %s bans %q, want %q", mode, banned, want.banned)
			}
			if warned := strings.Contains(b.log.String(), `determined address by looking up a host name" jail=named host=host1.slow`); warned != want.warned {
				t.Errorf("usedns = %s warns: %v\n%s", mode, warned, b.log)
			}
		})
	}
}

// TestWhatWaitsIsBounded has more failures come behind a name than may wait: the name is given up for them.
func TestWhatWaitsIsBounded(t *testing.T) {
	onBenchOfNames(t, "yes", func(ctx context.Context, b *bench, named *Jail) {
		first, _ := b.watch.See(ctx, denied("dead1.example", "192.0.2.1", "192.0.2.1"))
		for range mostWaiting / 100 {
			b.watch.See(ctx, denied(strings.Fields(strings.Repeat("192.0.2.8 ", 100))...))
		}
		synctest.Wait()
		if !b.kernel.blocks("192.0.2.1") || !b.kernel.blocks("192.0.2.8") || !judged(first) {
			t.Error("a queue that is full waits on")
		}
		if n := len(named.queue.list); n != 0 || named.queue.bytes != 0 {
			t.Errorf("%d failures and %d bytes wait", n, named.queue.bytes)
		}
		for i := range 2 * mostWaiting {
			b.watch.See(ctx, denied(fmt.Sprintf("dead%d.%s", i, strings.Repeat("x", 10))))
		}
		if n := len(named.queue.list); n > mostWaiting {
			t.Errorf("%d failures wait", n)
		}
	})
}

// TestAJailThatIsGoneDoesNotHoldUpPositions has a jail go while its failures wait.
func TestAJailThatIsGoneDoesNotHoldUpPositions(t *testing.T) {
	onBenchOfNames(t, "yes", func(ctx context.Context, b *bench, named *Jail) {
		e, _ := b.watch.See(ctx, denied("host1.slow", "host1.slow"))
		b.Jails([]*Jail{b.jail})
		b.watch.Post(b.watch.posts[1:])
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if !judged(e) || b.kernel.blocks("198.51.100.1") {
			t.Errorf("judged %v, banned %v", judged(e), b.kernel.blocks("198.51.100.1"))
		}
	})
}
