package jails

import (
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync/atomic"

	"bailiff/jails/event"
)

// An ignoreList knows whom a jail never bans: ignoreip's addresses, networks, names and file: lists, and with
// ignoreself the host's own addresses. What names, files and own addresses stand for changes; IgnoreLists follows it.
// Nobody changes the list itself once it is made.
type ignoreList struct {
	ids   map[string]bool
	nets  networks
	names []*ignoredName
	files []*ignoredFile
	own   *atomic.Pointer[networks] // nil without ignoreself
}

// parseNetwork reads an address, CIDR notation, or address/netmask.
func parseNetwork(word string) (netip.Prefix, bool) {
	if addr, mask, ok := strings.Cut(event.TrimBrackets(word), "/"); ok && strings.ContainsAny(mask, ".:") {
		a, err1 := netip.ParseAddr(addr)
		m, err2 := netip.ParseAddr(mask)
		if err1 != nil || err2 != nil || a.BitLen() != m.BitLen() {
			return netip.Prefix{}, false
		}
		ones, bits := net.IPMask(m.AsSlice()).Size()
		if bits == 0 {
			return netip.Prefix{}, false
		}
		return event.Network(netip.PrefixFrom(a, ones)).Prefix()
	}
	s, err := event.ParseSubject(word)
	if err != nil {
		return netip.Prefix{}, false
	}
	p, _ := s.Prefix()
	return p, true
}

// holds tells which rule spares the subject: "ip", "dns" or "ignoreself rule", as fail2ban names them; "" for none. It
// waits for nothing.
func (l *ignoreList) holds(s event.Subject) (rule string) {
	p, isNet := s.Prefix()
	if !isNet {
		if l.ids[s.String()] {
			return "ip"
		}
		return ""
	}
	if l.nets.cover(p) {
		return "ip"
	}
	if l.own != nil && l.own.Load().cover(p) {
		return "ignoreself rule"
	}
	for _, n := range l.names {
		if n.addrs.Load().cover(p) {
			return "dns"
		}
	}
	for _, f := range l.files {
		if rule := f.list.Load().holds(s); rule != "" {
			return rule
		}
	}
	return ""
}

// within reports whether a network holds some address that the list spares.
func (l *ignoreList) within(p netip.Prefix) bool {
	if l.nets.within(p) || l.own != nil && l.own.Load().within(p) {
		return true
	}
	return slices.ContainsFunc(l.names, func(n *ignoredName) bool { return n.addrs.Load().within(p) }) ||
		slices.ContainsFunc(l.files, func(f *ignoredFile) bool { return f.list.Load().within(p) })
}

// ownAddresses are the addresses of every interface, and the loopback networks.
func ownAddresses() *networks {
	own := newNetworks([]netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")})
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return &own
	}
	for _, a := range addrs {
		if n, ok := a.(*net.IPNet); ok {
			if ip, ok := netip.AddrFromSlice(n.IP); ok {
				p, _ := event.Address(ip).Prefix()
				own.add(p)
			}
		}
	}
	return &own
}
