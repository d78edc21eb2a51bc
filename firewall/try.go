package firewall

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// try makes a table with all that we use and removes it again, in one transaction, so that nobody sees it.
func (n *nft) try() error {
	table := *n.table
	table.Name = fmt.Sprintf("%s-try-%d", chainName, os.Getpid())
	trial := &nft{conn: n.conn, table: &table, lengths: map[string][]int{}}
	b, err := Spec{Jail: "try", Ports: []string{"1:9,11"}, Log: true}.block()
	if err != nil {
		return err
	}
	n.conn.AddTable(&table)
	trial.makeSets([]block{b}, nil)
	trial.makeRules([]block{b}, false)
	n.conn.DelTable(&table)
	if err := n.conn.Flush(); err != nil {
		return explain(err, "nf_tables, nft_limit, nft_log or nft_reject_inet")
	}
	return nil
}

// try lists the table, in which there may be rules that only nft understands, makes a chain with a rule and removes it
// again.
func (t *xtable) try(ctx context.Context, rule, modules string) error {
	if _, err := t.ipt.ListChains("filter"); err != nil {
		return explain(err, modules)
	}
	chain := fmt.Sprintf("%s~try-%d", chainName, os.Getpid())
	err := t.input(ctx, fmt.Appendf(nil, "*filter\n:%s - [0:0]\n-A %s %s\nCOMMIT\n", chain, chain, rule))
	if err != nil {
		return explain(err, modules)
	}
	return t.input(ctx, fmt.Appendf(nil, "*filter\n-F %s\n-X %s\nCOMMIT\n", chain, chain))
}

// explain says what is missing where an error alone does not: a capability, a kernel module or a program.
func explain(err error, modules string) error {
	var unknown *exec.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &unknown):
		return fmt.Errorf("program %s is missing: %w", unknown.Name, err)
	case errors.Is(err, unix.EPERM), errors.Is(err, unix.EACCES), strings.Contains(err.Error(), "Permission denied"),
		strings.Contains(err.Error(), "you must be root"), strings.Contains(err.Error(), "Can't open socket"): // ipset's is raw
		return fmt.Errorf("%w (%s)", err, missingCapabilities())
	case errors.Is(err, nl.IPSetError(nl.IPSET_ERR_FIND_TYPE)), errors.Is(err, unix.EINVAL), errors.Is(err, unix.ENOENT),
		errors.Is(err, unix.EOPNOTSUPP), errors.Is(err, unix.EPROTONOSUPPORT), strings.Contains(err.Error(), "No such file"),
		strings.Contains(err.Error(), "Couldn't load match"), strings.Contains(err.Error(), "does not exist"):
		return fmt.Errorf("%w (is kernel module %s missing?)", err, modules)
	}
	return err
}

// missingCapabilities names those that this thread lacks, by the CapEff line of proc_pid_status(5).
func missingCapabilities() string {
	status, err := os.ReadFile("/proc/thread-self/status")
	if err != nil {
		return "CAP_NET_ADMIN and CAP_NET_RAW are needed"
	}
	return lacks(string(status))
}

func lacks(status string) string {
	var mask uint64
	for line := range strings.Lines(status) {
		if hex, ok := strings.CutPrefix(line, "CapEff:"); ok {
			fmt.Sscanf(strings.TrimSpace(hex), "%x", &mask) // what cannot be read counts as lacking
		}
	}
	admin, raw := mask&(1<<unix.CAP_NET_ADMIN) == 0, mask&(1<<unix.CAP_NET_RAW) == 0
	switch {
	case admin && raw:
		return "CAP_NET_ADMIN and CAP_NET_RAW are missing"
	case admin:
		return "CAP_NET_ADMIN is missing"
	case raw:
		return "CAP_NET_RAW is missing"
	}
	return "refused although CAP_NET_ADMIN and CAP_NET_RAW are there"
}
