package firewalltest

import (
	"fmt"
	"net/netip"
	"os"
	"testing"
)

// Container makes a container behind the box, as docker does: a third namespace with a listener at inside, a TCP port,
// which the box publishes as outside.
func (lab *Lab) Container(t testing.TB, outside, inside uint16) *Namespace {
	t.Helper()
	c := newNamespace(t, "container")
	lab.Box.ip(t, "link add bridge type veth peer name cable netns "+c.Name, "link set bridge up", "addr add 172.17.0.1/24 dev bridge")
	c.ip(t, "link set lo up", "link set cable up", "addr add 172.17.0.2/24 dev cable", "route add default via 172.17.0.1")
	err := lab.Box.Do(func() error { return os.WriteFile("/proc/sys/net/ipv4/ip_forward", []byte("1"), 0) })
	if err != nil {
		t.Fatalf("forward packets: %v", err)
	}
	at := netip.AddrPortFrom(netip.MustParseAddr("172.17.0.2"), inside)
	c.Listen(t, "tcp", at)
	lab.Box.Run(t, "iptables", "-t", "nat", "-A", "PREROUTING", "-p", "tcp", "--dport", fmt.Sprint(outside),
		"-j", "DNAT", "--to-destination", at.String())
	return c
}
