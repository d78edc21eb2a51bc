package firewall_test

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"bailiff/firewall"
	"bailiff/firewall/firewalltest"
)

// TestAnyNameOfAJail has jails whose names mean something else to one of the programs.
func TestAnyNameOfAJail(t *testing.T) {
	t.Parallel()
	names := []string{"a/24", "-x", "ünïcödé", "x$y;z", "a,b", "a%b", "a:b", "#a", "!(x)", strings.Repeat("long-", 60), "{x}*", "~`id`"}
	for name, options := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			lab := firewalltest.New(t)
			lab.Box.Enter(t)
			_, bystander, box := firewalltest.Addresses(false)
			at := netip.AddrPortFrom(box, 53)
			lab.Box.Listen(t, "udp", at)
			attackers := lab.MoreAttackers(t, false, len(names))
			var specs []firewall.Spec
			for _, jail := range names {
				specs = append(specs, firewall.Spec{Jail: jail, Protocols: []string{"udp"}, Log: true})
			}
			fw := open(t, options)
			must(t, fw.Ensure(t.Context(), specs))
			network := netip.MustParsePrefix("10.0.0.0/8")
			for i, jail := range names {
				must(t, fw.Add(t.Context(), jail, bans(time.Hour, host(attackers[i]), network)))
			}
			must(t, fw.Close())
			fw = open(t, options)
			must(t, fw.Ensure(t.Context(), specs))
			must(t, fw.Ensure(t.Context(), specs))
			for i, jail := range names {
				lab.Attacker.Stopped(t, "udp", attackers[i], at, firewalltest.Refused)
				if got, err := fw.List(t.Context(), jail); err != nil || len(got) != 2 {
					t.Errorf("banned in %s: %v %v", jail, got, err)
				}
			}
			lab.Attacker.Passes(t, "udp", bystander, at)
			must(t, fw.Check(t.Context()))
			if s := fw.Status(); s.Repairs != 0 {
				t.Errorf("nobody harmed anything, yet: %+v", s)
			}
			must(t, fw.Lift(t.Context()))
			if left := lab.Box.Run(t, "sh", "-c", leftovers); strings.Contains(left, "bailiff") {
				t.Error(left)
			}
		})
	}
}

// leftovers is a command that shows all that might be left of us.
const leftovers = "iptables-legacy -S; ip6tables-legacy -S; iptables -S; ip6tables -S; ipset list -n; nft list tables inet"
