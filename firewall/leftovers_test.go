package firewall_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"bailiff/firewall"
	"bailiff/firewall/firewalltest"
)

// A standing is what a start finds in the kernel: what an earlier process has left half done, or what somebody else has
// there.
type standing struct {
	commands string   // that make it
	warns    string   // what the log must say at a start or a removal; "": nothing need be said
	stays    []string // what belongs to somebody else: commands that must succeed all the time
	left     string   // what a removal may leave, by name; "": nothing
}

// standings have sets and chains of both variants of iptables and of nftables. PID is the process of the test.
func standings() map[string]standing {
	const rule = " -m set --match-set "
	return map[string]standing{
		"a trial's set":                  {commands: "ipset create bailiff4~try-1 hash:net timeout 0"},
		"a trial's set of this process":  {commands: "ipset create bailiff4~try-PID hash:net timeout 0; ipset create bailiff6~try-PID hash:net family inet6 timeout 0"},
		"a trial's set and rule":         {commands: "ipset create bailiff6~try-1 hash:net family inet6 timeout 0; ip6tables-nft -N bailiff~try-1; ip6tables-nft -A bailiff~try-1" + rule + "bailiff6~try-1 src -j REJECT"},
		"a trial's set and legacy rule":  {commands: "ipset create bailiff4~try-PID hash:net timeout 0; iptables-legacy -N bailiff~try-PID; iptables-legacy -A bailiff~try-PID" + rule + "bailiff4~try-PID src -j REJECT"},
		"a trial's chain":                {commands: "iptables-nft -N bailiff~try-PID; iptables-nft -A bailiff~try-PID -m time --datestop 2030-01-01T00:00:00 -j REJECT; ip6tables-legacy -N bailiff~try-7"},
		"a trial's table":                {commands: "nft add table inet bailiff-try-1; nft add chain inet bailiff-try-1 input '{ type filter hook input priority -10; }'"},
		"a trial's set that others use":  {commands: "ipset create bailiff4~try-1 hash:net timeout 0; iptables-nft -A INPUT" + rule + "bailiff4~try-1 src -j ACCEPT", warns: "ipset bailiff4~try-1 is named by a rule", stays: []string{"iptables-nft -C INPUT" + rule + "bailiff4~try-1 src -j ACCEPT"}, left: "bailiff4~try-1"},
		"a set that was growing":         {commands: "ipset create bailiff4~bailiff4-sshd-3aeb hash:net timeout 0; ipset add bailiff4~bailiff4-sshd-3aeb 203.0.113.9"},
		"the sets alone":                 {commands: "ipset create bailiff4-sshd hash:net timeout 0; ipset create bailiff6-sshd hash:net family inet6 timeout 0"},
		"one of the sets":                {commands: "ipset create bailiff4-sshd hash:net timeout 0"},
		"a chain without a jump":         {commands: "ipset create bailiff4-sshd hash:net timeout 0; iptables-nft -N bailiff; iptables-nft -A bailiff" + rule + "bailiff4-sshd src -j REJECT"},
		"a jump to an empty chain":       {commands: "iptables-nft -N bailiff; iptables-nft -I INPUT -j bailiff; ip6tables-legacy -N bailiff; ip6tables-legacy -I INPUT -j bailiff"},
		"an emptied chain":               {commands: "iptables-nft -N bailiff-FORWARD; iptables-legacy -N bailiff-FORWARD; iptables-nft -N bailiff-from-old; iptables-nft -N bailiff-stop-old"},
		"another jail's rules and sets":  {commands: "ipset create bailiff4-old hash:net timeout 0; ipset add bailiff4-old 203.0.113.9; iptables-nft -N bailiff; iptables-nft -A bailiff" + rule + "bailiff4-old src -j REJECT; iptables-nft -I INPUT -j bailiff"},
		"another jail's legacy rules":    {commands: "ipset create bailiff4-old hash:net timeout 0; iptables-legacy -N bailiff; iptables-legacy -A bailiff" + rule + "bailiff4-old src -j REJECT; iptables-legacy -I INPUT -j bailiff"},
		"another jail's plain rules":     {commands: "iptables-nft -N bailiff; iptables-nft -N bailiff-from-old; iptables-nft -N bailiff-stop-old; iptables-nft -A bailiff-from-old -s 203.0.113.9 -j bailiff-stop-old; iptables-nft -A bailiff -p tcp -j bailiff-from-old"},
		"a table without chains":         {commands: "nft add table inet bailiff; nft add set inet bailiff bailiff4-old '{ type ipv4_addr; flags timeout; counter; }'"},
		"a rule on a set of a jail gone": {commands: "ipset create bailiff4-old hash:net timeout 0; ipset add bailiff4-old 192.0.2.2; iptables-nft -A INPUT" + rule + "bailiff4-old src -j DROP", warns: "ipset bailiff4-old is named by a rule that is not bailiff's: it is emptied", stays: []string{"iptables-nft -C INPUT" + rule + "bailiff4-old src -j DROP"}, left: "bailiff4-old"},
		"a rule in another table":        {commands: "ipset create bailiff6-old hash:net family inet6 timeout 0; ip6tables-nft -t mangle -A PREROUTING" + rule + "bailiff6-old src -j DROP", warns: "ipset bailiff6-old is named", stays: []string{"ip6tables-nft -t mangle -C PREROUTING" + rule + "bailiff6-old src -j DROP"}, left: "bailiff6-old"},
		"a legacy rule on a set":         {commands: "ipset create bailiff4-old hash:net timeout 0; iptables-legacy -A FORWARD" + rule + "bailiff4-old src -j DROP", warns: "ipset bailiff4-old is named", stays: []string{"iptables-legacy -C FORWARD" + rule + "bailiff4-old src -j DROP"}, left: "bailiff4-old"},
		"a set of sets":                  {commands: "ipset create bailiff4-old hash:net timeout 0; ipset create mine list:set; ipset add mine bailiff4-old", warns: "ipset bailiff4-old is named", stays: []string{"ipset test mine bailiff4-old"}, left: "bailiff4-old"},
		"a rule on a set of a jail":      {commands: "ipset create bailiff4-sshd hash:net timeout 0; iptables-nft -A FORWARD" + rule + "bailiff4-sshd src -j DROP", stays: []string{"iptables-nft -C FORWARD" + rule + "bailiff4-sshd src -j DROP"}, left: "bailiff4-sshd"},
		"a rule that jumps to ours":      {commands: "iptables-nft -N bailiff; iptables-nft -A FORWARD -p tcp -j bailiff; iptables-nft -N bailiff-OUTPUT; iptables-nft -A OUTPUT -p tcp -g bailiff-OUTPUT", stays: []string{"iptables-nft -C FORWARD -p tcp -j bailiff", "iptables-nft -C OUTPUT -p tcp -g bailiff-OUTPUT"}, left: "bailiff"},
		"a chain of the name":            {commands: own("iptables-nft", "bailiff"), stays: []string{"iptables-nft -C bailiff -p udp --dport 98 -j ACCEPT", "iptables-nft -C INPUT -j bailiff"}, left: "bailiff"},
		"a legacy chain of the name":     {commands: own("ip6tables-legacy", "bailiff"), stays: []string{"ip6tables-legacy -C bailiff -p udp --dport 99 -j ACCEPT", "ip6tables-legacy -C INPUT -j bailiff"}, left: "bailiff"},
		"a chain of such a name":         {commands: own("iptables-nft", "bailiff-mine"), stays: []string{"iptables-nft -C bailiff-mine -p udp --dport 98 -j ACCEPT", "iptables-nft -C INPUT -j bailiff-mine"}, left: "bailiff-mine"},
		"a set of another type":          {commands: "ipset create bailiff4-sshd hash:ip; ipset add bailiff4-sshd 203.0.113.5", stays: []string{"ipset test bailiff4-sshd 203.0.113.5"}, left: "bailiff4-sshd"},
		"a set of the other family":      {commands: "ipset create bailiff4-sshd hash:net family inet6 timeout 0", left: "bailiff4-sshd"},
		"a set that never expires":       {commands: "ipset create bailiff6-sshd hash:net family inet6", stays: []string{"ipset list -n bailiff6-sshd"}, left: "bailiff6-sshd"},
		"a set of such a name":           {commands: "ipset create bailiff4mine hash:net timeout 0; ipset create bailiff4-ports bitmap:port range 1-99", stays: []string{"ipset list -n bailiff4mine", "ipset list -n bailiff4-ports"}, left: "bailiff4"},
		"a set of our table that others use": {commands: "nft add table inet bailiff; nft add set inet bailiff bailiff4-old '{ type ipv4_addr; flags timeout; counter; }'; nft add element inet bailiff bailiff4-old '{ 192.0.2.2 }';" +
			"nft add chain inet bailiff mine '{ type filter hook input priority 0; }'; nft add rule inet bailiff mine ip saddr @bailiff4-old drop", warns: "set bailiff4-old in table inet bailiff is named by a rule that is not bailiff's: it is emptied",
			stays: []string{"nft list chain inet bailiff mine | grep @bailiff4-old"}, left: "table inet bailiff\n"},
		"a chain of our table that others use": {commands: "nft add table inet bailiff; nft add set inet bailiff bailiff4-old '{ type ipv4_addr; flags timeout; counter; }'; nft add chain inet bailiff from-old; nft add chain inet bailiff mine;" +
			"nft add rule inet bailiff from-old ip saddr 192.0.2.2 drop; nft add rule inet bailiff mine tcp dport 99 jump from-old", warns: "chain from-old in table inet bailiff is named",
			stays: []string{"nft list chain inet bailiff mine | grep from-old"}, left: "table inet bailiff\n"},
		"others' set in our table": {commands: "nft add table inet bailiff; nft add set inet bailiff bailiff6-sshd '{ type ipv6_addr; flags timeout; counter; }'; nft add set inet bailiff mine '{ type ipv4_addr; elements = { 203.0.113.5 }; }'",
			stays: []string{"nft get element inet bailiff mine '{ 203.0.113.5 }'"}, left: "table inet bailiff\n"},
		"a table of the name": {commands: "nft add table inet bailiff; nft add chain inet bailiff input '{ type filter hook input priority 0; }'; nft add rule inet bailiff input udp dport 98 accept",
			stays: []string{"nft list chain inet bailiff input | grep 98"}, left: "table inet bailiff\n"},
		"our table beside one that is gone": {commands: "nft add table inet bailiff-own; nft add set inet bailiff-own bailiff4-sshd '{ type ipv4_addr; flags timeout; counter; }'"},
		"others' rules in a jail's chain": {commands: "iptables-nft -N bailiff-from-sshd; iptables-nft -A bailiff-from-sshd -p tcp -j RETURN; iptables-nft -A bailiff-from-sshd -s 192.0.2.1 -j ACCEPT;" +
			"iptables-legacy -N bailiff-from-sshd; iptables-legacy -A bailiff-from-sshd -j ACCEPT"},
	}
}

