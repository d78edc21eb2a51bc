package jails

import (
	"encoding/binary"
	"maps"

	"bailiff/jails/event"
)

// A tally is what a jail remembers of one subject that keeps failing. A flood has one for each of a million addresses.
type tally struct {
	first, last     int64 // Unix times in ns
	retry, failures int32 // retry is compared with maxretry, and rescaled; failures are all since the tally began
	more            *more // nil: nothing more
}

// more is what not every tally has.
type more struct {
	lines event.Lines // the newest maxmatches, and up to as many before them
	times []int64     // sliding only: the newest failures, oldest first, no more than maxretry
}

// slabSize is how many tallies are allocated together.
const slabSize = 256

// tallies are found by their subjects. An address takes 32 bytes beside its key: maps hold the numbers of tallies, which
// lie in slabs. The zero value is empty.
type tallies struct {
	four  map[uint32]uint32 // IPv4 addresses
	six   map[[16]byte]uint32
	other map[event.Subject]uint32 // networks and ids
	slabs [][]tally
	free  []uint32 // numbers that are free below the last slab's end
	bytes int      // of all lines
}

func (a *tallies) len() int { return len(a.four) + len(a.six) + len(a.other) }

func (a *tallies) at(n uint32) *tally { return &a.slabs[n/slabSize][n%slabSize] }

// number is the number of the subject's tally.
func (a *tallies) number(s event.Subject) (n uint32, ok bool) {
	switch p, _ := s.Prefix(); {
	case !p.IsSingleIP():
		n, ok = a.other[s]
	case p.Addr().Is4():
		four := p.Addr().As4()
		n, ok = a.four[binary.NativeEndian.Uint32(four[:])]
	default:
		n, ok = a.six[p.Addr().As16()]
	}
	return n, ok
}

// get returns the subject's tally, nil for none. It is valid until the next put or drop.
func (a *tallies) get(s event.Subject) *tally {
	n, ok := a.number(s)
	if !ok {
		return nil
	}
	return a.at(n)
}

// put makes t the tally of a subject that has none, and returns where it is.
func (a *tallies) put(s event.Subject, t tally) *tally {
	n := a.store(t)
	switch p, _ := s.Prefix(); {
	case !p.IsSingleIP():
		if a.other == nil {
			a.other = map[event.Subject]uint32{}
		}
		a.other[s] = n
	case p.Addr().Is4():
		if a.four == nil {
			a.four = map[uint32]uint32{}
		}
		four := p.Addr().As4()
		a.four[binary.NativeEndian.Uint32(four[:])] = n
	default:
		if a.six == nil {
			a.six = map[[16]byte]uint32{}
		}
		a.six[p.Addr().As16()] = n
	}
	return a.at(n)
}

// store puts a tally where there is room, and returns its number.
func (a *tallies) store(t tally) (n uint32) {
	if last := len(a.free) - 1; last >= 0 {
		n = a.free[last]
		a.free = a.free[:last]
		*a.at(n) = t
		return n
	}
	last := len(a.slabs) - 1
	if last < 0 || len(a.slabs[last]) == slabSize {
		var slab []tally
		if last++; last > 0 { // the first grows as it needs: most jails see few addresses
			slab = make([]tally, 0, slabSize)
		}
		a.slabs = append(a.slabs, slab)
	}
	a.slabs[last] = append(a.slabs[last], t)
	return uint32(last*slabSize + len(a.slabs[last]) - 1)
}

// drop forgets the subject's tally.
func (a *tallies) drop(s event.Subject) {
	n, ok := a.number(s)
	if !ok {
		return
	}
	switch p, _ := s.Prefix(); {
	case !p.IsSingleIP():
		delete(a.other, s)
	case p.Addr().Is4():
		four := p.Addr().As4()
		delete(a.four, binary.NativeEndian.Uint32(four[:]))
	default:
		delete(a.six, p.Addr().As16())
	}
	a.release(n)
}

func (a *tallies) release(n uint32) {
	t := a.at(n)
	a.reset(t)
	*t = tally{}
	a.free = append(a.free, n)
}

// reset lets go what a tally has beside its numbers.
func (a *tallies) reset(t *tally) {
	if t.more != nil {
		a.bytes -= t.more.lines.Size()
		t.more = nil
	}
}

// sweep forgets the tallies that drop is for, and gives back the memory that a flood has left.
func (a *tallies) sweep(drop func(*tally) bool) {
	over := func(n uint32) bool {
		if !drop(a.at(n)) {
			return false
		}
		a.release(n)
		return true
	}
	maps.DeleteFunc(a.four, func(_, n uint32) bool { return over(n) })
	maps.DeleteFunc(a.six, func(_ [16]byte, n uint32) bool { return over(n) })
	maps.DeleteFunc(a.other, func(_ event.Subject, n uint32) bool { return over(n) })
	if len(a.slabs) > 1 && len(a.free) > 3*a.len() {
		a.shrink()
	}
}

// shrink moves what is left to new memory.
func (a *tallies) shrink() {
	was := *a
	*a = tallies{bytes: was.bytes}
	a.four, a.six, a.other = moved(a, &was, was.four), moved(a, &was, was.six), moved(a, &was, was.other)
}

// moved has the tallies that a map names moved, and returns their new numbers.
func moved[K comparable](to, from *tallies, numbers map[K]uint32) map[K]uint32 {
	m := make(map[K]uint32, len(numbers))
	for key, n := range numbers {
		m[key] = to.store(*from.at(n))
	}
	return m
}
