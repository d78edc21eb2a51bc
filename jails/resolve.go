package jails

import (
	"context"
	"net"
	"net/netip"
	"sync"
	"time"
)

// A Resolver looks host names up for filters whose lines have no address. Answers, also empty ones, are believed for
// five minutes, and a look-up may take two seconds: who controls a name must not hold up a jail. It is safe for
// concurrent use.
type Resolver struct {
	mu    sync.Mutex
	known map[string]answer
}

type answer struct {
	addrs []netip.Addr
	asked time.Time
}

// resolverRoom bounds what a flood of made-up names can occupy.
const resolverRoom = 10_000

// Resolve returns the addresses of a host name, none when it has none or they could not be had in time.
func (r *Resolver) Resolve(host string) []netip.Addr {
	now := time.Now()
	r.mu.Lock()
	a, ok := r.known[host]
	r.mu.Unlock()
	if ok && now.Sub(a.asked) < resolveEvery {
		return a.addrs
	}
	ctx, cancel := context.WithTimeout(context.Background(), resolveTimeout)
	defer cancel()
	addrs, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		addrs = nil
	}
	for i := range addrs {
		addrs[i] = addrs[i].Unmap()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.known == nil || len(r.known) >= resolverRoom {
		r.known = map[string]answer{}
	}
	r.known[host] = answer{addrs, now}
	return addrs
}
