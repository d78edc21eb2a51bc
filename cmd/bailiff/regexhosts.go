package main

import (
	"context"
	"net"
	"net/netip"
	"time"

	"bailiff/jails/event"
	"bailiff/jails/filter"
)

// A hostCache remembers the addresses of host names.
type hostCache map[string][]netip.Addr

// resolve looks up the host names among the matches. A name that nobody has is no match, but for JSON, which shows it
// without an address.
func (t *regexTest) resolve(found []filter.Match) (all []filter.Match) {
	for _, x := range found {
		if x.Pending || x.Ignored || !x.Subject.IsZero() {
			all = append(all, x)
			continue
		}
		addrs := t.lookup(x.Host)
		for _, a := range addrs {
			x.Subject = event.Address(a)
			x.ID = x.Subject.String()
			all = append(all, x)
		}
		if len(addrs) == 0 && t.json {
			all = append(all, x)
		}
	}
	return all
}

func (t *regexTest) lookup(host string) []netip.Addr {
	addrs, ok := t.resolver[host]
	if !ok {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		// A name that cannot be looked up has no address.
		addrs, _ = net.DefaultResolver.LookupNetIP(ctx, "ip", host)
		t.resolver[host] = addrs
	}
	return addrs
}
