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

// TestAnIDCanBeAskedForAndLifted bans somebody who is known by an opaque id only.
func TestAnIDCanBeAskedForAndLifted(t *testing.T) {
	log := slog.New(slog.DiscardHandler)
	j := jails.NewJail(&config.Jail{Name: "web", BanTime: time.Hour}, log, nil)
	s, err := store.Open(store.Memory)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	fw, err := firewall.Open(t.Context(), firewall.Options{Backend: "dry"})
	if err != nil {
		t.Fatal(err)
	}
	d := &daemon{jails: []*jails.Jail{j}, enforcer: jails.NewEnforcer(savedBans{s}, fw, log, nil)}
	d.enforcer.Jails(d.jails)
	ctx, cancel := context.WithCancel(t.Context())
	var g sync.WaitGroup
	g.Go(func() { d.enforcer.Run(ctx) })
	defer g.Wait()
	defer cancel()
	if err := d.enforcer.Enforce([]event.Ban{j.Ban(event.ID("session-7"), time.Now())}); err != nil {
		t.Fatal(err)
	}
	if bans, err := d.Banned(ctx, []string{"session-7"}); err != nil || len(bans) != 1 {
		t.Errorf("banned: %v, %v", bans, err)
	}
	if n, err := d.Unban(ctx, control.UnbanRequest{Subjects: []string{"session-7"}}); err != nil || n != 1 {
		t.Errorf("lifted %d, %v", n, err)
	}
}
