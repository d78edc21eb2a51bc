package firewall

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
)

// Verify tells what a packet needs to be stopped and that does not stand just now, in words: sets, chains, their rules,
// and the jumps to them in the first place. It changes nothing; bans are compared by Compare.
func (fw *Firewall) Verify(ctx context.Context) ([]string, error) {
	fw.ruling.Lock()
	defer fw.ruling.Unlock()
	missing, err := fw.rules.missing(ctx, fw.blocks)
	if err != nil {
		return missing, fmt.Errorf("verify firewall: %w", err)
	}
	return missing, nil
}

func (b *ipset) missing(ctx context.Context, blocks []block) (all []string, err error) {
	if all, err = b.missingSets(blocks); err != nil {
		return all, err
	}
	return missingRules(ctx, b.tables, blocks, b.setRules, func(*xtable) layout { return layout{} }, all)
}

func (s *ipsets) missingSets(blocks []block) (all []string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	there, err := s.ours()
	for _, b := range blocks {
		for _, f := range families() {
			if name := s.setOf(b.jail, f); !there[name].holdsBans(f) {
				all = append(all, "set "+name)
			}
		}
	}
	return all, err
}

func (p *plain) missing(ctx context.Context, blocks []block) ([]string, error) {
	return missingRules(ctx, p.tables, blocks, block.jumpRules, func(t *xtable) layout { return plainLayout(t.f, blocks) }, nil)
}

// missingRules adds to what is missing all that is in tables of iptables.
func missingRules(ctx context.Context, tables []*xtable, blocks []block, of func(block, family, string) rules,
	others func(*xtable) layout, all []string) ([]string, error) {
	var errs []error
	for _, t := range tables {
		want := others(t)
		var err error
		if want.hooks, err = t.hookRules(ctx, blocks, of); err == nil {
			var missing []string
			missing, err = t.missing(ctx, want)
			all = append(all, describe(t.f, missing)...)
		}
		errs = append(errs, err)
	}
	return all, errors.Join(errs...)
}

// missing tells what of a layout does not stand. Chains of others that there are not are waited for, and not missing.
func (t *xtable) missing(ctx context.Context, want layout) (all []string, err error) {
	table, err := t.read(ctx)
	if err != nil {
		return nil, err
	}
	chain := func(name string, rules rules, keep bool) {
		switch have, ok := table[name]; {
		case !ok:
			all = append(all, "chain "+name)
		case !keep && !t.same(name, have, rules):
			all = append(all, "rules of chain "+name)
		}
	}
	for _, name := range want.kept {
		chain(name, nil, true)
	}
	for _, name := range slices.Sorted(maps.Keys(want.chains)) {
		chain(name, want.chains[name], false)
	}
	for _, hook := range slices.Sorted(maps.Keys(want.hooks)) {
		in, ok := table[hook]
		if !ok {
			continue
		}
		own := t.ownChain(hook)
		chain(own, want.hooks[hook], false)
		switch at := slices.Index(in, "-j "+own); {
		case at < 0:
			all = append(all, "jump from "+hook+" to "+own)
		case at > 0:
			all = append(all, "first place of the jump from "+hook+" to "+own)
		}
	}
	return all, nil
}

func (n *nft) missing(_ context.Context, blocks []block) (all []string, err error) {
	table := "table inet " + n.table.Name
	switch there, dormant, err := n.tableState(n.table.Name); {
	case err != nil:
		return nil, err
	case !there:
		return []string{table}, nil
	case dormant:
		all = append(all, table+" at work: it is dormant")
	}
	sets, err := n.allSets()
	if err != nil {
		return all, err
	}
	there := map[string]bool{}
	for _, s := range sets {
		there[s.Name] = true
	}
	for _, b := range blocks {
		for _, f := range families() {
			if name := f.tableSet(b.jail); !there[name] {
				all = append(all, "set "+name+" of "+table)
			}
		}
	}
	handles, err := n.ruleHandles()
	if err == nil && (!n.whole || !slices.Equal(handles, n.handles)) {
		all = append(all, "rules of "+table)
	}
	return all, err
}
