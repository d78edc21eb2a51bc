package main

import (
	"context"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sync/errgroup"

	"bailiff/jails"
	"bailiff/jails/config"
	"bailiff/jails/event"
	"bailiff/jails/source"
)

// opened is a dry daemon that has opened everything, and runs nothing yet.
func opened(t *testing.T, s shelter) *daemon {
	t.Helper()
	r, err := s.choose()
	must(t, err)
	d := &daemon{flags: runFlags{settings: &settings{config: s.dir, quiet: true}, dryRun: true}, level: new(slog.LevelVar), keeper: s.keeper,
		config: r.Config, begun: r.Daemon, reloads: make(chan reloadOrder)}
	d.beginLog()
	must(t, d.open(t.Context()))
	t.Cleanup(d.close)
	must(t, d.restore(t.Context()))
	return d
}

// TestAReloadThatFailsChangesNothing has no time for the bans of a new jail.
func TestAReloadThatFailsChangesNothing(t *testing.T) {
	s := newShelter(t)
	d := opened(t, s)
	before, running := d.state()
	settings := *running[0].Config()
	s.put("jail.local", "[web]\nmaxretry = 77\nfilter = web\n[new]\nenabled = true\nfilter = web\nlogpath = /y\n")
	d.stored.leave([]event.Ban{{Jail: "new", Subject: event.Network(netip.MustParsePrefix("198.51.100.1/32")), At: time.Now()}})
	over, cancel := context.WithCancel(t.Context())
	cancel()
	if report, err := d.reload(over, ""); err == nil {
		t.Fatalf("reloaded: %+v", report)
	}
	after, still := d.state()
	if after != before || len(still) != 1 || still[0] != running[0] || !reflect.DeepEqual(*still[0].Config(), settings) {
		t.Errorf("in force are %d jails, %+v", len(still), *still[0].Config())
	}
}

// TestWhatIsOpenedIsClosedWhenALaterStepFails opens a store, and then fails for a wrong WATCHDOG_USEC.
func TestWhatIsOpenedIsClosedWhenALaterStepFails(t *testing.T) {
	s := newShelter(t)
	s.put("bailiff.conf", "[Definition]\nfirewall = dry\n")
	r, err := s.choose()
	must(t, err)
	t.Setenv("WATCHDOG_USEC", "soon")
	d := &daemon{flags: runFlags{settings: &settings{config: s.dir, quiet: true}, state: s.state}, level: new(slog.LevelVar), keeper: s.keeper,
		config: r.Config, begun: r.Daemon}
	d.beginLog()
	if err := d.work(t.Context(), nil, r); err == nil || !strings.Contains(err.Error(), "WATCHDOG_USEC") {
		t.Fatalf("error is %v", err)
	}
	dir, err := os.Open(s.state)
	must(t, err)
	defer dir.Close()
	if err := syscall.Flock(int(dir.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		t.Errorf("the state directory is still locked: %v", err)
	}
	open, err := filepath.Glob("/proc/self/fd/*")
	must(t, err)
	for _, fd := range open {
		if path, _ := os.Readlink(fd); strings.HasPrefix(path, filepath.Join(s.state, "bailiff.db")) {
			t.Errorf("%s is still open", path)
		}
	}
}

// TestPlansDoNotWaitForAReaderThatHangs replaces a reader that does not end, and looks whether the others go on.
func TestPlansDoNotWaitForAReaderThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := slog.New(slog.DiscardHandler)
		s := newSources(log, nil, nil, nil, nil, nil, nil)
		hangs := &reader{plan: &plan{key: "files:old"}, cancel: func() {}, done: make(chan struct{}), stands: make(chan struct{})}
		s.readers["files:old"] = hangs
		moved := jails.NewJail(&config.Jail{Name: "moved"}, jails.NewIgnoreLists(nil, nil, log), log, nil)
		s.places["moved"] = &place{key: "files:old"}
		var g errgroup.Group
		p := &plan{key: "files:new", kind: source.FromFiles, jails: []*jails.Jail{moved}}
		s.apply(t.Context(), &g, map[string]*plan{p.key: p})
		if len(s.readers) != 0 || s.places["moved"] == nil {
			t.Error("a jail is read for by two")
		}
		if waits := s.waitsFor(); len(waits) != 1 || waits[0] != "the reader of files:old to end" {
			t.Errorf("waits for %q", waits)
		}
		s.tellEnd(hangs)
		<-s.ended
		if waits := s.reap(); waits != nil || s.hindered(p) {
			t.Errorf("waits for %q", waits)
		}
	})
}

// TestAReloadWaitsForReadersOnlySoLong has a reader that never ends.
func TestAReloadWaitsForReadersOnlySoLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := slog.New(slog.DiscardHandler)
		s := newSources(log, nil, nil, nil, nil, nil, nil)
		hangs := &reader{plan: &plan{key: "journal:"}, cancel: func() {}, done: make(chan struct{}), stands: make(chan struct{})}
		s.readers["journal:"] = hangs
		ctx, cancel := context.WithCancel(t.Context())
		var g sync.WaitGroup
		g.Go(func() { s.Run(ctx) })
		began := time.Now()
		err := s.replanned(ctx, 20*time.Second)
		if err == nil || err.Error() != "after 20s still waiting for the reader of journal: to end" || time.Since(began) != 20*time.Second {
			t.Errorf("after %s: %v", time.Since(began), err)
		}
		s.tellEnd(hangs)
		if err := s.replanned(ctx, 20*time.Second); err != nil {
			t.Error(err)
		}
		cancel()
		g.Wait()
	})
}
