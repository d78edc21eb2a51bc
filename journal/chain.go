package journal

import "math"

// none is the offset of no entry: all others come before it.
const none = math.MaxUint64

const (
	ahead       = 8        // how many entries before it is read an entry is fetched from memory
	fetchBytes  = 512      // how much of it at a time
	mappedBytes = 64 << 10 // how much Linux maps of a file when one byte of it is read
)

// A list is a chain of entry arrays: the offsets of entries, ascending. It remembers where it is and only goes forward.
type list struct {
	n     uint64 // how many entries the chain holds
	array uint64 // the array it is in; 0: the chain has none
	items uint64 // how many the array has room for; 0: not yet looked at
	base  uint64 // how many entries the arrays before it hold
	i     uint64 // the place in the array

	broken bool // it ends before its time, and that is known
}

// chain returns the list of the file's first n entries.
func (f *file) chain(n uint64) list {
	return list{array: le.Uint64(f.b[atEntryArray:]), n: n}
}

// seek goes to the first entry at or after an offset and returns it, none when the chain has none yet.
func (l *list) seek(f *file, least uint64) uint64 {
	for l.enter(f) {
		used := min(l.items, l.n-min(l.n, l.base))
		if l.i < used {
			here := l.item(f, l.i)
			if here >= least {
				return here
			}
			if l.i+1 < used {
				if at := l.item(f, l.i+1); at >= least {
					l.i++
					if l.i+ahead < used {
						l.fetch(f, l.i+ahead)
					}
					return at
				}
			}
			for used > l.i && l.item(f, used-1) < here { // counted, but not yet to be seen by this processor; or damaged
				used--
			}
			if used > l.i && l.item(f, used-1) >= least {
				i := l.search(f, l.i, used-1, least)
				if here+1 == least { // the next one, whichever it is, was wanted: those before the one that is found are damaged
					f.damaged += i - min(i, l.i+1)
				}
				l.i = i
				return l.item(f, i)
			}
			if used > l.i && l.item(f, used-1)+1 == least && l.n > l.base+l.items { // so are those to the array's end, when more follow
				f.damaged += l.items - used
			}
			l.i = used
		}
		if !l.leave(f) {
			break
		}
	}
	return none
}

// fetch has the processor fetch what the entry at a place will be read from, while others are read. Else each entry would
// keep it waiting for the memory: that is half the time of a long read.
func (l *list) fetch(f *file, i uint64) {
	// Most of what is read of an entry lies this near: the data that it alone has were written right before it.
	const before = 320
	at := l.item(f, i)
	if at < before || at >= uint64(len(f.b)) || at-before+2*fetchBytes > uint64(len(f.b)) {
		return
	}
	if part := at / mappedBytes; part != f.part { // what is not mapped would not be fetched
		f.part = part
		f.warmth ^= f.b[at]
	}
	fetch(&f.b[at-before])
	if !f.compact {
		fetch(&f.b[at-before+fetchBytes])
	}
}

// search returns the first place in [low, high] whose item is at or after an offset; the one at high is. The one looked
// for is often near.
func (l *list) search(f *file, low, high, least uint64) uint64 {
	for step := uint64(1); low+step < high; step *= 2 {
		if l.item(f, low+step-1) >= least {
			high = low + step - 1
			break
		}
		low += step
	}
	for low < high {
		mid := (low + high) / 2
		if l.item(f, mid) >= least {
			high = mid
		} else {
			low = mid + 1
		}
	}
	return high
}

// get returns the entry at an index of the chain that it has not passed, none where there is none.
func (l *list) get(f *file, index uint64) uint64 {
	if index >= l.n {
		return none
	}
	for l.enter(f) {
		if index < l.base+l.items {
			l.i = index - l.base
			return l.item(f, l.i)
		}
		l.i = l.items
		if !l.leave(f) {
			break
		}
	}
	return none
}

// index returns how many entries of the chain it has passed.
func (l *list) index() uint64 { return l.base + l.i }

// enter makes sure of the array it is in.
func (l *list) enter(f *file) bool {
	if l.items > 0 {
		return true
	}
	b, ok := f.object(l.array, objectArray, arrayItems)
	if !ok {
		return false
	}
	l.items = uint64(len(b)-arrayItems) / f.arrayItem
	return l.items > 0
}

// leave goes on to the next array, when this one is full.
func (l *list) leave(f *file) bool {
	if l.n <= l.base+l.items {
		return false
	}
	next := le.Uint64(f.b[l.array+atArrayNext:])
	if next <= l.array { // there is none, or it might be a loop
		return false
	}
	l.base += l.items
	l.array, l.items, l.i = next, 0, 0
	return true
}

// next is seek past damaged items. It notes those, and what it will never come to because an array is damaged.
func (l *list) next(f *file, least uint64) uint64 {
	if at, ok := l.neighbour(f, least); ok {
		return at
	}
	return l.advance(f, least)
}

// advance is next, wherever that is.
func (l *list) advance(f *file, least uint64) uint64 {
	at := l.seek(f, least)
	for at != none && l.doubtful(f, at) && !f.hasEntry(at) {
		f.damaged++
		l.i++
		at = l.seek(f, least)
	}
	if reached := l.base + l.items; at == none && l.n > reached && !l.broken {
		if l.array <= f.horizon || l.array >= f.end() { // else it may lie where nothing is mapped yet
			l.broken = true
			f.damaged += min(l.n-reached, uint64(len(f.b))/entryItems) // it may be the number that is damaged
		}
	}
	return at
}

// neighbour is next where it is wanted to go on to the very next item, and nothing is doubtful about that one: nearly always.
func (l *list) neighbour(f *file, least uint64) (at uint64, ok bool) {
	if i := l.i + 2; i >= l.items || l.base+i >= l.n { // or not yet looked at
		return 0, false
	}
	here, at, after := l.three(f)
	if here+1 != least || at < least || after < at || at >= uint64(len(f.b)) {
		return 0, false
	}
	if l.i++; l.i+ahead < min(l.items, l.n-l.base) {
		l.fetch(f, l.i+ahead)
	}
	return at, true
}

// doubtful tells whether the item it is at cannot be true: items ascend, and to no further than the file's end.
func (l *list) doubtful(f *file, at uint64) bool {
	if l.i+1 < l.items {
		return l.base+l.i+1 < l.n && l.item(f, l.i+1) < at || at >= uint64(len(f.b)) && at >= f.end()
	}
	after := *l
	return after.leave(f) && after.enter(f) && after.item(f, 0) < at || at >= uint64(len(f.b)) && at >= f.end()
}

// three returns the item it is at and two more.
func (l *list) three(f *file) (here, at, after uint64) {
	b := f.b[l.array+arrayItems+l.i*f.arrayItem:]
	if f.compact {
		b = b[:12]
		return uint64(le.Uint32(b)), uint64(le.Uint32(b[4:])), uint64(le.Uint32(b[8:]))
	}
	b = b[:24]
	return notNone(le.Uint64(b)), notNone(le.Uint64(b[8:])), notNone(le.Uint64(b[16:]))
}

func (l *list) item(f *file, i uint64) uint64 {
	at := l.array + arrayItems + i*f.arrayItem
	if f.compact {
		return uint64(le.Uint32(f.b[at:]))
	}
	return notNone(le.Uint64(f.b[at:]))
}

// notNone is an item that does not pass for none.
func notNone(item uint64) uint64 { return min(item, none-1) }
