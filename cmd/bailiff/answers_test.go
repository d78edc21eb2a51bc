package main

import (
	"context"
	"log/slog"
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

// aDaemon is a daemon with one jail and a running enforcer, without a kernel.
func aDaemon(t *testing.T) (*daemon, *store.Store) {
	log := slog.New(slog.DiscardHandler)
	j := jails.NewJail(&config.Jail{Name: "web", BanTime: time.Hour}, jails.NewIgnoreLists(nil, nil, log), log, nil)
	s, err := store.Open(store.Memory)
	if err != nil {
		t.Fatal(err)
	}
	fw, err := firewall.Open(t.Context(), firewall.Options{Backend: "dry"})
	if err != nil {
		t.Fatal(err)
	}
	d := &daemon{config: new(config.Config), jails: []*jails.Jail{j}, enforcer: jails.NewEnforcer(savedBans{s}, fw, log, nil)}
	d.enforcer.Jails(d.jails)
	ctx, cancel := context.WithCancel(context.Background())
	var g sync.WaitGroup
	g.Go(func() { d.enforcer.Run(ctx) })
	t.Cleanup(func() {
		cancel()
		g.Wait()
		s.Close()
	})
	return d, s
}

// TestAnIDCanBeAskedForAndLifted bans somebody who is known by an opaque id only.
func TestAnIDCanBeAskedForAndLifted(t *testing.T) {
	d, _ := aDaemon(t)
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

func TestABanThatCannotBeStoredIsNotShown(t *testing.T) {
	d, s := aDaemon(t)
	s.Close()
	if done, err := d.Ban(t.Context(), control.BanRequest{Jail: "web", Subjects: []string{"192.0.2.1"}}); err == nil || done.Count != 0 {
		t.Fatalf("%+v banned, %v", done, err)
	}
	if bans, err := d.Banned(t.Context(), control.BannedRequest{}); err != nil || len(bans.Bans) > 0 {
		t.Errorf("banned: %v, %v", bans, err)
	}
}
