package main

import (
	"net/netip"
	"slices"

	"bailiff/jails/event"
)

// An asked is what a request names: addresses, networks and ids. Requests may name thousands, of tens of thousands of bans.
type asked struct {
	subjects map[event.Subject]bool
	networks []netip.Prefix // in their order, addresses as networks of one
}

func newAsked(words []string) asked {
	a := asked{subjects: map[event.Subject]bool{}}
	for _, w := range words {
		s := named(w)
		a.subjects[s] = true
		if p, ok := s.Prefix(); ok {
			a.networks = append(a.networks, p)
		}
	}
	slices.SortFunc(a.networks, netip.Prefix.Compare)
	return a
}

// named reads whom a ban may be of: what is neither an address nor a network is an opaque id.
func named(word string) event.Subject {
	s, err := event.ParseSubject(word)
	if err != nil {
		s = event.ID(word)
	}
	return s
}

// stoppedBy tells whether a ban stops some subject: it is the subject's, or that of a network around it.
func (a asked) stoppedBy(b event.Ban) bool {
	if a.subjects[b.Subject] {
		return true
	}
	p, blocks := b.Network()
	if !blocks {
		return false
	}
	i, _ := slices.BinarySearchFunc(a.networks, p, netip.Prefix.Compare)
	return i < len(a.networks) && contains(p, a.networks[i])
}

// around tells whether a ban is that of some subject, or of something in the subject's network.
func (a asked) around(b event.Ban) bool {
	if a.subjects[b.Subject] {
		return true
	}
	p, blocks := b.Network()
	for bits := p.Bits(); blocks && bits >= 0; bits-- {
		q, _ := p.Addr().Prefix(bits)
		if _, ok := slices.BinarySearchFunc(a.networks, q, netip.Prefix.Compare); ok {
			return true
		}
	}
	return false
}

func contains(p, q netip.Prefix) bool { return p.Bits() <= q.Bits() && p.Contains(q.Addr()) }
