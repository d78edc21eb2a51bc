package firewall_test

import (
	"context"
	"errors"
	"net/netip"
	"testing"
	"time"

	"bailiff/firewall"
	"bailiff/firewall/firewalltest"
)

func open(t testing.TB, o firewall.Options) *firewall.Firewall {
	t.Helper()
	fw, err := firewall.Open(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { fw.Close() })
	return fw
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func host(a netip.Addr) netip.Prefix { return netip.PrefixFrom(a, a.BitLen()) }

func bans(timeout time.Duration, prefixes ...netip.Prefix) map[netip.Prefix]time.Duration {
	all := map[netip.Prefix]time.Duration{}
	for _, p := range prefixes {
		all[p] = timeout
	}
	return all
}

func TestBanStopsPacketsAndUnbanRestoresThem(t *testing.T) {
	t.Parallel()
	for _, program := range []string{"iptables-nft", "iptables-legacy"} {
		for _, v6 := range []bool{false, true} {
			t.Run(program, func(t *testing.T) {
				t.Parallel()
				lab := firewalltest.New(t)
				lab.Box.Enter(t)
				attacker, bystander, box := firewalltest.Addresses(v6)
				ssh, web := netip.AddrPortFrom(box, 22), netip.AddrPortFrom(box, 80)
				lab.Box.Listen(t, "tcp", ssh)
				lab.Box.Listen(t, "tcp", web)
				fw := open(t, firewall.Options{Backend: "iptables", Program: program})
				must(t, fw.Ensure(t.Context(), []firewall.Spec{{Jail: "sshd", Ports: []string{"ssh"}}}))
				lab.Attacker.Passes(t, "tcp", attacker, ssh)
				must(t, fw.Add(t.Context(), "sshd", bans(0, host(attacker))))
				lab.Attacker.Stopped(t, "tcp", attacker, ssh, firewalltest.Refused)
				lab.Attacker.Passes(t, "tcp", attacker, web)
				lab.Attacker.Passes(t, "tcp", bystander, ssh)
				must(t, fw.Remove(t.Context(), "sshd", host(attacker)))
				lab.Attacker.Passes(t, "tcp", attacker, ssh)
			})
		}
	}
}

func TestBanOutlivesTheProcessAndExpires(t *testing.T) {
	lab := firewalltest.New(t)
	lab.Box.Enter(t)
	attacker, _, box := firewalltest.Addresses(false)
	at := netip.AddrPortFrom(box, 22)
	lab.Box.Listen(t, "tcp", at)
	specs := []firewall.Spec{{Jail: "sshd", BlockType: "DROP"}}
	fw := open(t, firewall.Options{Backend: "iptables"})
	must(t, fw.Ensure(t.Context(), specs))
	must(t, fw.Add(t.Context(), "sshd", bans(2*time.Second, host(attacker))))
	must(t, fw.Close())
	lab.Attacker.Stopped(t, "tcp", attacker, at, firewalltest.Dropped)

	fw = open(t, firewall.Options{Backend: "iptables"})
	must(t, fw.Ensure(t.Context(), specs))
	lab.Attacker.Stopped(t, "tcp", attacker, at, firewalltest.Dropped)
	left, err := fw.List(t.Context(), "sshd")
	must(t, err)
	if d := left[host(attacker)]; d <= 0 || d > 2*time.Second {
		t.Errorf("after a restart the ban has %v left of 2s", d)
	}
	must(t, fw.Close())
	lab.Attacker.Until(t, "tcp", attacker, at, 5*time.Second, func(f firewalltest.Fate) bool { return f == firewalltest.Passed })
}

func TestOneBadBanLosesNoOther(t *testing.T) {
	lab := firewalltest.New(t)
	lab.Box.Enter(t)
	fw := open(t, firewall.Options{Backend: "iptables", MaxElem: 8})
	must(t, fw.Ensure(t.Context(), []firewall.Spec{{Jail: "sshd"}}))
	good := bans(time.Minute, netip.MustParsePrefix("198.51.100.0/24"), netip.MustParsePrefix("2001:db8:5::/64"), netip.MustParsePrefix("203.0.113.7/32"))
	all := bans(time.Minute, netip.MustParsePrefix("0.0.0.0/0"), netip.Prefix{})
	for p, d := range good {
		all[p] = d
	}
	err := fw.Add(t.Context(), "sshd", all)
	var bad *firewall.BanError
	if !errors.As(err, &bad) || !bad.Final() {
		t.Errorf("error is %v, want a BanError that stays one", err)
	}
	if err := fw.Remove(t.Context(), "sshd", bad.Prefix); err != nil {
		t.Errorf("what can be no ban is not let go: %v", err)
	}
	got, err := fw.List(t.Context(), "sshd")
	must(t, err)
	for p := range good {
		if got[p] == 0 {
			t.Errorf("%s is not banned: %v", p, got)
		}
	}
	if len(got) != len(good) {
		t.Errorf("banned are %v, want %v", got, good)
	}
}

func TestLiftLeavesNothingOfOursAndAllOfOthers(t *testing.T) {
	lab := firewalltest.New(t)
	lab.Box.Enter(t)
	lab.Box.Run(t, "ipset", "create", "theirs", "hash:ip")
	lab.Box.Run(t, "iptables", "-A", "INPUT", "-m", "set", "--match-set", "theirs", "src", "-j", "DROP")
	before := lab.Box.Run(t, "iptables", "-S") + lab.Box.Run(t, "ip6tables", "-S") + lab.Box.Run(t, "ipset", "list", "-n")
	fw := open(t, firewall.Options{Backend: "iptables"})
	must(t, fw.Ensure(t.Context(), []firewall.Spec{{Jail: "sshd", Chains: []string{"INPUT", "FORWARD"}}, {Jail: "web", Log: true}}))
	must(t, fw.Ensure(t.Context(), []firewall.Spec{{Jail: "web"}}))
	must(t, fw.Lift(t.Context()))
	after := lab.Box.Run(t, "iptables", "-S") + lab.Box.Run(t, "ip6tables", "-S") + lab.Box.Run(t, "ipset", "list", "-n")
	if before != after {
		t.Errorf("before:\n%s\nafter:\n%s", before, after)
	}
}
