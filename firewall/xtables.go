package firewall

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"os/exec"
	"slices"
	"strings"
	"time"

	"github.com/coreos/go-iptables/iptables"
)

// lockWait is how long one iptables waits for the xtables lock, in seconds, and lockTries how often it is run again
// when the kernel or the lock was busy all the same.
const (
	lockWait  = 5
	lockTries = 3
)

// An xtable is iptables' filter table of one family: our chains in it and the jumps to them.
type xtable struct {
	f       family
	ipt     *iptables.IPTables
	restore string           // the program
	ours    map[string]bool  // the hooks that jump to a chain of ours
	asked   map[string]rules // what each chain of ours was last made of
	printed map[string]rules // and how iptables printed that
}

// rules are a chain's rules as iptables -S prints them, without -A CHAIN.
type rules []string

// openXTable finds the programs of a family: program is iptables, iptables-nft or iptables-legacy.
func openXTable(f family, program string) (*xtable, error) {
	variant := strings.TrimPrefix(program, "iptables")
	name, protocol := "iptables", iptables.ProtocolIPv4
	if f.v6 {
		name, protocol = "ip6tables", iptables.ProtocolIPv6
	}
	ipt, err := iptables.New(iptables.IPFamily(protocol), iptables.Timeout(lockWait), iptables.Path(name+variant))
	if err != nil {
		return nil, err
	}
	restore, err := exec.LookPath(name + variant + "-restore")
	if err != nil {
		return nil, err
	}
	return &xtable{f, ipt, restore, nil, map[string]rules{}, map[string]rules{}}, nil
}

// stand makes our chain and the jump to it stand for every hook in wanted, and for no other, in one transaction. It
// tells what was missing or wrong.
func (t *xtable) stand(ctx context.Context, wanted map[string]rules) ([]string, error) {
	if err := t.findOurs(); err != nil {
		return nil, err
	}
	var s script
	var errs []error
	for _, hook := range slices.Sorted(maps.Keys(wanted)) {
		if err := t.plan(&s, hook, wanted[hook]); err != nil {
			errs = append(errs, err)
			continue
		}
		t.ours[hook] = true
	}
	for hook := range t.ours {
		if _, ok := wanted[hook]; !ok {
			errs = append(errs, t.planRemoval(&s, hook))
			delete(t.ours, hook)
		}
	}
	if err := t.run(ctx, s); err != nil {
		return nil, errors.Join(append(errs, err)...)
	}
	return s.done, errors.Join(append(errs, t.remember(s, wanted))...)
}

// findOurs looks once for what an earlier process left.
func (t *xtable) findOurs() error {
	if t.ours != nil {
		return nil
	}
	chains, err := t.ipt.ListChains("filter")
	if err != nil {
		return err
	}
	ours := map[string]bool{}
	for _, hook := range chains {
		if slices.Contains(chains, ownChain(hook)) {
			ours[hook] = true
		}
	}
	t.ours = ours
	return nil
}

// plan adds to the script what a hook lacks.
func (t *xtable) plan(s *script, hook string, want rules) error {
	own := ownChain(hook)
	in, err := t.list(hook)
	if err != nil {
		return err
	}
	if in == nil {
		return fmt.Errorf("chain %s does not exist", hook)
	}
	have, err := t.list(own)
	if err != nil {
		return err
	}
	if have == nil || !t.same(own, have, want) {
		s.chain(own, want)
	}
	jump := "-j " + own
	if n := count(in, jump); n != 1 || in[0] != jump {
		s.jump(hook, own, n)
	}
	return nil
}

// planRemoval adds to the script what takes our chain of a hook away.
func (t *xtable) planRemoval(s *script, hook string) error {
	in, err := t.list(hook)
	if err != nil {
		return err
	}
	own := ownChain(hook)
	s.unjump(hook, own, count(in, "-j "+own))
	s.drop(own)
	return nil
}

// same tells whether a chain that holds have is as wanted: it reads the same, or reads as it did when it was last made
// of this. iptables may print a rule in other words than it was given.
func (t *xtable) same(chain string, have, want rules) bool {
	return slices.Equal(have, want) || slices.Equal(t.asked[chain], want) && slices.Equal(t.printed[chain], have)
}

// remember reads back the chains that a script has made.
func (t *xtable) remember(s script, wanted map[string]rules) error {
	var errs []error
	for hook, want := range wanted {
		own := ownChain(hook)
		if !s.made[own] {
			continue
		}
		printed, err := t.list(own)
		errs = append(errs, err)
		t.asked[own], t.printed[own] = want, printed
	}
	return errors.Join(errs...)
}

// list tells a chain's rules; nil if there is no such chain.
func (t *xtable) list(chain string) (rules, error) {
	lines, err := t.ipt.List("filter", chain)
	if absent(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	found := rules{}
	for _, line := range lines {
		if rule, ok := strings.CutPrefix(line, "-A "+chain+" "); ok {
			found = append(found, rule)
		}
	}
	return found, nil
}

// absent tells whether a chain was not listed because there is none. iptables-nft 1.8.9 calls it incompatible then.
func absent(err error) bool {
	var failed *iptables.Error
	return errors.As(err, &failed) && (failed.IsNotExist() || strings.Contains(failed.Error(), "is incompatible"))
}

func (t *xtable) lift(ctx context.Context) error {
	_, err := t.stand(ctx, nil)
	return err
}

// run gives the script to iptables-restore, which does all of it or nothing.
func (t *xtable) run(ctx context.Context, s script) error {
	if len(s.done) == 0 {
		return nil
	}
	return t.restoreInput(ctx, s.text())
}

func (t *xtable) restoreInput(ctx context.Context, input []byte) error {
	var err error
	for range lockTries {
		var stderr bytes.Buffer
		cmd := exec.CommandContext(ctx, t.restore, "--noflush", fmt.Sprintf("--wait=%d", lockWait))
		cmd.Stdin, cmd.Stderr = bytes.NewReader(input), &stderr
		cmd.WaitDelay = time.Second
		err = cmd.Run()
		if err == nil {
			return nil
		}
		err = fmt.Errorf("run %s: %w: %s", t.restore, err, bytes.TrimSpace(stderr.Bytes()))
		if !busy(cmd, stderr.String()) {
			return err
		}
	}
	return err
}

// busy tells whether iptables gave up because others were at work: it exits with 4 (RESOURCE_PROBLEM) for the lock.
func busy(cmd *exec.Cmd, stderr string) bool {
	return cmd.ProcessState != nil && cmd.ProcessState.ExitCode() == 4 ||
		strings.Contains(stderr, "Resource temporarily unavailable")
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
