package main

import (
	"errors"
	"log/slog"
	"testing"

	"bailiff/jails/store"
)

func TestASourceGoesOnFromAMarkThatCouldNotBeStored(t *testing.T) {
	full := func() (*store.Store, error) { return nil, errors.New("disk full") }
	m := &marks{queue: store.NewQueue(nil, full, slog.New(slog.DiscardHandler)), have: map[string]string{}}
	if err := m.Save(t.Context(), "journal", "here"); err != nil {
		t.Fatal(err)
	}
	if at, ok := m.Load("journal"); !ok || at != "here" {
		t.Errorf("begins again at %q", at)
	}
}
