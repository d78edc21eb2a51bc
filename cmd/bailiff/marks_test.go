package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"bailiff/jails/config"
	"bailiff/jails/event"
	"bailiff/jails/store"
)

// savedMarks has a queue save all that waits, ends it, and returns the positions in its store.
func savedMarks(t *testing.T, q *store.Queue, s *store.Store) map[string]string {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	saved := q.Save([]event.Ban{{Jail: "last", At: time.Now()}})
	var g sync.WaitGroup
	g.Go(func() { q.Run(ctx) })
	<-saved
	kept, err := s.Marks(t.Context())
	cancel()
	g.Wait()
	must(t, err)
	return kept
}

// TestPositionsInLogsThatAreGoneAreForgotten has the positions of a thousand logs named by date, the youngest of which
// is still there, and of one that was removed a moment ago.
func TestPositionsInLogsThatAreGoneAreForgotten(t *testing.T) {
	s, err := store.Open(filepath.Join(t.TempDir(), "bailiff.db"))
	must(t, err)
	q := store.NewQueue(s, nil, slog.New(slog.DiscardHandler))
	m := &marks{queue: q, have: map[string]string{}}
	dir, now := t.TempDir(), time.Now()
	set := func(name string, written time.Time) string {
		key := "file:" + filepath.Join(dir, name)
		must(t, m.Save(t.Context(), key, fmt.Sprintf(`{"position":{"time":%d},"jails":[]}`, written.UnixNano())))
		return key
	}
	for i := range 999 {
		set(fmt.Sprintf("app-%d.log", i), now.Add(-48*time.Hour))
	}
	want := []string{set("app-999.log", now.Add(-48*time.Hour)), set("moved.log", now)}
	must(t, os.WriteFile(filepath.Join(dir, "app-999.log"), nil, 0o600))
	must(t, m.Save(t.Context(), "journal:", `{"cursor":"c","jails":[]}`))
	must(t, m.Save(t.Context(), "ignoreip:gone", `[]`))
	must(t, m.Save(t.Context(), "ignoreip:kept", `[]`))
	want = append(want, "journal:", "ignoreip:kept")

	m.purge(now.Add(-lookBack([]*config.Jail{{FindTime: time.Minute}})), func(key string) bool { return key == "ignoreip:gone" })
	kept := savedMarks(t, q, s)
	for _, key := range want {
		if _, ok := m.Load(key); !ok {
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
