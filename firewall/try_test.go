package firewall

import (
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"testing"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

func TestExplainSaysWhatIsMissing(t *testing.T) {
	for _, c := range []struct {
		err  error
		want string
	}{
		{&exec.Error{Name: "ip6tables", Err: exec.ErrNotFound}, "program ip6tables is missing"},
		{nl.IPSetError(nl.IPSET_ERR_FIND_TYPE), "(is kernel module ip_set missing?)"},
		{fmt.Errorf("netlink: %w", unix.EOPNOTSUPP), "(is kernel module ip_set missing?)"},
		{errors.New("iptables: No such file or directory"), "(is kernel module ip_set missing?)"},
		{errors.New("iptables v1.8.9 (nf_tables): Can't open socket to ipset."), "CAP_NET_"},
		{unix.EBUSY, "device or resource busy"},
	} {
		if got := explain(c.err, "ip_set").Error(); !strings.Contains(got, c.want) {
			t.Errorf("%v: %s", c.err, got)
		}
	}
}

func TestLacks(t *testing.T) {
	for status, want := range map[string]string{
		"Name:\tx\nCapEff:\t0000000000000000\n": "CAP_NET_ADMIN and CAP_NET_RAW are missing",
		"CapEff:\t0000000000001000\n":           "CAP_NET_RAW is missing",
		"CapEff:\t0000000000002000\n":           "CAP_NET_ADMIN is missing",
		"CapEff:\t000001ffffffffff\n":           "refused although CAP_NET_ADMIN and CAP_NET_RAW are there",
		"":                                      "CAP_NET_ADMIN and CAP_NET_RAW are missing",
	} {
		if got := lacks(status); got != want {
			t.Errorf("%q: %s", status, got)
		}
	}
}
