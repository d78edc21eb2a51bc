package firewall_test

import (
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"bailiff/firewall"
	"bailiff/firewall/firewalltest"
)

func TestSetsGrowBeforeTheyAreFull(t *testing.T) {
	lab := firewalltest.New(t)
	lab.Box.Enter(t)
	attacker, _, box := firewalltest.Addresses(false)
	at := netip.AddrPortFrom(box, 53)
	lab.Box.Listen(t, "udp", at)
	fw := open(t, firewall.Options{Backend: "iptables", MaxElem: 64})
	must(t, fw.Ensure(t.Context(), []firewall.Spec{{Jail: "dns", Protocols: []string{"udp"}}}))
	must(t, fw.Add(t.Context(), "dns", bans(time.Hour, host(attacker))))
	for _, part := range []int{40, 1000, 5000} {
		must(t, fw.Add(t.Context(), "dns", many(part, time.Hour)))
		lab.Attacker.Stopped(t, "udp", attacker, at, firewalltest.Refused)
	}
	got, err := fw.List(t.Context(), "dns")
	must(t, err)
	if len(got) != 5001 {
		t.Errorf("%d banned, want 5001", len(got))
	}
	if sets := strings.Fields(lab.Box.Run(t, "ipset", "list", "-n")); len(sets) != 2 {
		t.Errorf("sets that stand: %v", sets)
	}
}

func TestBansBeyondTheKernelsLimit(t *testing.T) {
	t.Parallel()
	for name, options := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			lab := firewalltest.New(t)
			lab.Box.Enter(t)
			fw := open(t, options)
			must(t, fw.Ensure(t.Context(), []firewall.Spec{{Jail: "sshd"}}))
			year := 365 * 24 * time.Hour
			p := netip.MustParsePrefix("198.51.100.7/32")
			must(t, fw.Add(t.Context(), "sshd", bans(year, p)))
			got, err := fw.List(t.Context(), "sshd")
			must(t, err)
			if left := got[p]; left < year-time.Minute || left > year+time.Minute {
				t.Errorf("%v left of a year", left)
			}
		})
	}
}

// TestLogsWithALimit counts the packets that rules would log: a namespace's kernel log goes nowhere.
func TestLogsWithALimit(t *testing.T) {
	t.Parallel()
	counted := map[string]*regexp.Regexp{
		"iptables-legacy":       regexp.MustCompile(`(?m)^\s*(\d+) .* LOG .*prefix "bailiff dns: "`),
		"iptables-nft":          regexp.MustCompile(`(?m)^\s*(\d+) .* LOG .*prefix "bailiff dns: "`),
		"iptables-plain-legacy": regexp.MustCompile(`(?m)^\s*(\d+) .* LOG .*prefix "bailiff dns: "`),
		"iptables-plain-nft":    regexp.MustCompile(`(?m)^\s*(\d+) .* LOG .*prefix "bailiff dns: "`),
		"nftables":              regexp.MustCompile(`ip saddr @bailiff4-dns limit rate 6/minute burst 2 packets counter packets (\d+) .*log prefix "bailiff dns: "`),
	}
	for name, options := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			lab := firewalltest.New(t)
			lab.Box.Enter(t)
			attacker, _, box := firewalltest.Addresses(false)
			at := netip.AddrPortFrom(box, 53)
			fw := open(t, options)
			must(t, fw.Ensure(t.Context(), []firewall.Spec{{Jail: "dns", Protocols: []string{"udp"}, Log: true}}))
			must(t, fw.Add(t.Context(), "dns", bans(time.Hour, host(attacker))))
			for range 5 {
				lab.Attacker.Stopped(t, "udp", attacker, at, firewalltest.Refused)
			}
			var rules string
			if options.Backend == "nftables" {
				rules = lab.Box.Run(t, "nft", "list", "table", "inet", "bailiff")
			} else {
				rules = lab.Box.Run(t, options.Program, "-vnxL")
			}
			found := counted[name].FindStringSubmatch(rules)
			if found == nil {
				t.Fatalf("no rule that logs:\n%s", rules)
			}
			if n, _ := strconv.Atoi(found[1]); n != 2 {
				t.Errorf("%d of 5 packets logged, want 2", n)
			}
		})
	}
}

func TestEgressStopsWhatGoesOut(t *testing.T) {
	t.Parallel()
	for name, options := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			lab := firewalltest.New(t)
			lab.Box.Enter(t)
			attacker, bystander, box := firewalltest.Addresses(false)
			bad, good := netip.AddrPortFrom(attacker, 25), netip.AddrPortFrom(bystander, 25)
			lab.Attacker.Listen(t, "udp", bad)
			lab.Attacker.Listen(t, "udp", good)
			fw := open(t, options)
			must(t, fw.Ensure(t.Context(), []firewall.Spec{{Jail: "out", Ports: []string{"25"}, Protocols: []string{"udp"}, Egress: true}}))
			must(t, fw.Add(t.Context(), "out", bans(time.Hour, host(attacker))))
			lab.Box.Passes(t, "udp", box, good)
			if got, _ := lab.Box.Probe("udp", box, bad, time.Second); got == firewalltest.Passed {
				t.Error("a packet to the banned went out")
			}
		})
	}
}

