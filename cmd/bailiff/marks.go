package main

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"bailiff/jails/source"
	"bailiff/jails/store"
)

// marks is the store as the sources see it: the positions of the last run, and those set since. A source that begins again
// goes on from the last one that was set, so that nothing counts twice. A start goes on from the last one that was saved.
type marks struct {
	queue *store.Queue

	mu      sync.Mutex
	have    map[string]string
	waiting map[string]*waitingMarks // by key
}

// waitingMarks are the positions of one source that may not be saved yet, oldest first.
type waitingMarks struct {
	list   []waitingMark
	before *string // what is saved until then; nil: nothing
}

// A waitingMark is a position behind failures that are judged later.
type waitingMark struct {
	value  string
	judged <-chan struct{} // closed when it may be saved; nil: when those before it are
}

// Load returns the position set under the key.
func (m *marks) Load(key string) (string, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	v, ok := m.have[key]
	return v, ok
}

// Save has a value saved, behind all bans that were submitted before.
func (m *marks) Save(ctx context.Context, key, value string) error {
	return m.SaveAfter(ctx, nil, key, value)
}

// SaveAfter has a position saved once judged is closed, behind all bans that were submitted by then and behind the
// positions that were set before. It never fails: what the store cannot save is kept until it can.
func (m *marks) SaveAfter(_ context.Context, judged <-chan struct{}, key, value string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	w := m.waiting[key]
	if w == nil && judged != nil {
		w = &waitingMarks{}
		if was, ok := m.have[key]; ok {
			w.before = &was
		}
		if m.waiting == nil {
			m.waiting = map[string]*waitingMarks{}
		}
		m.waiting[key] = w
	}
	m.have[key] = value
	if w == nil {
		m.queue.SetMark(store.Mark{Source: key, Value: value})
		return nil
	}
	if last := len(w.list) - 1; judged == nil && last >= 0 && w.list[last].judged == nil {
		w.list[last].value = value
	} else {
		w.list = append(w.list, waitingMark{value, judged})
	}
	m.settle(key, w)
	return nil
}

// settle saves the newest position of the key that may be. m.mu is held.
func (m *marks) settle(key string, w *waitingMarks) {
	n := 0
	for n < len(w.list) && isClosed(w.list[n].judged) {
		n++
	}
	if n == 0 {
		return
	}
	w.before = &w.list[n-1].value
	m.queue.SetMark(store.Mark{Source: key, Value: *w.before})
	if w.list = slices.Clone(w.list[n:]); len(w.list) == 0 {
		delete(m.waiting, key)
	}
}

func isClosed(c <-chan struct{}) bool {
	if c == nil {
		return true
	}
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// Run saves positions as they may be, until ctx ends.
func (m *marks) Run(ctx context.Context) error {
	tick := time.NewTicker(settleEvery)
	defer tick.Stop()
	for {
		m.settleAll()
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

const settleEvery = time.Second

func (m *marks) settleAll() {
	m.mu.Lock()
	defer m.mu.Unlock()
	for key, w := range m.waiting {
		m.settle(key, w)
	}
}

// all returns every position that may be saved.
func (m *marks) all() (marks []store.Mark) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for key, value := range m.have {
		if w := m.waiting[key]; w != nil {
			if w.before == nil {
				continue
			}
			value = *w.before
		}
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
			delete(m.waiting, g.Source)
		}
	}
	m.mu.Unlock()
	m.queue.Forget(gone)
}
