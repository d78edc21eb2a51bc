package firewall

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"bailiff/firewall/firewalltest"
)

// TestWhatIsRefusedForGood sorts what kernels and programs say.
func TestWhatIsRefusedForGood(t *testing.T) {
	_, everybody := normal(netip.MustParsePrefix("::/0"))
	_, nobody := normal(netip.Prefix{})
	for _, c := range []struct {
		err   error
		final bool
	}{
		{everybody, true},
		{nobody, true},
		{unix.EAFNOSUPPORT, true},
		{nl.IPSetError(nl.IPSET_ERR_INVALID_CIDR), true},
		{ipsetError(unix.Errno(hashFull)), true},
		{fmt.Errorf("grow set: %w", unix.ENOMEM), false},
		{unix.ENOENT, false},
		{unix.EBUSY, false},
		{unix.EINVAL, false}, // as of a set that somebody has made in place of ours
		{nl.IPSetError(nl.IPSET_ERR_BUSY), false},
		{errors.New("iptables: another app is holding the xtables lock"), false},
	} {
		if got := (&BanError{"sshd", netip.Prefix{}, c.err}).Final(); got != c.final {
			t.Errorf("%v: final is %v", c.err, got)
		}
	}
}

// TestAFullSetThatCannotGrow refuses what it has no room for, once and for all. A rule of somebody's holds the name
// that it would grow under.
func TestAFullSetThatCannotGrow(t *testing.T) {
	lab := firewalltest.New(t)
	lab.Box.Enter(t)
	fw, err := Open(t.Context(), Options{Backend: "iptables", MaxElem: 64})
	if err == nil {
		defer fw.Close()
		err = fw.Ensure(t.Context(), []Spec{{Jail: "sshd"}})
	}
	if err != nil {
		t.Fatal(err)
	}
	name := shorten("bailiff4~bailiff4-sshd-that-is-growing", maxSetName)
	lab.Box.Run(t, "ipset", "create", name, "hash:ip")
	lab.Box.Run(t, "iptables", "-A", "OUTPUT", "-m", "set", "--match-set", name, "dst")
	many := map[netip.Prefix]time.Duration{}
	for i := range 200 {
		many[netip.PrefixFrom(netip.AddrFrom4([4]byte{198, 51, 100, byte(i)}), 32)] = time.Minute
	}
	err = fw.Add(t.Context(), "sshd", many)
	held, err2 := fw.List(t.Context(), "sshd")
	if err2 != nil {
		t.Fatal(err2)
	}
	var refused *BanError
	if !errors.As(err, &refused) || !refused.Final() || !strings.Contains(err.Error(), "the set is full and cannot grow") {
		t.Errorf("%d of 200 are held, with %v", len(held), err)
	}
	if many, ok := err.(interface{ Unwrap() []error }); !ok || len(many.Unwrap())+len(held) != 200 {
		t.Errorf("%d are held, the others refused: %v", len(held), err)
	}
}
