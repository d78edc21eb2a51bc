package firewall

import (
	"maps"
	"net/netip"
)

const (
	sampleSize  = 100 // bans of each set that are remembered, which are all of most sets
	sampleAsked = 25  // bans that the kernel is asked about at each glance: 100 a second, at some 20 µs each
)

// sample remembers bans that the kernel has taken, to look for them one by one: nothing tells of an
// entry that somebody deletes from an ipset.
func (fw *Firewall) sample(key witnessKey, w witness) {
	some := fw.samples[key]
	if some == nil {
		some = map[netip.Prefix]witness{}
		fw.samples[key] = some
	}
	if _, known := some[w.prefix]; known || len(some) < sampleSize {
		some[w.prefix] = w
	}
}

// unsample forgets all bans of some jails.
func (fw *Firewall) unsample(jail func(string) bool) {
	maps.DeleteFunc(fw.samples, func(key witnessKey, _ map[netip.Prefix]witness) bool { return jail(key.jail) })
}

// A sampled ban is one that is still to be looked for in this round.
type sampled struct {
	key    witnessKey
	prefix netip.Prefix
}

// askSamples adds to what was repaired the sets of which a ban is gone. Each call looks for some
// bans, so that a round is over within a second for most.
func (fw *Firewall) askSamples(made *repairs) {
	if len(fw.round) == 0 {
		for key, some := range fw.samples {
			for prefix := range some {
				fw.round = append(fw.round, sampled{key, prefix})
			}
		}
	}
	now := fw.round[:min(len(fw.round), sampleAsked)]
	fw.round = fw.round[len(now):]
	for _, s := range now {
		w, still := fw.samples[s.key][s.prefix]
		switch {
		case !still:
		case w.over():
			delete(fw.samples[s.key], s.prefix)
		case fw.isGone(s.key, w):
			made.lost(s.key)
		}
	}
}
