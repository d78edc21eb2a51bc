package firewall_test

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"bailiff/firewall/firewalltest"
)

// TestVerifySeesWhateverLetsAPacketPass does harm while nobody heals, and sends packets: where one passes, something is
// found missing, and where nothing is, none passes.
func TestVerifySeesWhateverLetsAPacketPass(t *testing.T) {
	for name, options := range backends() {
		t.Run(name, func(t *testing.T) {
			h := newStanding(t, options)
			program := "iptables-nft"
			if options.Program != "" {
				program = options.Program
			}
			program6 := "ip6tables" + strings.TrimPrefix(program, "iptables")
			all := harm()
			all["one ban deleted"] = "ipset del bailiff4-sshd " + firewalltest.Attacker4 + " || true"
			all["one rule deleted"] = "IPT -D bailiff 1 || true"
			for event, commands := range all {
				for _, v6 := range []bool{false, true} {
					ours := program
					if v6 {
						ours = program6
					}
					h.lab.Box.Run(t, "sh", "-c", strings.ReplaceAll(strings.ReplaceAll(commands, "IPT", ours), "IP6T", program6))
					h.verify(t, event)
					must(t, h.fw.Check(t.Context()))
					must(t, h.fw.Add(t.Context(), "sshd", h.banned))
					if missing, err := h.fw.Verify(t.Context()); err != nil || len(missing) > 0 {
						t.Fatalf("%s: after the repair %q are missing, %v", event, missing, err)
					}
				}
			}
		})
	}
}

// verify compares what is found missing with what becomes of packets.
func (h *healing) verify(t *testing.T, event string) {
	t.Helper()
	passes := false
	for _, v6 := range []bool{false, true} {
		attacker, _, box := firewalltest.Addresses(v6)
		fate, err := h.lab.Attacker.Probe("udp", attacker, netip.AddrPortFrom(box, 53), 300*time.Millisecond)
		must(t, err)
		passes = passes || fate == firewalltest.Passed
	}
	missing, err := h.fw.Verify(t.Context())
	must(t, err)
	bans, err := h.fw.Compare(t.Context(), "sshd", h.banned, 0)
	found := len(missing)+bans.Size() > 0 || err != nil
	if passes && !found {
		t.Errorf("%s: a packet passes, and nothing is missing", event)
	}
	t.Logf("%s: passes %v; missing %q, %v, %v", event, passes, missing, bans.Missing, err)
}
