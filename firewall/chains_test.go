package firewall_test

import (
	"net/netip"
	"testing"
	"time"

	"bailiff/firewall"
	"bailiff/firewall/firewalltest"
)

// TestWaitsForAChain names a chain that is made later, as docker makes its own, and only for one family.
func TestWaitsForAChain(t *testing.T) {
	t.Parallel()
	for name, options := range backends() {
		if options.Program == "" {
			continue // nftables has no such chains
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			lab := firewalltest.New(t)
			lab.Box.Enter(t)
			attacker, bystander, box := firewalltest.Addresses(false)
			at := netip.AddrPortFrom(box, 53)
			lab.Box.Listen(t, "udp", at)
			fw := open(t, options)
			must(t, fw.Ensure(t.Context(), []firewall.Spec{
				{Jail: "later", Protocols: []string{"udp"}, Ports: []string{"53"}, Chains: []string{"later"}},
				{Jail: "now", Protocols: []string{"udp"}, Ports: []string{"54"}},
			}))
			must(t, fw.Add(t.Context(), "later", bans(time.Hour, host(attacker))))
			if w := fw.Status().Waiting; len(w) != 2 || w[0] != "IPv4 later" {
				t.Errorf("waited for: %v", w)
			}
			lab.Attacker.Passes(t, "udp", attacker, at)
			run(t, lab, fw)
			lab.Box.Run(t, "sh", "-c", options.Program+" -N later; "+options.Program+" -A INPUT -j later")
			lab.Attacker.Until(t, "udp", attacker, at, 20*time.Second, func(f firewalltest.Fate) bool { return f != firewalltest.Passed })
			lab.Attacker.Passes(t, "udp", bystander, at)
			until(t, func() bool { return len(fw.Status().Waiting) == 1 })
		})
	}
}

// TestChainsOfOthers stops packets in chains that are none of the kernel's, and in both directions.
func TestChainsOfOthers(t *testing.T) {
	t.Parallel()
	for name, options := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			lab := firewalltest.New(t)
			lab.Box.Enter(t)
			attacker, bystander, box := firewalltest.Addresses(false)
			in, out := netip.AddrPortFrom(box, 53), netip.AddrPortFrom(attacker, 54)
			lab.Box.Listen(t, "udp", in)
			lab.Attacker.Listen(t, "udp", out)
			program := options.Program
			if program == "" {
				program = "iptables"
			}
			lab.Box.Run(t, "sh", "-c", program+" -N mine; "+program+" -A INPUT -j mine")
			fw := open(t, options)
			must(t, fw.Ensure(t.Context(), []firewall.Spec{
				{Jail: "mine", Protocols: []string{"udp"}, Ports: []string{"53"}, Chains: []string{"mine"}},
				{Jail: "both", Protocols: []string{"udp"}, Ports: []string{"54"}, Chains: []string{"INPUT", "OUTPUT"}},
			}))
			all := bans(time.Hour, host(attacker))
			must(t, fw.Add(t.Context(), "mine", all))
			lab.Attacker.Stopped(t, "udp", attacker, in, firewalltest.Refused)
			lab.Attacker.Passes(t, "udp", bystander, in)
			lab.Box.Passes(t, "udp", box, out)
			must(t, fw.Add(t.Context(), "both", all))
			if got, _ := lab.Box.Probe("udp", box, out, time.Second); got == firewalltest.Passed {
				t.Error("a packet to the banned went out")
			}
			if got, err := fw.List(t.Context(), "both"); err != nil || len(got) != 1 {
				t.Errorf("banned: %v %v", got, err)
			}
			must(t, fw.Remove(t.Context(), "both", host(attacker)))
			lab.Box.Passes(t, "udp", box, out)
		})
	}
}
