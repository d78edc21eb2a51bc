package journal

import "sort"

// around returns the file's last entry up to a position and its first after it,
// nil where there is none.
func (f *file) around(p *position) (before, after *position) {
	count, last := f.search(f.now, func(q *position) bool { return q.compare(p) > 0 })
	return f.positionAt(last), f.entryAt(count)
}

// entryAt returns the position of the file's entry at an index, nil where there
// is none.
func (f *file) entryAt(index uint64) *position {
	l := f.chain(f.now)
	return f.positionAt(l.get(&f.mapping, index))
}

// chain returns the list of the file's first n entries.
func (m *mapping) chain(n uint64) list {
	return list{array: le.Uint64(m.b[atEntryArray:]), n: n}
}

// search returns how many of the file's first n entries come before those for
// which after holds, and the offset of the last of them, 0 when there is none.
// Where after holds for an entry, it must hold for all later ones.
func (m *mapping) search(n uint64, after func(*position) bool) (count, last uint64) {
	l := m.chain(n)
	for l.enter(m) {
		used := min(l.items, n-min(n, l.base))
		holds := func(i int) bool {
			p, ok := m.near(&l, uint64(i), used)
			return ok && after(&p)
		}
		if used > 0 && holds(int(used-1)) {
			high := uint64(sort.Search(int(used-1), holds))
			return l.base + high, m.lastEntry(&l, high, last)
		}
		last = m.lastEntry(&l, used, last)
		l.i = used
		if !l.leave(m) {
			break
		}
	}
	return n, last
}

// lastEntry returns the last of the first n items of the list's array that is
// an entry and lies behind the one that was found before, or else that one.
func (m *mapping) lastEntry(l *list, n, was uint64) uint64 {
	for ; n > 0; n-- {
		if at := l.item(m, n-1); at > was && m.hasEntry(at) {
			return at
		}
	}
	return was
}

// near returns the position of the entry at an index of the list's array. Where
// that is damaged the next good one stands in for it, or else the one before.
func (m *mapping) near(l *list, index, used uint64) (p position, ok bool) {
	const far = 1000 // enough: a search in a worse file may go astray, but must end
	try := func(i uint64) bool {
		entry, ok := m.entry(l.item(m, i))
		if ok {
			m.positionOf(entry, &p)
		}
		return ok
	}
	for i := index; i < min(used, index+far); i++ {
		if try(i) {
			return p, true
		}
	}
	for i := index; i > 0 && i+far > index; i-- {
		if try(i - 1) {
			return p, true
		}
	}
	return p, false
}
