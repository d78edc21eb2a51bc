package event

import (
	"fmt"
	"net/netip"
)

// A Subject is whom a failure or a ban is about: an address or network, or an opaque id (<F-ID>) that only command
// actions can use. Subjects are comparable; the zero Subject is nobody.
type Subject struct {
	prefix netip.Prefix
	id     string
}

// Address is the subject that is one address. IPv4 addresses mapped into IPv6 become IPv4, zones are dropped.
func Address(a netip.Addr) Subject {
	if a = a.Unmap(); !a.Is4() {
		a = a.WithZone("")
	}
	return Subject{prefix: netip.PrefixFrom(a, a.BitLen())}
}

// Network is the subject that is a whole network; its host bits are cleared.
func Network(p netip.Prefix) Subject {
	if a := p.Addr(); a.Is4In6() && p.Bits() >= 96 {
		p = netip.PrefixFrom(a.Unmap(), p.Bits()-96)
	}
	return Subject{prefix: p.Masked()}
}

// ID is the subject known only by an opaque id.
func ID(id string) Subject { return Subject{id: id} }

// ParseSubject reads an address or a network in CIDR notation, in brackets or not.
func ParseSubject(s string) (Subject, error) {
	s = TrimBrackets(s)
	if a, err := netip.ParseAddr(s); err == nil {
		return Address(a), nil
	}
	p, err := netip.ParsePrefix(s)
	if err != nil {
		return Subject{}, fmt.Errorf("%q is neither an address nor a network", s)
	}
	return Network(p), nil
}

// TrimBrackets takes off the brackets in which an IPv6 address is often written.
func TrimBrackets(s string) string {
	if len(s) > 2 && s[0] == '[' && s[len(s)-1] == ']' {
		return s[1 : len(s)-1]
	}
	return s
}

// Prefix is the subject's network, a single address having all its bits; ok is false for ids and for nobody.
func (s Subject) Prefix() (p netip.Prefix, ok bool) { return s.prefix, s.prefix.IsValid() }

// IsZero tells whether s is nobody.
func (s Subject) IsZero() bool { return s == Subject{} }

// Family is "inet4" or "inet6", and "" for ids.
func (s Subject) Family() string {
	switch a := s.prefix.Addr(); {
	case a.Is4():
		return "inet4"
	case a.Is6():
		return "inet6"
	}
	return ""
}

// AppendTo appends what String returns to dst.
func (s Subject) AppendTo(dst []byte) []byte {
	if !s.prefix.IsValid() {
		return append(dst, s.id...)
	}
	if s.prefix.IsSingleIP() {
		return s.prefix.Addr().AppendTo(dst)
	}
	return s.prefix.AppendTo(dst)
}

// String is the address, the network in CIDR notation, or the id.
func (s Subject) String() string {
	if !s.prefix.IsValid() {
		return s.id
	}
	if s.prefix.IsSingleIP() {
		return s.prefix.Addr().String()
	}
	return s.prefix.String()
}
