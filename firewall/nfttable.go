package firewall

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/google/nftables"
	"golang.org/x/sys/unix"
)

// setsThere finds the sets of our table and learns the lengths of networks among them.
func (n *nft) setsThere() (map[string]bool, error) {
	there := map[string]bool{}
	clear(n.lengths)
	sets, err := n.allSets()
	if err != nil {
		return nil, err
	}
	for _, s := range sets {
		if !ourSet(s.Name) {
			continue
		}
		there[s.Name] = true
		name, length, network := strings.Cut(s.Name, "/")
		if bits, err := strconv.Atoi(length); network && err == nil {
			n.lengths[name] = append(n.lengths[name], bits)
		}
	}
	return there, nil
}

// allSets are the sets of our table, those of others among them.
func (n *nft) allSets() ([]*nftables.Set, error) {
	there, err := n.tableThere(n.table.Name)
	if err != nil || !there {
		return nil, err
	}
	sets, err := n.conn.GetSets(n.table)
	if err != nil {
		return nil, fmt.Errorf("list sets: %w", err)
	}
	return slices.DeleteFunc(sets, func(s *nftables.Set) bool { return s.Anonymous }), nil
}

func (n *nft) tableThere(name string) (bool, error) {
	there, _, err := n.tableState(name)
	return there, err
}

// tableState tells whether there is a table, and whether its rules look at no packet.
func (n *nft) tableState(name string) (there, dormant bool, err error) {
	tables, err := n.conn.ListTablesOfFamily(n.table.Family)
	if err != nil {
		return false, false, fmt.Errorf("list tables: %w", err)
	}
	i := slices.IndexFunc(tables, func(t *nftables.Table) bool { return t.Name == name })
	if i < 0 {
		return false, false, nil
	}
	flags := binary.NativeEndian.AppendUint32(nil, tables[i].Flags) // as the library has read what is big-endian
	return true, binary.BigEndian.Uint32(flags)&unix.NFT_TABLE_F_DORMANT != 0, nil
}

func (n *nft) makeSets(blocks []block, there map[string]bool) repairs {
	var made repairs
	for _, b := range blocks {
		fresh := false
		for _, f := range families() {
			if name := f.tableSet(b.jail); !there[name] {
				n.addSet(f, name)
				made.done, fresh = append(made.done, "set "+name), true
			}
		}
		if fresh {
			made.empty = append(made.empty, b.jail)
		}
	}
	return made
}

// addSet puts the making of a set into the transaction. One that is there is left as it is.
func (n *nft) addSet(f family, name string) {
	s := &nftables.Set{Table: n.table, Name: name, KeyType: nftables.TypeIPAddr, HasTimeout: true, Counter: true}
	if f.v6 {
		s.KeyType = nftables.TypeIP6Addr
	}
	_ = n.conn.AddSet(s, nil) // fails for anonymous sets only
}
