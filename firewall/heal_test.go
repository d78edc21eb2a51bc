package firewall_test

import (
	"context"
	"maps"
	"net/netip"
	"strings"
	"testing"
	"time"

	"bailiff/firewall"
	"bailiff/firewall/firewalltest"
)

// harm is what others do to the firewall of a machine, as shell commands; IPT stands for the backend's iptables.
func harm() map[string]string {
	return map[string]string{
		"iptables -F":             "IPT -F",
		"iptables -F and -X":      "IPT -F; IPT -X || IPT -F", // the daemon may be faster
		"ipset flush":             "ipset flush",
		"ipset destroy":           "IPT -F; IPT -X; IP6T -F; IP6T -X; ipset destroy || true",
		"nft flush ruleset":       "nft flush ruleset",
		"nft delete table":        "nft delete table inet bailiff || true",
		"nft flush set":           "nft flush set inet bailiff bailiff4-sshd || true",
		"nft table asleep":        "nft add table inet bailiff '{ flags dormant; }' || true",
		"somebody's restore":      "printf '*filter\\n:INPUT ACCEPT [0:0]\\nCOMMIT\\n' | IPT-restore",
		"accepting rule inserted": "IPT -I INPUT -p udp -j ACCEPT",
		"jump deleted":            "IPT -D INPUT -j bailiff || true",
		"jump moved to the end":   "printf '*filter\n-D INPUT -j bailiff\n-A INPUT -j bailiff\nCOMMIT\n' | IPT-restore --noflush || true",
		"rule replaced":           "IPT -R bailiff 1 -p udp -m multiport --dports 54 -j DROP || true",
		"all at once":             "IPT -F; IPT -X; IP6T -F; IP6T -X; ipset destroy; nft flush ruleset; IPT -I INPUT -j ACCEPT",
		"docker restart":          "IPT -N DOCKER-USER; IPT -A DOCKER-USER -j RETURN; IPT -P FORWARD DROP; IPT -I FORWARD -j DOCKER-USER",
		"firewalld reload":        "IPT-restore </dev/null; printf '*filter\\n:INPUT ACCEPT [0:0]\\n:FORWARD ACCEPT [0:0]\\n:OUTPUT ACCEPT [0:0]\\n-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\\nCOMMIT\\n' | IPT-restore",
	}
}

func TestHealsWithinASecond(t *testing.T) {
	for name, options := range backends() {
		t.Run(name, func(t *testing.T) { heal(t, options) })
	}
}

func heal(t *testing.T, options firewall.Options) {
	h := newHealing(t, options)
	program := options.Program
	if program == "" {
		program = "iptables-nft"
	}
	for event, commands := range harm() {
		six := strings.ReplaceAll(commands, "IPT", "ip6tables"+strings.TrimPrefix(program, "iptables"))
		four := strings.ReplaceAll(strings.ReplaceAll(commands, "IPT", program), "IP6T", "ip6tables"+strings.TrimPrefix(program, "iptables"))
		h.after(t, event, four+"; "+six)
	}
	if h.fw.Status().Repairs == 0 {
		t.Error("no repair was counted")
	}
}

// A healing is a firewall that is watched over, with an attacker of each family banned.
type healing struct {
	lab    *firewalltest.Lab
	fw     *firewall.Firewall
	banned map[netip.Prefix]time.Duration
}

func newHealing(t *testing.T, options firewall.Options) *healing {
	h := newStanding(t, options)
	run(t, h.lab, h.fw)
	return h
}

// newStanding is a healing that is not watched over yet.
func newStanding(t *testing.T, options firewall.Options) *healing {
	h := &healing{lab: firewalltest.New(t), banned: map[netip.Prefix]time.Duration{}}
	h.lab.Box.Enter(t)
	for _, v6 := range []bool{false, true} {
		attacker, _, box := firewalltest.Addresses(v6)
		h.lab.Box.Listen(t, "udp", netip.AddrPortFrom(box, 53))
		h.banned[host(attacker)] = time.Hour
	}
	options.Restore = func(context.Context, string) (map[netip.Prefix]time.Duration, error) {
		return maps.Clone(h.banned), nil
	}
	h.fw = open(t, options)
	must(t, h.fw.Ensure(t.Context(), []firewall.Spec{{Jail: "sshd", Ports: []string{"53"}, Protocols: []string{"udp"}}}))
	must(t, h.fw.Add(t.Context(), "sshd", h.banned))
	return h
}

