package firewall

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"
)

// plain is the backend for kernels without ipset: a rule an address, in a chain of the jail. A rule that is to end bears
// the time after which it matches no more, so that bans end without us; expired rules are cleared away by stand.
type plain struct {
	tables []*xtable
	known  map[string]map[netip.Prefix]string // by family's digit and chain: the rules in the kernel, as printed
	now    func() time.Time
}

func openPlain(ctx context.Context, o Options) (backend, error) {
	tables, err := openXTables(o)
	if err != nil {
		return nil, err
	}
	for _, t := range tables {
		if err := t.try(ctx, "-m time --datestop 2030-01-01T00:00:00 -j REJECT", "xt_time or ipt_REJECT"); err != nil {
			return nil, errors.Join(err, closeAll(tables))
		}
	}
	return &plain{tables, map[string]map[netip.Prefix]string{}, time.Now}, nil
}

func (p *plain) close() error { return closeAll(p.tables) }

func (p *plain) glance() bool { return changed(p.tables) }

// has says yes: whoever removes a rule of a chain changes what glance looks at, or is notified of.
func (p *plain) has(string, family, netip.Prefix) (bool, error) { return true, nil }

// The chains of a jail: where its addresses are looked up as sources, or as destinations, and where packets end.
func fromChain(jail string) string { return shorten(chainName+"-from-"+jail, maxChainName) }
func toChain(jail string) string   { return shorten(chainName+"-to-"+jail, maxChainName) }
func stopChain(jail string) string { return shorten(chainName+"-stop-"+jail, maxChainName) }

// banChain is the chain that holds a jail's addresses.
func (b block) banChain() string {
	if b.outward() {
		return toChain(b.jail)
	}
	return fromChain(b.jail)
}

func (p *plain) stand(ctx context.Context, blocks []block) (repairs, error) {
	var made repairs
	var errs []error
	for _, t := range p.tables {
		hooks, err := t.hookRules(blocks, block.jumpRules)
		want := layout{hooks: hooks, chains: map[string]rules{}}
		for _, b := range blocks {
			want.kept = append(want.kept, b.banChain())
			want.chains[stopChain(b.jail)] = b.endRules(t.f)
		}
		s, err2 := t.stand(ctx, want)
		made.done = append(made.done, describe(t.f, s.done)...)
		for _, b := range blocks {
			if _, fresh := s.made[b.banChain()]; fresh {
				made.empty = append(made.empty, b.jail)
			}
		}
		errs = append(errs, err, err2)
		for _, b := range blocks {
			lost, err := p.learn(ctx, t, b)
			if lost {
				made.done = append(made.done, "IPv"+t.f.digit+" bans in chain "+b.banChain())
				made.empty = append(made.empty, b.jail)
			}
			errs = append(errs, err)
		}
	}
	slices.Sort(made.empty)
	made.empty = slices.Compact(made.empty)
	return made, errors.Join(errs...)
}

// jumpRules send a jail's packets to where its addresses are looked up.
func (b block) jumpRules(f family, hook string) rules {
	var all rules
	for _, p := range b.packets(f, hook) {
		all = append(all, join(p.match, "-j "+b.banChain()))
	}
	return all
}

// endRules are the rules of the chain in which a jail's packets end.
func (b block) endRules(f family) rules {
	if b.verdict.reject.reset {
		return append(b.stopRules(f, "tcp", "-p tcp"), b.stopRules(f, "all", "")...)
	}
	return b.stopRules(f, "all", "")
}

// learn reads the bans of a jail that stand, for their rules must be known word by word to be deleted, and clears away
// those that are over. It tells whether any that should stand does not.
func (p *plain) learn(ctx context.Context, t *xtable, b block) (lost bool, err error) {
	chain := b.banChain()
	rules, err := t.list(chain)
	if err != nil {
		return false, err
	}
	known := map[netip.Prefix]string{}
	var over []string
	for _, rule := range rules {
		prefix, until, err := readRule(rule)
		if err != nil {
			return false, fmt.Errorf("chain %s: %w", chain, err)
		}
		if p.past(until) {
			over = append(over, "-D "+chain+" "+rule)
			continue
		}
		known[prefix] = rule
	}
	for prefix, rule := range p.known[t.f.digit+chain] {
		_, until, _ := readRule(rule) // of our own making
		lost = lost || known[prefix] == "" && !p.past(until)
	}
	p.known[t.f.digit+chain] = known
	return lost, p.run(ctx, t, over)
}

func (p *plain) past(until time.Time) bool { return !until.IsZero() && !until.After(p.now()) }

func (p *plain) lift(ctx context.Context) error {
	var errs []error
	for _, t := range p.tables {
		errs = append(errs, t.lift(ctx))
	}
	clear(p.known)
	return errors.Join(errs...)
}
