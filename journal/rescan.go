package journal

import (
	"errors"
	"io/fs"
	"maps"
	"os"
	"slices"
	"syscall"
	"time"
)

// rescan reads the directories: it opens what is new, and notes what was renamed or deleted.
func (n *native) rescan() error {
	n.scan = time.Now()
	n.swept = n.scan
	paths, dirs, err := n.places.scan()
	n.dirty, n.missed = n.watch.add(dirs), false
	found := map[inode]bool{}
	for _, path := range paths {
		at, now, err := lookAt(path)
		if err != nil {
			n.miss(path, err)
			continue
		}
		found[at] = true
		n.meet(at, now)
	}
	n.noteGone(found)
	maps.DeleteFunc(n.known, func(at inode, _ record) bool { return !found[at] })
	maps.DeleteFunc(n.bad, func(at inode, _ string) bool { return !found[at] })
	if err != nil && len(n.files) > 0 {
		return nil // some can be read
	}
	return err
}

// miss notes that a file was not where it had been listed. A link that leads nowhere always is.
func (n *native) miss(path string, err error) {
	if !errors.Is(err, fs.ErrNotExist) {
		return
	}
	if _, err := os.Lstat(path); err != nil {
		n.dirty, n.missed = true, true
	}
}

// sweep lets go of deleted files while there is still much to read and rescan has to wait. It opens none: what stands in it
// may come after entries that are not known yet.
func (n *native) sweep() {
	n.swept = time.Now()
	paths, _, _ := n.places.scan()
	found := map[inode]bool{}
	for _, path := range paths {
		if at, _, err := lookAt(path); err == nil {
			found[at] = true
		}
	}
	n.noteGone(found)
	n.tidy()
}

// lookAt returns what is known of a file without opening it.
func lookAt(path string) (inode, record, error) {
	info, err := os.Stat(path)
	if err != nil {
		return inode{}, record{}, err
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok || !info.Mode().IsRegular() { // to open a FIFO would wait for its writer
		return inode{}, record{}, fs.ErrInvalid
	}
	return inode{uint64(stat.Dev), stat.Ino}, record{path, info.Size(), info.ModTime()}, nil
}

// noteGone notes since when no path leads to a file.
func (n *native) noteGone(found map[inode]bool) {
	for _, f := range n.files {
		if found[f.inode] {
			f.gone = time.Time{}
		} else if f.gone.IsZero() {
			f.gone = time.Now()
		}
	}
}

// meet is called for each file that is there.
func (n *native) meet(at inode, now record) {
	for _, f := range n.files {
		if f.inode == at {
			f.path = now.path
			return
		}
	}
	if was, ok := n.known[at]; ok && was.path == now.path && was.size == now.size && was.mtime.Equal(now.mtime) {
		return
	}
	delete(n.known, at)
	f, err := openFile(now.path)
	switch {
	case errors.Is(err, errNotYet) && (now.size < headerLeast || time.Since(now.mtime) < rescanAfter):
		n.dirty = n.dirty || time.Since(now.mtime) < rescanAfter
		return
	case errors.Is(err, fs.ErrNotExist):
		n.miss(now.path, err)
		return
	case err != nil:
		if no := syscall.Errno(0); !errors.As(err, &no) { // else it may be the permission or the memory that is wanting
			n.known[at] = now
		}
		n.giveUp(at, now.path, err)
		return
	}
	f.boot = n.boot
	n.o.Counters.opened()
	n.files = append(n.files, f)
	if fault := n.guard(func() { n.touched = f; n.enter(f) }); fault != nil {
		n.fail(f, fault)
	}
}

// drop lets go of a file and remembers that it need not be opened again.
func (n *native) drop(f *file) {
	if info, err := os.Stat(f.path); err == nil {
		n.known[f.inode] = record{f.path, info.Size(), info.ModTime()}
	}
	if t := n.tails[f.seqnumID]; f.at.seqnumID == f.seqnumID && t.seqnum < f.at.seqnum {
		n.tails[f.seqnumID] = f.at // its end may be damaged
	}
	f.close()
	n.o.Counters.closed()
	n.files = slices.DeleteFunc(n.files, func(g *file) bool { return g == f })
	n.cur, n.second = nil, nil
	if n.spent == f {
		n.spent = nil
	}
}

// enter goes to the file's first entry that is to be read.
func (n *native) enter(f *file) {
	n.entered++
	f.serial = n.entered
	f.entries, f.tail = f.chain(0), f.chain(0)
	f.root = n.o.Match.compile(&f.layout)
	f.notes = Match{suppression}.compile(&f.layout)
	f.now = f.number(atEntries)
	f.fresh, f.head = true, none
	if table, _ := f.object(f.table-objectHeader, objectTable, 0); uint64(len(table)) != objectHeader+16*f.buckets {
		f.damaged++ // matches may find less than there is
	}
	if f.past = n.past(f); f.past {
		f.seen = f.now
		return
	}
	f.from = n.start(f) + 1
	if n.begun {
		l := f.chain(f.now)
		f.late = l.get(f, f.now-1)
	}
	f.noted = f.from
	if f.archived() {
		f.settle()
	}
	if n.begun { // else all files are extended at once
		n.extend(f)
	}
}

// past tells, by its header alone, that a file ends before what is to be read. There may be hundreds, and on a slow disk.
func (n *native) past(f *file) bool {
	switch tail := le.Uint64(f.b[atTailSeqnum:]); {
	case !f.archived():
		return false
	case n.lastFile != nil || n.o.Cursor != "":
		return f.seqnumID == n.last.seqnumID && 0 < tail && tail < n.last.seqnum
	default:
		at := le.Uint64(f.b[atTailRealtime:])
		return 0 < at && at < uint64(max(0, n.o.Since.UnixMicro()))
	}
}

// start returns the offset of the file's last entry that is not to be read, 0 when all are.
func (n *native) start(f *file) (last uint64) {
	switch {
	case n.lastFile != nil || n.o.Cursor != "":
		// A boot that begins while we read is later than all others, whatever its clock says.
		later := n.begun && !f.archived() && n.boot == id{}
		_, last = f.search(f.now, func(p *position) bool {
			return p.compare(&n.last) > 0 || n.begun && n.unread(p) || later && !n.boots[p.boot]
		})
	default:
		since := uint64(max(0, n.o.Since.UnixMicro())) // the zero time lies before 1970
		_, last = f.search(f.now, func(p *position) bool { return p.realtime >= since || n.begun && n.beyond(p) })
	}
	return last
}

// unread tells whether an entry of a file that was just found was never read, although later ones of other files may have
// been: it was written after the directories were read the last time, and comes after all that is known of its counter.
func (n *native) unread(p *position) bool {
	t, known := n.tails[p.seqnumID]
	return p.realtime >= uint64(max(0, n.prior.UnixMicro())) && (!known || p.seqnum > t.seqnum)
}

// beyond tells whether an entry comes after all that is known of its counter and boot, whatever the clock says.
func (n *native) beyond(p *position) bool {
	some := false
	for _, t := range n.tails {
		if t.seqnumID == p.seqnumID || t.boot == p.boot {
			if p.compare(&t) <= 0 {
				return false
			}
			some = true
		}
	}
	return some
}