// own makes a chain of somebody's own.
func own(program, chain string) string {
	return strings.ReplaceAll("P -N "+chain+"; P -A "+chain+" -p udp --dport 98 -j ACCEPT; P -A "+chain+" -p udp --dport 99 -j ACCEPT; P -A INPUT -j "+chain, "P ", program+" ")
}

// TestStartsWhateverIsLeft starts with each backend where there is something already: the attacker is stopped, a removal
// leaves nothing, and what is somebody else's is as it was.
func TestStartsWhateverIsLeft(t *testing.T) {
	t.Parallel()
	for name, options := range backends() {
		for what, there := range standings() {
			t.Run(what+"/"+name, func(t *testing.T) {
				t.Parallel()
				startWhere(t, options, there)
			})
		}
	}
}

func startWhere(t *testing.T, options firewall.Options, there standing) {
	lab := firewalltest.New(t)
	lab.Box.Enter(t)
	commands := strings.ReplaceAll(there.commands, "PID", fmt.Sprint(os.Getpid()))
	lab.Box.Run(t, "sh", "-ec", commands)
	attacker, bystander, box := firewalltest.Addresses(false)
	at := netip.AddrPortFrom(box, 53)
	lab.Box.Listen(t, "udp", at)
	var log bytes.Buffer
	options.Log = slog.New(slog.NewTextHandler(&log, nil))
	fw := open(t, options)
	must(t, fw.Ensure(t.Context(), []firewall.Spec{{Jail: "sshd", Ports: []string{"53"}, Protocols: []string{"udp"}}}))
	must(t, fw.Add(t.Context(), "sshd", bans(time.Hour, host(attacker))))
	_, err := fw.LiftOthers(t.Context())
	must(t, err)
	must(t, fw.Check(t.Context()))
	lab.Attacker.Stopped(t, "udp", attacker, at, firewalltest.Refused)
	lab.Attacker.Passes(t, "udp", bystander, at)
	there.check(t, lab)
	if got, err := fw.List(t.Context(), "sshd"); err != nil || len(got) != 1 {
		t.Errorf("banned are %v, %v", got, err)
	}
	must(t, fw.Close())
	must(t, firewall.LiftAll(t.Context(), options))
	there.check(t, lab)
	lab.Attacker.Passes(t, "udp", attacker, at)
	if left := namesLeft(t, lab, there.left); left != "" {
		t.Errorf("left: %s", left)
	}
	if !strings.Contains(log.String(), there.warns) {
		t.Errorf("the log does not say %q:\n%s", there.warns, log.String())
	}
}

// check wants what is somebody else's to be as it was.
func (s standing) check(t *testing.T, lab *firewalltest.Lab) {
	t.Helper()
	for _, command := range s.stays {
		if out, err := lab.Box.Command("sh", "-c", command).CombinedOutput(); err != nil {
			t.Errorf("%s: %v: %s", command, err, out)
		}
	}
}

// namesLeft are the sets, chains and tables that have a name of ours, but for those that begin with one.
func namesLeft(t *testing.T, lab *firewalltest.Lab, except string) string {
	t.Helper()
	const list = "for p in iptables ip6tables; do $p-nft -S; $p-legacy -S; done | sed -n 's/^-N //p'; ipset list -n; nft list tables inet"
	var left []string
	for line := range strings.Lines(lab.Box.Run(t, "sh", "-c", list)) {
		if strings.Contains(line, "bailiff") && (except == "" || !strings.HasPrefix(line, except)) {
			left = append(left, strings.TrimSpace(line))
		}
	}
	return strings.Join(left, ", ")
}
