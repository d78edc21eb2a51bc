package firewall

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/google/nftables"
)

// otherTable is the name of our table where somebody else has one of the usual name.
const otherTable = chainName + "-own"

// isTableChain reports whether a chain of our table has a name of ours.
func isTableChain(name string) bool {
	return slices.Contains([]string{"input", "output", "forward"}, name) ||
		strings.HasPrefix(name, "from-") || strings.HasPrefix(name, "to-")
}

// chooseTable settles the name of our table. One that has chains or sets, and none of our sets, is
// somebody else's.
func (n *nft) chooseTable() error {
	sets, err := n.allSets()
	if err != nil {
		return nil // that we may not ask shows when it is tried
	}
	chains, err := n.chainsThere()
	if err != nil {
		return err
	}
	ours := slices.ContainsFunc(sets, func(s *nftables.Set) bool { return ourSet(s.Name) })
	if n.foreign = !ours && len(sets)+len(chains) > 0; n.foreign {
		n.table.Name = otherTable
	}
	return nil
}

// notes says where our table is when it is not where it is looked for.
func (n *nft) notes() []string {
	if !n.foreign {
		return nil
	}
	return []string{fmt.Sprintf("table inet %s is not bailiff's and is left as it is: bailiff's rules are in table inet %s", chainName, n.table.Name)}
}

// A leftover is a chain or set of our table that nothing of ours needs.
type leftover struct {
	what string
	drop func()
	void func() // empties it
}

// unneeded are the chains and sets of ours that no block needs.
func (n *nft) unneeded(blocks []block, forward bool, chains []*nftables.Chain, sets map[string]bool) (all []leftover) {
	needed := map[string]bool{}
	for _, b := range blocks {
		for _, chain := range b.jailChains(forward) {
			needed[chain] = true
		}
		for _, f := range families() {
			needed[f.tableSet(b.jail)] = true
		}
	}
	for _, c := range chains {
		if c.Hooknum == nil && !needed[c.Name] {
			all = append(all, leftover{"chain " + c.Name, func() { n.conn.DelChain(c) }, func() { n.conn.FlushChain(c) }})
		}
	}
	for name := range sets {
		base, _, _ := strings.Cut(name, "/")
		if !needed[base] {
			set := &nftables.Set{Table: n.table, Name: name}
			all = append(all, leftover{"set " + name, func() { n.conn.DelSet(set) }, func() { n.conn.FlushSet(set) }})
			delete(n.lengths, base)
		}
	}
	return all
}

// drop removes what nothing of ours needs, and says what cannot go since somebody's own rules name
// it: that is emptied.
func (n *nft) drop(all []leftover) (notes []string) {
	for _, one := range all {
		one.drop()
	}
	if len(all) == 0 || n.conn.Flush() == nil {
		return nil
	}
	for _, one := range all {
		if one.drop(); n.conn.Flush() == nil {
			continue
		}
		words := fmt.Sprintf("%s in table inet %s is named by a rule that is not bailiff's: it is emptied and left", one.what, n.table.Name)
		if one.void(); n.conn.Flush() != nil {
			words = fmt.Sprintf("%s in table inet %s is left", one.what, n.table.Name)
		}
		notes = append(notes, words)
	}
	return notes
}

// lift removes our table, or what is ours in it where others have put something there.
func (n *nft) lift(context.Context) (made repairs, err error) {
	n.handles, n.blocks = nil, nil
	clear(n.lengths)
	err = n.sweep()
	there, failed := n.tableThere(n.table.Name)
	if !there || failed != nil {
		return made, errors.Join(err, failed)
	}
	chains, failed := n.chainsThere()
	sets, failed2 := n.allSets()
	if failed = errors.Join(failed, failed2); failed != nil {
		return made, errors.Join(err, failed)
	}
	if slices.ContainsFunc(chains, func(c *nftables.Chain) bool { return !isTableChain(c.Name) }) ||
		slices.ContainsFunc(sets, func(s *nftables.Set) bool { return !ourSet(s.Name) }) {
		made, failed = n.rebuild(nil, false)
		return made, errors.Join(err, failed)
	}
	n.conn.DelTable(n.table)
	return made, errors.Join(err, n.conn.Flush())
}

// sweep removes tables in which nftables was tried, for nobody is at work in one that can be seen,
// and the one that ours was in while somebody else had one of its usual name.
func (n *nft) sweep() error {
	tables, err := n.conn.ListTablesOfFamily(n.table.Family)
	if err != nil {
		return fmt.Errorf("list tables: %w", err)
	}
	var errs []error
	for _, t := range tables {
		if isTrialTable(t) || t.Name == otherTable && !n.foreign {
			n.conn.DelTable(t)
			errs = append(errs, n.conn.Flush())
		}
	}
	return errors.Join(errs...)
}
