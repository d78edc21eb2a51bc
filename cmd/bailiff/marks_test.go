package main

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"bailiff/jails/config"
	"bailiff/jails/store"
)

// TestPositionsInLogsThatAreGoneAreForgotten has the positions of a thousand logs named by date, the youngest of which
// is still there, and of one that was removed a moment ago.
func TestPositionsInLogsThatAreGoneAreForgotten(t *testing.T) {
	s, err := store.Open(store.Memory)
	must(t, err)
	defer s.Close()
	m, err := loadMarks(t.Context(), s)
	must(t, err)
	dir, now := t.TempDir(), time.Now()
	set := func(name string, written time.Time) string {
		key := "file:" + filepath.Join(dir, name)
		must(t, m.SetMark(t.Context(), key, fmt.Sprintf(`{"position":{"time":%d},"jails":[]}`, written.UnixNano())))
		return key
	}
	for i := range 999 {
		set(fmt.Sprintf("app-%d.log", i), now.Add(-48*time.Hour))
	}
	want := []string{set("app-999.log", now.Add(-48*time.Hour)), set("moved.log", now)}
	must(t, os.WriteFile(filepath.Join(dir, "app-999.log"), nil, 0o600))
	must(t, m.SetMark(t.Context(), "journal:", `{"cursor":"c","jails":[]}`))
	must(t, m.SetMark(t.Context(), "ignoreip:gone", `[]`))
	must(t, m.SetMark(t.Context(), "ignoreip:kept", `[]`))
	want = append(want, "journal:", "ignoreip:kept")

	must(t, m.purge(t.Context(), now.Add(-lookBack([]*config.Jail{{FindTime: time.Minute}})), func(key string) bool { return key == "ignoreip:gone" }))
	kept, err := s.Marks(t.Context())
	must(t, err)
	for _, key := range want {
		if _, ok := m.Mark(key); !ok {
			t.Errorf("%s is forgotten", key)
		}
	}
	if len(kept) != len(want) || len(m.have) != len(want) {
		t.Errorf("%d positions are kept in the store, %d in memory, want %d", len(kept), len(m.have), len(want))
	}
	if back := lookBack([]*config.Jail{{FindTime: 48 * time.Hour}, {FindTime: time.Hour}}); back != 48*time.Hour {
		t.Errorf("jails that look back two days keep positions for %v", back)
	}
}
