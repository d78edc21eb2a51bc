package main

import (
	"sync"
	"time"
)

// A progress is what a reload is at. It is safe for concurrent use.
type progress struct {
	mu    sync.Mutex
	what  string // "" when there is no reload
	since time.Time
}

// at says what the reload waits for from now on, "" that it has ended.
func (p *progress) at(what string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.what, p.since = what, time.Now()
}

// now is what the reload waits for, and since when.
func (p *progress) now() (what string, since time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.what, p.since
}
