package journal

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"time"

	"golang.org/x/sys/unix"
)

// A native reader reads journal files itself.
type native struct {
	o      Options
	places places
	watch  *watcher
	unpack unpacker
	fields *picker
	notes  *picker // for journald's notes of dropped messages

	files   []*file
	entered uint64           // how many files so far
	known   map[inode]record // files that are not open: read to their end, or given up
	bad     map[inode]string // those given up, by path
	refused error            // why the first of those was
	newer   error            // not nil: some file can only be read by a newer libsystemd
	tails   map[id]position  // the last entry that each counter is known to have counted
	boots   map[id]bool      // those that entries seen so far are from
	boot    id               // the one that the machine is in, zero where other machines' journals may be read
	begun   bool             // the files that were there at the begin are open
	rested  bool             // nothing was read since rest
	dirty   bool             // a file was there that could not be read yet: look again
	missed  bool             // because it was renamed or deleted meanwhile
	scan    time.Time        // when the directories were last read
	prior   time.Time        // and when before the last look
	unseen  error            // why they could not be
	reads   uint64           // how often an entry was asked for
	swept   time.Time        // when deleted files were last looked for

	cur, second *file     // the file that is being read, and the one that comes after it for now
	held        *position // what comes after it is not read yet; nil: nothing is held back
	spent       *file     // whose entry has been dealt with
	last        position
	lastFile    *file // whose entry was yielded last; nil: none was
	touched     *file // whose map is being read: it is to blame for a fault
}

// A record is what is remembered of a file that is not open.
type record struct {
	path  string
	size  int64
	mtime time.Time
}

// newNative opens the journals that o names.
func newNative(o Options) (*native, error) {
	n := &native{o: o, places: o.places(), watch: &watcher{fd: -1}, known: map[inode]record{}, bad: map[inode]string{}, tails: map[id]position{}, boots: map[id]bool{}}
	if o.Dir == "" && len(o.Files) == 0 && machineID() != "" {
		n.boot = bootID()
	}
	if !o.once {
		n.watch = newWatcher()
	}
	n.fields = newPicker(o.Fields, o.Once, &n.unpack)
	n.notes = newPicker([]string{"MESSAGE", "N_DROPPED"}, true, &n.unpack)
	if err := n.begin(); err != nil {
		n.close()
		return nil, fmt.Errorf("open journal: %w", err)
	}
	return n, nil
}

// begin opens what is there and goes to where reading begins.
func (n *native) begin() error {
	if n.o.Cursor != "" {
		var err error
		if n.last, err = parseCursor(n.o.Cursor); err != nil {
			return err
		}
		n.last.now = n.last.boot == n.boot
	}
	if n.o.Dir != "" {
		if _, err := os.Stat(n.o.Dir); err != nil {
			return err
		}
	}
	if err := n.rescan(); err != nil {
		return err
	}
	n.dirty = true // a file may have taken another's name while they were listed
	n.safely(n.look)
	if len(n.files) == 0 && n.refused == nil && len(n.o.Files) == 0 && n.o.Dir == "" {
		return errors.New("no journal here that may be read")
	}
	if len(n.files) == 0 && n.refused != nil {
		return cmp.Or(n.newer, n.refused)
	}
	n.safely(func() {
		for _, f := range slices.Clone(n.files) {
			n.touched, f.fresh = f, false
			n.extend(f)
		}
		if n.o.Cursor != "" {
			n.reportResume()
		}
	})
	n.begun = true
	return nil
}

func (n *native) close() {
	if n == nil {
		return
	}
	for _, f := range n.files {
		f.close()
		n.o.Counters.closed()
	}
	n.unpack.close()
	n.watch.close()
}

// wait sleeps until something may have been written.
func (n *native) wait(ctx context.Context, d time.Duration) {
	if ctx.Err() != nil {
		return
	}
	if d == longestWait && !n.rested {
		n.rest()
	}
	n.watch.wait(d)
}

// rest gives back the memory of what has been read, so that it does not pass for ours. It stays in the page cache.
func (n *native) rest() {
	for _, f := range n.files {
		unix.Madvise(f.b, unix.MADV_DONTNEED)
	}
	n.rested = true
}

// reached says nothing of other machines' journals: those may be delivered late.
func (n *native) reached() (e Entry, ok bool) {
	n.safely(func() {
		e.at = n.last
		if ok = n.boot != (id{}) && n.held == nil && n.pick() == nil; !ok {
			return
		}
		for _, f := range n.files {
			n.touched = f
			if p := f.position(f.horizon); p != nil && p.compare(&e.at) > 0 {
				e.at = *p
			}
		}
		n.touched = nil
		ok = e.at != n.last
	})
	return e, ok
}

