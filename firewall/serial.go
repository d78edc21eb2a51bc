package firewall

import (
	"context"
	"net/netip"
	"sync"
	"time"
)

// serial is a backend whose every call waits for the others.
type serial struct {
	mu sync.Mutex
	backend
}

func (s *serial) stand(ctx context.Context, blocks []block) (repairs, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.backend.stand(ctx, blocks)
}

func (s *serial) missing(ctx context.Context, blocks []block) ([]string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.backend.missing(ctx, blocks)
}

func (s *serial) lift(ctx context.Context) (repairs, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.backend.lift(ctx)
}

func (s *serial) add(ctx context.Context, jail string, f family, entries []entry) []error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.backend.add(ctx, jail, f, entries)
}

func (s *serial) remove(ctx context.Context, jail string, f family, prefixes []netip.Prefix) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.backend.remove(ctx, jail, f, prefixes)
}

func (s *serial) list(ctx context.Context, jail string, f family) (map[netip.Prefix]time.Duration, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.backend.list(ctx, jail, f)
}

func (s *serial) has(jail string, f family, p netip.Prefix) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.backend.has(jail, f, p)
}
