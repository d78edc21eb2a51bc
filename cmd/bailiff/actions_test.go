package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"bailiff/firewall"
	"bailiff/firewall/firewalltest"
	"bailiff/jails/config"
	"bailiff/jails/event"
)

// A probe is a packet that may be stopped: from whom, and to what.
type probe struct {
	from, network string
	port          uint16
}

// probes are packets from who is banned and from a neighbour, to the machine itself and, at 8080, to a container behind it.
func probes() (all []probe) {
	for _, from := range []string{firewalltest.Attacker4, firewalltest.Bystander4} {
		for _, to := range []string{"tcp 22", "tcp 80", "udp 53", "tcp 8080"} {
			p := probe{from: from}
			fmt.Sscan(to, &p.network, &p.port)
			all = append(all, p)
		}
	}
	return all
}

// guarded is a machine with something to reach at every probe's port.
func guarded(t *testing.T) *firewalltest.Lab {
	lab := firewalltest.New(t)
	box := netip.MustParseAddr(firewalltest.Box4)
	for _, p := range probes()[:3] {
		lab.Box.Listen(t, p.network, netip.AddrPortFrom(box, p.port))
	}
	lab.Container(t, 8080, 80)
	return lab
}

// fates are what becomes of the probes.
func fates(t *testing.T, lab *firewalltest.Lab) map[probe]firewalltest.Fate {
	t.Helper()
	var mu sync.Mutex
	var wg sync.WaitGroup
	all := map[probe]firewalltest.Fate{}
	for _, p := range probes() {
		wg.Go(func() {
			to := netip.AddrPortFrom(netip.MustParseAddr(firewalltest.Box4), p.port)
			fate, err := lab.Attacker.Probe(p.network, netip.MustParseAddr(p.from), to, 250*time.Millisecond)
			mu.Lock()
			defer mu.Unlock()
			if all[p] = fate; err != nil {
				t.Errorf("%v: %v", p, err)
			}
		})
	}
	wg.Wait()
	return all
}

// An ownAction is one that somebody might write, and the line of a jail that names it.
type ownAction struct{ start, ban, list string }

// generate makes an action as people do: with their ports, matches, conditions, and tools.
func generate(r *rand.Rand) ownAction {
	pick := func(all ...string) string { return all[r.IntN(len(all))] }
	list := pick(`port="22"`, `port="ssh,80"`, `port="80, 8080"`, `port="22,80,443"`, `port=http`) + ", " +
		pick("protocol=tcp", "protocol=tcp", "protocol=udp", `protocol="tcp,udp"`) + ", chain=" + pick("INPUT", "INPUT", "FORWARD", `"INPUT,FORWARD"`)
	ports := pick("", "", "-p tcp --dport 22", "-p tcp -m multiport --dports 22,80", "-p udp --dport 53", "-p tcp -m multiport --dports <port>")
	match := pick("", "", "", "-m comment --comment 'banned by me'", "-i cable", "-d 192.0.2.100", "-d 192.0.2.200", "-m mark --mark 7",
		"-m string --algo bm --string '<ip>'", "-m conntrack --ctstate NEW", "-m limit --limit 1/min", "-i lo", "-m tcp")
	if strings.Contains(match, "tcp") && !strings.Contains(ports, "tcp") {
		ports = "-p tcp"
	}
	source := pick("-s <ip>", "-s <ip>", "-s <ip>", "-s <ip>/24", "-s <ip>/32", "")
	target := pick("DROP", "DROP", "REJECT", "REJECT --reject-with icmp-host-prohibited", "ACCEPT")
	chain := pick("INPUT", "INPUT", "INPUT", "FORWARD")
	before := pick("", "", "", "iptables -C INPUT -s <ip> -j DROP 2>/dev/null || ", "[ -n '<name>' ] && ", "grep -q nobody-here /etc/hostname && ",
		"test -d /nowhere && ", "true && ", "[ '<port>' = 22 ] && ", "sudo() { \"$@\"; }; ", "ip netns exec nowhere ")
	if source == "" && strings.Contains(before+match, "string") == false {
		source = "-s <ip>"
	}
	after := pick("", "", "; echo <ip> >> /dev/null", " || true", "; : done")
	rule := strings.Join(strings.Fields(strings.Join([]string{"-I", chain, ports, source, match, "-j", target}, " ")), " ")
	switch r.IntN(8) {
	case 0:
		return ownAction{list: pick("iptables-multiport", "iptables-allports", "iptables-ipset", "nftables", "iptables-new", "nftables-allports") + "[" + list + "]"}
	case 1:
		return ownAction{"iptables -N own\niptables -I <chain> " + ports + " -j own", "iptables -I own " + source + " -j " + target, "own[" + strings.ReplaceAll(list, `"INPUT,FORWARD"`, "INPUT") + "]"}
	case 2:
		return ownAction{"ipset create own hash:ip " + pick("", "netmask 24", "timeout 600") + "\niptables -I " + chain + " " + ports + " -m set --match-set own src -j " + target,
			before + "ipset -exist add own <ip>" + after, "own[" + list + "]"}
	case 3:
		hook := pick("input", "forward", "prerouting")
		return ownAction{"nft add table ip own\nnft add chain ip own c '{ type filter hook " + hook + " priority -5; }'",
			before + "nft add rule ip own c ip saddr <ip>" + pick("", "/24") + " " + pick("", "tcp dport { 22, 80 }", "udp dport 53", "iifname lo", "meta l4proto tcp") +
				" " + pick("drop", "counter reject", "accept") + after, "own[" + list + "]"}
	case 4:
		return ownAction{"", "for p in 22 80; do iptables -I INPUT -p tcp --dport $p -s <ip> -j " + target + "; done" + after, "own[" + list + "]"}
	case 5:
		return ownAction{"", "if [ \"<name>\" = nobody ]; then iptables " + rule + "; else iptables -I INPUT -s <ip> -p udp -j DROP; fi", "own[" + list + "]"}
	}
	return ownAction{"", before + "iptables " + rule + after, "own[" + list + "]"}
}

