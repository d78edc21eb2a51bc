package main

import (
	"testing"

	"bailiff/jails/store"
)

func TestASourceGoesOnFromAMarkThatCouldNotBeStored(t *testing.T) {
	s, err := store.Open(store.Memory)
	if err != nil {
		t.Fatal(err)
	}
	m, err := loadMarks(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	s.Close()
	if m.SetMark(t.Context(), "journal", "here") == nil {
		t.Fatal("stored in a store that is closed")
	}
	if at, ok := m.Mark("journal"); !ok || at != "here" {
		t.Errorf("begins again at %q", at)
	}
}
