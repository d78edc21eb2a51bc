package firewall

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"
)

// A kind is a backend that can be chosen.
type kind struct {
	name string
	open func(context.Context, Options) (backend, error) // tries it, too
}

// kinds are the backends that stop packets, the one that auto likes best first: people look for bans in iptables and
// ipset, as they do on every system that had fail2ban. Without root
// iptables-legacy comes after nftables, for it cannot take everybody's lock.
func kinds(ctx context.Context, program string) []kind {
	all := []kind{{"iptables", openIPSet}, {"nftables", openNFT}, {"iptables-plain", openPlain}}
	if os.Geteuid() == 0 {
		return all
	}
	if legacy, err := isLegacy(ctx, program); err == nil && legacy {
		all[0], all[1] = all[1], all[0]
	}
	return all
}

func (o Options) logger() *slog.Logger { return cmp.Or(o.Log, slog.New(slog.DiscardHandler)) }

func (o Options) program() string { return cmp.Or(o.Program, "iptables") }

// choose opens the backend that the options ask for.
func (fw *Firewall) choose(ctx context.Context, o Options) error {
	if o.Backend == "" || o.Backend == "auto" {
		return fw.chooseFirst(ctx, o)
	}
	if o.Backend == "dry" {
		fw.use("dry", "configured", openDry(fw.log))
		return nil
	}
	all := kinds(ctx, o.program())
	i := slices.IndexFunc(all, func(k kind) bool { return k.name == o.Backend })
	if i < 0 {
		return fmt.Errorf("backend %q is none of auto, nftables, iptables, iptables-plain, dry", o.Backend)
	}
	b, err := all[i].open(ctx, o)
	if err != nil {
		return fmt.Errorf("backend %s: %w", o.Backend, err)
	}
	fw.use(o.Backend, "configured", b)
	return nil
}

// chooseFirst takes the first backend that works.
func (fw *Firewall) chooseFirst(ctx context.Context, o Options) error {
	var faults error
	for _, k := range kinds(ctx, o.program()) {
		b, err := k.open(ctx, o)
		switch {
		case ctx.Err() != nil: // it says nothing about the backend that it failed
			if err == nil {
				err = b.close()
			}
			return errors.Join(ctx.Err(), err)
		case err == nil && faults == nil:
			fw.use(k.name, k.name+" works", b)
			return nil
		case err == nil:
			why := strings.Join(strings.Fields(faults.Error()), " ") // programs write several lines
			fw.use(k.name, fmt.Sprintf("%s; %s works", why, k.name), b)
			return nil
		case faults == nil:
			faults = fmt.Errorf("%s: %w", k.name, err)
		default:
			faults = fmt.Errorf("%w; %s: %w", faults, k.name, err)
		}
	}
	return fmt.Errorf("no backend works: %w", faults)
}

// use takes a backend. Only that of ipset keeps its sets and rules apart.
func (fw *Firewall) use(name, reason string, b backend) {
	if sets, apart := b.(*ipset); apart {
		fw.mendSets = sets.mend
	} else {
		b = &serial{backend: b}
	}
	fw.name, fw.reason, fw.rules, fw.sets, fw.watcher = name, reason, b, b, b
	fw.askable = name == "iptables" || name == "nftables"
	if name == "iptables" {
		fw.limit = maxIPSetTimeout
	}
}
