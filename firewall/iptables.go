package firewall

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/sys/unix"
)

// ipset is the backend that keeps bans in ipsets and stops packets with rules of iptables.
type ipset struct {
	*ipsets
	tables []*xtable
}

func openIPSet(ctx context.Context, o Options) (backend, error) {
	tables, err := openXTables(ctx, o)
	if err != nil {
		return nil, err
	}
	sets, err := openIPSets(o.MaxElem)
	if err != nil {
		return nil, errors.Join(err, closeAll(tables))
	}
	b := &ipset{sets, tables}
	if err := b.try(ctx); err != nil {
		return nil, errors.Join(err, b.close())
	}
	return b, nil
}

// try makes sets, and rules that refer to them, and removes them again, and before that what an earlier trial has left.
func (b *ipset) try(ctx context.Context) error {
	trial := beginTrial()
	defer trial.end()
	for _, t := range b.tables {
		if err := b.tryFamily(ctx, t, trial.token); locked(err) {
			t.log.Warn("whether rules can be made is not tried", "err", whoWaits(err))
			return nil // that the lock is held shows that somebody can
		} else if err != nil {
			return err
		}
	}
	return nil
}

func (b *ipset) tryFamily(ctx context.Context, t *xtable, token string) error {
	name := chainName + t.f.digit + trialMark + token
	if err := b.create(name, t.f, b.maxElem); err != nil {
		return fmt.Errorf("create ipset: %w", explain(err, "ip_set or ip_set_hash_net"))
	}
	err := t.try(ctx, token, "-p tcp -m multiport --dports 1,2 -m set --match-set "+name+" src -j REJECT", "xt_set, xt_multiport or ipt_REJECT")
	for _, note := range b.destroy(func(set string) bool { return set == name || abandoned(set) }) {
		t.log.Warn(note)
	}
	return err
}

func (b *ipset) stand(ctx context.Context, blocks []block) (repairs, error) {
	made, err := b.ipsets.mend(ctx, blocks)
	if err != nil {
		return made, err
	}
	var errs []error
	for _, t := range b.tables {
		s, err := t.standFor(ctx, blocks, b.setRules, layout{})
		made.add(t.f, s)
		if errs = append(errs, err); delayed(err) {
			break // the other family's programs would wait as long
		}
	}
	if err := errors.Join(errs...); err != nil {
		return made, err // rules may need the sets of others yet
	}
	made.notes = append(made.notes, b.clear(blocks)...)
	return made, nil
}

func (b *ipset) setRules(one block, f family, hook string) rules {
	for i, f := range families() {
		one.renamed[i] = b.nameOf(one.jail, f)
	}
	return one.setRules(f, hook)
}

// standFor makes the rules of all jails stand, and what else the layout has.
func (t *xtable) standFor(ctx context.Context, blocks []block, of func(block, family, string) rules, want layout) (s script, err error) {
	if want.hooks, err = t.hookRules(ctx, blocks, of); err != nil {
		return s, err
	}
	return t.stand(ctx, want)
}

// add tells what a script has repaired in a family, and what it could not do yet.
func (r *repairs) add(f family, s script) {
	r.done = append(r.done, describe(f, s.done)...)
	r.waiting = append(r.waiting, describe(f, s.waiting)...)
	r.notes = append(r.notes, describe(f, s.notes)...)
}

// hookRules gathers the rules of all jails by the hook they are for.
func (t *xtable) hookRules(ctx context.Context, blocks []block, of func(block, family, string) rules) (map[string]rules, error) {
	wanted := map[string]rules{}
	auto, err := t.autoHooks(ctx, blocks)
	for _, b := range blocks {
		hooks := b.chains
		if b.auto {
			hooks = slices.Concat(hooks, auto)
		}
		for _, hook := range hooks {
			wanted[hook] = append(wanted[hook], of(b, t.f, hook)...)
		}
	}
	return wanted, err
}

// autoHooks are the chains that packets to published ports of containers pass, where there may be any.
func (t *xtable) autoHooks(ctx context.Context, blocks []block) ([]string, error) {
	if !wantsForward(blocks) {
		return nil, nil
	}
	docker, err := t.list(ctx, "DOCKER-USER")
	if docker == nil {
		return []string{"FORWARD"}, err
	}
	return []string{"FORWARD", "DOCKER-USER"}, err
}

func describe(f family, done []string) []string {
	var words []string
	for _, d := range done {
		words = append(words, fmt.Sprintf("IPv%s %s", f.digit, d))
	}
	return words
}

func (b *ipset) lift(ctx context.Context) (repairs, error) {
	made, err := liftTables(ctx, b.tables)
	made.notes = append(made.notes, b.clear(nil)...)
	return made, err
}

// liftTables removes what is ours from tables of iptables.
func liftTables(ctx context.Context, tables []*xtable) (made repairs, err error) {
	for _, t := range tables {
		s, failed := t.stand(ctx, layout{})
		made.add(t.f, s)
		err = errors.Join(err, failed, t.sweep(ctx))
	}
	return made, err
}

func (b *ipset) close() error {
	b.ipsets.close()
	return closeAll(b.tables)
}

func (b *ipset) glance() bool { return changed(b.tables) }

// changed tells whether a table of iptables-legacy is not as it was when this was asked before.
func changed(tables []*xtable) bool {
	any := false
	for _, t := range tables {
		if t.socket < 0 {
			continue
		}
		now, err := legacyPrint(t.socket, t.f)
		if err != nil || now != t.seen {
			any = true
		}
		t.seen = now
	}
	return any
}

func closeAll(tables []*xtable) error {
	var errs []error
	for _, t := range tables {
		if t.socket >= 0 {
			errs = append(errs, unix.Close(t.socket))
			t.socket = -1 // the number will be somebody else's
		}
	}
	return errors.Join(errs...)
}
