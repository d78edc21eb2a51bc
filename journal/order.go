package journal

import (
	"cmp"
	"slices"
	"time"
)

// compare orders two entries as sd-journal does: by sequence number where the same journald counted, else by the time
// since boot within one boot, else by the wall clock. Other than there the boot that the machine is in comes after all others,
// for its clock may be behind theirs: what had been read would be read again, or not at all. 0 means that they are the same
// entry, or a copy.
func (p *position) compare(q *position) int {
	if p.seqnumID == q.seqnumID && p.seqnum != q.seqnum {
		return cmp.Compare(p.seqnum, q.seqnum)
	}
	if p.boot == q.boot && p.monotonic != q.monotonic {
		return cmp.Compare(p.monotonic, q.monotonic)
	}
	if p.now != q.now {
		if q.now {
			return -1
		}
		return 1
	}
	if p.realtime != q.realtime {
		return cmp.Compare(p.realtime, q.realtime)
	}
	return cmp.Compare(p.xor, q.xor)
}

// lag is how long after it took the time another journald may be before the entry can be read.
const lag = 2 * time.Second

// late tells whether an entry of another counter comes before the last one that was yielded, in the same boot.
func (n *native) late(p *position) bool {
	return n.lastFile != nil && p.monotonic < n.last.monotonic && p.boot == n.last.boot && p.seqnumID != n.last.seqnumID
}

// longAgo tells that an entry which is late, by both clocks since one may be damaged, is not even new.
func (n *native) longAgo(p *position) bool {
	return p.realtime < n.last.realtime && time.Since(time.UnixMicro(int64(p.realtime))) > lag
}

// copied tells whether the entry that the file is at has been yielded already: journald copies what it logged before /var was
// there, with its times and under new numbers. Others that are late come from a file that was found late, or from another
// journald.
func (n *native) copied(f *file) bool {
	switch {
	case !n.late(&f.at):
		return n.lastFile != nil && n.lastFile != f && f.at.compare(&n.last) == 0
	case f.head > f.late && n.longAgo(&f.at):
		return true
	}
	defer func() { n.touched = f }()
	return slices.ContainsFunc(n.files, func(g *file) bool {
		if g == f {
			return false
		}
		n.touched = g
		before, _ := g.around(&f.at)
		return before != nil && before.compare(&f.at) == 0
	})
}

// search returns how many of the file's first n entries come before those for which after holds, and the offset of the last
// of them, 0 when there is none. after must hold for an entry when it does for an earlier one.
func (f *file) search(n uint64, after func(*position) bool) (count, last uint64) {
	l := f.chain(n)
	for l.enter(f) {
		used := min(l.items, n-min(n, l.base))
		holds := func(i uint64) bool {
			p, ok := f.near(&l, i, used)
			return ok && after(&p)
		}
		if used > 0 && holds(used-1) {
			low, high := uint64(0), used-1
			for low < high {
				if mid := (low + high) / 2; holds(mid) {
					high = mid
				} else {
					low = mid + 1
				}
			}
			if high > 0 {
				last = f.lastEntry(&l, high, last)
			}
			return l.base + high, last
		}
		last = f.lastEntry(&l, used, last)
		l.i = used
		if !l.leave(f) {
			break
		}
	}
	return n, last
}

// lastEntry returns the last of the first n items of the list's array that is an entry and lies behind the one that was found before,
// or else that one.
func (f *file) lastEntry(l *list, n, was uint64) uint64 {
	for ; n > 0; n-- {
		if at := l.item(f, n-1); at > was && f.hasEntry(at) {
			return at
		}
	}
	return was
}

// near returns the position of the entry at i of the list's array. Where that is damaged the next good one stands in, or
// else the one before.
func (f *file) near(l *list, i, used uint64) (position, bool) {
	const far = 1000 // enough: a search through a worse file may go astray, but must end
	for j := i; j < min(used, i+far); j++ {
		if b, ok := f.object(l.item(f, j), objectEntry, entryItems); ok {
			return f.positionOf(b), true
		}
	}
	for j := i; j > 0 && j+far > i; j-- {
		if b, ok := f.object(l.item(f, j-1), objectEntry, entryItems); ok {
			return f.positionOf(b), true
		}
	}
	return position{}, false
}
