package journal

import "cmp"

// compare orders two entries as sd-journal does: by sequence number where the same journald counted, else by the time
// since boot within one boot, else by the wall clock. 0 means that they are the same entry, or a copy.
func (p *position) compare(q *position) int {
	if p.seqnumID == q.seqnumID && p.seqnum != q.seqnum {
		return cmp.Compare(p.seqnum, q.seqnum)
	}
	if p.boot == q.boot && p.monotonic != q.monotonic {
		return cmp.Compare(p.monotonic, q.monotonic)
	}
	if p.realtime != q.realtime {
		return cmp.Compare(p.realtime, q.realtime)
	}
	return cmp.Compare(p.xor, q.xor)
}

// search returns the index of the file's first entry for which after holds, and its offset: the index is n and the offset
// none when it holds for none of the n entries. Of entries in order after must hold for the last ones.
func (f *file) search(n uint64, after func(*position) bool) (index, at uint64) {
	l := f.entries
	l.n = n
	holds := func(i uint64) bool {
		b, ok := f.object(l.item(f, i), objectEntry, entryItems)
		if !ok {
			return false // as if it were before: the next good one decides
		}
		p := entryPosition(b, f.seqnumID)
		return after(&p)
	}
	for l.enter(f) {
		used := min(l.items, n-min(n, l.base))
		if used > 0 && holds(used-1) {
			low, high := uint64(0), used-1
			for low < high {
				mid := (low + high) / 2
				if holds(mid) {
					high = mid
				} else {
					low = mid + 1
				}
			}
			return l.base + high, l.item(f, high)
		}
		l.i = used
		if !l.leave(f) {
			break
		}
	}
	return n, none
}