// after does harm and wants both attackers stopped again within a second. A repair takes some ten programs, so a machine
// so busy that one takes more than 10 ms has more time, and three tries.
func (h *healing) after(t *testing.T, event, commands string) {
	t.Helper()
	took, limit := time.Hour, time.Second
	for try := 0; try < 3 && took > limit; try++ {
		h.lab.Box.Run(t, "sh", "-c", commands)
		begin := time.Now()
		for _, v6 := range []bool{false, true} {
			attacker, _, box := firewalltest.Addresses(v6)
			h.lab.Attacker.Until(t, "udp", attacker, netip.AddrPortFrom(box, 53), 20*time.Second, func(f firewalltest.Fate) bool { return f != firewalltest.Passed })
		}
		took = time.Since(begin)
		begin = time.Now()
		h.lab.Box.Run(t, "sh", "-c", "iptables -S INPUT && ip6tables -S INPUT")
		limit = max(time.Second, 50*time.Since(begin))
		t.Logf("%s: healed after %v, of at most %v", event, took, limit)
		for _, v6 := range []bool{false, true} {
			_, bystander, box := firewalltest.Addresses(v6)
			h.lab.Attacker.Passes(t, "udp", bystander, netip.AddrPortFrom(box, 53))
		}
	}
	if took > limit {
		t.Errorf("%s: healed only after %v", event, took)
	}
}

// TestHealsWhatWasHarmedBeforeItWatched removes the rules when they stand and Run is not there yet to hear of it.
func TestHealsWhatWasHarmedBeforeItWatched(t *testing.T) {
	t.Parallel()
	for name, options := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newStanding(t, options)
			h.lab.Box.Run(t, "sh", "-c", "nft flush ruleset; iptables-legacy -F; ip6tables-legacy -F")
			run(t, h.lab, h.fw)
			h.after(t, "flush before Run", "true")
		})
	}
}

// TestHealsAfterAnUnban empties sets after the ban was lifted by whose standing that is usually noticed.
func TestHealsAfterAnUnban(t *testing.T) {
	t.Parallel()
	for name, options := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHealing(t, options)
			longest, shortened := netip.MustParsePrefix("198.51.100.7/32"), netip.MustParsePrefix("2001:db8:7::7/128")
			must(t, h.fw.Add(t.Context(), "sshd", bans(2*time.Hour, longest, shortened)))
			must(t, h.fw.Check(t.Context()))
			must(t, h.fw.Remove(t.Context(), "sshd", longest))
			must(t, h.fw.Add(t.Context(), "sshd", bans(time.Second, shortened)))
			must(t, h.fw.Check(t.Context()))
			h.after(t, "flush", "ipset flush; for f in 4 6; do nft flush set inet bailiff bailiff$f-sshd; done; true")
		})
	}
}

// run runs the firewall's watch until the test ends.
func run(t *testing.T, lab *firewalltest.Lab, fw *firewall.Firewall) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- lab.Box.Do(func() error { return fw.Run(ctx) }) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// TestABanAfterAFlush comes before anybody has looked: it must not pass for a sign that nothing was flushed.
func TestABanAfterAFlush(t *testing.T) {
	t.Parallel()
	for name, options := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newStanding(t, options)
			six, _, _ := firewalltest.Addresses(true)
			must(t, h.fw.Remove(t.Context(), "sshd", host(six))) // whose set would tell of the other's
			delete(h.banned, host(six))
			late := netip.MustParsePrefix("192.0.2.77/32")
			h.lab.Box.Run(t, "sh", "-c", flushBans)
			must(t, h.fw.Add(t.Context(), "sshd", bans(2*time.Hour, late)))
			h.banned[late] = 2 * time.Hour
			must(t, h.fw.Check(t.Context()))
			h.wantAll(t)
		})
	}
}

