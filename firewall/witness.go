package firewall

import (
	"net/netip"
	"time"
)

// A witness is a ban that must be in a set: when it is not, somebody has emptied the set. It is the one that lasts
// longest of those that were added.
type witness struct {
	prefix netip.Prefix
	until  time.Time // zero: for ever
}

type witnessKey struct {
	jail string
	f    family
}

// over tells whether the kernel may have let the ban expire.
func (w witness) over() bool { return !w.until.IsZero() && time.Until(w.until) < 2*time.Second }

// remember chooses the witness of a set anew after bans were added.
func (fw *Firewall) remember(jail string, f family, entries []entry) {
	now := time.Now()
	key := witnessKey{jail, f}
	best, ok := fw.witnesses[key]
	for _, e := range entries {
		until := now.Add(e.timeout)
		if e.timeout <= 0 {
			until = time.Time{}
		}
		if !ok || !best.until.IsZero() && (until.IsZero() || until.After(best.until)) || best.prefix == e.prefix {
			best, ok = witness{e.prefix, until}, true
		}
		fw.noteLong(jail, e, until)
	}
	if ok {
		fw.witnesses[key] = best
	}
}
