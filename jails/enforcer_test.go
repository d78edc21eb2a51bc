package jails

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"bailiff/jails/config"
	"bailiff/jails/event"
	"bailiff/jails/filter"
)

// A blocklist is a kernel in memory. Its entries end by themselves.
type blocklist struct {
	mu      sync.Mutex
	blocked map[netip.Prefix]time.Time
	adds    int
	refuses error
	hangs   chan struct{} // until it is closed, nothing is answered; nil: all is
	saved   *memory       // what must hold a ban before the kernel does
	t       *testing.T
}

func (k *blocklist) Add(_ context.Context, _ string, bans map[netip.Prefix]time.Duration) error {
	if k.hangs != nil {
		<-k.hangs
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.adds++
	if k.refuses != nil {
		return k.refuses
	}
	for p, d := range bans {
		if !k.saved.has(p) {
			k.t.Errorf("%s is blocked before it is stored", p)
		}
		k.blocked[p] = time.Now().Add(d)
	}
	return nil
}

func (k *blocklist) Remove(_ context.Context, _ string, ps ...netip.Prefix) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.refuses != nil {
		return k.refuses
	}
	for _, p := range ps {
		delete(k.blocked, p)
	}
	return nil
}

func (k *blocklist) blocks(who string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	p, _ := subject(who).Prefix()
	return k.blocked[p].After(time.Now())
}

func (k *blocklist) set(err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.refuses = err
}

// memory is a store in memory. While it fails, what it is told of waits.
type memory struct {
	mu      sync.Mutex
	bans    map[event.Subject]event.Ban
	saves   int
	fails   error
	waiting []func()
}

// do carries out what changes the store, or has it wait.
func (m *memory) do(change func()) <-chan struct{} {
	m.mu.Lock()
	defer m.mu.Unlock()
	saved := make(chan struct{})
	m.waiting = append(m.waiting, func() { change(); close(saved) })
	m.goOn()
	return saved
}

func (m *memory) goOn() {
	for m.fails == nil && len(m.waiting) > 0 {
		m.waiting[0]()
		m.waiting = m.waiting[1:]
	}
}

func (m *memory) Save(bans []event.Ban) <-chan struct{} {
	return m.do(func() {
		m.saves++
		for _, b := range bans {
			m.bans[b.Subject] = b
		}
	})
}

func (m *memory) Lift(_ string, subjects ...event.Subject) <-chan struct{} {
	return m.do(func() {
		for _, s := range subjects {
			delete(m.bans, s)
		}
	})
}

func (m *memory) Drop(bans []event.Ban) {
	m.do(func() {
		for _, b := range bans {
			if m.bans[b.Subject].At.Equal(b.At) {
				delete(m.bans, b.Subject)
			}
		}
	})
}

func (m *memory) set(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.fails = err
	m.goOn()
}

// has reports whether the store knows of a ban, or could not be told.
func (m *memory) has(p netip.Prefix) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	_, ok := m.bans[event.Network(p)]
	return ok || m.fails != nil
}

// A bench is a jail at work on a source.
type bench struct {
	*Enforcer
	jail   *Jail
	watch  *Watch
	kernel *blocklist
	store  *memory
	log    *strings.Builder
}

func newBench(t *testing.T) *bench {
	f, err := filter.Compile(filter.Definition{Name: "test", Failregex: []string{`^ login failed from <ADDR>$`}})
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{store: &memory{bans: map[event.Subject]event.Ban{}}}
	b.kernel = &blocklist{blocked: map[netip.Prefix]time.Time{}, saved: b.store, t: t}
	b.jail, b.log = testJail(func(c *config.Jail) { c.Filter = f })
	b.Enforcer = NewEnforcer(b.store, b.kernel, b.jail.log, nil)
	b.Jails([]*Jail{b.jail})
	b.watch = &Watch{Source: "files", Enforcer: b.Enforcer}
	b.watch.Post([]*Post{{Jail: b.jail, Matcher: f.NewMatcher(filter.Options{FindTime: 10 * time.Minute})}})
	return b
}

// see has a block judged and waits until what follows from it is done.
func (b *bench) see(ctx context.Context, block *event.Block) (bool, error) {
	effects, err := b.watch.See(ctx, block)
	synctest.Wait()
	return effects.Any, err
}

// A refusal is what a kernel says of a network that it never takes.
type refusal struct{ network netip.Prefix }

func (r refusal) Error() string         { return "no room for " + r.network.String() }
func (r refusal) Network() netip.Prefix { return r.network }
func (r refusal) Final() bool           { return true }

