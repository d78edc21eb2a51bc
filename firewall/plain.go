package firewall

import (
	"context"
	"errors"
	"maps"
	"net/netip"
	"slices"
	"strings"
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
	tables, err := openXTables(ctx, o)
	if err != nil {
		return nil, err
	}
	trial := beginTrial()
	defer trial.end()
	for _, t := range tables {
		err := t.try(ctx, trial.token, "-m time --datestop 2030-01-01T00:00:00 -j REJECT", "xt_time or ipt_REJECT")
		if locked(err) {
			t.log.Warn("whether rules can be made is not tried", "err", whoWaits(err))
			break // that the lock is held shows that somebody can
		}
		if err != nil {
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

// banChain is the chain that holds a jail's addresses, as they are looked up for a hook.
func (b block) banChain(hook string) string {
	if b.direction(hook) == "dst" {
		return toChain(b.jail)
	}
	return fromChain(b.jail)
}

// banChains are all chains that hold a jail's addresses: two where packets from them and to them are stopped.
func (b block) banChains() []string {
	var chains []string
	for _, hook := range b.chains {
		chains = append(chains, b.banChain(hook))
	}
	slices.Sort(chains)
	return slices.Compact(chains)
}

func (p *plain) stand(ctx context.Context, blocks []block) (repairs, error) {
	var made repairs
	var errs []error
	for _, t := range p.tables {
		want := plainLayout(t.f, blocks)
		s, err := t.standFor(ctx, blocks, block.jumpRules, want)
		made.add(t.f, s)
		if err != nil {
			return made, errors.Join(append(errs, err)...)
		}
		maps.DeleteFunc(p.known, func(at string, _ map[netip.Prefix]string) bool {
			return at[:1] == t.f.digit && !slices.Contains(want.kept, at[1:])
		})
		for _, b := range blocks {
			for _, chain := range b.banChains() {
				_, fresh := s.made[chain]
				lost, err := p.learn(ctx, t, chain)
				if lost {
					made.done = append(made.done, "IPv"+t.f.digit+" bans in chain "+chain)
				}
				if lost || fresh {
					made.empty = append(made.empty, b.jail)
				}
				errs = append(errs, err)
			}
		}
	}
	slices.Sort(made.empty)
	made.empty = slices.Compact(made.empty)
	return made, errors.Join(errs...)
}

// plainLayout are the chains of the jails: those that hold bans, and those in which packets end.
func plainLayout(f family, blocks []block) layout {
	want := layout{chains: map[string]rules{}}
	for _, b := range blocks {
		want.kept = append(want.kept, b.banChains()...)
		want.chains[stopChain(b.jail)] = b.endRules(f)
	}
	return want
}

// jumpRules send a jail's packets to where its addresses are looked up.
func (b block) jumpRules(f family, hook string) rules {
	var all rules
	for _, p := range b.packets(f, hook) {
		all = append(all, join(p.match, "-j "+b.banChain(hook)))
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

// learn reads the bans of a chain that stand, for their rules must be known word by word to be deleted, and clears away
// those that are over. It tells whether any that should stand does not.
func (p *plain) learn(ctx context.Context, t *xtable, chain string) (lost bool, err error) {
	known := map[netip.Prefix]string{}
	var over []string
	for _, rule := range t.printed[chain] { // as stand has just read it
		prefix, until, err := readRule(rule)
		if err != nil || p.past(until) || !isBan(rule) { // what others have put into our chain goes, too
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

// isBan reports whether a rule of a chain that holds bans is one of them.
func isBan(rule string) bool { return strings.Contains(rule, "-j "+chainName+"-stop-") }

func (p *plain) past(until time.Time) bool { return !until.IsZero() && !until.After(p.now()) }

func (p *plain) lift(ctx context.Context) (repairs, error) {
	clear(p.known)
	return liftTables(ctx, p.tables)
}
