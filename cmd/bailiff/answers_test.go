package main

import (
	"context"
	"errors"
	"log/slog"
	"math"
	"strings"
	"sync"
	"testing"
	"time"

	"bailiff/cmd/internal/control"
	"bailiff/firewall"
	"bailiff/jails"
	"bailiff/jails/config"
	"bailiff/jails/event"
	"bailiff/jails/store"
)

// aDaemon is a daemon with one jail of a kind of firewall and a running enforcer, without a kernel. Its store is opened by
// open, again and again until it can be.
func aDaemon(t *testing.T, kind string, open func() (*store.Store, error)) *daemon {
	log := slog.New(slog.DiscardHandler)
	j := jails.NewJail(&config.Jail{Name: "web", BanTime: time.Hour, Firewall: config.Firewall{Kind: kind}}, jails.NewIgnoreLists(nil, nil, log), log, nil)
	fw, err := firewall.Open(t.Context(), firewall.Options{Backend: "dry"})
	if err != nil {
		t.Fatal(err)
	}
	q := store.NewQueue(nil, open, log)
	d := &daemon{log: log, jails: []*jails.Jail{j}, firewall: fw, stored: &stored{queue: q}, enforcer: jails.NewEnforcer(q, fw, log, nil)}
	d.config = &config.Config{Jails: []*config.Jail{j.Config()}}
	d.marks = &marks{queue: q, have: map[string]string{}}
	q.Problem, q.Merge = d.tellStore, d.merge
	d.enforcer.Jails(d.jails)
	must(t, fw.Ensure(t.Context(), specs(d.config)))
	ctx, cancel := context.WithCancel(context.Background())
	var g sync.WaitGroup
	g.Go(func() { d.enforcer.Run(ctx) })
	g.Go(func() { q.Run(ctx) })
	t.Cleanup(func() {
		cancel()
		g.Wait()
	})
	return d
}

// inMemory opens a store that can be used.
func inMemory() (*store.Store, error) { return store.Open(store.Memory) }

// TestAnIDCanBeAskedForAndLifted bans somebody who is known by an opaque id only.
func TestAnIDCanBeAskedForAndLifted(t *testing.T) {
	d := aDaemon(t, "none", inMemory) // only commands could ban an id
	if err := d.enforcer.Enforce([]event.Ban{d.jails[0].Ban(event.ID("session-7"), time.Now())}); err != nil {
		t.Fatal(err)
	}
	if bans, err := d.Banned(t.Context(), control.BannedRequest{Subjects: []string{"session-7"}}); err != nil || len(bans.Bans) != 1 {
		t.Errorf("banned: %v, %v", bans, err)
	}
	if done, err := d.Unban(t.Context(), control.UnbanRequest{Subjects: []string{"session-7"}}); err != nil || done.Count != 1 {
		t.Errorf("lifted %d, %v", done.Count, err)
	}
}

// TestABanThatCannotBeStoredStands in the kernel, is listed, and can be lifted; the problem is told of.
func TestABanThatCannotBeStoredStands(t *testing.T) {
	d := aDaemon(t, "multiport", func() (*store.Store, error) { return nil, errors.New("disk full") })
	if done, err := d.Ban(t.Context(), control.BanRequest{Jail: "web", Subjects: []string{"198.51.100.1", "198.51.100.2"}}); err != nil || done.Count != 2 {
		t.Fatalf("%+v banned, %v", done, err)
	}
	if done, err := d.Unban(t.Context(), control.UnbanRequest{Subjects: []string{"198.51.100.2"}}); err != nil || done.Count != 1 {
		t.Fatalf("%+v unbanned, %v", done, err)
	}
	bans, err := d.Banned(t.Context(), control.BannedRequest{})
	held, err2 := d.firewall.List(t.Context(), "web")
	if must(t, errors.Join(err, err2)); len(bans.Bans) != 1 || len(held) != 1 {
		t.Errorf("banned: %v, in the kernel: %v", bans, held)
	}
	for d.problems.err() == nil {
		<-time.After(10 * time.Millisecond)
	}
	if text := d.problems.err().Error(); !strings.Contains(text, "the store does not save") || !strings.Contains(text, "disk full") {
		t.Error(text)
	}
}

// TestWhatCannotBeBannedIsSaid, and it is neither stored nor listed.
func TestWhatCannotBeBannedIsSaid(t *testing.T) {
	d := aDaemon(t, "multiport", inMemory)
	err := d.enforcer.Enforce([]event.Ban{d.jails[0].Ban(event.ID("session-7"), time.Now())})
	if err == nil || !strings.Contains(err.Error(), "session-7 cannot be banned: nothing is blocked") {
		t.Error(err)
	}
	if bans := d.jails[0].Bans(); len(bans) > 0 {
		t.Errorf("listed: %v", bans)
	}
}

// TestHowLongARequestMayBan asks as a program may that does not go through the command.
func TestHowLongARequestMayBan(t *testing.T) {
	d := aDaemon(t, "multiport", inMemory)
	ban := func(seconds int64) (control.Changed, error) {
		return d.Ban(t.Context(), control.BanRequest{Jail: "web", Subjects: []string{"198.51.100.1"}, Seconds: &seconds})
	}
	if _, err := ban(0); err == nil {
		t.Error("a ban of no time is made")
	}
	if done, err := ban(math.MaxInt64); err != nil || done.Changes[0].Until.Before(time.Now().AddDate(200, 0, 0)) {
		t.Errorf("%+v, %v", done, err)
	}
	if done, err := ban(-5); err != nil || done.Changes[0].Until != nil || done.Changes[0].Outcome != control.Prolonged {
		t.Errorf("%+v, %v", done, err)
	}
}
