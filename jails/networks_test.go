package jails

import (
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"
)

// TestNetworks asks networks of few bits for others, and each alone.
func TestNetworks(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	bases := []string{"192.0.2.0", "0.0.0.0", "::", "::ffff:192.0.2.0", "2001:db8::", "::c000:200"}
	network := func() netip.Prefix {
		a := netip.MustParseAddr(bases[r.IntN(len(bases))])
		b := a.AsSlice()
		b[len(b)-1] = byte(r.IntN(4))
		a, _ = netip.AddrFromSlice(b)
		return netip.PrefixFrom(a, a.BitLen()-[]int{0, 0, 1, 2, 8, 32}[r.IntN(6)]).Masked()
	}
	covered := 0
	for range 2000 {
		var all []netip.Prefix
		for range r.IntN(5) {
			all = append(all, network())
		}
		n, p, want := newNetworks(all), network(), false
		for _, w := range all {
			want = want || w.Bits() <= p.Bits() && w.Contains(p.Addr())
		}
		if got := n.cover(p); got != want {
			t.Errorf("%v cover %v: %v", all, p, got)
		}
		inside := slices.ContainsFunc(all, func(w netip.Prefix) bool { return p.Bits() <= w.Bits() && p.Contains(w.Addr()) })
		if got := n.within(p); got != inside {
			t.Errorf("%v within %v: %v", all, p, got)
		}
		if want {
			covered++
		}
	}
	if covered < 200 {
		t.Errorf("only %d were covered: the test is blind", covered)
	}
}