// TestASetIsLostAgain while it is being filled, and a ban gets longer meanwhile.
func TestASetIsLostAgain(t *testing.T) {
	t.Parallel()
	for name, options := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var h *healing
			asked, many := 0, map[netip.Prefix]time.Duration{}
			options.MaxElem = 1 << 17
			n := 12_000
			if strings.Contains(name, "plain") { // a rule for each
				n = 50
			}
			for i := range n {
				many[netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}), 32)] = time.Hour
			}
			h = newStanding(t, options)
			h.fw = open(t, firewall.Options{Backend: options.Backend, Program: options.Program, MaxElem: options.MaxElem,
				Restore: func(context.Context, string) (map[netip.Prefix]time.Duration, error) {
					if asked++; asked == 3 { // the first part is back
						h.lab.Box.Run(t, "sh", "-c", flushBans)
						many[netip.MustParsePrefix("10.0.0.1/32")] = 5 * time.Hour
					}
					return maps.Clone(many), nil
				}})
			must(t, h.fw.Ensure(t.Context(), []firewall.Spec{{Jail: "sshd", Ports: []string{"53"}, Protocols: []string{"udp"}}}))
			h.fw.Refill("sshd")
			for range 3 {
				_ = h.fw.Check(t.Context()) // it may fail in the middle
			}
			h.banned = many
			h.wantAll(t)
		})
	}
}

// flushBans empties every set of ours, or takes away the rules where there are none.
const flushBans = "ipset flush; nft list sets inet 2>/dev/null | awk '$1 == \"set\" { print \"flush set inet bailiff\", $2 }' | nft -f - 2>/dev/null; " +
	"for p in iptables ip6tables; do for v in nft legacy; do $p-$v -S 2>/dev/null | sed -n 's/^-N \\(bailiff-from-.*\\|bailiff-to-.*\\)/\\1/p' | xargs -rn1 $p-$v -F; done; done; true"

// wantAll wants the kernel to hold every ban for as long as it is to last.
func (h *healing) wantAll(t *testing.T) {
	t.Helper()
	held, err := h.fw.List(t.Context(), "sshd")
	must(t, err)
	missing := 0
	for p, left := range h.banned {
		if have, ok := held[p]; !ok || (left-have).Abs() > time.Minute {
			missing++
		}
	}
	if missing > 0 || len(held) < len(h.banned) {
		t.Errorf("%d of %d bans are missing or too short; %d are held", missing, len(h.banned), len(held))
	}
}

// TestASingleBanIsDeleted by somebody else, and not the one that lasts longest.
func TestASingleBanIsDeleted(t *testing.T) {
	t.Parallel()
	for name, options := range backends() {
		if strings.Contains(name, "plain") {
			continue // its bans are rules, which are compared
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHealing(t, options)
			longest, longest6 := netip.MustParsePrefix("198.51.100.7/32"), netip.MustParsePrefix("2001:db8:7::7/128")
			must(t, h.fw.Add(t.Context(), "sshd", bans(2*time.Hour, longest, longest6)))
			h.after(t, "delete", "ipset del bailiff4-sshd 192.0.2.1; ipset del bailiff6-sshd 2001:db8::1; "+
				"nft delete element inet bailiff bailiff4-sshd '{ 192.0.2.1 }'; nft delete element inet bailiff bailiff6-sshd '{ 2001:db8::1 }'; true")
			must(t, h.fw.Remove(t.Context(), "sshd", host(netip.MustParseAddr(firewalltest.Attacker4))))
			repairs := h.fw.Status().Repairs
			must(t, h.fw.Check(t.Context()))
			if got := h.fw.Status().Repairs; got != repairs {
				t.Error("a ban that was lifted is looked for")
			}
		})
	}
}