// block is one block of n failures each of the addresses, now.
func block(n int, who ...string) *event.Block {
	var text strings.Builder
	for range n {
		for _, w := range who {
			fmt.Fprintf(&text, "%s login failed from %s\n", time.Now().Format(time.RFC3339), w)
		}
	}
	return &event.Block{Origin: "/log", Text: []byte(text.String()), Live: true}
}

// onBench runs a test in a bubble of time, beside a running enforcer.
func onBench(t *testing.T, test func(ctx context.Context, b *bench)) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		ctx, cancel := context.WithCancel(t.Context())
		var g sync.WaitGroup
		g.Go(func() { b.Run(ctx) })
		g.Go(func() { b.Sweep(ctx, func() {}) })
		test(ctx, b)
		cancel()
		g.Wait()
	})
}

func TestABanGoesFromTheLineToTheKernelAndEnds(t *testing.T) {
	onBench(t, func(ctx context.Context, b *bench) {
		effects, err := b.see(ctx, block(3, "192.0.2.1", "192.0.2.2"))
		if err != nil || !effects {
			t.Fatalf("effects %v, %v", effects, err)
		}
		if !b.kernel.blocks("192.0.2.1") || !b.kernel.blocks("192.0.2.2") {
			t.Fatal("the kernel does not block")
		}
		if b.store.saves != 1 || b.kernel.adds != 1 {
			t.Errorf("%d transactions in the store and %d in the kernel for one block", b.store.saves, b.kernel.adds)
		}
		time.Sleep(time.Hour + 2*sweepEvery)
		synctest.Wait()
		if b.kernel.blocks("192.0.2.1") || b.jail.Status().Banned != 0 || !strings.Contains(b.log.String(), "[sshd] Unban 192.0.2.1") {
			t.Errorf("the ban did not end: %+v", b.jail.Status())
		}
	})
}

// TestWhatWasDecidedIsDoneBeforeTheEnd submits verdicts of all sizes to an enforcer that is told to end.
func TestWhatWasDecidedIsDoneBeforeTheEnd(t *testing.T) {
	for range 20 { // which of two channels is seen first is chance
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t)
			ctx, end := context.WithCancel(t.Context())
			many := make([]event.Ban, bulky)
			for i := range many {
				many[i] = b.jail.Ban(subject(fmt.Sprintf("10.0.%d.%d", i/256, i%256)), time.Now())
			}
			b.Submit(many)
			b.Submit([]event.Ban{b.jail.Ban(subject("192.0.2.1"), time.Now())})
			end()
			if err := b.Run(ctx); err != nil {
				t.Fatal(err)
			}
			for _, who := range []string{"10.0.0.0", "192.0.2.1"} {
				if !b.kernel.blocks(who) || !strings.Contains(b.log.String(), "[sshd] Ban "+who) {
					t.Fatalf("%s: blocked %v, and not told", who, b.kernel.blocks(who))
				}
			}
		})
	}
}

// TestAProlongedBanIsTheSameBan holds that it lasts longer in store and kernel, and is told and counted once.
func TestAProlongedBanIsTheSameBan(t *testing.T) {
	onBench(t, func(ctx context.Context, b *bench) {
		for range 2 {
			if _, err := b.see(ctx, block(3, "192.0.2.1")); err != nil {
				t.Fatal(err)
			}
			time.Sleep(30 * time.Minute)
		}
		time.Sleep(15 * time.Minute)
		if !b.kernel.blocks("192.0.2.1") || b.jail.Status().Banned != 1 {
			t.Errorf("the ban ended with the first failures': %+v", b.jail.Status())
		}
		time.Sleep(15*time.Minute + 2*sweepEvery)
		synctest.Wait()
		text := b.log.String()
		if b.kernel.blocks("192.0.2.1") || strings.Count(text, "] Ban ") != 1 || strings.Count(text, "already banned") != 1 || strings.Count(text, "] Unban ") != 1 {
			t.Error(text)
		}
		if s := b.jail.Status(); s.Bans != 1 || s.Banned != 0 || b.store.saves != 2 {
			t.Errorf("%+v, saved %d times", s, b.store.saves)
		}
	})
}

