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
	store *store.Store

	mu   sync.Mutex
	have map[string]string
}

func loadMarks(ctx context.Context, s *store.Store) (*marks, error) {
	have, err := s.Marks(ctx)
	if err != nil {
		return nil, err
	}
	return &marks{store: s, have: have}, nil
}

// Mark returns the position saved under the key.
func (m *marks) Mark(key string) (string, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	v, ok := m.have[key]
	return v, ok
}

// SetMark saves a position. A source that begins again goes on from there also when the store could not keep it, so
// that nothing counts twice.
func (m *marks) SetMark(ctx context.Context, key, value string) error {
	m.mu.Lock()
	m.have[key] = value
	m.mu.Unlock()
	return m.store.Save(ctx, nil, []store.Mark{{Source: key, Value: value}})
}

// purge forgets the positions in logs that have vanished and were last written to before a time, and what else is
// kept under a key that is forgotten.
func (m *marks) purge(ctx context.Context, before time.Time, forgotten func(key string) bool) error {
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
	return m.store.Forget(ctx, gone)
}
