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

// An other is a part of the kernel in which a backend that is not in use may have left something of ours.
type other struct {
	what string
	left func() (bool, error) // tells whether it has
	lift func(context.Context) error
	done func() error
}

// Others tells, in words, where a backend that is not in use has left sets, chains or rules of ours, as one does that
// was in use before the configuration changed.
func (fw *Firewall) Others(ctx context.Context) ([]string, error) {
	return fw.eachOther(func(other) error { return ctx.Err() })
}

// LiftOthers removes what Others tells of, with all bans in it. It is to be called when those in the backend in use
// stand.
func (fw *Firewall) LiftOthers(ctx context.Context) ([]string, error) {
	return fw.eachOther(func(o other) error { return o.lift(ctx) })
}

// eachOther looks through the parts that the backend in use does not look after itself.
func (fw *Firewall) eachOther(found func(other) error) (where []string, err error) {
	fw.ruling.Lock()
	defer fw.ruling.Unlock()
	for _, open := range fw.otherParts() {
		o, unable := open()
		if unable != nil {
			continue // then nobody has left anything there
		}
		left, failed := o.left()
		if left && failed == nil {
			where = append(where, o.what)
			failed = found(o)
		}
		if failed = errors.Join(failed, o.done()); failed != nil {
			err = errors.Join(err, fmt.Errorf("%s: %w", o.what, failed))
		}
	}
	return where, err
}

// otherParts are how to open them. Both backends of iptables use the same chains. Rules come before the sets they name.
func (fw *Firewall) otherParts() []func() (other, error) {
	switch fw.name {
	case "iptables":
		return []func() (other, error){otherTable}
	case "iptables-plain":
		return []func() (other, error){otherTable, otherSets}
	case "nftables":
		return []func() (other, error){fw.otherChains, otherSets}
	}
	return nil
}

func otherTable() (other, error) {
	n, err := dialNFT()
	if err != nil {
		return other{}, err
	}
	left := func() (bool, error) {
		tables, err := n.conn.ListTablesOfFamily(n.table.Family)
		return slices.ContainsFunc(tables, func(t *nftables.Table) bool { return t.Name == n.table.Name }), err
	}
	return other{"table inet " + n.table.Name + " of nftables", left, n.lift, n.close}, nil
}

func otherSets() (other, error) {
	s, err := openIPSets(0)
	if err != nil {
		return other{}, err
	}
	left := func() (bool, error) {
		there, err := s.ours()
		return len(there) > 0, err
	}
	lift := func(context.Context) error { return s.destroy(nil) }
	return other{"ipsets", left, lift, func() error { s.close(); return nil }}, nil
}

func (fw *Firewall) otherChains() (other, error) {
	tables, err := openXTables(fw.options)
	if err != nil {
		return other{}, err
	}
	left := func() (bool, error) {
		n := 0
		for _, t := range tables {
			if !t.exists() {
				continue
			}
			if err := t.findOurs(); err != nil && !absent(err) { // what only nft understands is none of iptables'
				return false, err
			}
			n += len(t.ours)
		}
		return n > 0, nil
	}
	lift := func(ctx context.Context) error {
		var errs []error
		for _, t := range tables {
			if t.exists() {
				errs = append(errs, t.lift(ctx))
			}
		}
		return errors.Join(errs...)
	}
	return other{"chains of iptables", left, lift, func() error { return closeAll(tables) }}, nil
}

// exists tells whether there is a filter table. To list that of iptables-legacy would make it where there is none.
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
