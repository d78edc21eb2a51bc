package firewall

import (
	"context"
	"errors"
	"maps"
	"net/netip"
	"strings"
	"time"
)

// run does commands of iptables in one transaction.
func (p *plain) run(ctx context.Context, t *xtable, commands []string) error {
	if len(commands) == 0 {
		return nil
	}
	return t.input(ctx, []byte("*filter\n"+strings.Join(commands, "\n")+"\nCOMMIT\n"))
}

// places finds a jail's bans of a family: their table, and what is known of them by chain.
func (p *plain) places(jail string, f family) (*xtable, map[string]map[netip.Prefix]string, error) {
	chains := map[string]map[netip.Prefix]string{}
	for _, chain := range []string{fromChain(jail), toChain(jail)} {
		if known := p.known[f.digit+chain]; known != nil {
			chains[chain] = known
		}
	}
	for _, t := range p.tables {
		if t.f == f && len(chains) > 0 {
			return t, chains, nil
		}
	}
	return nil, nil, errors.New("jail has no chain")
}

// add replaces rules in one transaction. All entries have been looked at, so what fails is not the fault of one.
func (p *plain) add(ctx context.Context, jail string, f family, entries []entry) []error {
	t, chains, err := p.places(jail, f)
	var commands []string
	added := map[string]map[netip.Prefix]string{}
	for chain, known := range chains {
		added[chain] = map[netip.Prefix]string{}
		for _, e := range entries {
			if old, ok := known[e.prefix]; ok {
				commands = append(commands, "-D "+chain+" "+old)
			}
			added[chain][e.prefix] = banRule(chain, jail, e, p.now())
			commands = append(commands, "-A "+chain+" "+added[chain][e.prefix])
		}
	}
	if err == nil {
		err = p.run(ctx, t, commands)
	}
	if err == nil {
		for chain, known := range chains {
			maps.Copy(known, added[chain])
		}
		return nil
	}
	var errs []error
	for _, e := range entries {
		errs = append(errs, &BanError{jail, e.prefix, err})
	}
	return errs
}

func (p *plain) remove(ctx context.Context, jail string, f family, prefixes []netip.Prefix) error {
	t, chains, err := p.places(jail, f)
	if err != nil {
		return err
	}
	var commands []string
	for chain, known := range chains {
		for _, prefix := range prefixes {
			if old, ok := known[prefix]; ok {
				commands = append(commands, "-D "+chain+" "+old)
			}
		}
	}
	if err := p.run(ctx, t, commands); err != nil {
		return err
	}
	for _, known := range chains {
		for _, prefix := range prefixes {
			delete(known, prefix)
		}
	}
	return nil
}

func (p *plain) list(ctx context.Context, jail string, f family) (map[netip.Prefix]time.Duration, error) {
	t, chains, err := p.places(jail, f)
	if err != nil {
		return nil, err
	}
	bans := map[netip.Prefix]time.Duration{}
	for chain := range chains { // all hold the same
		rules, err := t.list(ctx, chain)
		if err != nil {
			return nil, err
		}
		for _, rule := range rules {
			prefix, until, err := readRule(rule)
			if err != nil || !isBan(rule) {
				continue // somebody else's, which the next look removes
			}
			if left := until.Sub(p.now()); until.IsZero() {
				bans[prefix] = 0
			} else if left > 0 {
				bans[prefix] = left
			}
		}
	}
	return bans, nil
}
