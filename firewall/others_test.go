package firewall_test

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"bailiff/firewall"
	"bailiff/firewall/firewalltest"
)

// TestOthersAreLiftedOnceTheNewOnesStand goes from each backend to each other one, banned all the time.
func TestOthersAreLiftedOnceTheNewOnesStand(t *testing.T) {
	names := []string{"iptables", "nftables", "iptables-plain"}
	for _, from := range names {
		for _, to := range names {
			if from != to {
				t.Run(from+" to "+to, func(t *testing.T) { change(t, from, to) })
			}
		}
	}
}

func change(t *testing.T, from, to string) {
	lab := firewalltest.New(t)
	lab.Box.Enter(t)
	attacker, bystander, box := firewalltest.Addresses(false)
	at := netip.AddrPortFrom(box, 53)
	lab.Box.Listen(t, "udp", at)
	specs := []firewall.Spec{{Jail: "sshd", Ports: []string{"53"}, Protocols: []string{"udp"}}}
	stand := func(backend string) *firewall.Firewall {
		fw := open(t, firewall.Options{Backend: backend, Program: "iptables-nft"})
		must(t, fw.Ensure(t.Context(), specs))
		must(t, fw.Add(t.Context(), "sshd", bans(time.Hour, host(attacker))))
		return fw
	}
	must(t, stand(from).Close())
	fw := stand(to)
	want := map[string]string{"iptables": "inet bailiff", "nftables": "iptables", "iptables-plain": "inet bailiff"}[to]
	if from == "iptables" && to == "iptables-plain" {
		want = "ipsets"
	}
	if from == "iptables-plain" && to == "iptables" {
		want = "" // they have the same chains
	}
	others, err := fw.Others(t.Context())
	must(t, err)
	if got := strings.Join(others, ", "); !strings.Contains(got, want) || want == "" && got != "" {
		t.Errorf("left in %q, want it to name %q", got, want)
	}
	_, err = fw.LiftOthers(t.Context())
	must(t, err)
	if others, err := fw.Others(t.Context()); err != nil || len(others) > 0 {
		t.Errorf("still left in %v: %v", others, err)
	}
	lab.Attacker.Stopped(t, "udp", attacker, at, firewalltest.Refused)
	lab.Attacker.Passes(t, "udp", bystander, at)
	must(t, fw.Remove(t.Context(), "sshd", host(attacker)))
	lab.Attacker.Passes(t, "udp", attacker, at)
}
