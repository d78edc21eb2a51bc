package journal

import (
	"slices"
	"time"
)

const (
	rescanAfter  = 2 * time.Second  // how often directories are read that nothing was heard of
	sweepAfter   = 5 * time.Second  // and how often during a long read
	sweepEntries = 32               // how many entries are read before the clock is asked for that
	linkPatience = time.Second      // how long an entry may be written but not yet named by its data
	goneGrace    = 5 * time.Second  // how long a file that no path leads to may be in the middle of a rename
	gonePatience = 50 * time.Second // how long a file that is deleted is still read
)

// refresh looks what has been written and returns whether there is something to yield.
func (n *native) refresh() bool {
	n.look()
	n.cur, n.second, n.held = nil, nil, nil
	for _, f := range slices.Clone(n.files) {
		n.touched = f
		n.extend(f)
	}
	n.reportFresh()
	n.tidy()
	return n.pick() != nil
}

// look takes the number of entries of all files at one moment.
//
// journald writes entry after entry, whichever file each goes to. An entry may be yielded, and its cursor saved, only when
// all entries before it are known; so the counts of all files are taken over again until they hold still, and then it is
// made sure that no file has come that is not among them, and that none was missed because it was being renamed.
func (n *native) look() {
	n.prior = n.scan
	n.snapshot()
	for range 8 {
		if !n.watch.happened() && !n.dirty && time.Since(n.scan) < rescanAfter {
			return
		}
		had := len(n.files)
		err := n.rescan()
		if err != nil && n.unseen == nil { // say it once
			n.o.log().Warn("journal directory cannot be read", "err", err)
		}
		n.unseen = err
		if len(n.files) <= had && !n.missed {
			return
		}
		n.snapshot()
	}
}

// snapshot takes the number of entries of all files at one moment.
func (n *native) snapshot() {
	for range 16 {
		changed := false
		for _, f := range n.files {
			n.touched = f
			if now := f.number(atEntries); now != f.now {
				f.now, changed = now, true
			}
		}
		if !changed {
			return
		}
	}
}

// extend moves the file's horizon to where the snapshot found its end.
func (n *native) extend(f *file) {
	if f.now <= f.seen { // fewer: somebody has written into the file
		return
	}
	if err := f.grow(); err != nil {
		n.fail(f, err)
		return
	}
	if n.o.once {
		f.unlinked = time.Now().Add(-linkPatience) // nobody will look again
	}
	if !f.extend(f.now) {
		if !f.extend(f.now - 1) {
			n.hold(f, f.seen)
			return
		}
		n.hold(f, f.now-1)
	}
	n.noteTail(f)
	f.root.renew()
	f.notes.renew()
	if f.head == none {
		n.step(f)
	}
	n.readNotes(f)
}

// hold keeps back what comes after an entry of the file that is not complete: whoever saves a cursor behind it would never see
// it. Others write on when journald was killed before it was done with a user's journal.
func (n *native) hold(f *file, index uint64) {
	if p := f.entryAt(index); p != nil && (n.held == nil || p.compare(n.held) < 0) {
		n.held = p
	}
}

// extend moves the horizon to the file's first count entries, when the last of them is complete: journald counts an entry
// first and then has its data name it, and matches go by the data.
func (f *file) extend(count uint64) bool {
	if count <= f.seen {
		return false
	}
	if f.tail.array == 0 { // it was empty
		f.entries, f.tail = f.chain(0), f.chain(0)
	}
	l := f.tail
	l.n = count
	at := l.get(f, count-1)
	if complete := at != 0 && at != none && f.linked(at); !complete && !f.archived() {
		if f.unlinked.IsZero() {
			f.unlinked = time.Now()
		}
		if time.Since(f.unlinked) < linkPatience {
			return false
		}
	}
	f.tail, f.unlinked = l, time.Time{}
	f.seen, f.horizon = count, at
	if !f.hasEntry(at) { // the chain is broken: whatever can be reached may be read
		f.horizon = none - 1
	}
	return true
}

// linked tells whether all data of the entry name it: journald has its last item do so last.
func (f *file) linked(at uint64) bool {
	entry, ok := f.object(at, objectEntry, entryItems+f.entryItem)
	if !ok {
		return false
	}
	data := f.itemOf(entry, len(entry)-int(f.entryItem))
	if _, ok := f.object(data, objectData, f.payload); !ok {
		return false
	}
	n := f.number(data + atDataEntries)
	if n < 2 {
		return n == 1 && le.Uint64(f.b[data+atDataEntry:]) >= at
	}
	l := list{array: le.Uint64(f.b[data+atDataArray:]), n: n - 1}
	last := l.get(f, n-2)
	return last != none && last >= at
}

// readNotes reads journald's notes of dropped messages.
func (n *native) readNotes(f *file) {
	for {
		at := f.notes.seek(f, &n.unpack, f.noted)
		if at == none {
			return
		}
		f.noted = at + 1
		entry, ok := f.object(at, objectEntry, entryItems)
		if !ok {
			continue
		}
		e := Entry{}
		e.Fields, _ = n.notes.fill(f, entry, nil)
		n.o.suppressed(string(e.Get("N_DROPPED")), string(e.Get("MESSAGE")))
	}
}

// through tells whether all that was written to the file has been read.
func (f *file) through() bool { return f.head == none && f.number(atEntries) <= f.seen }

// tidy lets go of files that have been read to their end and will not grow, and of those deleted.
func (n *native) tidy() {
	for _, f := range slices.Clone(n.files) {
		n.touched = f
		gone := time.Duration(0)
		if !f.gone.IsZero() {
			gone = time.Since(f.gone)
		}
		switch through := f.through(); {
		case through && (f.archived() || gone > goneGrace):
			n.drop(f)
		case gone > gonePatience:
			n.reportCutOff(f)
			n.drop(f)
		}
	}
}
