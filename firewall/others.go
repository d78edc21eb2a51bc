package firewall

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/google/nftables"
)

// A part is one of those that a kernel has in which a backend leaves sets, chains or rules of ours.
type part struct {
	what string
	left func(context.Context) (bool, error) // reports whether there are any
	lift func(context.Context) (repairs, error)
	done func() error
}

// A partOpener opens a part, if there is such a thing here.
type partOpener func(context.Context, Options) (part, error)

// Others tells, in words, where a backend that is not in use has left sets, chains or rules of
// ours, as one does that was in use before the configuration changed.
func (fw *Firewall) Others(ctx context.Context) ([]string, error) {
	where, _, err := eachPart(ctx, fw.options, fw.otherParts(), func(part) error { return ctx.Err() })
	return where, err
}

// LiftOthers removes what Others tells of, with all bans in it. It is to be called when those in
// the backend in use stand.
func (fw *Firewall) LiftOthers(ctx context.Context) ([]string, error) {
	where, _, err := eachPart(ctx, fw.options, fw.otherParts(), func(p part) error { return p.liftAndTell(ctx, fw.options) })
	return where, err
}

// LiftAll removes every set, chain and rule of ours, whichever backend made them. What others'
// rules name is emptied, left, and told of in the log. It is an error when nothing can be looked
// at.
func LiftAll(ctx context.Context, o Options) error {
	all := []partOpener{usualChains, chainsOfTheOther, tablePart, setsPart}
	_, unable, err := eachPart(ctx, o, all, func(p part) error { return p.liftAndTell(ctx, o) })
	if len(unable) == len(all) {
		err = errors.Join(unable...)
	}
	if err != nil {
		return fmt.Errorf("lift firewall: %w", err)
	}
	return nil
}

func (p part) liftAndTell(ctx context.Context, o Options) error {
	made, err := p.lift(ctx)
	for _, note := range made.notes {
		o.logger().Warn(note)
	}
	return err
}

// eachPart looks through parts in which something may be left. Those that cannot be opened have
// nothing.
func eachPart(ctx context.Context, o Options, parts []partOpener, found func(part) error) (where []string, unable []error, err error) {
	for _, open := range parts {
		p, missing := open(ctx, o)
		if missing != nil {
			unable = append(unable, missing)
			continue
		}
		left, failed := p.left(ctx)
		if left && failed == nil {
			where = append(where, p.what)
			failed = found(p)
		}
		if failed = errors.Join(failed, p.done()); failed != nil {
			err = errors.Join(err, fmt.Errorf("%s: %w", p.what, failed))
		}
	}
	return where, unable, err
}

// otherParts are those that the backend in use does not look after itself. Both backends of
// iptables use the same chains. Rules come before the sets they name.
func (fw *Firewall) otherParts() []partOpener {
	switch fw.name {
	case "iptables":
		return []partOpener{tablePart, chainsOfTheOther}
	case "iptables-plain":
		return []partOpener{tablePart, chainsOfTheOther, setsPart}
	case "nftables":
		return []partOpener{usualChains, chainsOfTheOther, setsPart}
	}
	return nil
}

func tablePart(context.Context, Options) (part, error) {
	n, err := dialNFT()
	if err != nil {
		return part{}, err
	}
	left := func(context.Context) (bool, error) {
		tables, err := n.conn.ListTablesOfFamily(n.table.Family)
		return slices.ContainsFunc(tables, func(t *nftables.Table) bool {
			return t.Name == n.table.Name || t.Name == otherTable || isTrialTable(t)
		}), err
	}
	return part{"table inet " + n.table.Name + " of nftables", left, n.lift, n.close}, nil
}

func setsPart(context.Context, Options) (part, error) {
	s, err := openIPSets(0)
	if err != nil {
		return part{}, err
	}
	left := func(context.Context) (bool, error) {
		there, err := s.ours()
		return len(there) > 0, err
	}
	lift := func(context.Context) (repairs, error) { return repairs{notes: s.clear(nil)}, nil }
	return part{"ipsets", left, lift, func() error { s.close(); return nil }}, nil
}

func usualChains(ctx context.Context, o Options) (part, error) { return chainsPart(ctx, o) }

// chainsOfTheOther is what the other of iptables-nft and iptables-legacy has: the one that is meant
// by iptables may have changed since.
func chainsOfTheOther(ctx context.Context, o Options) (part, error) {
	legacy, err := isLegacy(ctx, o.program())
	if err != nil {
		return part{}, err
	}
	if o.Program = "iptables-legacy"; legacy {
		o.Program = "iptables-nft"
	}
	return chainsPart(ctx, o)
}

func chainsPart(ctx context.Context, o Options) (part, error) {
	tables, err := openXTables(ctx, o)
	if err != nil {
		return part{}, err
	}
	left := func(ctx context.Context) (bool, error) { return anyOurs(ctx, tables) }
	lift := func(ctx context.Context) (repairs, error) {
		return liftTables(ctx, slices.DeleteFunc(slices.Clone(tables), func(t *xtable) bool { return !t.exists() }))
	}
	return part{"chains of " + o.program(), left, lift, func() error { return closeAll(tables) }}, nil
}

// anyOurs reports whether tables of iptables have a chain of ours, but for what trials have left,
// which it removes.
func anyOurs(ctx context.Context, tables []*xtable) (bool, error) {
	n := 0
	for _, t := range tables {
		if !t.exists() {
			continue
		}
		err := t.sweep(ctx)
		if err == nil {
			err = t.findOurs(ctx)
		}
		if err != nil && !absent(err) { // what only nft understands is none of iptables'
			return false, err
		}
		n += len(t.ours)
	}
	return n > 0, nil
}

// exists tells whether there is a filter table. To list that of iptables-legacy would make it where
// there is none.
func (t *xtable) exists() bool {
	if t.socket < 0 {
		return true
	}
	names := "/proc/thread-self/net/ip_tables_names"
	if t.f.v6 {
		names = "/proc/thread-self/net/ip6_tables_names"
	}
	tables, err := os.ReadFile(names)
	return err == nil && slices.Contains(strings.Fields(string(tables)), "filter")
}
