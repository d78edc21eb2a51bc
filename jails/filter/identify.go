package filter

import (
	"bytes"
	"net/netip"
	"strconv"
	"strings"

	"bailiff/jails/event"
)

// A who is whom a hit is about.
type who struct {
	subject event.Subject // zero: a host name to look up
	host    []byte        // the text that named it
}

// name makes the match one about somebody, with the text that named it where it is wanted.
func (w who) name(x *Match, text bool) {
	x.Subject = w.subject
	if text {
		x.Host = string(w.host)
		x.ID = x.Host
		if !w.subject.IsZero() {
			x.ID = w.subject.String()
		}
	}
}

// identity finds whom the groups name: an address before a host name before an id. An id beside an address is the
// subject, and the address becomes the capture "ip". With raw, a host name is an id.
func identity(g *groups, raw bool) (x who, ok bool) {
	id, hasID := g.get(fid)
	host, isAddr := g.get(ip4)
	if !isAddr {
		host, isAddr = g.get(ip6)
	}
	if !isAddr {
		host, ok = g.get(dns)
		switch {
		case ok && !raw:
			return lookedAt(host), true
		case !ok && !hasID:
			return who{}, false
		case !ok:
			host = id
		}
	}
	switch {
	case hasID && !bytes.Equal(id, host):
		g.set(ip, Text, []byte(address(host, g).String()))
		return who{parse(string(id), raw), host}, true
	case isAddr:
		return who{address(host, g), host}, true
	}
	return who{parse(string(host), raw), host}, true
}

// lookedAt is who a host name is: its address where the name is one, else unknown.
func lookedAt(host []byte) who {
	if a, ok := parseIP4(host); ok {
		return who{event.Address(a), host}
	}
	return who{host: host}
}

// address is the subject of an address's text, a network where the groups have a prefix length too. Text that only
// looks like an address (192.168.1.300) is an id.
func address(text []byte, g *groups) event.Subject {
	a, ok := parseIP4(text)
	if !ok {
		var err error
		if a, err = netip.ParseAddr(string(text)); err != nil {
			return event.ID(string(text))
		}
	}
	if length, ok := g.get(cidr); ok {
		if bits, err := strconv.Atoi(string(length)); err == nil && bits < a.BitLen() {
			return event.Network(netip.PrefixFrom(a, bits))
		}
	}
	return event.Address(a)
}

// parseIP4 is netip.ParseAddr for the addresses that most texts are.
func parseIP4(text []byte) (a netip.Addr, ok bool) {
	var all, part uint32
	dots, digits := 0, 0
	for _, c := range text {
		switch d := c - '0'; {
		case d <= 9 && (digits == 0 || part > 0): // no leading zeros
			if part = 10*part + uint32(d); part > 255 {
				return a, false
			}
			digits++
		case c == '.' && digits > 0:
			all, part = all<<8|part, 0
			dots, digits = dots+1, 0
		default:
			return a, false
		}
	}
	if dots != 3 || digits == 0 {
		return a, false
	}
	all = all<<8 | part
	return netip.AddrFrom4([4]byte{byte(all >> 24), byte(all >> 16), byte(all >> 8), byte(all)}), true
}

// parse is the subject of an id: an address or a network where it reads as one, [brackets] and netmasks included. Raw
// takes it as one only where it is written as this package would write it.
func parse(id string, raw bool) event.Subject {
	text := id
	if len(text) > 2 && text[0] == '[' && text[len(text)-1] == ']' {
		text = text[1 : len(text)-1]
	}
	if a, mask, ok := strings.Cut(text, "/"); ok {
		if bits, ok := maskBits(mask); ok {
			text = a + "/" + strconv.Itoa(bits)
		}
	}
	s, err := event.ParseSubject(text)
	if err != nil || raw && s.String() != id {
		return event.ID(id)
	}
	return s
}

// maskBits is the prefix length of a netmask like 255.255.255.0 or ffff::.
func maskBits(mask string) (bits int, ok bool) {
	a, err := netip.ParseAddr(mask)
	if err != nil {
		return 0, false
	}
	ended := false
	for _, b := range a.AsSlice() {
		for bit := byte(0x80); bit != 0; bit >>= 1 {
			switch {
			case b&bit == 0:
				ended = true
			case ended:
				return 0, false
			default:
				bits++
			}
		}
	}
	return bits, true
}