// TestTheLastProlongationIsSaved submits two of a ban in the other order, as two goroutines may.
func TestTheLastProlongationIsSaved(t *testing.T) {
	onBench(t, func(_ context.Context, b *bench) {
		who, now := event.Address(netip.MustParseAddr("192.0.2.1")), time.Now()
		first := b.jail.BanUntil(who, now, now.Add(time.Hour))
		longer := b.jail.BanUntil(who, now, now.Add(2*time.Hour))
		longest := b.jail.BanUntil(who, now, now.Add(3*time.Hour))
		for _, ban := range []event.Ban{first, longest, longer} {
			b.Submit([]event.Ban{ban})
		}
		synctest.Wait()
		if saved := b.store.bans[who].Until; !saved.Equal(longest.Until) {
			t.Errorf("saved until %v, want %v", saved, longest.Until)
		}
	})
}

// TestARefusalForGoodLeavesWhatStood has the kernel refuse a prolongation and a manual ban of somebody banned.
func TestARefusalForGoodLeavesWhatStood(t *testing.T) {
	onBench(t, func(ctx context.Context, b *bench) {
		b.see(ctx, block(3, "192.0.2.1"))
		first := b.jail.Bans()[0]
		time.Sleep(30 * time.Minute)
		b.kernel.set(refusal{netip.MustParsePrefix("192.0.2.1/32")})
		b.see(ctx, block(3, "192.0.2.1"))
		if err := b.Enforce([]event.Ban{b.jail.Ban(subject("192.0.2.1"), time.Now())}); err == nil || !strings.Contains(err.Error(), "192.0.2.1 cannot be banned: no room") {
			t.Fatalf("it was taken: %v", err)
		}
		if bans := b.jail.Bans(); len(bans) != 1 || !bans[0].Until.Equal(first.Until) {
			t.Fatalf("%+v in place of %+v", bans, first)
		}
		if stored := b.store.bans[subject("192.0.2.1")]; !stored.Until.Equal(first.Until) || !stored.At.Equal(first.At) {
			t.Fatalf("stored is %+v in place of %+v", stored, first)
		}
		b.kernel.set(nil)
		b.see(ctx, block(3, "192.0.2.1"))
		time.Sleep(45 * time.Minute)
		if !b.kernel.blocks("192.0.2.1") {
			t.Error("the ban was not prolonged")
		}
	})
}

// TestWhatCanNeverBeBanned is refused once: it is neither stored nor listed, told once and not tried again. Others of the
// batch stand.
func TestWhatCanNeverBeBanned(t *testing.T) {
	onBench(t, func(ctx context.Context, b *bench) {
		b.kernel.set(errors.Join(refusal{netip.MustParsePrefix("192.0.2.1/32")}))
		for range 3 {
			b.see(ctx, block(3, "192.0.2.1", "192.0.2.2"))
		}
		adds := b.kernel.adds
		time.Sleep(time.Minute)
		synctest.Wait()
		if b.kernel.adds != adds {
			t.Errorf("tried %d times more", b.kernel.adds-adds)
		}
		if bans := b.jail.Bans(); len(bans) != 1 || len(b.store.bans) != 1 || b.jail.Status().Bans != 1 {
			t.Errorf("listed are %v, stored %v, %+v", bans, b.store.bans, b.jail.Status())
		}
		if text := b.log.String(); strings.Count(text, "not banned, for that cannot be done") != 1 || strings.Contains(text, "Ban 192.0.2.1") {
			t.Error(text)
		}
	})
}

// TestARefusedBanIsToldOfTwice however often it is tried, and less and less often.
func TestARefusedBanIsToldOfTwice(t *testing.T) {
	onBench(t, func(ctx context.Context, b *bench) {
		var problems []string
		b.Problem = func(text string) { problems = append(problems, text) }
		b.kernel.set(errors.New("the lock is held"))
		b.see(ctx, block(3, "192.0.2.1", "192.0.2.2"))
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		if b.kernel.adds > 70 {
			t.Errorf("tried %d times", b.kernel.adds)
		}
		b.kernel.set(nil)
		time.Sleep(lastRetry)
		synctest.Wait()
		text := b.log.String()
		if strings.Count(text, "level=ERROR") != 1 || strings.Count(text, "refuses no ban any more") != 1 || strings.Count(text, "] Ban ") != 2 {
			t.Error(text)
		}
		if len(problems) < 2 || !strings.Contains(problems[0], "2 of jail sshd") || problems[len(problems)-1] != "" {
			t.Errorf("%d problems: %.2q", len(problems), problems)
		}
	})
}

