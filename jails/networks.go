package jails

import "net/netip"

// networks are looked up by what they cover. Mostly they are single addresses: a host may have hundreds of its own.
type networks struct {
	single map[netip.Addr]bool
	wide   []netip.Prefix
}

func newNetworks(all []netip.Prefix) (n networks) {
	for _, p := range all {
		n.add(p)
	}
	return n
}

func (n *networks) add(p netip.Prefix) {
	if !p.IsSingleIP() {
		n.wide = append(n.wide, p)
		return
	}
	if n.single == nil {
		n.single = map[netip.Addr]bool{}
	}
	n.single[p.Addr()] = true
}

// cover tells whether one of the networks covers the whole of p.
func (n *networks) cover(p netip.Prefix) bool {
	if len(n.single) > 0 && p.IsSingleIP() && n.single[p.Addr()] {
		return true
	}
	for i := range n.wide {
		if w := &n.wide[i]; w.Bits() <= p.Bits() && w.Contains(p.Addr()) {
			return true
		}
	}
	return false
}

// within tells whether one of the networks lies in p.
func (n *networks) within(p netip.Prefix) bool {
	for a := range n.single {
		if p.Contains(a) {
			return true
		}
	}
	for _, w := range n.wide {
		if p.Bits() <= w.Bits() && p.Contains(w.Addr()) {
			return true
		}
	}
	return false
}
