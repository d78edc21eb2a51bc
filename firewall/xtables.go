package firewall

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os/exec"
	"slices"
	"strings"
	"time"

	"github.com/coreos/go-iptables/iptables"
)

const (
	lockWait  = 5 * time.Second // how long it is waited for iptables' lock
	trialWait = time.Second     // and while it is tried whether iptables works
	lockTries = 3               // how often a program is run when the kernel or the lock was busy all the same
)

// An xtable is iptables' filter table of one family: our chains in it and the jumps to them.
type xtable struct {
	f       family
	log     *slog.Logger
	wait    time.Duration // for the lock
	ipt     *iptables.IPTables
	program string           // iptables of the family
	restore string           // its iptables-restore
	hooks   map[string]bool  // the chains of others that jump to ours; nil until looked for
	ours    map[string]bool  // our chains
	foreign map[string]bool  // chains that have a name of ours and that somebody else has made
	left    map[string]bool  // chains of ours that others' rules still name, so that they cannot go
	asked   map[string]rules // what each chain of ours was last made of
	printed map[string]rules // and how iptables printed that

	socket int // to ask iptables-legacy over; -1 for iptables-nft, whose changes are notified
	seen   fingerprint
}

// rules are a chain's rules as iptables -S prints them, without -A CHAIN.
type rules []string

// A layout is what is to stand in a table.
type layout struct {
	hooks  map[string]rules // for each chain of others the rules of the one of ours that it jumps to
	chains map[string]rules // further chains
	kept   []string         // further chains that are left as they are where there are any
}

// openXTable finds the programs of a family: program is iptables, iptables-nft or iptables-legacy.
func openXTable(ctx context.Context, f family, program string, log *slog.Logger) (*xtable, error) {
	name := "iptables" + strings.TrimPrefix(program, "iptables")
	if f.v6 {
		name = "ip6tables" + strings.TrimPrefix(program, "iptables")
	}
	ipt, path, err := openIPTables(ctx, f, name)
	if err != nil {
		return nil, err
	}
	restore, err := exec.LookPath(name + "-restore")
	if err != nil {
		return nil, err
	}
	legacy, err := isLegacy(ctx, path)
	if err != nil {
		return nil, err
	}
	t := &xtable{f: f, log: log, wait: lockWait, ipt: ipt, program: path, restore: restore, socket: -1,
		left: map[string]bool{}, asked: map[string]rules{}, printed: map[string]rules{}}
	if legacy {
		t.socket, err = rawSocket(f)
	}
	return t, err
}

// stand makes a layout stand, and nothing else of ours. What comes to stand does so in one transaction. It tells what
// that took. While others hold the lock it tries again for a while, and once when others may have changed the table while
// it was looked at.
func (t *xtable) stand(ctx context.Context, want layout) (s script, err error) {
	begun := time.Now()
	for try := range lockTries {
		s, err = t.standOnce(ctx, want)
		if err == nil {
			return s, t.remember(ctx, s)
		}
		t.hooks = nil // look again
		if !busy(err) && try > 0 || errors.Is(err, errHung) || ctx.Err() != nil || time.Since(begun) > t.wait {
			break
		}
	}
	return script{}, err
}

func (t *xtable) standOnce(ctx context.Context, want layout) (script, error) {
	s := script{made: map[string]rules{}}
	if err := t.findOurs(ctx); err != nil {
		return s, err
	}
	for _, chain := range want.kept {
		if err := t.plan(ctx, &s, chain, nil, true); err != nil {
			return s, err
		}
	}
	for chain, rules := range want.chains {
		if err := t.plan(ctx, &s, chain, rules, false); err != nil {
			return s, err
		}
	}
	for _, hook := range slices.Sorted(maps.Keys(want.hooks)) {
		if err := t.planHook(ctx, &s, hook, want.hooks[hook]); err != nil {
			return s, err
		}
	}
	if err := t.planRemovals(ctx, &s, want); err != nil {
		return s, err
	}
	if err := t.run(ctx, s); err != nil {
		return s, err
	}
	err := t.dropChains(ctx, s.drops)
	for _, chain := range slices.Sorted(maps.Keys(t.left)) {
		s.notes = append(s.notes, fmt.Sprintf("chain %s is named by a rule that is not bailiff's: it is emptied and left", chain))
	}
	return s, err
}