func TestPublishedPortsOfContainers(t *testing.T) {
	t.Parallel()
	for name, options := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			lab := firewalltest.New(t)
			lab.Box.Enter(t)
			attacker, bystander, box := firewalltest.Addresses(false)
			lab.Container(t, 8080, 80)
			lab.Box.Run(t, "sh", "-c", "iptables -N DOCKER-USER; iptables -I FORWARD -j DOCKER-USER")
			fw := open(t, options)
			must(t, fw.Ensure(t.Context(), []firewall.Spec{{Jail: "web", Ports: []string{"8080"}}, {Jail: "other", Ports: []string{"80"}}}))
			at := netip.AddrPortFrom(box, 8080)
			lab.Attacker.Passes(t, "tcp", attacker, at)
			must(t, fw.Add(t.Context(), "other", bans(time.Hour, host(attacker))))
			lab.Attacker.Passes(t, "tcp", attacker, at)
			must(t, fw.Add(t.Context(), "web", bans(time.Hour, host(attacker))))
			lab.Attacker.Stopped(t, "tcp", attacker, at, firewalltest.Refused)
			lab.Attacker.Passes(t, "tcp", bystander, at)
			run(t, lab, fw)
			lab.Box.Run(t, "sh", "-c", dockerRestart)
			lab.Attacker.Until(t, "tcp", attacker, at, time.Second, func(f firewalltest.Fate) bool { return f != firewalltest.Passed })
			lab.Attacker.Passes(t, "tcp", bystander, at)
		})
	}
}

// TestPortsInAChainThatIsNamed holds that there both the published port counts and the container's.
func TestPortsInAChainThatIsNamed(t *testing.T) {
	t.Parallel()
	for name, options := range backends() {
		for _, port := range []string{"8080", "80"} {
			t.Run(name+" "+port, func(t *testing.T) {
				t.Parallel()
				lab := firewalltest.New(t)
				lab.Box.Enter(t)
				attacker, bystander, box := firewalltest.Addresses(false)
				lab.Container(t, 8080, 80)
				fw := open(t, options)
				must(t, fw.Ensure(t.Context(), []firewall.Spec{{Jail: "web", Ports: []string{port}, Chains: []string{"FORWARD"}},
					{Jail: "other", Ports: []string{"81"}, Chains: []string{"FORWARD"}}}))
				at := netip.AddrPortFrom(box, 8080)
				must(t, fw.Add(t.Context(), "other", bans(time.Hour, host(attacker))))
				lab.Attacker.Passes(t, "tcp", attacker, at)
				must(t, fw.Add(t.Context(), "web", bans(time.Hour, host(attacker))))
				lab.Attacker.Stopped(t, "tcp", attacker, at, firewalltest.Refused)
				lab.Attacker.Passes(t, "tcp", bystander, at)
			})
		}
	}
}

// dockerRestart is what dockerd 24 does to the rules when it starts with one published port: its chains are made anew,
// and its jumps are put before all others.
const dockerRestart = `
iptables -D FORWARD -j DOCKER-USER; iptables -F DOCKER-USER; iptables -X DOCKER-USER
for c in DOCKER DOCKER-ISOLATION-STAGE-1 DOCKER-ISOLATION-STAGE-2; do iptables -N $c; done
iptables -A DOCKER-ISOLATION-STAGE-1 -j RETURN; iptables -A DOCKER-ISOLATION-STAGE-2 -j RETURN
iptables -I FORWARD -o bridge -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
iptables -I FORWARD -o bridge -j DOCKER
iptables -A DOCKER -d 172.17.0.2/32 ! -i bridge -o bridge -p tcp -m tcp --dport 80 -j ACCEPT
iptables -I FORWARD -j DOCKER-ISOLATION-STAGE-1
iptables -N DOCKER-USER; iptables -A DOCKER-USER -j RETURN; iptables -I FORWARD -j DOCKER-USER`

func TestAutoSaysWhy(t *testing.T) {
	lab := firewalltest.New(t)
	lab.Box.Enter(t)
	fw := open(t, firewall.Options{})
	if s := fw.Status(); s.Backend != "iptables" || s.Reason != "iptables works" {
		t.Errorf("chosen: %s because %s", s.Backend, s.Reason)
	}
	for _, name := range []string{"iptables", "ip6tables"} {
		if rules := lab.Box.Run(t, name, "-S"); strings.Contains(rules, "bailiff") {
			t.Errorf("trying left rules: %s", rules)
		}
	}
	if tables := lab.Box.Run(t, "nft", "list", "tables"); strings.Contains(tables, "bailiff") {
		t.Errorf("trying left tables: %s", tables)
	}
}

