package firewall

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"

	"github.com/google/nftables"
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// tableTrial begins the names of tables in which nftables is tried.
const tableTrial = chainName + "-try-"

func isTrialTable(t *nftables.Table) bool { return strings.HasPrefix(t.Name, tableTrial) }

// try makes a table with all that we use and removes it again, in one transaction, so that nobody sees it.
func (n *nft) try() error {
	table := *n.table
	table.Name = tableTrial + strings.ToLower(rand.Text())
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
// again. Two transactions are needed, for iptables would not ask the kernel about a rule that goes in the one in which it
// comes.
func (t *xtable) try(ctx context.Context, token, rule, modules string) error {
	t.wait = trialWait
	defer func() { t.wait = lockWait }()
	if err := t.sweep(ctx); err != nil {
		return explain(err, modules)
	}
	chain := chainName + trialMark + token
	err := t.input(ctx, fmt.Appendf(nil, "*filter\n:%s - [0:0]\n-A %s %s\nCOMMIT\n", chain, chain, rule))
	if err == nil || ctx.Err() != nil || errors.Is(err, errHung) { // it may stand
		clean, done := cleanUp(ctx)
		defer done()
		if failed := t.input(clean, dropScript(chain)); failed != nil && err == nil {
			t.log.Warn("a chain that was made to try iptables is left until the next start", "chain", chain, "err", failed)
		}
	}
	return explain(err, modules)
}

// sweep removes what trials have left whose processes are no more. It is an error only when the table cannot be read.
func (t *xtable) sweep(ctx context.Context) error {
	table, err := t.read(ctx)
	if err != nil {
		return err
	}
	for _, chain := range slices.Sorted(maps.Keys(table)) {
		if !isTrial(chain) || !abandoned(chain) {
			continue
		}
		if err := t.input(ctx, dropScript(chain)); err != nil && ctx.Err() == nil {
			t.log.Warn("a chain that an earlier start has left stays", "chain", chain, "err", err)
		}
	}
	return ctx.Err()
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
