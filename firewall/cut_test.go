package firewall_test

import (
	"errors"
	"io"
	"net/netip"
	"syscall"
	"testing"
	"time"

	"bailiff/firewall"
	"bailiff/firewall/firewalltest"
)

func TestBanCutsConnectionsToTheJailsPortsOnly(t *testing.T) {
	for _, v6 := range []bool{false, true} {
		lab := firewalltest.New(t)
		lab.Box.Enter(t)
		attacker, bystander, box := firewalltest.Addresses(v6)
		ssh, web := netip.AddrPortFrom(box, 22), netip.AddrPortFrom(box, 80)
		lab.Box.Listen(t, "tcp", netip.AddrPortFrom(netip.IPv6Unspecified(), 22)) // holds IPv4 in IPv6's clothes, too
		lab.Box.Listen(t, "tcp", web)
		fw := open(t, firewall.Options{Backend: "nftables"})
		must(t, fw.Ensure(t.Context(), []firewall.Spec{{Jail: "sshd", Ports: []string{"ssh"}, BlockType: "DROP"}}))
		run(t, lab, fw)
		cut := lab.Attacker.Dial(t, "tcp", attacker, ssh)
		kept := lab.Attacker.Dial(t, "tcp", attacker, web)
		others := lab.Attacker.Dial(t, "tcp", bystander, ssh)
		echo(t, cut)
		must(t, fw.Check(t.Context())) // Run is up by now or will be: cuts are wanted once it is
		until(t, func() bool {
			must(t, fw.Add(t.Context(), "sshd", bans(time.Hour, host(attacker))))
			return fw.Counters.Connections.Load() > 0
		})
		must(t, cut.SetDeadline(time.Now().Add(10*time.Second)))
		if _, err := io.ReadFull(cut, make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("the banned's connection: %v, want a reset", err)
		}
		echo(t, kept)
		echo(t, others)
	}
}

func echo(t *testing.T, conn io.ReadWriter) {
	t.Helper()
	if _, err := conn.Write([]byte("?")); err != nil {
		t.Error(err)
	}
	if _, err := io.ReadFull(conn, make([]byte, 1)); err != nil {
		t.Error(err)
	}
}

// until calls f over and over until it says yes, for 10 seconds.
func until(t *testing.T, f func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); {
		if f() {
			return
		}
	}
	t.Fatal("not within 10 seconds")
}