// TestOwnActionsBesideFail2ban has fail2ban's own resolution of generated actions run in one machine, and bailiff's
// firewall stand for them in another. What differs for a packet is named by a warning.
func TestOwnActionsBesideFail2ban(t *testing.T) {
	const count = 40
	dir := filepath.Join(t.TempDir(), "fail2ban")
	if err := os.CopyFS(dir, os.DirFS("/etc/fail2ban")); err != nil {
		t.Fatal(err)
	}
	all := writeActions(t, dir, count)
	c, err := config.Load(os.DirFS("/"), dir)
	if err != nil {
		t.Fatal(err)
	}
	commands := commandsOfFail2ban(t, dir)
	theirs, ours := guarded(t), guarded(t)
	ours.Box.Enter(t)
	fw, err := firewall.Open(t.Context(), firewall.Options{Backend: "iptables"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { fw.Close() })
	blocked, same := 0, 0
	for i, a := range all {
		j := c.Jails[i]
		var want map[probe]firewalltest.Fate
		var failed bool
		var g sync.WaitGroup
		g.Go(func() { want, failed = originalFates(t, theirs, commands[j.Name]) })
		got := ourFates(t, ours, fw, j)
		g.Wait()
		warned := slices.ContainsFunc(c.Warnings, func(w config.Fault) bool {
			return strings.Contains(w.Message, fmt.Sprintf("own%02d ", i)) && !strings.Contains(w.Message, "its other commands")
		})
		for p, fate := range want {
			if fate != firewalltest.Passed {
				blocked++
			}
			switch {
			case fate == got[p]:
				same++
			case fate == firewalltest.Passed && failed && (a.ban == "" || strings.Contains(a.list, ", 8080")): // a list that iptables does not take; see TestSeparatorsOfLists
			case !warned:
				t.Errorf("%s: of fail2ban %v is %s, of bailiff %s, and nothing is said\n%s\n%s\n%s\nbailiff: %s", j.Name, p, fate, got[p], a.start, a.ban, a.list, j.Firewall)
			}
		}
	}
	t.Logf("%d of %d packets fare alike, %d are stopped by fail2ban", same, count*len(probes()), blocked)
	if blocked < count {
		t.Errorf("fail2ban stops only %d packets", blocked)
	}
}

// writeActions generates actions and a jail for each.
func writeActions(t *testing.T, dir string, n int) (all []ownAction) {
	t.Helper()
	text := "[sshd]\nenabled = false\n"
	for i := range n {
		a := generate(rand.New(rand.NewPCG(uint64(i), 9)))
		all = append(all, a)
		name := fmt.Sprintf("own%02d", i)
		indent := strings.NewReplacer("\n", "\n    ")
		file := fmt.Sprintf("[Definition]\nactionstart = %s\nactionban = %s\n", indent.Replace(a.start), indent.Replace(a.ban))
		if err := os.WriteFile(filepath.Join(dir, "action.d", name+".conf"), []byte(file), 0o644); err != nil {
			t.Fatal(err)
		}
		text += fmt.Sprintf("[j%02d]\nenabled = true\nfilter = sshd\nbackend = polling\nlogpath = /etc/hostname\naction = %s\n", i, strings.Replace(a.list, "own[", name+"[", 1))
	}
	if err := os.WriteFile(filepath.Join(dir, "jail.local"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return all
}

// commandsOfFail2ban are what fail2ban would run for each jail that starts and bans the attacker.
func commandsOfFail2ban(t *testing.T, dir string) map[string][]string {
	t.Helper()
	cmd := exec.Command("/usr/bin/python3", "testdata/commands.py", dir, firewalltest.Attacker4)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	commands := map[string][]string{}
	if err == nil {
		err = json.Unmarshal(out, &commands)
	}
	if err != nil {
		t.Fatalf("ask fail2ban: %v", err)
	}
	return commands
}

// originalFates runs commands as fail2ban does, probes, and clears away what they made. failed tells whether one of them
// failed.
func originalFates(t *testing.T, lab *firewalltest.Lab, commands []string) (all map[probe]firewalltest.Fate, failed bool) {
	t.Helper()
	for _, c := range commands {
		failed = lab.Box.Command("sh", "-c", c).Run() != nil || failed
	}
	all = fates(t, lab)
	const clear = "iptables -F; iptables -X; nft delete table ip own; nft delete table inet f2b-table; ipset destroy; true"
	if err := lab.Box.Command("sh", "-c", clear).Run(); err != nil {
		t.Error(err)
	}
	return all, failed
}

// ourFates has the jail's firewall stand with a ban of the attacker, probes, and lifts it.
func ourFates(t *testing.T, lab *firewalltest.Lab, fw *firewall.Firewall, j *config.Jail) map[probe]firewalltest.Fate {
	t.Helper()
	if j.Firewall.Kind != "none" {
		b := event.Ban{Subject: event.Address(netip.MustParseAddr(firewalltest.Attacker4)), Wide4: uint8(j.Firewall.Wide4)}
		network, _ := b.Network()
		if err := fw.Ensure(t.Context(), []firewall.Spec{spec(j)}); err != nil {
			t.Fatal(err)
		}
		if err := fw.Add(t.Context(), j.Name, map[netip.Prefix]time.Duration{network: time.Hour}); err != nil {
			t.Fatal(err)
		}
	}
	all := fates(t, lab)
	if err := fw.Lift(t.Context()); err != nil {
		t.Fatal(err)
	}
	return all
}
