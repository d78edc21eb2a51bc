package firewall_test

import (
	"context"
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
		"iptables -F and -X":      "IPT -F; IPT -X",
		"ipset flush":             "ipset flush",
		"ipset destroy":           "IPT -F; IPT -X; IP6T -F; IP6T -X; ipset destroy || true",
		"nft flush ruleset":       "nft flush ruleset",
		"nft delete table":        "nft delete table inet bailiff || true",
		"nft flush set":           "nft flush set inet bailiff bailiff4-sshd || true",
		"somebody's restore":      "printf '*filter\\n:INPUT ACCEPT [0:0]\\nCOMMIT\\n' | IPT-restore",
		"accepting rule inserted": "IPT -I INPUT -p udp -j ACCEPT",
		"jump deleted":            "IPT -D INPUT -j bailiff || true",
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
	lab := firewalltest.New(t)
	lab.Box.Enter(t)
	attacker, bystander, box := firewalltest.Addresses(false)
	at := netip.AddrPortFrom(box, 53)
	lab.Box.Listen(t, "udp", at)
	options.Restore = func(context.Context, string) (map[netip.Prefix]time.Duration, error) {
		return bans(time.Hour, host(attacker)), nil
	}
	fw := open(t, options)
	must(t, fw.Ensure(t.Context(), []firewall.Spec{{Jail: "sshd", Ports: []string{"53"}, Protocols: []string{"udp"}}}))
	must(t, fw.Add(t.Context(), "sshd", bans(time.Hour, host(attacker))))
	run(t, lab, fw)
	program := options.Program
	if program == "" {
		program = "iptables-nft"
	}
	for event, commands := range harm() {
		commands = strings.ReplaceAll(strings.ReplaceAll(commands, "IPT", program), "IP6T", "ip6tables"+strings.TrimPrefix(program, "iptables"))
		lab.Box.Run(t, "sh", "-c", commands)
		took := lab.Attacker.Until(t, "udp", attacker, at, time.Second, func(f firewalltest.Fate) bool { return f != firewalltest.Passed })
		t.Logf("%s: healed after %v", event, took)
		lab.Attacker.Passes(t, "udp", bystander, at)
	}
	if fw.Status().Repairs == 0 {
		t.Error("no repair was counted")
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