func (n *native) drain(ctx context.Context, yield func(*Entry) error) (count int, err error) {
	n.safely(func() { err = n.o.drain(ctx, n.next, yield, &count) })
	return count, err
}

// safely runs what reads the maps, over again without a file that turns out to be damaged.
func (n *native) safely(read func()) {
	for {
		fault := n.guard(read)
		if fault == nil {
			return
		}
		n.fail(n.touched, fault)
	}
}

// guard runs what reads the maps. A file that is cut off while it is mapped faults; and should a check of an offset ever be
// missing, that too is one file's end and not the program's.
func (n *native) guard(read func()) (fault error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		switch r := recover().(type) {
		case nil:
		case runtime.Error:
			if n.touched == nil {
				panic(r)
			}
			fault = fmt.Errorf("read %s: %w", n.touched.path, r)
		default:
			panic(r)
		}
	}()
	n.touched = nil
	read()
	return nil
}

// next fills e with the next entry, if there is one for now. It never fails, but must be called by safely.
func (n *native) next(e *Entry) (bool, error) {
	if n.reads++; n.reads%sweepEntries == 0 && time.Since(n.swept) > sweepAfter {
		n.sweep()
	}
	for {
		if f := n.spent; f != nil {
			n.spent, n.touched = nil, f
			n.step(f)
			if f.head == none && f.archived() && f.through() {
				n.drop(f)
			}
		}
		f := n.pick()
		if f == nil {
			if !n.refresh() {
				return false, nil
			}
			continue
		}
		n.spent, n.touched = f, f
		if !n.copied(f) {
			n.fill(f, e)
			n.touched = nil // what is done with the entry is not the file's fault
			return true, nil
		}
	}
}

// pick returns the file with the earliest entry, nil when all that may be read has been.
func (n *native) pick() *file {
	f := n.earliest()
	if f == nil || n.held != nil && f.at.compare(n.held) > 0 {
		return nil
	}
	return f
}

// earliest returns the file with the earliest entry, nil when all have been read up to their horizon.
func (n *native) earliest() *file {
	if n.cur != nil && n.cur.head != none && (n.second == nil || n.cur.at.compare(&n.second.at) <= 0) {
		return n.cur
	}
	n.cur, n.second = nil, nil
	for _, f := range n.files {
		switch {
		case f.head == none:
		case n.cur == nil || f.at.compare(&n.cur.at) < 0:
			n.cur, n.second = f, n.cur
		case n.second == nil || f.at.compare(&n.second.at) < 0:
			n.second = f
		}
	}
	return n.cur
}

// step goes on to the file's next entry.
func (n *native) step(f *file) {
	for {
		f.head = f.root.seek(f, &n.unpack, f.from)
		if f.damaged > 0 {
			n.damage(f, f.damaged)
			f.damaged = 0
		}
		if f.head == none {
			return
		}
		f.from = f.head + 1
		if f.load(f.head) {
			return
		}
		n.damage(f, 1)
	}
}

// fill makes e of the entry the file is at.
func (n *native) fill(f *file, e *Entry) {
	e.at, e.cursor = f.at, ""
	late := n.late(&f.at)
	if late {
		e.cursor = n.last.String() // whoever resumes there has had what comes before it
	}
	var bad int
	e.Fields, bad = n.fields.fill(f, f.b[f.head:f.head+f.size], e.Fields[:0])
	if bad > 0 {
		n.damage(f, 1)
	}
	n.lastFile, n.rested = f, false // not before: if the file faults, a copy of the entry is still to be read
	if !late {
		n.last = f.at
	}
}

// damage counts entries that are damaged, and says so once a file.
func (n *native) damage(f *file, entries uint64) {
	n.o.Counters.badEntries(entries)
	if !f.warned {
		f.warned = true
		n.o.log().Warn("journal file is damaged; what cannot be read of it is passed over", "path", f.path)
	}
}

// fail gives a file up.
func (n *native) fail(f *file, err error) {
	n.drop(f)
	n.giveUp(f.inode, f.path, err)
}

// giveUp notes, once, that a file cannot be read.
func (n *native) giveUp(at inode, path string, err error) {
	if n.refused == nil {
		n.refused = err
	}
	if n.newer == nil && errors.Is(err, errNewer) {
		n.newer = err
	}
	if was, ok := n.bad[at]; ok && was == path {
		return
	}
	n.bad[at] = path
	n.o.log().Warn("journal file given up", "path", path, "err", err)
	n.o.Counters.badFile()
}