// TestARefusedBanDoesNotShortenItsProlongation has the kernel refuse a ban, and take it after it was prolonged.
func TestARefusedBanDoesNotShortenItsProlongation(t *testing.T) {
	onBench(t, func(ctx context.Context, b *bench) {
		b.kernel.set(errors.New("no"))
		if _, err := b.see(ctx, block(3, "192.0.2.1")); err != nil {
			t.Fatal(err)
		}
		time.Sleep(30*time.Minute + 300*time.Millisecond)
		b.kernel.set(nil)
		if _, err := b.see(ctx, block(3, "192.0.2.1")); err != nil {
			t.Fatal(err)
		}
		time.Sleep(45 * time.Minute)
		if !b.kernel.blocks("192.0.2.1") {
			t.Error("the kernel has the ban's first end")
		}
	})
}

func TestTwoIDsOfOneAddress(t *testing.T) {
	onBench(t, func(ctx context.Context, b *bench) {
		id := func(name string, d time.Duration) event.Ban {
			return event.Ban{Jail: "sshd", Subject: event.ID(name), At: time.Now(), Until: time.Now().Add(d), Fields: map[string]string{"ip": "192.0.2.1"}}
		}
		bans := []event.Ban{id("a", time.Hour), id("b", 10*time.Minute)}
		b.store.bans[subject("192.0.2.1")] = bans[0] // what the kernel blocks is remembered under the id
		b.jail.Restore(bans, time.Now())
		if left := b.jail.Remaining(time.Now()); len(left) != 1 || left[netip.MustParsePrefix("192.0.2.1/32")] != time.Hour {
			t.Errorf("%v", left)
		}
		b.Enforce(bans)
		if _, err := b.Lift(b.jail, []event.Subject{event.ID("a")}); err != nil || !b.kernel.blocks("192.0.2.1") {
			t.Errorf("the other's address is let go: %v", err)
		}
	})
}

// An action that bans <ip>/24 has the network blocked as long as anybody in it is banned.
func TestABanThatIsWiderThanAnAddress(t *testing.T) {
	onBench(t, func(ctx context.Context, b *bench) {
		c := *b.jail.Config()
		c.Firewall.Wide4, c.Firewall.Wide6 = 24, 64
		b.jail.Configure(&c)
		network, first, second := netip.MustParsePrefix("192.0.2.0/24"), subject("192.0.2.1"), subject("192.0.2.77")
		b.store.bans[event.Network(network)] = event.Ban{} // what the kernel blocks is remembered under the address
		if _, err := b.watch.See(ctx, block(3, "192.0.2.1")); err != nil {
			t.Fatal(err)
		}
		now := time.Now()
		b.Enforce([]event.Ban{b.jail.BanUntil(second, now, now.Add(time.Second))})
		left := b.jail.Remaining(now)
		if until := b.kernel.blocked[network]; len(b.kernel.blocked) != 1 || until.Sub(now) < time.Minute || len(left) != 1 || left[network] < time.Minute {
			t.Errorf("blocked %v, wanted %v", b.kernel.blocked, left)
		}
		if _, ok := b.store.bans[first]; !ok {
			t.Error("the store does not have who is banned")
		}
		for i, s := range []event.Subject{second, first} {
			if _, err := b.Lift(b.jail, []event.Subject{s}); err != nil {
				t.Fatal(err)
			}
			if _, got := b.kernel.blocked[network]; got != (i == 0) {
				t.Errorf("%s is let go: blocked %v", s, got)
			}
		}
		if p, _ := b.jail.Ban(event.Network(netip.MustParsePrefix("198.51.0.0/16")), now).Network(); p.Bits() != 16 {
			t.Errorf("a wider ban is of %s", p)
		}
	})
}

func TestABanThatTheKernelRefusesIsTriedAgain(t *testing.T) {
	onBench(t, func(ctx context.Context, b *bench) {
		b.kernel.set(errors.New("set does not exist"))
		if _, err := b.see(ctx, block(3, "192.0.2.1")); err != nil {
			t.Fatalf("a refused ban ended the source: %v", err)
		}
		if strings.Contains(b.log.String(), "[sshd] Ban ") {
			t.Error("told of a ban that does not stand")
		}
		b.kernel.set(nil)
		time.Sleep(2 * retryEvery)
		synctest.Wait()
		if !b.kernel.blocks("192.0.2.1") || !strings.Contains(b.log.String(), "[sshd] Ban 192.0.2.1") {
			t.Error("not tried again")
		}
	})
}

