package firewall

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// findOurs looks once for what an earlier process left.
func (t *xtable) findOurs() error {
	if t.hooks != nil {
		return nil
	}
	chains, err := t.ipt.ListChains("filter")
	if err != nil {
		return err
	}
	t.hooks, t.ours = map[string]bool{}, map[string]bool{}
	for _, chain := range chains {
		if chain == chainName || strings.HasPrefix(chain, chainName+"-") {
			t.ours[chain] = true
		}
		if slices.Contains(chains, ownChain(chain)) {
			t.hooks[chain] = true
		}
	}
	return nil
}

// plan adds to the script a chain of ours that is not as wanted.
func (t *xtable) plan(s *script, chain string, want rules, keep bool) error {
	have, err := t.list(chain)
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

// planHook adds to the script what a chain of others lacks: our chain, and the jump to it in the first place.
func (t *xtable) planHook(s *script, hook string, want rules) error {
	in, err := t.list(hook)
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
	own := ownChain(hook)
	if err := t.plan(s, own, want, false); err != nil {
		return err
	}
	jump := "-j " + own
	if n := count(in, jump); n != 1 || in[0] != jump {
		s.jump(hook, own, n, t.hooks[hook])
	}
	t.hooks[hook] = true
	return nil
}

// planRemovals adds to the script what takes away the jumps and chains of ours that are not wanted.
func (t *xtable) planRemovals(s *script, want layout) error {
	needed := map[string]bool{}
	for hook := range want.hooks {
		needed[ownChain(hook)] = true
	}
	for _, chain := range slices.Concat(want.kept, slices.Collect(maps.Keys(want.chains))) {
		needed[chain] = true
	}
	for hook := range t.hooks {
		if own := ownChain(hook); !needed[own] {
			in, err := t.list(hook)
			if err != nil {
				return err
			}
			s.unjump(hook, own, count(in, "-j "+own))
			delete(t.hooks, hook)
		}
	}
	for chain := range t.ours {
		if !needed[chain] {
			s.drop(chain)
			delete(t.ours, chain)
			delete(t.asked, chain)
		}
	}
	return nil
}
