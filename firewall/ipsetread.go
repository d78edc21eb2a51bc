package firewall

import (
	"encoding/binary"
	"net/netip"
	"time"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// A setHeader is what a listing says of a whole set.
type setHeader struct {
	name, kind string
	family     byte   // unix.AF_INET or AF_INET6
	timeouts   bool   // its entries expire
	references uint32 // by rules, and by other sets
	size
}

// holdsBans reports whether bans of a family can be in the set.
func (h setHeader) holdsBans(f family) bool {
	want := byte(unix.AF_INET)
	if f.v6 {
		want = unix.AF_INET6
	}
	return h.looksOurs() && h.family == want
}

// looksOurs reports whether the set is of the kind that ours are.
func (h setHeader) looksOurs() bool { return h.kind == setType && h.timeouts }

// readHeader reads what is needed of a set's description from a message that lists it.
func readHeader(message []byte) setHeader {
	var set setHeader
	for kind, value := range attributesOf(message[min(4, len(message)):]) {
		switch kind {
		case nl.IPSET_ATTR_SETNAME:
			set.name = unix.ByteSliceToString(value)
		case nl.IPSET_ATTR_TYPENAME:
			set.kind = unix.ByteSliceToString(value)
		case nl.IPSET_ATTR_DATA:
			set.size = readSize(value)
			for kind, value := range attributesOf(value) {
				set.timeouts = set.timeouts || kind == nl.IPSET_ATTR_TIMEOUT
				if kind == nl.IPSET_ATTR_REFERENCES && len(value) == 4 {
					set.references = binary.BigEndian.Uint32(value)
				}
			}
		case nl.IPSET_ATTR_FAMILY:
			if len(value) == 1 {
				set.family = value[0]
			}
		}
	}
	return set
}

func readSize(data []byte) size {
	var found size
	for kind, value := range attributesOf(data) {
		switch {
		case len(value) != 4:
		case kind == nl.IPSET_ATTR_MAXELEM:
			found.limit = binary.BigEndian.Uint32(value)
		case kind == nl.IPSET_ATTR_ELEMENTS:
			found.entries = binary.BigEndian.Uint32(value)
		}
	}
	return found
}

// readEntries reads the entries from a message that lists a set.
func readEntries(bans map[netip.Prefix]time.Duration, message []byte, f family) {
	for kind, list := range attributesOf(message[min(4, len(message)):]) {
		if kind != nl.IPSET_ATTR_ADT {
			continue
		}
		for _, data := range attributesOf(list) {
			if prefix, left := readEntry(data, f); prefix.IsValid() {
				bans[prefix] = left
			}
		}
	}
}

// readEntry reads an entry: its address, the length of its network unless it is a whole address, and the seconds left.
func readEntry(data []byte, f family) (netip.Prefix, time.Duration) {
	var addr netip.Addr
	var left time.Duration
	bits := f.length
	for kind, value := range attributesOf(data) {
		switch {
		case kind == nl.IPSET_ATTR_IP:
			for _, ip := range attributesOf(value) {
				addr, _ = netip.AddrFromSlice(ip)
			}
		case kind == nl.IPSET_ATTR_CIDR && len(value) == 1:
			bits = int(value[0])
		case kind == nl.IPSET_ATTR_TIMEOUT && len(value) == 4:
			left = time.Duration(binary.BigEndian.Uint32(value)) * time.Second
		}
	}
	return netip.PrefixFrom(addr, bits), left
}
