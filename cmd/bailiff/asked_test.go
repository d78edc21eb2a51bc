package main

import (
	"math/rand/v2"
	"net/netip"
	"strconv"
	"testing"

	"bailiff/jails/event"
)

// TestAskedAgainstItsTwin compares with every subject for every ban, in a space so small that many meet.
func TestAskedAgainstItsTwin(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	word := func() string {
		switch n := r.IntN(16); r.IntN(5) {
		case 0:
			return "192.0.2." + strconv.Itoa(n)
		case 1:
			return "192.0.2." + strconv.Itoa(n) + "/" + strconv.Itoa(20+r.IntN(13))
		case 2:
			return "2001:db8::" + strconv.Itoa(n)
		case 3:
			return "2001:db8::" + strconv.Itoa(n) + "/" + strconv.Itoa(118+r.IntN(11))
		default:
			return "id " + strconv.Itoa(n)
		}
	}
	for range 20_000 {
		var words []string
		for range r.IntN(6) {
			words = append(words, word())
		}
		ban := event.Ban{Subject: named(word())}
		if r.IntN(2) == 0 {
			ban.Fields = map[string]string{"ip": word()}
		}
		stopped, around := false, false
		p, blocks := ban.Network()
		for _, w := range words {
			s := named(w)
			q, is := s.Prefix()
			stopped = stopped || s == ban.Subject || blocks && is && lies(q, p)
			around = around || s == ban.Subject || blocks && is && lies(p, q)
		}
		if a := newAsked(words); a.stoppedBy(ban) != stopped || a.around(ban) != around {
			t.Fatalf("%q and the ban of %v, %v: %v %v, want %v %v", words, ban.Subject, ban.Fields, a.stoppedBy(ban), a.around(ban), stopped, around)
		}
	}
}

// lies tells whether every address of p is one of q.
func lies(p, q netip.Prefix) bool { return p.Bits() >= q.Bits() && q.Contains(p.Addr()) }
