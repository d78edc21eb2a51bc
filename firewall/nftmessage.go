package firewall

import (
	"encoding/binary"
	"net/netip"
	"time"

	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"
)

// change sends messages as one transaction and waits for the kernel's answer to each.
func (n *nft) change(messages ...netlink.Message) error {
	border := func(kind uint16) netlink.Message {
		return netlink.Message{
			Header: netlink.Header{Type: netlink.HeaderType(kind), Flags: netlink.Request},
			Data:   []byte{0, 0, 0, unix.NFNL_SUBSYS_NFTABLES},
		}
	}
	all := append([]netlink.Message{border(unix.NFNL_MSG_BATCH_BEGIN)}, messages...)
	if _, err := n.elements.SendMessages(append(all, border(unix.NFNL_MSG_BATCH_END))); err != nil {
		return err
	}
	var failed error
	for range messages {
		if _, err := n.elements.Receive(); err != nil && failed == nil {
			failed = err
		}
	}
	return failed
}

func messageType(kind uint16) netlink.HeaderType {
	return netlink.HeaderType(unix.NFNL_SUBSYS_NFTABLES<<8 | kind)
}

func (n *nft) message(kind uint16, flags netlink.HeaderFlags, set string, entries []entry, timeouts bool) netlink.Message {
	return netlink.Message{
		Header: netlink.Header{Type: messageType(kind), Flags: netlink.Request | netlink.Acknowledge | flags},
		Data:   n.inTable(elementList(set, entries, timeouts)),
	}
}

// inTable adds to the list of elements which table their set is in.
func (n *nft) inTable(list attributeList) []byte {
	list.put(unix.NFTA_SET_ELEM_LIST_TABLE, []byte(n.table.Name+"\x00"))
	return list
}

// elementList is what NFT_MSG_*SETELEM bear, by linux/netfilter/nf_tables.h, but for the table: the set and its elements, each
// with its key and timeout in milliseconds.
func elementList(set string, entries []entry, timeouts bool) attributeList {
	const largest = 44 // bytes of an element: its head, an address of IPv6 and a timeout
	a := make(attributeList, 0, 128+largest*len(entries))
	a = append(a, unix.NFPROTO_INET, unix.NFNETLINK_V0, 0, 0)
	a.put(unix.NFTA_SET_ELEM_LIST_SET, []byte(set+"\x00"))
	if entries == nil {
		return a
	}
	all := a.open(unix.NFTA_SET_ELEM_LIST_ELEMENTS)
	for _, e := range entries {
		one := a.open(unix.NFTA_LIST_ELEM)
		key := a.open(unix.NFTA_SET_ELEM_KEY)
		a.put(unix.NFTA_DATA_VALUE, e.prefix.Addr().AsSlice())
		a.close(key)
		if timeouts && e.timeout > 0 {
			a.put(unix.NFTA_SET_ELEM_TIMEOUT, binary.BigEndian.AppendUint64(nil, uint64(seconds(e.timeout)*1000)))
		}
		a.close(one)
	}
	a.close(all)
	return a
}

// readElements reads the elements of one message of a dump.
func readElements(bans map[netip.Prefix]time.Duration, data []byte, bits int) {
	for kind, list := range attributesOf(data) {
		if kind != unix.NFTA_SET_ELEM_LIST_ELEMENTS {
			continue
		}
		for _, element := range attributesOf(list) {
			if addr, left := readElement(element); addr.IsValid() {
				bans[netip.PrefixFrom(addr, bits)] = left
			}
		}
	}
}

func readElement(data []byte) (addr netip.Addr, left time.Duration) {
	for kind, value := range attributesOf(data) {
		switch {
		case kind == unix.NFTA_SET_ELEM_KEY:
			for _, key := range attributesOf(value) {
				addr, _ = netip.AddrFromSlice(key)
			}
		case kind == unix.NFTA_SET_ELEM_EXPIRATION && len(value) == 8:
			left = max(time.Duration(binary.BigEndian.Uint64(value)), 1) * time.Millisecond
		}
	}
	return addr, left
}