// TestTheKernelBansWhileTheStoreFails and unbans; the store learns of it all, in order, when it works again.
func TestTheKernelBansWhileTheStoreFails(t *testing.T) {
	onBench(t, func(ctx context.Context, b *bench) {
		b.see(ctx, block(3, "192.0.2.3"))
		b.store.set(errors.New("disk full"))
		one := block(3, "192.0.2.1")
		one.Text = append(one.Text, block(2, "192.0.2.2").Text...)
		began := time.Now()
		if _, err := b.see(ctx, one); err != nil || time.Since(began) > 0 {
			t.Errorf("the source waited %v: %v", time.Since(began), err)
		}
		time.Sleep(storePatience)
		synctest.Wait()
		if !b.kernel.blocks("192.0.2.1") {
			t.Error("not blocked though the kernel would")
		}
		began = time.Now()
		b.see(ctx, block(3, "192.0.2.4"))
		if !b.kernel.blocks("192.0.2.4") || time.Since(began) > 0 {
			t.Error("the second ban waited for the store")
		}
		if _, err := b.Lift(b.jail, []event.Subject{subject("192.0.2.3"), subject("192.0.2.4")}); err != nil || b.kernel.blocks("192.0.2.3") || time.Since(began) > 0 {
			t.Errorf("not let go: %v", err)
		}
		b.store.set(nil)
		if len(b.store.bans) != 1 || b.store.bans[subject("192.0.2.1")].At.IsZero() {
			t.Errorf("stored is %v", b.store.bans)
		}
		if s := b.jail.Status(); s.Failed != 11 || s.Banned != 1 {
			t.Errorf("%+v, want 11 failures and 1 ban", s)
		}
	})
}

// TestAnUnbanThatTheKernelRefuses is tried again, and not of whom is banned anew meanwhile.
func TestAnUnbanThatTheKernelRefuses(t *testing.T) {
	onBench(t, func(ctx context.Context, b *bench) {
		for _, who := range []string{"192.0.2.1", "192.0.2.2"} {
			if _, err := b.see(ctx, block(3, who)); err != nil {
				t.Fatal(err)
			}
		}
		b.kernel.set(errors.New("the lock is held"))
		if _, err := b.Lift(b.jail, []event.Subject{subject("192.0.2.1"), subject("192.0.2.2")}); err == nil {
			t.Error("nothing was said of the kernel's refusal")
		}
		b.jail.Ban(subject("192.0.2.2"), time.Now())
		b.kernel.set(nil)
		time.Sleep(2 * retryEvery)
		synctest.Wait()
		if b.kernel.blocks("192.0.2.1") || !b.kernel.blocks("192.0.2.2") {
			t.Error("not let go, or let go though banned anew")
		}
	})
}

// TestAJailThatIsGoneAndBlockedNothing is dropped by a reload: the kernel has no set to take its bans from.
func TestAJailThatIsGoneAndBlockedNothing(t *testing.T) {
	onBench(t, func(ctx context.Context, b *bench) {
		c := *b.jail.Config()
		c.Firewall.Kind = "none"
		b.jail.Configure(&c)
		if _, err := b.see(ctx, block(3, "192.0.2.1")); err != nil {
			t.Fatal(err)
		}
		b.Jails(nil)
		b.kernel.set(errors.New("set does not exist"))
		if gone, err := b.Lift(b.jail, []event.Subject{subject("192.0.2.1")}); err != nil || len(gone) != 1 {
			t.Errorf("lifted %v: %v", gone, err)
		}
	})
}

// TestBansEndThoughTheClockWasSet has the kernel count on when the wall clock says that a ban is over.
func TestBansEndThoughTheClockWasSet(t *testing.T) {
	onBench(t, func(ctx context.Context, b *bench) {
		if _, err := b.see(ctx, block(3, "192.0.2.1")); err != nil {
			t.Fatal(err)
		}
		p, _ := subject("192.0.2.1").Prefix()
		b.kernel.mu.Lock()
		b.kernel.blocked[p] = time.Now().Add(1000 * time.Hour)
		b.kernel.mu.Unlock()
		for b.jail.Status().Banned > 0 {
			time.Sleep(time.Minute)
		}
		time.Sleep(2 * retryEvery)
		synctest.Wait()
		if b.kernel.blocks("192.0.2.1") {
			t.Error("the kernel bans on")
		}
	})
}

func TestLiftedBansAreGoneEverywhere(t *testing.T) {
	onBench(t, func(ctx context.Context, b *bench) {
		b.see(ctx, block(3, "192.0.2.1", "192.0.2.2"))
		lifted, err := b.Lift(b.jail, []event.Subject{subject("192.0.2.1"), subject("192.0.2.9")})
		if err != nil || len(lifted) != 1 {
			t.Fatalf("lifted %v, %v", lifted, err)
		}
		if b.kernel.blocks("192.0.2.1") || !b.kernel.blocks("192.0.2.2") || len(b.store.bans) != 1 {
			t.Errorf("blocked %v, stored %v", maps.Keys(b.kernel.blocked), b.store.bans)
		}
		if n := b.jail.Status().Banned; n != 1 {
			t.Errorf("%d banned", n)
		}
	})
}

