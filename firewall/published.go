package firewall

import (
	"bytes"
	"os"
	"slices"

	"github.com/google/nftables"
)

// wantsForward tells whether rules for forwarded packets are wanted that the configuration does not name.
func wantsForward(blocks []block) bool {
	return slices.ContainsFunc(blocks, func(b block) bool { return b.auto }) && publishes()
}

// publishes tells whether containers may publish ports here: something rewrites destinations.
func publishes() bool {
	conn, err := nftables.New()
	if err != nil {
		return false
	}
	chains, err := conn.ListChains()
	return err == nil && slices.ContainsFunc(chains, func(c *nftables.Chain) bool {
		return c.Type == nftables.ChainTypeNAT && c.Hooknum != nil && *c.Hooknum == *nftables.ChainHookPrerouting
	}) || legacyNAT()
}

// legacyNAT tells whether iptables-legacy has a table for address translation in the network namespace of the calling
// thread. Asking iptables itself would make one.
func legacyNAT() bool {
	names, err := os.ReadFile("/proc/thread-self/net/ip_tables_names")
	return err == nil && bytes.Contains(names, []byte("nat\n"))
}
