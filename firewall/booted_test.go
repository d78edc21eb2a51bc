package firewall_test

import (
	"bytes"
	"context"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"bailiff/firewall"
	"bailiff/firewall/firewalltest"
)

// TestHealsBesideFirewalldAndUFW runs TestInBootedSystem in a booted system that has both.
func TestHealsBesideFirewalldAndUFW(t *testing.T) {
	t.Parallel()
	self, err := os.Executable()
	must(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "testdata/booted.sh", self, "-test.v", "-test.run", "^TestInBootedSystem$")
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	out, err := cmd.CombinedOutput()
	if err != nil || !bytes.Contains(out, []byte("--- PASS: TestInBootedSystem")) {
		t.Fatalf("%v: %s", err, out)
	}
	t.Logf("%s", out)
}

// TestInBootedSystem is run by TestHealsBesideFirewalldAndUFW; else it has nothing to say. Its packets go over the
// loopback device.
func TestInBootedSystem(t *testing.T) {
	if os.Getenv("BAILIFF_BOOTED") == "" {
		return
	}
	for _, backend := range []string{"iptables", "nftables"} {
		t.Run(backend, func(t *testing.T) { healBooted(t, backend) })
	}
}

func healBooted(t *testing.T, backend string) {
	attacker, bystander, at := netip.MustParseAddr("127.0.0.2"), netip.MustParseAddr("127.0.0.3"), "127.0.0.1:5300"
	server, err := net.ListenPacket("udp", at)
	must(t, err)
	defer server.Close()
	go func() {
		buffer := make([]byte, 10)
		for {
			n, from, err := server.ReadFrom(buffer)
			if err != nil {
				return
			}
			server.WriteTo(buffer[:n], from) // a lost answer shows in the probe
		}
	}()
	all := bans(time.Hour, host(attacker))
	fw := open(t, firewall.Options{Backend: backend, Log: slog.New(slog.NewTextHandler(t.Output(), nil)), Restore: func(context.Context, string) (map[netip.Prefix]time.Duration, error) { return all, nil }})
	must(t, fw.Ensure(t.Context(), []firewall.Spec{{Jail: "dns", Ports: []string{"5300"}, Protocols: []string{"udp"}}}))
	must(t, fw.Add(t.Context(), "dns", all))
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- fw.Run(ctx) }()
	for _, event := range strings.Split("ufw --force enable;ufw reload;ufw --force disable;systemctl start firewalld;firewall-cmd --reload;"+
		"firewall-cmd --complete-reload;systemctl stop firewalld;systemctl restart nftables;iptables -F;nft flush ruleset", ";") {
		words := strings.Fields(event)
		if out, err := exec.Command(words[0], words[1:]...).CombinedOutput(); err != nil {
			t.Errorf("%s: %v: %s", event, err, out)
		}
		start := time.Now()
		until(t, func() bool { return probeLoopback(t, attacker, at) != firewalltest.Passed })
		if took := time.Since(start); took > time.Second {
			t.Errorf("%s: healed after %v", event, took)
		} else {
			t.Logf("%s: healed after %v", event, took)
		}
		if got := probeLoopback(t, bystander, at); got != firewalltest.Passed {
			t.Errorf("%s: a bystander's packet was %s", event, got)
		}
	}
	cancel()
	must(t, <-done)
	must(t, fw.Lift(t.Context()))
}

func probeLoopback(t *testing.T, from netip.Addr, to string) firewalltest.Fate {
	dialer := net.Dialer{LocalAddr: &net.UDPAddr{IP: from.AsSlice()}}
	conn, err := dialer.Dial("udp", to)
	must(t, err)
	defer conn.Close()
	got, err := firewalltest.Echo(conn, time.Now().Add(250*time.Millisecond))
	must(t, err)
	return got
}
