package main

import (
	"net/netip"
	"slices"
	"strings"

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

// askedFor is what a request names that asks for just these bans.
func askedFor(bans []event.Ban) asked {
	a := asked{subjects: map[event.Subject]bool{}}
	for _, b := range bans {
		a.subjects[b.Subject] = true
		if p, ok := b.Network(); ok {
			a.networks = append(a.networks, p)
		}
	}
	slices.SortFunc(a.networks, netip.Prefix.Compare)
	return a
}

// among are the bans of the subjects and of all that lies in their networks, or every ban, and the wider ones that stop
// some subject.
func (a asked) among(bans []event.Ban, every bool) (theirs, wider []event.Ban) {
	for _, b := range bans {
		switch {
		case every || a.around(b):
			theirs = append(theirs, b)
		case a.stoppedBy(b):
			wider = append(wider, b)
		}
	}
	return theirs, wider
}

// named reads whom a ban may be of: what is neither an address nor a network is an opaque id.
func named(word string) event.Subject {
	s, err := parseSubject(word)
	if err != nil {
		s = event.ID(word)
	}
	return s
}

// parseSubject reads an address or a network as people write it: with blanks around it, and its address in brackets.
func parseSubject(word string) (event.Subject, error) {
	base, bits, slash := strings.Cut(strings.TrimSpace(word), "/")
	if slash {
		return event.ParseSubject(event.TrimBrackets(base) + "/" + bits)
	}
	return event.ParseSubject(base)
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
