package journal

import (
	"cmp"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// A ledger knows which entries journald has written, by the sequence numbers it
// gives them, and reports those that were gone before they could be read. A
// counter is one journald's numbering: all files with one seqnumID go on with
// it.
type ledger struct {
	set   *fileSet
	tails map[id]position // the last entry known of each counter
	boots map[id]bool     // those of which entries were seen
}

// note takes down what the file's last entry says of its counter and boot.
func (l *ledger) note(f *file) {
	p := f.positionAt(f.horizon)
	if p == nil || f.fresh {
		return
	}
	l.boots[p.boot] = true
	if t, ok := l.tails[f.seqnumID]; !ok || t.seqnum < p.seqnum {
		l.tails[f.seqnumID] = *p
	}
}

// noteRead takes down how far a file was read that is let go: its end may be
// damaged.
func (l *ledger) noteRead(f *file) {
	if t := l.tails[f.seqnumID]; f.at.seqnumID == f.seqnumID && t.seqnum < f.at.seqnum {
		l.tails[f.seqnumID] = f.at
	}
}

// unread reports whether an entry was never read although it is from a file
// that was just found, and later entries of other files may have been read: it
// was written since the directories were read the time before, and comes after
// all that is known of its counter.
func (l *ledger) unread(p *position, before time.Time) bool {
	t, known := l.tails[p.seqnumID]
	return p.realtime >= micros(before) && (!known || p.seqnum > t.seqnum)
}

// beyond reports whether an entry comes after all that is known of its counter
// and boot, whatever the clock says.
func (l *ledger) beyond(p *position) bool {
	some := false
	for _, t := range l.tails {
		if t.seqnumID == p.seqnumID || t.boot == p.boot {
			if p.compare(&t) <= 0 {
				return false
			}
			some = true
		}
	}
	return some
}

// micros returns a time as journald writes it. Times before 1970 are 0, and so
// is the zero time.
func micros(t time.Time) uint64 { return uint64(max(0, t.UnixMicro())) }

// reportResume reports what is missing after the entry that reading resumes
// after. Files that end before that entry are passed over.
func (l *ledger) reportResume(was position, ends func(*file) bool) {
	var first *position
	for _, f := range l.set.open {
		if ends(f) {
			continue
		}
		l.set.touched = f
		before, after := f.around(&was)
		if before != nil && before.compare(&was) == 0 {
			l.reportOthers(&was)
			return
		}
		if after != nil && (first == nil || after.compare(first) < 0) {
			first = after
		}
	}
	l.reportBetween(&was, first, "the saved cursor's entry is gone")
	if first != nil {
		l.reportOthers(first)
	}
}

// reportOthers reports what is missing after an entry in other journals of the
// same directory, such as users': in files that were older than the oldest that
// is left of such a journal.
func (l *ledger) reportOthers(was *position) {
	oldest := map[string]*file{} // of each journal
	for _, f := range l.set.open {
		name := f.journal()
		if g := oldest[name]; f.now > 0 && (g == nil || f.headSeqnum() < g.headSeqnum()) {
			oldest[name] = f
		}
	}
	var last *position
	for _, f := range oldest {
		l.set.touched = f
		p := f.entryAt(0)
		if p != nil && p.seqnum > was.seqnum && p.compare(was) > 0 &&
			(last == nil || p.seqnum > last.seqnum) && l.together(p, was) {
			last = p
		}
	}
	if last != nil {
		l.reportBetween(was, last,
			"files of another journal were deleted before they could be read")
	}
}

// reportFresh reports, for each file that has come, what is missing between it
// and what was known of its counter: whole files came and went unseen. Nothing
// is missing that reading has got beyond.
func (l *ledger) reportFresh(last *position) {
	fresh := slices.DeleteFunc(slices.Clone(l.set.open), func(f *file) bool { return !f.fresh })
	slices.SortFunc(fresh, func(a, b *file) int {
		return cmp.Compare(a.headSeqnum(), b.headSeqnum())
	})
	for _, f := range fresh {
		l.set.touched = f
		first := f.entryAt(0)
		if first == nil {
			continue // it cannot be told yet
		}
		if was := l.before(f, first); was != nil && !l.passed(first, last) {
			l.reportBetween(was, first, "files were deleted before they could be read")
		}
		f.fresh = false
		l.note(f)
	}
}

// passed reports whether reading, which is at last, has got beyond an entry:
// what is missing before that has been told. A file that was read and closed
// comes again when journald still writes to it, as it does to one that it has
// rotated away.
func (l *ledger) passed(p, last *position) bool {
	if t, known := l.tails[p.seqnumID]; known {
		return p.seqnum <= t.seqnum
	}
	return p.compare(last) <= 0
}

// before returns the last entry known, of other files, of the counter that a
// file goes on with, nil when none is.
func (l *ledger) before(f *file, first *position) (was *position) {
	for _, g := range l.set.open {
		if g == f || g.seqnumID != f.seqnumID || g.now == 0 {
			continue
		}
		l.set.touched = g
		if p, _ := g.around(first); p != nil && (was == nil || p.seqnum > was.seqnum) {
			was = p
		}
	}
	t, known := l.tails[f.seqnumID]
	if known && t.seqnum < first.seqnum && (was == nil || t.seqnum > was.seqnum) {
		was = &t
	}
	return was
}

// reportBetween reports what is missing between one entry and the next that is
// there, nil if there is none.
func (l *ledger) reportBetween(was, next *position, reason string) {
	if next == nil {
		l.lost(0, was, was, reason)
		return
	}
	missing := uint64(0) // unknown
	if next.seqnum > was.seqnum && l.together(next, was) {
		if missing = l.missing(was, next); missing == 0 {
			return
		}
	}
	l.lost(missing, was, next, reason)
}

// reportCutOff reports what is lost of a deleted file that is let go before it
// was read to its end.
func (l *ledger) reportCutOff(f *file) {
	left := f.chain(f.now)
	at := left.seek(&f.mapping, min(f.head, f.chosen.from))
	first, last := f.positionAt(at), f.entryAt(f.now-1)
	if first != nil && last != nil {
		l.lost(f.now-left.index(), first, last, "a file was deleted before it was read")
	}
}

func (l *ledger) lost(entries uint64, from, to *position, reason string) {
	l.set.o.lost(Gap{Entries: entries, From: from.time(), To: to.time(), Reason: reason})
}

// missing returns how many entries are gone between two that are numbered
// together. Not gone are numbers that other files hold, also files that have
// been closed, and numbers that were never written.
func (l *ledger) missing(was, next *position) uint64 {
	missing := next.seqnum - was.seqnum - 1
	i := slices.IndexFunc(l.set.open, func(f *file) bool { return f.seqnumID == next.seqnumID })
	if i < 0 {
		return missing
	}
	home := l.set.open[i]
	there := uint64(0)
	for _, f := range l.set.open {
		l.set.touched = f
		there += f.between(was, next, home)
	}
	for _, r := range l.set.closed {
		f, err := openFile(r.path)
		if err != nil {
			continue
		}
		_ = l.set.guard(func() { // one that faults counts for nothing
			l.set.touched, f.now = f, f.number(atEntries)
			there += f.between(was, next, home)
		})
		f.close()
	}
	l.set.touched = home
	return missing - min(missing, there)
}

// between returns how many numbers between two the file accounts for, if one
// journald numbers it together with home.
func (f *file) between(was, next *position, home *file) (count uint64) {
	if !f.beside(home) {
		return 0
	}
	if number := f.unwritten(was.boot); was.seqnum < number && number < next.seqnum {
		count = 1
	}
	from := func(seqnum uint64) uint64 {
		index, _ := f.search(f.now, func(p *position) bool {
			return p.realtime >= was.realtime && p.seqnum >= seqnum
		})
		return index
	}
	first, last := from(was.seqnum+1), from(next.seqnum)
	return count + last - min(first, last)
}

// together reports whether one journald numbers two entries. Before version 254
// it numbers users' journals with the system's but gives each an id of its own.
func (l *ledger) together(a, b *position) bool {
	return a.seqnumID == b.seqnumID || slices.ContainsFunc(l.set.open, func(f *file) bool {
		return f.seqnumID == a.seqnumID && slices.ContainsFunc(l.set.open, func(g *file) bool {
			return g.seqnumID == b.seqnumID && f.beside(g)
		})
	})
}

// beside reports whether two files are of the same machine and namespace.
func (f *file) beside(g *file) bool {
	dir := func(f *file) string { return filepath.Base(filepath.Dir(f.path)) }
	return f.machine == g.machine && dir(f) == dir(g)
}

// journal returns the file's path without what tells the files of one journal
// apart.
func (f *file) journal() string {
	name := strings.TrimSuffix(strings.TrimSuffix(f.path, "~"), ".journal")
	name, _, _ = strings.Cut(name, "@")
	return name
}

// headSeqnum returns the number of the file's first entry.
func (f *file) headSeqnum() uint64 { return le.Uint64(f.b[atHeadSeqnum:]) }

// unwritten returns the number that journald gave to an entry of a boot before
// it was killed in the middle of writing that, 0 where it was not. The header
// tells of a number that no entry has.
func (f *file) unwritten(boot id) uint64 {
	if id(f.b[atBootID:]) != boot {
		return 0
	}
	if f.now == 0 {
		return f.headSeqnum()
	}
	tail := le.Uint64(f.b[atTailSeqnum:])
	if last := f.entryAt(f.now - 1); last == nil || tail <= last.seqnum {
		return 0
	}
	return tail
}