// dropChains removes chains that are empty by now and that no rule of ours names. Those that others' rules name are left.
func (t *xtable) dropChains(ctx context.Context, chains []string) error {
	if len(chains) == 0 {
		return nil
	}
	err := t.input(ctx, dropScript(chains...))
	if err == nil || busy(err) || errors.Is(err, errHung) || ctx.Err() != nil {
		return err
	}
	if len(chains) > 1 {
		for _, chain := range chains {
			if err := t.dropChains(ctx, []string{chain}); err != nil {
				return err
			}
		}
		return nil
	}
	t.left[chains[0]] = true
	return nil
}

// dropScript empties chains, makes those that there are not, and removes them all.
func dropScript(chains ...string) []byte {
	s := script{chains: declare(chains...)}
	for _, chain := range chains {
		s.rules = append(s.rules, "-X "+chain)
	}
	return s.text()
}

// same tells whether a chain that holds have is as wanted: it reads the same, or reads as it did when it was last made
// of this. iptables may print a rule in other words than it was given, but never another number of rules: where that
// differs, others had changed the chain before it was read back.
func (t *xtable) same(chain string, have, want rules) bool {
	return slices.Equal(have, want) || len(have) == len(want) && slices.Equal(t.asked[chain], want) && slices.Equal(t.printed[chain], have)
}

// remember reads back the chains that a script has made.
func (t *xtable) remember(ctx context.Context, s script) error {
	var errs []error
	for chain, want := range s.made {
		printed, err := t.list(ctx, chain)
		errs = append(errs, err)
		t.asked[chain], t.printed[chain] = want, printed
	}
	return errors.Join(errs...)
}

// list tells a chain's rules; nil if there is no such chain.
func (t *xtable) list(ctx context.Context, chain string) (rules, error) {
	var lines []string
	err := unlessVanished(func() error {
		return within(ctx, programLimit, t.program, func() (err error) {
			lines, err = t.ipt.List("filter", chain)
			return err
		})
	})
	if absent(err) {
		return nil, nil
	}
	return tableOf(lines)[chain], err
}

// read lists all chains with their rules, in one run of the program.
func (t *xtable) read(ctx context.Context) (map[string]rules, error) {
	var out []byte
	err := unlessVanished(func() (err error) {
		out, err = t.exec(ctx, nil, t.program, "-t", "filter", "-S", "--wait", t.waitSeconds())
		return err
	})
	if err != nil {
		return nil, err
	}
	return tableOf(strings.Split(string(out), "\n")), nil
}

// unlessVanished lists again when a rule went, and the set that it names, after the kernel had told of the rule and
// before iptables asked for the set's name.
func unlessVanished(list func() error) error {
	err := list()
	for try := 1; try < lockTries && setVanished(err); try++ {
		err = list()
	}
	return err
}

// tableOf reads what iptables -S prints.
func tableOf(lines []string) map[string]rules {
	table := map[string]rules{}
	for _, line := range lines {
		words := strings.SplitN(line, " ", 3)
		switch {
		case len(words) < 2:
		case words[0] == "-P", words[0] == "-N":
			table[words[1]] = rules{}
		case words[0] == "-A" && len(words) == 3:
			table[words[1]] = append(table[words[1]], words[2])
		}
	}
	return table
}

func setVanished(err error) bool {
	var failed *programError
	return errors.As(err, &failed) && strings.Contains(failed.said, "in kernel doesn't exist")
}

// absent tells whether a chain was not listed because there is none. iptables-nft 1.8.9 calls it incompatible then.
func absent(err error) bool {
	var failed *programError
	return errors.As(err, &failed) && slices.ContainsFunc(
		[]string{"No chain/target/match by that name", "No such file or directory", "does not exist", "is incompatible"},
		func(words string) bool { return strings.Contains(failed.said, words) })
}

// run gives the script to iptables-restore, which does all of it or nothing.
func (t *xtable) run(ctx context.Context, s script) error {
	if s.empty() {
		return nil
	}
	return t.input(ctx, s.text())
}

// input gives commands to iptables-restore. It tries again when others were at work meanwhile.
func (t *xtable) input(ctx context.Context, input []byte) error {
	begun := time.Now()
	var err error
	for range lockTries {
		_, err = t.exec(ctx, input, t.restore, "--noflush", "--wait="+t.waitSeconds())
		if err == nil || !busy(err) || time.Since(begun) > t.wait {
			return err
		}
	}
	return err
}

func (t *xtable) waitSeconds() string { return fmt.Sprint(int(t.wait.Seconds())) }

func (t *xtable) exec(ctx context.Context, input []byte, path string, args ...string) ([]byte, error) {
	return runProgram(ctx, programLimit, input, path, args...)
}

func count(all rules, rule string) int {
	n := 0
	for _, r := range all {
		if r == rule {
			n++
		}
	}
	return n
}
