package journal

import (
	"cmp"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// reportResume says so when the cursor's entry is gone, and with it others after it.
func (n *native) reportResume() {
	var first *position
	for _, f := range n.files {
		if f.past {
			continue
		}
		n.touched = f
		before, after := f.around(&n.last)
		if before != nil && before.compare(&n.last) == 0 {
			n.reportOthers(n.last)
			return
		}
		if after != nil && (first == nil || after.compare(first) < 0) {
			first = after
		}
	}
	n.reportBetween(n.last, first, "the saved cursor's entry is gone")
	if first != nil {
		n.reportOthers(*first)
	}
}

// reportOthers says so when entries after a position are missing that stood in other journals of the place, such as users': in files
// before the oldest that is left of one.
func (n *native) reportOthers(was position) {
	oldest := map[string]*file{} // of each journal by its path, without what tells its files apart
	for _, f := range n.files {
		name, _, _ := strings.Cut(strings.TrimSuffix(strings.TrimSuffix(f.path, "~"), ".journal"), "@")
		if g := oldest[name]; f.now > 0 && (g == nil || le.Uint64(f.b[atHeadSeqnum:]) < le.Uint64(g.b[atHeadSeqnum:])) {
			oldest[name] = f
		}
	}
	var last *position
	for _, f := range oldest {
		n.touched = f
		p := f.entryAt(0)
		if p != nil && p.seqnum > was.seqnum && p.compare(&was) > 0 && (last == nil || p.seqnum > last.seqnum) && n.beside(f, was) {
			last = p
		}
	}
	if last == nil {
		return
	}
	all := was
	all.seqnumID = id{} // those of its own counter are to be counted too
	missing := last.seqnum - was.seqnum - 1
	if missing -= min(missing, n.elsewhere(all, last)); missing > 0 {
		n.o.lost(Gap{Entries: missing, From: time.UnixMicro(int64(was.realtime)), To: time.UnixMicro(int64(last.realtime)),
			Reason: "files of another journal were deleted before they could be read"})
	}
}

// beside tells whether a file is of the same machine and namespace as those of an entry's counter.
func (n *native) beside(f *file, p position) bool {
	return slices.ContainsFunc(n.files, func(g *file) bool { return g.seqnumID == p.seqnumID && f.machine == g.machine && place(f) == place(g) })
}

// around returns the file's last entry up to a position and its first after it, nil where there is none.
func (f *file) around(p *position) (before, after *position) {
	count, last := f.search(f.now, func(q *position) bool { return q.compare(p) > 0 })
	return f.position(last), f.entryAt(count)
}

// entryAt returns the file's entry at an index, nil where there is none.
func (f *file) entryAt(index uint64) *position {
	l := f.chain(f.now)
	return f.position(l.get(f, index))
}

// position returns the entry at an offset, nil where there is none.
func (f *file) position(at uint64) *position {
	b, ok := f.object(at, objectEntry, entryItems)
	if !ok {
		return nil
	}
	p := f.positionOf(b)
	return &p
}

// reportFresh says so when a file that has come does not begin where its counter was: whole files came and went unseen.
func (n *native) reportFresh() {
	var fresh []*file
	for _, f := range n.files {
		if f.fresh {
			fresh = append(fresh, f)
		}
	}
	slices.SortFunc(fresh, func(a, b *file) int {
		return cmp.Compare(le.Uint64(a.b[atHeadSeqnum:]), le.Uint64(b.b[atHeadSeqnum:]))
	})
	for _, f := range fresh {
		n.touched = f
		first := f.entryAt(0)
		if first == nil {
			continue // it cannot be told yet
		}
		if was, ok := n.before(f, first); ok && !n.passed(first) {
			n.reportBetween(was, first, "files were deleted before they could be read")
		}
		n.settle(f)
	}
}

// passed tells whether reading has got beyond an entry: what is missing before it has been told of. A file that was read and let
// go comes again when journald still writes to it, as it does to one that it has rotated away.
func (n *native) passed(p *position) bool {
	if t, known := n.tails[p.seqnumID]; known {
		return p.seqnum <= t.seqnum
	}
	return p.compare(&n.last) <= 0
}

// settle takes a file that has come as one of those that are there.
func (n *native) settle(f *file) {
	f.fresh = false
	n.noteTail(f)
}

// noteTail notes what the file's last entry tells of its counter and boot.
func (n *native) noteTail(f *file) {
	p := f.position(f.horizon)
	if p == nil || f.fresh {
		return
	}
	n.boots[p.boot] = true
	if t, ok := n.tails[f.seqnumID]; !ok || t.seqnum < p.seqnum {
		n.tails[f.seqnumID] = *p
	}
}

// before returns the last entry known of the counter that a file goes on with, other files' entries only.
func (n *native) before(f *file, first *position) (was position, ok bool) {
	for _, g := range n.files {
		if g == f || g.seqnumID != f.seqnumID || g.now == 0 {
			continue
		}
		n.touched = g
		if p, _ := g.around(first); p != nil && (!ok || p.seqnum > was.seqnum) {
			was, ok = *p, true
		}
	}
	if p, known := n.tails[f.seqnumID]; known && p.seqnum < first.seqnum && (!ok || p.seqnum > was.seqnum) {
		was, ok = p, true
	}
	return was, ok
}

// reportBetween says so when entries are missing between one entry and the next that is there, nil if there is none.
func (n *native) reportBetween(was position, next *position, reason string) {
	g := Gap{From: time.UnixMicro(int64(was.realtime)), Reason: reason}
	g.To = g.From
	if next != nil {
		g.To = time.UnixMicro(int64(next.realtime))
		if n.numbered(&was, next) && next.seqnum > was.seqnum {
			missing := next.seqnum - was.seqnum - 1
			missing -= min(missing, n.elsewhere(was, next))
			if missing == 0 {
				return
			}
			g.Entries = missing
		}
	}
	n.o.lost(g)
}

// numbered tells whether two entries' numbers can be compared. Those of two counters of one place can, and then was is made to be
// of none, so that the entries of its counter are counted too.
func (n *native) numbered(was, next *position) bool {
	if next.seqnumID == was.seqnumID {
		return true
	}
	together := slices.ContainsFunc(n.files, func(f *file) bool { return f.seqnumID == next.seqnumID && n.beside(f, *was) })
	if together {
		was.seqnumID = id{}
	}
	return together
}

// elsewhere returns how many numbers between two entries of one counter are not of entries that are gone: those of files of
// another counter, for journald before version 254 numbers users' journals with the system's but gives each an id of its own,
// and those that were never written. Files that have been let go are looked at again.
func (n *native) elsewhere(was position, next *position) (count uint64) {
	i := slices.IndexFunc(n.files, func(f *file) bool { return f.seqnumID == next.seqnumID })
	if i < 0 {
		return 0
	}
	home := n.files[i]
	for _, f := range n.files {
		n.touched = f
		count += f.between(was, next, home)
	}
	for _, r := range n.known {
		f, err := openFile(r.path)
		if err != nil {
			continue
		}
		_ = n.guard(func() { // one that faults counts for nothing
			n.touched, f.now = f, f.number(atEntries)
			count += f.between(was, next, home)
		})
		f.close()
	}
	n.touched = home
	return count
}

// between returns how many numbers between two of a counter the file accounts for, if journald numbers it together with home,
// which is of that counter: it is of the same machine and namespace.
func (f *file) between(was position, next *position, home *file) (count uint64) {
	if f.machine != home.machine || place(f) != place(home) {
		return 0
	}
	if number := f.unwritten(was.boot); was.seqnum < number && number < next.seqnum {
		count = 1
	}
	if f.seqnumID == was.seqnumID {
		return count
	}
	first, _ := f.search(f.now, func(p *position) bool { return p.realtime >= was.realtime && p.seqnum > was.seqnum })
	last, _ := f.search(f.now, func(p *position) bool { return p.realtime >= was.realtime && p.seqnum >= next.seqnum })
	return count + last - min(first, last)
}

// place is the directory of a machine's journal or of one of its namespaces.
func place(f *file) string { return filepath.Base(filepath.Dir(f.path)) }

// unwritten returns the number that journald gave to an entry of a boot before it was killed in the middle of writing it, 0
// where it was not: the header tells of a number that no entry has.
func (f *file) unwritten(boot id) uint64 {
	if id(f.b[atBootID:]) != boot {
		return 0
	}
	if f.now == 0 {
		return le.Uint64(f.b[atHeadSeqnum:])
	}
	tail := le.Uint64(f.b[atTailSeqnum:])
	if last := f.entryAt(f.now - 1); last == nil || tail <= last.seqnum {
		return 0
	}
	return tail
}

// reportCutOff says so when a deleted file is let go before it was read to its end.
func (n *native) reportCutOff(f *file) {
	l := f.chain(f.now)
	at := l.seek(f, min(f.head, f.from))
	first, last := f.position(at), f.entryAt(f.now-1)
	if first == nil || last == nil {
		return
	}
	n.o.lost(Gap{Entries: f.now - l.index(), From: time.UnixMicro(int64(first.realtime)),
		To: time.UnixMicro(int64(last.realtime)), Reason: "a file was deleted before it was read"})
}