func TestRestoredBansStandWithTheTimeThatIsLeft(t *testing.T) {
	onBench(t, func(ctx context.Context, b *bench) {
		now := time.Now()
		stored := []event.Ban{{Jail: "sshd", Subject: subject("192.0.2.1"), At: now.Add(-time.Hour), Until: now.Add(time.Minute)},
			{Jail: "gone", Subject: subject("192.0.2.2"), At: now}}
		b.store.Save(stored)
		b.Enforcer.Restore(ctx, stored, now)
		if !b.kernel.blocks("192.0.2.1") || b.kernel.blocks("192.0.2.2") {
			t.Error("not restored as it should be")
		}
		time.Sleep(time.Minute + 2*sweepEvery)
		synctest.Wait()
		if b.kernel.blocks("192.0.2.1") || b.jail.Status().Banned != 0 {
			t.Error("stands longer than it had left")
		}
	})
}

func TestBlocksReachOnlyTheJailsTheyAreFor(t *testing.T) {
	onBench(t, func(ctx context.Context, b *bench) {
		other := block(3, "192.0.2.1")
		other.Jails = []string{"nginx"}
		if effects, _ := b.see(ctx, other); effects {
			t.Error("a block for another jail was judged")
		}
		post := *b.watch.posts[0]
		post.Selector = event.Selector{{{Field: "_COMM", Values: []string{"sshd"}}}}
		b.watch.Post([]*Post{&post})
		const line = " login failed from 192.0.2.1\n"
		journal := &event.Block{Text: []byte(line + line), Live: true}
		for i, comm := range []string{"sshd", "cron"} {
			journal.Entries = append(journal.Entries, event.Entry{Start: i * len(line), Time: time.Now(),
				Fields: []event.Field{{Name: "_COMM", Value: []byte(comm)}}})
		}
		b.see(ctx, journal)
		if s := b.jail.Status(); s.Failed != 1 {
			t.Errorf("%d failures, want the one of sshd", s.Failed)
		}
	})
}

// TestASourceThatBeginsAgainKeepsItsPosts: those of a reload since it began, with their filters.
func TestASourceThatBeginsAgainKeepsItsPosts(t *testing.T) {
	onBench(t, func(ctx context.Context, b *bench) {
		f, err := filter.Compile(filter.Definition{Name: "new", Failregex: []string{`^ denied <ADDR>$`}})
		if err != nil {
			t.Fatal(err)
		}
		b.watch.Post([]*Post{{Jail: b.jail, Matcher: f.NewMatcher(filter.Options{})}})
		b.watch.Rerun()
		line := time.Now().Format(time.RFC3339) + " denied 192.0.2.1\n"
		past := &event.Block{Text: []byte(line), Past: true, Known: []string{"sshd"}}
		b.see(ctx, past)
		b.see(ctx, &event.Block{Text: []byte(line)})
		if s := b.jail.Status(); s.Failed != 1 || s.Failing != 1 {
			t.Errorf("%+v, want the one new failure that the new filter finds", s)
		}
		if n := b.jail.counter.tallies.get(subject("192.0.2.1")).more.lines.Len(); n != 1 {
			t.Errorf("%d lines counted, want 1", n)
		}
	})
}

func TestTheRunningJailSkipsWhatItHasRead(t *testing.T) {
	onBench(t, func(ctx context.Context, b *bench) {
		past := block(2, "192.0.2.1")
		past.Past, past.Known = true, []string{"sshd"}
		b.see(ctx, past)
		b.watch.posts[0].Running = true
		b.see(ctx, past)
		if _, banned := fails(b.jail, "192.0.2.1", time.Now()); !banned {
			t.Error("the past did not rebuild the counter")
		}
		if s := b.jail.Status(); s.Failed != 1 {
			t.Errorf("%d failures told of, want 1", s.Failed)
		}
	})
}

func TestAJailWithoutFirewallBansWithoutTheKernel(t *testing.T) {
	onBench(t, func(ctx context.Context, b *bench) {
		c := *b.jail.Config()
		c.Firewall.Kind = "none"
		b.jail.Configure(&c)
		b.kernel.set(errors.New("the set does not exist"))
		if _, err := b.see(ctx, block(3, "192.0.2.1")); err != nil {
			t.Fatal(err)
		}
		time.Sleep(3 * retryEvery)
		synctest.Wait()
		if b.kernel.adds > 0 || strings.Count(b.log.String(), "[sshd] Ban 192.0.2.1") != 1 {
			t.Errorf("the kernel was asked %d times, and the log says:\n%s", b.kernel.adds, b.log)
		}
		if lifted, err := b.Lift(b.jail, []event.Subject{subject("192.0.2.1")}); err != nil || len(lifted) != 1 {
			t.Errorf("lifted %v, %v", lifted, err)
		}
	})
}