// TestAutoLeavesIPTablesToNFT has rules in iptables' table that only nft understands.
func TestAutoLeavesIPTablesToNFT(t *testing.T) {
	lab := firewalltest.New(t)
	lab.Box.Enter(t)
	lab.Box.Run(t, "nft", "add table ip filter; add chain ip filter INPUT { type filter hook input priority 0; }; "+
		"add set ip filter s { type ipv4_addr; }; add rule ip filter INPUT ip saddr @s ct state vmap { invalid : drop, established : accept }")
	fw := open(t, firewall.Options{Program: "iptables-nft"})
	if s := fw.Status(); s.Backend != "nftables" || !strings.Contains(s.Reason, "incompatible, use 'nft' tool") {
		t.Errorf("chosen: %s because %s", s.Backend, s.Reason)
	}
	must(t, fw.Ensure(t.Context(), []firewall.Spec{{Jail: "sshd"}}))
	if left, err := fw.LiftOthers(t.Context()); err != nil || len(left) > 0 {
		t.Errorf("others have left %v, %v", left, err)
	}
}

func TestSingleBansOvertakeBulk(t *testing.T) {
	for name, options := range backends() {
		t.Run(name, func(t *testing.T) {
			lab := firewalltest.New(t)
			lab.Box.Enter(t)
			fw := open(t, options)
			must(t, fw.Ensure(t.Context(), []firewall.Spec{{Jail: "sshd"}}))
			n := 50_000
			if options.Backend == "iptables-plain" {
				n = 5_000
			}
			all := many(n, time.Hour)
			done := make(chan error, 1)
			go func() { done <- lab.Box.Do(func() error { return fw.Add(t.Context(), "sshd", all) }) }()
			overtook := 0
			for bulk := true; bulk; overtook++ {
				must(t, fw.Add(t.Context(), "sshd", bans(time.Hour, netip.MustParsePrefix("198.51.100.7/32"))))
				select {
				case err := <-done:
					must(t, err)
					bulk = false
				default:
				}
			}
			if overtook < 3 {
				t.Errorf("%d single bans were made while %d others were", overtook, n)
			}
		})
	}
}

func TestLiftAllFindsWhatAnotherBackendLeft(t *testing.T) {
	lab := firewalltest.New(t)
	lab.Box.Enter(t)
	for _, backend := range []string{"iptables", "nftables", "iptables-plain"} {
		fw := open(t, firewall.Options{Backend: backend})
		must(t, fw.Ensure(t.Context(), []firewall.Spec{{Jail: "sshd"}}))
		must(t, fw.Add(t.Context(), "sshd", bans(0, netip.MustParsePrefix("198.51.100.7/32"))))
		must(t, fw.Close())
	}
	must(t, firewall.LiftAll(t.Context(), firewall.Options{}))
	if left := lab.Box.Run(t, "sh", "-c", "iptables -S; ip6tables -S; ipset list -n; nft list tables inet"); strings.Contains(left, "bailiff") {
		t.Errorf("left: %s", left)
	}
}

func TestDryTouchesNothing(t *testing.T) {
	lab := firewalltest.New(t)
	lab.Box.Enter(t)
	fw := open(t, firewall.Options{Backend: "dry"})
	must(t, fw.Ensure(t.Context(), []firewall.Spec{{Jail: "sshd", Ports: []string{"ssh"}}}))
	run(t, lab, fw)
	p := netip.MustParsePrefix("198.51.100.7/32")
	must(t, fw.Add(t.Context(), "sshd", bans(time.Hour, p)))
	if got, err := fw.List(t.Context(), "sshd"); err != nil || got[p] == 0 {
		t.Error(got, err)
	}
	if left := lab.Box.Run(t, "sh", "-c", "iptables -S; ip6tables -S; ipset list -n; nft list tables inet"); strings.Contains(left, "bailiff") {
		t.Errorf("made: %s", left)
	}
	must(t, fw.Lift(t.Context()))
}

func TestUnbanAndBanWhereAllIsGone(t *testing.T) {
	t.Parallel()
	for name, options := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			lab := firewalltest.New(t)
			lab.Box.Enter(t)
			attacker, _, box := firewalltest.Addresses(false)
			at := netip.AddrPortFrom(box, 53)
			lab.Box.Listen(t, "udp", at)
			fw := open(t, options)
			must(t, fw.Ensure(t.Context(), []firewall.Spec{{Jail: "dns", Protocols: []string{"udp"}}}))
			sloppy := netip.PrefixFrom(attacker, 24)
			must(t, fw.Add(t.Context(), "dns", bans(time.Hour, sloppy, netip.PrefixFrom(attacker.Next(), 24), sloppy.Masked())))
			lab.Attacker.Stopped(t, "udp", attacker, at, firewalltest.Refused)
			wreck := "nft flush ruleset; for c in F X; do iptables-legacy -$c; ip6tables-legacy -$c; done; ipset destroy"
			lab.Box.Run(t, "sh", "-c", wreck)
			must(t, fw.Remove(t.Context(), "dns", sloppy))
			lab.Attacker.Passes(t, "udp", attacker, at)
			lab.Box.Run(t, "sh", "-c", wreck)
			must(t, fw.Add(t.Context(), "dns", bans(time.Hour, sloppy)))
			lab.Attacker.Stopped(t, "udp", attacker, at, firewalltest.Refused)
		})
	}
}
