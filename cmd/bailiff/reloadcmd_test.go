package main

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"bailiff/cmd/internal/control"
)

// A slowReload is a daemon whose reload takes until goOn is closed.
type slowReload struct {
	control.Reader
	control.Changer
	goOn chan struct{}
}

func (s slowReload) Reload(ctx context.Context, _ control.ReloadRequest) (control.Reloaded, error) {
	select {
	case <-s.goOn:
		return control.Reloaded{Jails: 3}, nil
	case <-ctx.Done():
		return control.Reloaded{}, ctx.Err()
	}
}

func (slowReload) Reloading() control.Reloading {
	return control.Reloading{WaitingFor: "the reader of journal: to end"}
}

func serveSlowly(t *testing.T) (slowReload, *control.Client) {
	s := slowReload{goOn: make(chan struct{})}
	path := filepath.Join(t.TempDir(), "b.sock")
	l, err := control.Listen(path, "")
	must(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	var g errgroup.Group
	g.Go(func() error { return (&control.Server{Reader: s, Changer: s}).Run(ctx, l) })
	t.Cleanup(func() {
		cancel()
		must(t, g.Wait())
	})
	return s, control.NewClient(path)
}

// A teller closes told when it is told something.
type teller struct {
	strings.Builder
	told chan struct{}
}

func (t *teller) Write(b []byte) (int, error) {
	defer close(t.told) // a second line would panic
	return t.Builder.Write(b)
}

func TestAReloadThatTakesItsTimeSaysWhatItWaitsFor(t *testing.T) {
	s, client := serveSlowly(t)
	told := &teller{told: make(chan struct{})}
	var g errgroup.Group
	g.Go(func() error {
		<-told.told
		close(s.goOn)
		return nil
	})
	w := &reloadWait{client: client, patience: time.Millisecond, timeout: patience, err: told}
	done, err := w.reload(t.Context(), control.ReloadRequest{})
	if err != nil || done.Jails != 3 || told.String() != "waiting for: the reader of journal: to end\n" {
		t.Errorf("%+v, %v; told %q", done, err, told.String())
	}
	must(t, g.Wait())
}

func TestAReloadThatTakesTooLongIsAnError(t *testing.T) {
	_, client := serveSlowly(t)
	w := &reloadWait{client: client, patience: time.Millisecond, timeout: 500 * time.Millisecond, err: &teller{told: make(chan struct{})}}
	_, err := w.reload(t.Context(), control.ReloadRequest{})
	var refused *control.Error
	if !errors.As(err, &refused) || refused.Message != "the reload has not ended after 500ms, it waits for the reader of journal: to end" || refused.Hint == "" {
		t.Errorf("error is %v", err)
	}
}