// TestALateStoreIsWaitedForAgain once it has caught up: the order is store, then kernel.
func TestALateStoreIsWaitedForAgain(t *testing.T) {
	onBench(t, func(ctx context.Context, b *bench) {
		b.store.set(errors.New("slow"))
		b.see(ctx, block(3, "192.0.2.1"))
		time.Sleep(storePatience)
		b.store.set(nil)
		b.see(ctx, block(3, "192.0.2.2"))
		if !b.kernel.blocks("192.0.2.1") || !b.kernel.blocks("192.0.2.2") || len(b.store.bans) != 2 {
			t.Errorf("blocked %v, stored %v", b.kernel.blocked, b.store.bans)
		}
	})
}

// TestALiftedBanStaysLifted lifts a ban before it is submitted and before its turn comes, and bans anew who is being let go.
func TestALiftedBanStaysLifted(t *testing.T) {
	onBench(t, func(ctx context.Context, b *bench) {
		who := []event.Subject{subject("192.0.2.1")}
		ban := b.jail.Ban(who[0], time.Now())
		b.Lift(b.jail, who)
		b.Submit([]event.Ban{ban})
		synctest.Wait()
		if b.kernel.blocks("192.0.2.1") || b.jail.Status().Banned != 0 || len(b.store.bans) > 0 {
			t.Errorf("a ban that was lifted stands in the kernel: %v, in the store: %v", b.kernel.blocked, b.store.bans)
		}
		b.kernel.hangs = make(chan struct{})
		b.Submit([]event.Ban{b.jail.Ban(subject("192.0.2.9"), time.Now())})
		synctest.Wait()
		b.Submit([]event.Ban{b.jail.Ban(who[0], time.Now())})
		done := make(chan struct{})
		go func() { b.Lift(b.jail, who); close(done) }()
		time.Sleep(time.Second)
		close(b.kernel.hangs)
		<-done
		if b.kernel.blocks("192.0.2.1") || b.jail.Status().Banned != 1 || len(b.store.bans) != 1 {
			t.Error("not lifted")
		}
		if strings.Contains(b.log.String(), "] Ban 192.0.2.1") {
			t.Error("told of a ban that never stood")
		}
	})
}

// TestSmallOrdersOvertakeBulkyOnes has a single ban and a lift arrive after very many bans.
func TestSmallOrdersOvertakeBulkyOnes(t *testing.T) {
	onBench(t, func(ctx context.Context, b *bench) {
		now := time.Now()
		many := func(net byte) (bans []event.Ban) {
			for i := range bulky {
				bans = append(bans, b.jail.Ban(event.Address(netip.AddrFrom4([4]byte{10, net, byte(i >> 8), byte(i)})), now))
			}
			return bans
		}
		b.kernel.hangs = make(chan struct{})
		b.Submit([]event.Ban{b.jail.Ban(subject("192.0.2.9"), now)})
		synctest.Wait()
		b.Submit(many(1))
		b.Submit(many(2))
		b.Submit([]event.Ban{b.jail.Ban(subject("192.0.2.1"), now)})
		go b.Lift(b.jail, []event.Subject{subject("10.2.0.7")})
		time.Sleep(time.Second)
		close(b.kernel.hangs)
		synctest.Wait()
		if !b.kernel.blocks("10.1.0.1") || !b.kernel.blocks("10.2.3.231") || b.kernel.blocks("10.2.0.7") {
			t.Error("not all and only the banned are blocked")
		}
		if log := b.log.String(); !strings.Contains(log[:strings.Index(log, "Ban 10.")], "Ban 192.0.2.1") {
			t.Error("the single ban was not first")
		}
	})
}

// TestNothingWaitsForAKernelThatHangs: neither the source nor a reload.
func TestNothingWaitsForAKernelThatHangs(t *testing.T) {
	onBench(t, func(ctx context.Context, b *bench) {
		b.kernel.hangs = make(chan struct{})
		began := time.Now()
		for range 3 {
			b.see(ctx, block(3, "192.0.2.1", "192.0.2.2"))
			b.watch.Post(b.watch.posts)
		}
		if time.Since(began) > 0 {
			t.Errorf("waited %v", time.Since(began))
		}
		close(b.kernel.hangs)
		synctest.Wait()
		if !b.kernel.blocks("192.0.2.1") || b.jail.Status().Banned != 2 {
			t.Errorf("%+v", b.jail.Status())
		}
	})
}

