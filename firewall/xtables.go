package firewall

import (
	"bytes"
	"cmp"
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
	hooks   map[string]bool  // the chains of others that jump to ours; nil until looked for
	ours    map[string]bool  // our chains
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
	t := &xtable{f: f, ipt: ipt, restore: restore, asked: map[string]rules{}, printed: map[string]rules{}, socket: -1}
	legacy, err := isLegacy(name + variant)
	if err == nil && legacy {
		t.socket, err = rawSocket(f)
	}
	return t, err
}

// stand makes a layout stand, and nothing else of ours, in one transaction. It tells what that took. While others hold
// the lock it tries again, and once when others may have changed the table while it was looked at.
func (t *xtable) stand(ctx context.Context, want layout) (s script, err error) {
	for try := range lockTries {
		s, err = t.standOnce(ctx, want)
		if err == nil {
			return s, t.remember(s)
		}
		t.hooks = nil // look again
		if !locked(err) && try > 0 || ctx.Err() != nil {
			break
		}
	}
	return script{}, err
}

func (t *xtable) standOnce(ctx context.Context, want layout) (script, error) {
	s := script{made: map[string]rules{}}
	if err := t.findOurs(); err != nil {
		return s, err
	}
	for _, chain := range want.kept {
		if err := t.plan(&s, chain, nil, true); err != nil {
			return s, err
		}
	}
	for chain, rules := range want.chains {
		if err := t.plan(&s, chain, rules, false); err != nil {
			return s, err
		}
	}
	for _, hook := range slices.Sorted(maps.Keys(want.hooks)) {
		if err := t.planHook(&s, hook, want.hooks[hook]); err != nil {
			return s, err
		}
	}
	if err := t.planRemovals(&s, want); err != nil {
		return s, err
	}
	return s, t.run(ctx, s)
}

// same tells whether a chain that holds have is as wanted: it reads the same, or reads as it did when it was last made
// of this. iptables may print a rule in other words than it was given, but never another number of rules: where that
// differs, others had changed the chain before it was read back.
func (t *xtable) same(chain string, have, want rules) bool {
	return slices.Equal(have, want) || len(have) == len(want) && slices.Equal(t.asked[chain], want) && slices.Equal(t.printed[chain], have)
}

// remember reads back the chains that a script has made.
func (t *xtable) remember(s script) error {
	var errs []error
	for chain, want := range s.made {
		printed, err := t.list(chain)
		errs = append(errs, err)
		t.asked[chain], t.printed[chain] = want, printed
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
	_, err := t.stand(ctx, layout{})
	return err
}

// run gives the script to iptables-restore, which does all of it or nothing.
func (t *xtable) run(ctx context.Context, s script) error {
	if s.empty() {
		return nil
	}
	return t.input(ctx, s.text())
}

func (t *xtable) input(ctx context.Context, input []byte) error {
	var err error
	for range lockTries {
		var stderr bytes.Buffer
		cmd := exec.CommandContext(ctx, t.restore, "--noflush", fmt.Sprintf("--wait=%d", lockWait))
		cmd.Stdin, cmd.Stderr = bytes.NewReader(input), &stderr
		cmd.WaitDelay = time.Second
		err = cmd.Run()
		if errors.Is(err, exec.ErrWaitDelay) { // it has succeeded; a module loader it started still holds stderr
			err = nil
		}
		if err == nil || ctx.Err() != nil {
			return cmp.Or(ctx.Err(), err)
		}
		err = fmt.Errorf("run %s: %w: %s", t.restore, err, bytes.TrimSpace(stderr.Bytes()))
		if !busy(cmd, stderr.String()) {
			return err
		}
	}
	return err
}

// lockStatus is how iptables exits when it gave up waiting for the lock: RESOURCE_PROBLEM of its source.
const lockStatus = 4

// busy tells whether iptables gave up because others were at work.
func busy(cmd *exec.Cmd, stderr string) bool {
	return cmd.ProcessState != nil && cmd.ProcessState.ExitCode() == lockStatus ||
		strings.Contains(stderr, "Resource temporarily unavailable")
}

// locked tells whether rules could not be listed because others held the lock.
func locked(err error) bool {
	var failed *iptables.Error
	return errors.As(err, &failed) && failed.ExitStatus() == lockStatus
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
