package main

import (
	"context"
	"maps"
	"sync"
	"time"

	"bailiff/jails/source"
	"bailiff/jails/store"
)

// marks is the store as the sources see it: the positions of the last run, and those saved since.
type marks struct {
	queue *store.Queue

	mu   sync.Mutex
	have map[string]string
}

// Mark returns the position saved under the key.
func (m *marks) Mark(key string) (string, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	v, ok := m.have[key]
	return v, ok
}

// SetMark has a position saved, behind all bans that were submitted before. A source that begins again goes on from there
// also when the store could not keep it, so that nothing counts twice.
func (m *marks) SetMark(_ context.Context, key, value string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.have[key] = value
	m.queue.SetMark(store.Mark{Source: key, Value: value})
	return nil
}

// all returns every position.
func (m *marks) all() (marks []store.Mark) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for key, value := range m.have {
		marks = append(marks, store.Mark{Source: key, Value: value})
	}
	return marks
}

// purge forgets the positions in logs that have vanished and were last written to before a time, and what else is
// kept under a key that is forgotten.
func (m *marks) purge(before time.Time, forgotten func(key string) bool) {
	m.mu.Lock()
	have := maps.Clone(m.have)
	m.mu.Unlock()
	var gone []store.Mark
	for key, value := range have {
		if source.Vanished(key, value, before) || forgotten(key) {
			gone = append(gone, store.Mark{Source: key, Value: value})
		}
	}
	m.mu.Lock()
	for _, g := range gone {
		if m.have[g.Source] == g.Value {
			delete(m.have, g.Source)
		}
	}
	m.mu.Unlock()
	m.queue.Forget(gone)
}
