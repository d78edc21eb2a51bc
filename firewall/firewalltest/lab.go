// Package firewalltest proves firewalls with packets: it makes network namespaces joined by a virtual cable, listeners
// in one and probes in the other. It needs root and the programs ip and, for what it is used for, iptables or nft.
package firewalltest

import (
	"crypto/rand"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The addresses at the two ends of the cable. All but the Box's belong to the Attacker's namespace.
const (
	Box4       = "192.0.2.100"
	Attacker4  = "192.0.2.1"
	Bystander4 = "192.0.2.2"
	Box6       = "2001:db8::100"
	Attacker6  = "2001:db8::1"
	Bystander6 = "2001:db8::2"
)

// lockFile is the variable by which iptables 1.8.6 and later is told of its lock file.
const lockFile = "XTABLES_LOCKFILE"

// A Lab is a machine to protect and a machine to attack it from.
type Lab struct {
	Box, Attacker *Namespace
}

// New makes both namespaces and the cable, and takes them away when the test ends. Unless the environment names one, it
// gives iptables a lock file of its own through it: tests that are parallel must have named one before.
func New(t testing.TB) *Lab {
	t.Helper()
	if os.Getenv(lockFile) == "" {
		t.Setenv(lockFile, filepath.Join(t.TempDir(), "xtables.lock"))
	}
	lab := &Lab{Box: newNamespace(t, "box"), Attacker: newNamespace(t, "att")}
	lab.Box.ip(t, "link add cable type veth peer name cable netns "+lab.Attacker.Name)
	lab.Box.ip(t, "link set lo up", "link set cable up",
		"addr add "+Box4+"/24 dev cable", "addr add "+Box6+"/64 dev cable nodad")
	lab.Box.unlimit(t)
	lab.Attacker.ip(t, "link set lo up", "link set cable up",
		"addr add "+Attacker4+"/24 dev cable", "addr add "+Bystander4+"/24 dev cable",
		"addr add "+Attacker6+"/64 dev cable nodad", "addr add "+Bystander6+"/64 dev cable nodad")
	return lab
}

// Addresses tells the addresses of the attacker, the bystander and the box in a family.
func Addresses(v6 bool) (attacker, bystander, box netip.Addr) {
	if v6 {
		return netip.MustParseAddr(Attacker6), netip.MustParseAddr(Bystander6), netip.MustParseAddr(Box6)
	}
	return netip.MustParseAddr(Attacker4), netip.MustParseAddr(Bystander4), netip.MustParseAddr(Box4)
}

// MoreAttackers gives the attacker's namespace n further addresses in a family. All are even: the odd ones
// after them are nobody's.
func (lab *Lab) MoreAttackers(t testing.TB, v6 bool, n int) []netip.Addr {
	t.Helper()
	addr, suffix := netip.MustParseAddr("192.0.2.100"), "/24 dev cable"
	if v6 {
		addr, suffix = netip.MustParseAddr("2001:db8::1000"), "/64 dev cable nodad"
	}
	var all []netip.Addr
	var commands []string
	for range n {
		addr = addr.Next().Next()
		all = append(all, addr)
		commands = append(commands, "addr add "+addr.String()+suffix)
	}
	lab.Attacker.ip(t, commands...)
	return all
}

func newNamespace(t testing.TB, end string) *Namespace {
	t.Helper()
	n := &Namespace{Name: fmt.Sprintf("bailiff-%s-%s", strings.ToLower(rand.Text()[:10]), end)}
	if out, err := exec.Command("ip", "netns", "add", n.Name).CombinedOutput(); err != nil {
		t.Fatalf("make network namespace: %v: %s", err, out)
	}
	t.Cleanup(func() {
		if out, err := exec.Command("ip", "netns", "delete", n.Name).CombinedOutput(); err != nil {
			t.Errorf("remove network namespace: %v: %s", err, out)
		}
	})
	return n
}

// unlimit lets the namespace answer every packet it rejects: the kernel sends one such answer a second by default.
func (n *Namespace) unlimit(t testing.TB) {
	t.Helper()
	limits := map[string]string{
		"ipv4/icmp_ratelimit": "0", "ipv6/icmp/ratelimit": "0", // to one machine
		"ipv4/icmp_msgs_per_sec": "1000000", "ipv4/icmp_msgs_burst": "100000", // to all, in both families
	}
	err := n.Do(func() error {
		var errs []error
		for name, value := range limits {
			errs = append(errs, os.WriteFile("/proc/sys/net/"+name, []byte(value), 0))
		}
		return errors.Join(errs...)
	})
	if err != nil {
		t.Fatalf("lift the limit of ICMP answers: %v", err)
	}
}

// ip runs commands of ip(8) inside the namespace.
func (n *Namespace) ip(t testing.TB, commands ...string) {
	t.Helper()
	cmd := exec.Command("ip", "-n", n.Name, "-batch", "-")
	cmd.Stdin = strings.NewReader(strings.Join(commands, "\n") + "\n")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("configure network: %v: %s", err, out)
	}
}
