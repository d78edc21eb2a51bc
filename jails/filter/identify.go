package filter

import (
	"net/netip"
	"strconv"
	"strings"

	"bailiff/jails/event"
)

// A who is whom a hit is about.
type who struct {
	subject event.Subject // zero: a host name to look up
	id      string
	host    string
}

// identify finds whom the groups name, looking up a host name. No one named gives false; a name that nobody has gives
// none and true.
func (m *Matcher) identify(g *groups) (whos []who, named bool) {
	x, ok := identity(g, m.filter.usedns == "raw" || m.options.RawHost)
	if !ok {
		return nil, false
	}
	if !x.subject.IsZero() {
		return []who{x}, true
	}
	if x.host == "" || m.filter.usedns == "no" {
		return nil, true
	}
	if m.options.Resolve == nil {
		return []who{x}, true
	}
	addrs := m.options.Resolve(x.host)
	if len(addrs) > 0 && m.filter.usedns == "warn" {
		m.options.Log.Warn("determined address by looking up a host name", "host", x.host, "addresses", addrs)
	}
	for _, a := range addrs {
		s := event.Address(a)
		whos = append(whos, who{subject: s, id: s.String(), host: x.host})
	}
	return whos, true
}

// identity finds whom the groups name: an address before a host name before an id. An id beside an address is the
// subject, and the address becomes the capture "ip". With raw, a host name is an id.
func identity(g *groups, raw bool) (x who, ok bool) {
	id, hasID := g.get("fid")
	host, isAddr := g.get("ip4")
	if !isAddr {
		host, isAddr = g.get("ip6")
	}
	if !isAddr {
		host, ok = g.get("dns")
		switch {
		case ok && !raw:
			return lookedAt(host), true
		case !ok && !hasID:
			return who{}, false
		case !ok:
			host = id
		}
	}
	if hasID && id != host {
		_, at := address(host, g)
		g.set(Group{Name: "ip", Value: at})
		s := parse(id, raw)
		return who{subject: s, id: s.String(), host: host}, true
	}
	if isAddr {
		s, at := address(host, g)
		return who{subject: s, id: at, host: host}, true
	}
	s := parse(host, raw)
	return who{subject: s, id: s.String(), host: host}, true
}

// lookedAt is who a host name is: its address where the name is one, else unknown.
func lookedAt(host string) who {
	if a, err := netip.ParseAddr(host); err == nil && a.Is4() {
		s := event.Address(a)
		return who{subject: s, id: s.String(), host: host}
	}
	return who{id: host, host: host}
}

// address is the subject of an address's text, a network where the groups have a prefix length too. Text that only
// looks like an address (192.168.1.300) is an id.
func address(text string, g *groups) (event.Subject, string) {
	a, err := netip.ParseAddr(text)
	if err != nil {
		return event.ID(text), text
	}
	s := event.Address(a)
	cidr, _ := g.get("cidr")
	if bits, err := strconv.Atoi(cidr); err == nil && bits < a.BitLen() {
		s = event.Network(netip.PrefixFrom(a, bits))
	}
	return s, s.String()
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
