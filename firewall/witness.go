package firewall

import (
	"net/netip"
	"slices"
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
		now := witness{e.prefix, until}
		if best.prefix == e.prefix && now.compare(best) < 0 {
			fw.unwatched[key] = true // others may last longer
		}
		if !ok || best.prefix == e.prefix || now.compare(best) > 0 {
			best, ok = now, true
		}
		fw.sample(key, now)
		fw.noteLong(jail, e, until)
	}
	if ok {
		fw.witnesses[key] = best
	}
}

// compare says which of two bans lasts longer.
func (w witness) compare(v witness) int {
	switch {
	case w.until.IsZero() && v.until.IsZero():
		return 0
	case w.until.IsZero():
		return 1
	case v.until.IsZero():
		return -1
	}
	return w.until.Compare(v.until)
}

// forget has another witness looked for if the one of a set is among those that it holds no longer.
func (fw *Firewall) forget(jail string, f family, prefixes []netip.Prefix) {
	fw.taken++
	key := witnessKey{jail, f}
	for _, p := range prefixes {
		delete(fw.samples[key], p)
	}
	if w, ok := fw.witnesses[key]; ok && slices.Contains(prefixes, w.prefix) {
		delete(fw.witnesses, key)
		fw.unwatched[key] = true
	}
}
