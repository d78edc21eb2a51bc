package firewall_test

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"bailiff/firewall"
	"bailiff/firewall/firewalltest"
)

// backends are all that stop packets.
func backends() map[string]firewall.Options {
	return map[string]firewall.Options{
		"iptables-nft":          {Backend: "iptables", Program: "iptables-nft"},
		"iptables-legacy":       {Backend: "iptables", Program: "iptables-legacy"},
		"nftables":              {Backend: "nftables"},
		"iptables-plain-nft":    {Backend: "iptables-plain", Program: "iptables-nft"},
		"iptables-plain-legacy": {Backend: "iptables-plain", Program: "iptables-legacy"},
	}
}

// A trial is a jail of its own for one combination of family, protocol, form of ports and blocktype, with an attacker
// of its own.
type trial struct {
	spec     firewall.Spec
	network  string // of the probes
	inside   netip.AddrPort
	outside  netip.AddrPort // a port the jail is not about; zero where there is none
	attacker netip.Addr
	banned   netip.Prefix
	fate     firewalltest.Fate
}

// The port that every form of ports holds, and one that none does.
const inPort, outPort = 631, 999

func portForms() map[string][]string {
	var many []string
	for i := range 20 {
		many = append(many, fmt.Sprint(2000+2*i))
	}
	return map[string][]string{
		"one": {"631"}, "names": {"ssh,http", "ipp"}, "range": {"22", "600:650"}, "many": append(many, "631"), "all": nil,
	}
}

// trials makes the whole matrix for a family.
func trials(t *testing.T, lab *firewalltest.Lab, v6 bool) []trial {
	fates := map[string]firewalltest.Fate{
		"": firewalltest.Refused, "DROP": firewalltest.Dropped, "REJECT --reject-with tcp-reset": firewalltest.Refused,
	}
	_, _, box := firewalltest.Addresses(v6)
	var all []trial
	for _, protocol := range []string{"tcp", "udp", "sctp", "all"} {
		for _, form := range slices.Sorted(maps.Keys(portForms())) {
			ports := portForms()[form]
			for _, blocktype := range slices.Sorted(maps.Keys(fates)) {
				fate := fates[blocktype]
				tr := trial{network: protocol, fate: fate, inside: netip.AddrPortFrom(box, inPort)}
				if protocol == "all" {
					tr.network = []string{"tcp", "udp", "sctp"}[len(all)%3]
				}
				if form != "all" {
					tr.outside = netip.AddrPortFrom(box, outPort)
				}
				tr.spec = firewall.Spec{Jail: fmt.Sprintf("v6-%t-%d", v6, len(all)), Ports: ports, Protocols: []string{protocol}, BlockType: blocktype}
				all = append(all, tr)
			}
		}
	}
	for i, a := range lab.MoreAttackers(t, v6, len(all)) {
		all[i].attacker = a
		all[i].banned = netip.PrefixFrom(a, a.BitLen()-i%2) // every other ban is a network of two
	}
	return all
}

// probeAll probes from every attacker at once and complains of what is not as wanted.
func probeAll(t *testing.T, lab *firewalltest.Lab, all []trial, banned bool) {
	t.Helper()
	var wg sync.WaitGroup
	for _, tr := range all {
		wg.Go(func() {
			if banned {
				lab.Attacker.Stopped(t, tr.network, tr.attacker, tr.inside, tr.fate)
			} else {
				lab.Attacker.Passes(t, tr.network, tr.attacker, tr.inside)
			}
			if tr.outside.IsValid() {
				lab.Attacker.Passes(t, tr.network, tr.attacker, tr.outside)
			}
		})
	}
	wg.Wait()
	if t.Failed() {
		t.FailNow()
	}
}

// TestConformance bans, probes, unbans and lets expire in every combination of family, protocol, form of ports and
// blocktype, with every backend.
func TestConformance(t *testing.T) {
	t.Parallel()
	for name, options := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conform(t, options)
		})
	}
}

func conform(t *testing.T, options firewall.Options) {
	lab := firewalltest.New(t)
	lab.Box.Enter(t)
	var all []trial
	for _, v6 := range []bool{false, true} {
		_, _, box := firewalltest.Addresses(v6)
		for _, network := range []string{"tcp", "udp", "sctp"} {
			lab.Box.Listen(t, network, netip.AddrPortFrom(box, inPort))
			lab.Box.Listen(t, network, netip.AddrPortFrom(box, outPort))
		}
		all = append(all, trials(t, lab, v6)...)
	}
	if options.Backend == "iptables-plain" { // makes the same rules for both programs: each proves one half
		all = half(all, options.Program == "iptables-nft")
	}
	fw := open(t, options)
	must(t, fw.Ensure(t.Context(), specs(all)))
	probeAll(t, lab, all, false)
	ban(t, fw, all, time.Hour)
	probeAll(t, lab, all, true)
	checkBystanders(t, lab)
	for _, tr := range all {
		must(t, fw.Remove(t.Context(), tr.spec.Jail, tr.banned))
	}
	probeAll(t, lab, all, false)
	ban(t, fw, all, 0)
	ban(t, fw, all, time.Second) // the later word counts
	must(t, fw.Close())
	for _, tr := range all {
		lab.Attacker.Until(t, tr.network, tr.attacker, tr.inside, 10*time.Second, func(f firewalltest.Fate) bool { return f == firewalltest.Passed })
	}
}

func half(all []trial, first bool) []trial {
	var kept []trial
	for i, tr := range all {
		if (i%2 == 0) == first {
			kept = append(kept, tr)
		}
	}
	return kept
}

func specs(all []trial) []firewall.Spec {
	var s []firewall.Spec
	for _, tr := range all {
		s = append(s, tr.spec)
	}
	return s
}

func ban(t *testing.T, fw *firewall.Firewall, all []trial, timeout time.Duration) {
	t.Helper()
	for _, tr := range all {
		must(t, fw.Add(t.Context(), tr.spec.Jail, bans(timeout, tr.banned)))
	}
}

func checkBystanders(t *testing.T, lab *firewalltest.Lab) {
	t.Helper()
	for _, v6 := range []bool{false, true} {
		_, bystander, box := firewalltest.Addresses(v6)
		for _, network := range strings.Fields("tcp udp sctp") {
			lab.Attacker.Passes(t, network, bystander, netip.AddrPortFrom(box, inPort))
		}
	}
}
