package firewall

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"
)

// networkSet is the name of the set for a jail's networks of one length.
func networkSet(set string, bits int) string { return fmt.Sprintf("%s/%d", set, bits) }

// add first takes all entries for new, in one transaction. Where one is there already, a second transaction deletes and
// adds: kernels before 6.12 keep the old timeout of an element that is added again, and deleting what is not there
// fails, so each is added before it is deleted. Where that fails too, each entry goes alone.
func (n *nft) add(_ context.Context, jail string, f family, entries []entry) []error {
	var errs []error
	for bits, part := range byLength(entries) {
		set, err := n.setFor(jail, f, bits)
		if err != nil {
			for _, e := range part {
				errs = append(errs, &BanError{jail, e.prefix, err})
			}
			continue
		}
		errs = append(errs, n.addTo(set, jail, part)...)
	}
	return errs
}

func (n *nft) addTo(set, jail string, entries []entry) []error {
	err := n.change(n.message(unix.NFT_MSG_NEWSETELEM, netlink.Create|netlink.Excl, set, entries, true))
	if err == nil {
		return nil
	}
	if errors.Is(err, unix.EEXIST) {
		err = n.refresh(set, entries)
	}
	if err == nil {
		return nil
	}
	var errs []error
	for _, e := range entries {
		if errors.Is(err, unix.ENOENT) { // there is no such set: it would take a second to hear that of each
			errs = append(errs, &BanError{jail, e.prefix, err})
			continue
		}
		if err := n.refresh(set, []entry{e}); err != nil {
			errs = append(errs, &BanError{jail, e.prefix, err})
		}
	}
	return errs
}

func (n *nft) refresh(set string, entries []entry) error {
	add := n.message(unix.NFT_MSG_NEWSETELEM, netlink.Create, set, entries, true)
	return n.change(add, n.message(unix.NFT_MSG_DELSETELEM, 0, set, entries, false), add)
}

// remove adds before it deletes for the same reason. Networks of a length that has no set are not there.
func (n *nft) remove(_ context.Context, jail string, f family, prefixes []netip.Prefix) error {
	entries := make([]entry, len(prefixes))
	for i, p := range prefixes {
		entries[i].prefix = p
	}
	var errs []error
	for bits, part := range byLength(entries) {
		set := f.tableSet(jail)
		if bits < f.length {
			if !slices.Contains(n.lengths[set], bits) {
				continue
			}
			set = networkSet(set, bits)
		}
		err := n.change(n.message(unix.NFT_MSG_NEWSETELEM, netlink.Create, set, part, true),
			n.message(unix.NFT_MSG_DELSETELEM, 0, set, part, false))
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

func (n *nft) list(_ context.Context, jail string, f family) (map[netip.Prefix]time.Duration, error) {
	bans := map[netip.Prefix]time.Duration{}
	name := f.tableSet(jail)
	if err := n.listInto(bans, name, f.length); err != nil {
		return nil, err
	}
	for _, bits := range n.lengths[name] {
		if err := n.listInto(bans, networkSet(name, bits), bits); err != nil {
			return nil, err
		}
	}
	return bans, nil
}

func (n *nft) has(jail string, f family, p netip.Prefix) (bool, error) {
	set := f.tableSet(jail)
	if p.Bits() < f.length {
		set = networkSet(set, p.Bits())
	}
	_, err := n.elements.Execute(netlink.Message{
		Header: netlink.Header{Type: messageType(unix.NFT_MSG_GETSETELEM), Flags: netlink.Request},
		Data:   n.inTable(elementList(set, []entry{{prefix: p}}, false)),
	})
	if errors.Is(err, unix.ENOENT) {
		return false, nil
	}
	return err == nil, err
}

func (n *nft) listInto(bans map[netip.Prefix]time.Duration, set string, bits int) error {
	reply, err := n.elements.Execute(netlink.Message{
		Header: netlink.Header{Type: messageType(unix.NFT_MSG_GETSETELEM), Flags: netlink.Request | netlink.Dump},
		Data:   n.inTable(elementList(set, nil, false)),
	})
	if err != nil {
		return fmt.Errorf("list set %s: %w", set, err)
	}
	for _, m := range reply {
		if len(m.Data) > 4 {
			readElements(bans, m.Data[4:], bits)
		}
	}
	return nil
}

// setFor is the name of the set for networks of a length; it makes one if there is none.
func (n *nft) setFor(jail string, f family, bits int) (string, error) {
	name := f.tableSet(jail)
	if bits == f.length {
		return name, nil
	}
	set := networkSet(name, bits)
	if slices.Contains(n.lengths[name], bits) {
		return set, nil
	}
	n.queued = 0
	n.addSet(f, set)
	for _, b := range n.blocks {
		for _, chain := range b.jailChains(n.forward) {
			if b.jail == jail {
				n.makeVerdicts(b, f, chain, set, bits)
			}
		}
	}
	if err := n.conn.Flush(); err != nil {
		return "", fmt.Errorf("make set %s: %w", set, err)
	}
	n.lengths[name] = append(n.lengths[name], bits)
	handles, err := n.ruleHandles()
	n.whole = n.whole && len(handles) == len(n.handles)+n.queued
	n.handles = handles
	return set, err
}

// jailChains are the chains of a jail.
func (b block) jailChains(forward bool) []string {
	var chains []string
	for _, hook := range b.nftHooks(forward) {
		chains = append(chains, jailChain(b.jail, b.direction(hook)))
	}
	slices.Sort(chains)
	return slices.Compact(chains)
}

func byLength(entries []entry) map[int][]entry {
	parts := map[int][]entry{}
	for _, e := range entries {
		parts[e.prefix.Bits()] = append(parts[e.prefix.Bits()], e)
	}
	return parts
}
