package firewall

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"reflect"
	"slices"

	"github.com/google/nftables"
	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"
)

// nft is the backend that has a table of its own in nftables, "inet bailiff". What others have put there is left alone. Whole addresses are in sets named as the
// ipsets are; networks are in a set for each length, bailiff4-JAIL/24, since a set of intervals refuses those that
// overlap.
type nft struct {
	conn     *nftables.Conn
	elements *netlink.Conn // for what the library has no words for
	table    *nftables.Table
	foreign  bool // the table that is called as ours is usually is somebody else's

	// What the table was last made of, and the handles its rules got; nil before that.
	blocks  []block
	forward bool
	handles []uint64
	whole   bool             // they are as many as the rules that were made: nobody took one before they were read
	queued  int              // rules in the transaction at hand
	lengths map[string][]int // a set's name to the lengths of networks there are sets for
}

func openNFT(context.Context, Options) (backend, error) {
	n, err := dialNFT()
	if err != nil {
		return nil, err
	}
	if err := n.try(); err != nil {
		return nil, errors.Join(err, n.close())
	}
	return n, nil
}

// dialNFT opens the sockets, and nothing more.
func dialNFT() (*nft, error) {
	roomy := func(c *netlink.Conn) error { return errors.Join(c.SetReadBuffer(8<<20), c.SetWriteBuffer(8<<20)) }
	conn, err := nftables.New(nftables.AsLasting(), nftables.WithSockOptions(roomy))
	if err != nil {
		return nil, fmt.Errorf("open netlink: %w", err)
	}
	elements, err := netlink.Dial(unix.NETLINK_NETFILTER, nil)
	if err == nil {
		err = roomy(elements)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open netlink: %w", err), conn.CloseLasting())
	}
	table := &nftables.Table{Family: nftables.TableFamilyINet, Name: chainName}
	n := &nft{conn: conn, elements: elements, table: table, lengths: map[string][]int{}}
	if err := n.chooseTable(); err != nil {
		return nil, errors.Join(err, n.close())
	}
	return n, nil
}

func (n *nft) close() error { return errors.Join(n.conn.CloseLasting(), n.elements.Close()) }

// glance has nothing to look at: all changes of nftables are notified.
func (n *nft) glance() bool { return false }

// stand makes the whole table anew in one transaction, except for the sets that are needed, unless it is as it was left.
func (n *nft) stand(_ context.Context, blocks []block) (repairs, error) {
	forward := wantsForward(blocks)
	handles, err := n.ruleHandles()
	if err != nil {
		return repairs{}, err
	}
	_, dormant, err := n.tableState(n.table.Name)
	if err != nil {
		return repairs{}, err
	}
	if dormant { // somebody has put it to sleep; it wakes in a transaction of its own only
		n.conn.AddTable(n.table)
		if err := n.conn.Flush(); err != nil {
			return repairs{}, fmt.Errorf("wake table inet %s: %w", n.table.Name, err)
		}
	}
	intact := n.whole && !dormant && slices.Equal(handles, n.handles)
	if n.handles != nil && intact && forward == n.forward && reflect.DeepEqual(blocks, n.blocks) {
		return repairs{}, nil
	}
	made, err := n.rebuild(blocks, forward)
	if err != nil {
		return made, fmt.Errorf("make table inet %s: %w", n.table.Name, err)
	}
	if n.handles != nil && !intact {
		made.done = append(made.done, "table inet "+n.table.Name)
	}
	n.blocks, n.forward = blocks, forward
	n.handles, err = n.ruleHandles()
	n.whole = len(n.handles) == n.queued
	return made, err
}

func (n *nft) rebuild(blocks []block, forward bool) (repairs, error) {
	there, err := n.setsThere()
	if err != nil {
		return repairs{}, err
	}
	chains, err := n.ourChains()
	if err != nil {
		return repairs{}, err
	}
	n.queued = 0
	n.conn.AddTable(n.table)
	n.emptyChains(chains)
	made := n.makeSets(blocks, there)
	n.makeRules(blocks, forward)
	if err := n.conn.Flush(); err != nil {
		return made, err
	}
	if err := n.sweep(); err != nil {
		made.notes = append(made.notes, "a table that an earlier start has left in nftables stays: "+err.Error())
	}
	made.notes = slices.Concat(made.notes, n.notes(), n.drop(n.unneeded(blocks, forward, chains, there)))
	return made, nil
}

// emptyChains has our chains made anew in the transaction at hand. Those that rules jump to are emptied: somebody's own
// rules may name them.
func (n *nft) emptyChains(chains []*nftables.Chain) {
	for _, c := range chains {
		n.conn.FlushChain(c)
	}
	for _, c := range chains {
		if c.Hooknum != nil {
			n.conn.DelChain(c)
		}
	}
}

// ourChains are those of our table that have a name of ours: somebody may have put others there.
func (n *nft) ourChains() ([]*nftables.Chain, error) {
	all, err := n.chainsThere()
	return slices.DeleteFunc(all, func(c *nftables.Chain) bool { return !isTableChain(c.Name) }), err
}

func (n *nft) chainsThere() ([]*nftables.Chain, error) {
	all, err := n.conn.ListChainsOfTableFamily(n.table.Family)
	if err != nil {
		return nil, fmt.Errorf("list chains: %w", err)
	}
	return slices.DeleteFunc(all, func(c *nftables.Chain) bool { return c.Table.Name != n.table.Name }), nil
}

// ruleHandles are the kernel's numbers of the rules in our chains. A rule that is made anew gets another. They are read here, for
// the library cannot read every rule that it can write.
func (n *nft) ruleHandles() ([]uint64, error) {
	a := attributeList{unix.NFPROTO_INET, unix.NFNETLINK_V0, 0, 0}
	a.put(unix.NFTA_RULE_TABLE, []byte(n.table.Name+"\x00"))
	reply, err := n.elements.Execute(netlink.Message{
		Header: netlink.Header{Type: messageType(unix.NFT_MSG_GETRULE), Flags: netlink.Request | netlink.Dump},
		Data:   a,
	})
	if err != nil {
		return nil, fmt.Errorf("list rules: %w", err)
	}
	handles := []uint64{}
	for _, m := range reply {
		var handle uint64
		ours := false
		for kind, value := range attributesOf(m.Data[min(4, len(m.Data)):]) {
			switch {
			case kind == unix.NFTA_RULE_HANDLE && len(value) == 8:
				handle = binary.BigEndian.Uint64(value)
			case kind == unix.NFTA_RULE_CHAIN:
				ours = isTableChain(unix.ByteSliceToString(value))
			}
		}
		if ours {
			handles = append(handles, handle)
		}
	}
	return handles, nil
}
