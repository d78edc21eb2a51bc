package firewall_test

import (
	"errors"
	"io"
	"net/netip"
	"syscall"
	"testing"
	"time"

	"github.com/vishvananda/netlink"

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

func TestBanForgetsTrackedConnections(t *testing.T) {
	lab := firewalltest.New(t)
	lab.Box.Enter(t)
	attacker, bystander, box := firewalltest.Addresses(false)
	dns, other := netip.AddrPortFrom(box, 53), netip.AddrPortFrom(box, 123)
	lab.Box.Listen(t, "udp", dns)
	lab.Box.Listen(t, "udp", other)
	lab.Box.Run(t, "iptables", "-A", "INPUT", "-m", "conntrack", "--ctstate", "ESTABLISHED", "-j", "ACCEPT")
	fw := open(t, firewall.Options{Backend: "iptables"})
	must(t, fw.Ensure(t.Context(), []firewall.Spec{{Jail: "dns", Ports: []string{"53"}, Protocols: []string{"udp"}}}))
	run(t, lab, fw)
	for _, from := range []netip.Addr{attacker, bystander} {
		lab.Attacker.Passes(t, "udp", from, dns)
		lab.Attacker.Passes(t, "udp", from, other)
	}
	tracked := func() (to map[netip.AddrPort]int) {
		flows, err := netlink.ConntrackTableList(netlink.ConntrackTable, netlink.FAMILY_V4)
		must(t, err)
		to = map[netip.AddrPort]int{}
		for _, f := range flows {
			src, _ := netip.AddrFromSlice(f.Forward.SrcIP)
			to[netip.AddrPortFrom(src.Unmap(), f.Forward.DstPort)]++
		}
		return to
	}
	if tracked()[netip.AddrPortFrom(attacker, 53)] == 0 {
		t.Fatal("connections are not tracked here")
	}
	until(t, func() bool {
		must(t, fw.Add(t.Context(), "dns", bans(time.Hour, host(attacker))))
		return tracked()[netip.AddrPortFrom(attacker, 53)] == 0
	})
	left := tracked()
	for _, kept := range []netip.AddrPort{netip.AddrPortFrom(attacker, 123), netip.AddrPortFrom(bystander, 53)} {
		if left[kept] == 0 {
			t.Errorf("%s is forgotten, too", kept)
		}
	}
}
