package jails

import (
	"context"
	"net"
	"net/netip"
	"os"
	"strings"
	"time"
	"unicode"

	"bailiff/jails/event"
)

const (
	resolveEvery   = 5 * time.Minute // how long a resolved ignoreip name and the own addresses are believed
	resolveTimeout = 2 * time.Second
	fileEvery      = time.Second // a file: list is looked at no more often
)

// An ignoreList knows whom a jail never bans: ignoreip's addresses, networks, names and file: lists, and with
// ignoreself the host's own addresses. It is not safe for concurrent use.
type ignoreList struct {
	ids   map[string]bool
	nets  networks
	names []string
	files []*ignoreFile
	self  bool

	asked    time.Time // when names and own addresses were last looked up
	resolved networks
	own      networks
}

// An ignoreFile is one file:/path word of ignoreip, read again when it has changed.
type ignoreFile struct {
	path    string
	looked  time.Time
	changed time.Time
	list    *ignoreList
}

// newIgnoreList reads ignoreip's words: an address, a network (10.0.0.0/8, 10.0.0.0/255.0.0.0), file:PATH, a host
// name, or an opaque id.
func newIgnoreList(words []string, self bool) *ignoreList {
	l := &ignoreList{self: self, ids: map[string]bool{}}
	for _, w := range words {
		l.add(w)
	}
	return l
}

func (l *ignoreList) add(word string) {
	if path, ok := strings.CutPrefix(word, "file:"); ok {
		l.files = append(l.files, &ignoreFile{path: "/" + strings.TrimLeft(path, "/")})
		return
	}
	if p, ok := parseNetwork(word); ok {
		l.nets.add(p)
		return
	}
	l.ids[word] = true
	l.names = append(l.names, word)
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

// holds tells which rule spares the subject: "ip", "dns" or "ignoreself", as fail2ban names them; "" for none.
func (l *ignoreList) holds(s event.Subject, now time.Time) (rule string) {
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
	l.refresh(now)
	switch {
	case l.own.cover(p):
		return "ignoreself rule"
	case l.resolved.cover(p):
		return "dns"
	}
	for _, f := range l.files {
		if rule := f.read(now).holds(s, now); rule != "" {
			return rule
		}
	}
	return ""
}

// refresh looks up the names and the own addresses when what is known of them is old.
func (l *ignoreList) refresh(now time.Time) {
	if age := now.Sub(l.asked); !l.asked.IsZero() && age >= 0 && age < resolveEvery {
		return
	}
	l.asked = now
	l.resolved = newNetworks(lookup(l.names))
	if l.self {
		l.own = newNetworks(ownAddresses())
	}
}

// lookup resolves host names; one that does not resolve spares nobody.
func lookup(names []string) (nets []netip.Prefix) {
	if len(names) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), resolveTimeout)
	defer cancel()
	for _, n := range names {
		addrs, err := net.DefaultResolver.LookupNetIP(ctx, "ip", n)
		if err != nil {
			continue
		}
		for _, a := range addrs {
			p, _ := event.Address(a).Prefix()
			nets = append(nets, p)
		}
	}
	return nets
}

// ownAddresses are the addresses of every interface, and the loopback networks.
func ownAddresses() []netip.Prefix {
	own := []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return own
	}
	for _, a := range addrs {
		if n, ok := a.(*net.IPNet); ok {
			if ip, ok := netip.AddrFromSlice(n.IP); ok {
				p, _ := event.Address(ip).Prefix()
				own = append(own, p)
			}
		}
	}
	return own
}

// read returns the list as the file now has it; a file that cannot be read keeps what was known. Words are separated by
// blanks, commas or line ends; # and ; begin a comment. A file cannot name another.
func (f *ignoreFile) read(now time.Time) *ignoreList {
	if f.list == nil {
		f.list = newIgnoreList(nil, false)
	}
	if age := now.Sub(f.looked); age >= 0 && age < fileEvery {
		return f.list
	}
	f.looked = now
	info, err := os.Stat(f.path)
	if err != nil || info.ModTime().Equal(f.changed) {
		return f.list
	}
	text, err := os.ReadFile(f.path)
	if err != nil {
		return f.list
	}
	f.changed = info.ModTime()
	f.list = newIgnoreList(nil, false)
	for line := range strings.Lines(string(text)) {
		if i := strings.IndexAny(line, "#;"); i >= 0 {
			line = line[:i]
		}
		for _, w := range strings.FieldsFunc(line, func(r rune) bool { return unicode.IsSpace(r) || r == ',' }) {
			if !strings.HasPrefix(w, "file:") { // a file that named itself would be read for ever
				f.list.add(w)
			}
		}
	}
	return f.list
}
