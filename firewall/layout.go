package firewall

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// findOurs looks once for what an earlier process left.
func (t *xtable) findOurs(ctx context.Context) error {
	if t.hooks != nil {
		return nil
	}
	table, err := t.read(ctx)
	if err != nil {
		return err
	}
	t.hooks, t.ours, t.foreign = map[string]bool{}, map[string]bool{}, map[string]bool{}
	for chain, rules := range table {
		switch {
		case !hasOurName(chain) || isTrial(chain):
		case madeHere(chain, rules):
			t.ours[chain] = true
		default:
			t.foreign[chain] = true
		}
	}
	for chain := range table {
		if t.ours[t.ownChain(chain)] {
			t.hooks[chain] = true
		}
	}
	return nil
}

// hasOurName reports whether a chain has a name that ours have.
func hasOurName(chain string) bool {
	rest, ok := strings.CutPrefix(chain, chainName)
	return ok && (rest == "" || rest[0] == '-' || rest[0] == '~')
}

// madeHere reports whether a chain with a name of ours is ours by what is in it. Somebody may have
// one that is called so. An empty one may be taken: it holds nothing that could be lost.
func madeHere(chain string, have rules) bool {
	marks := []string{"--match-set bailiff4", "--match-set bailiff6", "-j bailiff-from-", "-j bailiff-to-", "-j bailiff-stop-"}
	marked := func(rule string) bool {
		return slices.ContainsFunc(marks, func(mark string) bool { return strings.Contains(rule, mark) })
	}
	return len(have) == 0 || holdsBans(chain) || strings.HasPrefix(chain, chainName+"~") || slices.ContainsFunc(have, marked)
}

// holdsBans reports whether a chain is by its name one of those that the backend without sets makes
// for a jail.
func holdsBans(chain string) bool {
	return slices.ContainsFunc([]string{"-from-", "-to-", "-stop-"},
		func(part string) bool { return strings.HasPrefix(chain, chainName+part) })
}

// ownChain is the chain of ours that the chain hook jumps to. It has another name than usual where
// somebody else has a chain that is called so.
func (t *xtable) ownChain(hook string) string {
	if own := usualChain(hook); !t.foreign[own] {
		return own
	}
	return otherChain(hook)
}

// plan adds to the script a chain of ours that is not as wanted.
func (t *xtable) plan(ctx context.Context, s *script, chain string, want rules, keep bool) error {
	have, err := t.list(ctx, chain)
	if err != nil {
		return err
	}
	t.ours[chain] = true
	if have == nil || !keep && !t.same(chain, have, want) {
		before, stood := t.asked[chain]
		s.chain(chain, want, stood && slices.Equal(before, want))
		return nil
	}
	t.asked[chain], t.printed[chain] = want, have
	return nil
}

// planHook adds to the script what a chain of others lacks: our chain, and the jump to it in the
// first place.
func (t *xtable) planHook(ctx context.Context, s *script, hook string, want rules) error {
	in, err := t.list(ctx, hook)
	if err != nil {
		return err
	}
	if in == nil && slices.Contains([]string{"INPUT", "FORWARD", "OUTPUT"}, hook) {
		return fmt.Errorf("%s cannot read chain %s: others have put rules there that only nft understands", t.restore, hook)
	}
	if in == nil {
		s.waiting = append(s.waiting, hook) // others may make it yet, and are heard of when they do
		return nil
	}
	own := t.ownChain(hook)
	if err := t.plan(ctx, s, own, want, false); err != nil {
		return err
	}
	if usual := usualChain(hook); own != usual {
		s.notes = append(s.notes, fmt.Sprintf("chain %s is not bailiff's and is left as it is: bailiff's rules are in chain %s", usual, own))
	}
	jump := "-j " + own
	if n := count(in, jump); n != 1 || in[0] != jump {
		s.jump(hook, own, n, t.hooks[hook])
	}
	t.hooks[hook] = true
	return nil
}

// planRemovals adds to the script what takes away the jumps and chains of ours that are not wanted.
func (t *xtable) planRemovals(ctx context.Context, s *script, want layout) error {
	needed := map[string]bool{}
	for hook := range want.hooks {
		needed[t.ownChain(hook)] = true
	}
	for _, chain := range slices.Concat(want.kept, slices.Collect(maps.Keys(want.chains))) {
		needed[chain] = true
	}
	for chain := range t.left {
		if needed[chain] {
			delete(t.left, chain)
		}
	}
	gone := slices.DeleteFunc(slices.Collect(maps.Keys(t.ours)), func(chain string) bool { return needed[chain] || t.left[chain] })
	if len(gone) == 0 {
		return nil
	}
	table, err := t.read(ctx)
	if err != nil {
		return err
	}
	for hook, rules := range table {
		for _, own := range []string{usualChain(hook), otherChain(hook)} {
			if slices.Contains(gone, own) {
				s.unjump(hook, own, count(rules, "-j "+own))
				delete(t.hooks, hook)
			}
		}
	}
	for _, chain := range gone {
		s.drop(chain)
		delete(t.ours, chain)
		delete(t.asked, chain)
	}
	return nil
}