// TestWhomIgnoreipSparesByNowIsLetGoAtRestart begins with a kernel that still holds what a daemon before put there.
func TestWhomIgnoreipSparesByNowIsLetGoAtRestart(t *testing.T) {
	onBench(t, func(ctx context.Context, b *bench) {
		now := time.Now()
		stored := []event.Ban{{Jail: "sshd", Subject: subject("192.0.2.1"), At: now, Until: now.Add(time.Hour)}}
		b.store.Save(stored)
		b.kernel.Add(ctx, "sshd", durations(stored, now))
		c := *b.jail.Config()
		c.IgnoreIP = []string{"192.0.2.1"}
		b.jail.Configure(&c)
		b.Enforcer.Restore(ctx, stored, now)
		if b.kernel.blocks("192.0.2.1") || len(b.store.bans) > 0 {
			t.Error("still blocked, and nobody can lift it")
		}
	})
}

func TestAnIDIsBannedByItsAddress(t *testing.T) {
	onBench(t, func(ctx context.Context, b *bench) {
		who := event.Ban{Jail: "sshd", Subject: event.ID("bob"), At: time.Now(), Until: time.Now().Add(time.Hour),
			Fields: map[string]string{"ip": "192.0.2.1"}}
		b.store.bans[subject("192.0.2.1")] = who // what the kernel blocks is remembered under the id
		b.jail.Restore([]event.Ban{who}, time.Now())
		b.Enforce([]event.Ban{who})
		if !b.kernel.blocks("192.0.2.1") {
			t.Error("the address of the id is not blocked")
		}
		if _, err := b.Lift(b.jail, []event.Subject{who.Subject}); err != nil || b.kernel.blocks("192.0.2.1") {
			t.Errorf("the address of the id is not let go: %v", err)
		}
	})
}

func TestABanThatBlocksNothingIsToldOf(t *testing.T) {
	onBench(t, func(ctx context.Context, b *bench) {
		who := event.Ban{Jail: "sshd", Subject: event.ID("bob"), At: time.Now(), Until: time.Now().Add(time.Hour)}
		b.jail.Restore([]event.Ban{who}, time.Now())
		b.Enforce([]event.Ban{who})
		if text := b.log.String(); !strings.Contains(text, "nothing is blocked") || !strings.Contains(text, "subject=bob") {
			t.Error(text)
		}
	})
}

// TestAKeptMatcherTakesTheNewFindtime reads lines that an old findtime would leave out.
func TestAKeptMatcherTakesTheNewFindtime(t *testing.T) {
	onBench(t, func(ctx context.Context, b *bench) {
		past := block(1, "192.0.2.1")
		past.Live = false
		time.Sleep(30 * time.Minute)
		b.see(ctx, past)
		if s := b.jail.Status(); s.Failed != 0 {
			t.Fatalf("a line of half an hour ago counts within 10 minutes: %+v", s)
		}
		longer := *b.jail.Config()
		longer.FindTime = time.Hour
		b.jail.Configure(&longer)
		again := *b.watch.posts[0]
		b.watch.Post([]*Post{&again})
		b.see(ctx, past)
		if s := b.jail.Status(); s.Failed != 1 {
			t.Errorf("a line of half an hour ago does not count within an hour: %+v", s)
		}
	})
}

func TestPostingTheSameJailsAgainKeepsWhatRuns(t *testing.T) {
	onBench(t, func(ctx context.Context, b *bench) {
		past := block(1, "192.0.2.1")
		past.Past, past.Known = true, []string{"sshd"}
		b.see(ctx, past)
		scan := b.watch.scan

		again := *b.watch.posts[0]
		again.Running = true // as whoever plans sources sees it by now
		b.watch.Post([]*Post{&again})
		if b.watch.scan != scan {
			t.Error("the scan was planned anew for the same jails")
		}
		changed := again
		changed.Matcher = b.jail.Config().Filter.NewMatcher(filter.Options{FindTime: 10 * time.Minute})
		b.watch.Post([]*Post{&changed})
		if b.watch.scan != nil {
			t.Error("the scan was kept for another filter")
		}
		b.see(ctx, past)
		if _, banned := fails(b.jail, "192.0.2.1", time.Now()); !banned {
			t.Error("the rest of the past did not rebuild the counter")
		}
	})
}
