package main

import (
	"context"
	"net/netip"
	"time"

	"bailiff/jails/event"
	"bailiff/jails/filter"
)

// resolve looks up the host names among the matches. A name that nobody has is no match, but for JSON, which shows it
// without an address.
func (t *regexTest) resolve(found []filter.Match) (all []filter.Match) {
	var nobody []string
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
		} else if len(addrs) == 0 && !x.NoFail {
			nobody = append(nobody, x.Host)
		}
	}
	t.nameless.note(nobody)
	return all
}

func (t *regexTest) lookup(host string) []netip.Addr {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	return t.names.Resolve(ctx, host).Addrs // a name that cannot be looked up has no address
}
