package journal

import (
	"math"
	"sort"
)

// none is the offset of no entry. All others come before it.
const none = math.MaxUint64

const (
	ahead       = 8        // an entry is fetched from memory that many before it is read
	fetchBytes  = 512      // what one call fetches
	mappedBytes = 64 << 10 // what Linux maps of a file when one byte of it is read
)

// A list is a chain of entry arrays: the offsets of entries, ascending. It
// remembers where it is and only goes forward.
type list struct {
	n     uint64 // how many entries the chain holds
	array uint64 // the offset of the array it is in; 0: the chain has none
	items uint64 // how many entries the array has room for; 0: not yet read
	base  uint64 // how many entries the arrays before it hold
	i     uint64 // the index in the array

	broken bool // the chain ends too early, and that was counted as damage
}

// seek goes to the first entry at or after an offset and returns it, none when
// the chain has none yet.
func (l *list) seek(m *mapping, least uint64) uint64 {
	for l.enter(m) {
		if at := l.seekHere(m, least); at != none {
			return at
		}
		if !l.leave(m) {
			break
		}
	}
	return none
}

// seekHere is seek in the array that the list is in.
func (l *list) seekHere(m *mapping, least uint64) uint64 {
	used := min(l.items, l.n-min(l.n, l.base))
	if l.i >= used {
		return none
	}
	here := l.item(m, l.i)
	if here >= least {
		return here
	}
	if l.i+1 < used {
		if at := l.item(m, l.i+1); at >= least {
			if l.i++; l.i+ahead < used {
				l.fetch(m, l.i+ahead)
			}
			return at
		}
	}
	// Items that are counted may not be visible to this processor yet, or they
	// are damaged.
	for used > l.i && l.item(m, used-1) < here {
		used--
	}
	if used > l.i && l.item(m, used-1) >= least {
		i := l.search(m, l.i, used-1, least)
		// Where the next one was wanted, whichever it is, those that are passed
		// over are damaged.
		if here+1 == least {
			m.damaged += i - min(i, l.i+1)
		}
		l.i = i
		return l.item(m, i)
	}
	// So are those to the array's end, when another array follows.
	if used > l.i && l.item(m, used-1)+1 == least && l.n > l.base+l.items {
		m.damaged += l.items - used
	}
	l.i = used
	return none
}

// fetch has the processor fetch from memory what the entry at an index will be
// read from, while others are read. Waiting for the memory is half the time of
// a long read otherwise.
func (l *list) fetch(m *mapping, i uint64) {
	// Most of what is read of an entry lies this near: the data that no other
	// entry has are written right before it.
	const before = 320
	at := l.item(m, i)
	if at < before || at >= uint64(len(m.b)) || at-before+2*fetchBytes > uint64(len(m.b)) {
		return
	}
	if part := at / mappedBytes; part != m.part { // what is not mapped is not fetched
		m.part = part
		m.warmth ^= m.b[at]
	}
	fetch(&m.b[at-before])
	if !m.compact {
		fetch(&m.b[at-before+fetchBytes])
	}
}

// search returns the first index in [low, high] whose item is at or after an
// offset. The one at high is. The one that is searched for is often near low.
func (l *list) search(m *mapping, low, high, least uint64) uint64 {
	for step := uint64(1); low+step < high; step *= 2 {
		if l.item(m, low+step-1) >= least {
			high = low + step - 1
			break
		}
		low += step
	}
	return low + uint64(sort.Search(int(high-low), func(i int) bool {
		return l.item(m, low+uint64(i)) >= least
	}))
}

// get returns the entry at an index of the chain that the list has not passed,
// none where there is none.
func (l *list) get(m *mapping, index uint64) uint64 {
	if index >= l.n {
		return none
	}
	for l.enter(m) {
		if index < l.base+l.items {
			l.i = index - l.base
			return l.item(m, l.i)
		}
		l.i = l.items
		if !l.leave(m) {
			break
		}
	}
	return none
}

// index returns how many entries of the chain the list has passed.
func (l *list) index() uint64 { return l.base + l.i }

// enter reads how long the array is that the list is in. It reports whether
// there is one.
func (l *list) enter(m *mapping) bool {
	if l.items > 0 {
		return true
	}
	b, ok := m.object(l.array, objectArray, arrayItems)
	if !ok {
		return false
	}
	l.items = uint64(len(b)-arrayItems) / m.arrayItem
	return l.items > 0
}

// leave goes on to the next array, when this one is full. It reports whether
// there is one.
func (l *list) leave(m *mapping) bool {
	if l.n <= l.base+l.items {
		return false
	}
	next := le.Uint64(m.b[l.array+atArrayNext:])
	if next <= l.array { // there is none, or it might be a loop
		return false
	}
	l.base += l.items
	l.array, l.items, l.i = next, 0, 0
	return true
}

// next is seek past damaged items. It counts those, and what it will never come
// to because an array is damaged.
func (l *list) next(m *mapping, least uint64) uint64 {
	if at, ok := l.neighbour(m, least); ok {
		return at
	}
	return l.advance(m, least)
}

// advance is next, wherever that is.
func (l *list) advance(m *mapping, least uint64) uint64 {
	at := l.seek(m, least)
	for at != none && l.doubtful(m, at) && !m.hasEntry(at) {
		m.damaged++
		l.i++
		at = l.seek(m, least)
	}
	reached := l.base + l.items
	if at != none || l.n <= reached || l.broken {
		return at
	}
	if l.array <= m.horizon || l.array >= m.end() { // else it may not be mapped yet
		l.broken = true
		m.damaged += min(l.n-reached, uint64(len(m.b))/entryItems) // n may be damaged too
	}
	return none
}

// neighbour is next where the very next item is wanted and nothing is doubtful
// about that: nearly always.
func (l *list) neighbour(m *mapping, least uint64) (at uint64, ok bool) {
	if i := l.i + 2; i >= l.items || l.base+i >= l.n { // or items is not yet read
		return 0, false
	}
	here, at, after := l.three(m)
	if here+1 != least || at < least || after < at || at >= uint64(len(m.b)) {
		return 0, false
	}
	if l.i++; l.i+ahead < min(l.items, l.n-l.base) {
		l.fetch(m, l.i+ahead)
	}
	return at, true
}

// doubtful reports whether the item that the list is at cannot be true: items
// ascend, and to no further than the file's end.
func (l *list) doubtful(m *mapping, at uint64) bool {
	if at >= uint64(len(m.b)) && at >= m.end() {
		return true
	}
	if l.i+1 < l.items {
		return l.base+l.i+1 < l.n && l.item(m, l.i+1) < at
	}
	after := *l
	return after.leave(m) && after.enter(m) && after.item(m, 0) < at
}

// three returns the item that the list is at and two more.
func (l *list) three(m *mapping) (here, at, after uint64) {
	b := m.b[l.array+arrayItems+l.i*m.arrayItem:]
	if m.compact {
		b = b[:12]
		return uint64(le.Uint32(b)), uint64(le.Uint32(b[4:])), uint64(le.Uint32(b[8:]))
	}
	b = b[:24]
	return notNone(le.Uint64(b)), notNone(le.Uint64(b[8:])), notNone(le.Uint64(b[16:]))
}

func (l *list) item(m *mapping, i uint64) uint64 {
	at := l.array + arrayItems + i*m.arrayItem
	if m.compact {
		return uint64(le.Uint32(m.b[at:]))
	}
	return notNone(le.Uint64(m.b[at:]))
}

// notNone is an item that does not pass for none.
func notNone(item uint64) uint64 { return min(item, none-1) }
