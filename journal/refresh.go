package journal

import (
	"slices"
	"time"
)

const (
	goneGrace    = 5 * time.Second  // a file that no path leads to may be being renamed
	gonePatience = 50 * time.Second // how long a file that is deleted is still read
)

// refresh looks what has been written and reports whether there is something to
// yield.
func (n *native) refresh() bool {
	n.observe()
	n.merge = merge{}
	for _, f := range slices.Clone(n.set.open) {
		n.set.touched = f
		n.extend(f)
	}
	n.ledger.reportFresh(&n.last)
	n.tidy()
	return n.merge.pick(n.set.open) != nil
}

// observe takes the number of entries of all files at one moment.
//
// journald writes entry after entry, whichever file each goes to. An entry may
// be yielded, and its cursor saved, only when all entries before it are known.
// So the numbers of all files are taken over again until they hold still. Then
// it is made sure that no file has come that is not among them, and that none
// was missed because it was being renamed.
func (n *native) observe() {
	n.prior = n.set.scanned
	n.set.snapshot()
	for range 8 {
		if !n.set.stale() {
			return
		}
		had, unread := len(n.set.open), n.set.unread
		if n.set.unread = n.rescan(); n.set.unread != nil && unread == nil { // it is told once
			n.o.Log.Warn("journal directory cannot be read", "err", n.set.unread)
		}
		if len(n.set.open) <= had && !n.set.missed {
			return
		}
		n.set.snapshot()
	}
}

// rescan reads the directories and prepares for reading the files that have
// come.
func (n *native) rescan() error {
	n.swept = time.Now()
	came, err := n.set.rescan()
	for _, f := range came {
		if fault := n.set.guard(func() { n.set.touched = f; n.enter(f) }); fault != nil {
			n.fail(f, fault)
		}
	}
	if len(n.set.open) > 0 {
		return nil // what can be read is read
	}
	return err
}

// enter goes to the file's first entry that is to be read.
func (n *native) enter(f *file) {
	f.chosen.node = n.o.Match.compile(&f.layout)
	f.notes.node = Match{suppression}.compile(&f.layout)
	f.now = f.number(atEntries)
	f.fresh, f.head = true, none
	table, _ := f.object(f.table-objectHeader, objectTable, 0)
	if uint64(len(table)) != objectHeader+16*f.buckets {
		f.damaged++ // matches may find less than there is
	}
	if n.ends(f) {
		f.seen = f.now
		return
	}
	f.chosen.from = n.start(f) + 1
	f.notes.from = f.chosen.from
	if n.begun {
		entries := f.chain(f.now)
		f.came = entries.get(&f.mapping, f.now-1)
	}
	if f.archived() {
		f.closeDescriptor()
	}
}

// ends reports whether a file ends before what is to be read. Its header alone
// says so: there may be hundreds of files, and on a slow disk.
func (n *native) ends(f *file) bool {
	switch tail := le.Uint64(f.b[atTailSeqnum:]); {
	case !f.archived():
		return false
	case n.lastFile != nil || n.o.Cursor != "":
		return f.seqnumID == n.last.seqnumID && 0 < tail && tail < n.last.seqnum
	}
	at := le.Uint64(f.b[atTailRealtime:])
	return 0 < at && at < micros(n.o.Since)
}

// start returns the offset of the file's last entry that is not to be read, 0
// when all are.
func (n *native) start(f *file) (last uint64) {
	wanted := func(p *position) bool {
		return p.realtime >= micros(n.o.Since) || n.begun && n.ledger.beyond(p)
	}
	if n.lastFile != nil || n.o.Cursor != "" {
		// A boot that begins while we read is later than all others, whatever
		// its clock says.
		later := n.begun && !f.archived() && n.set.boot == id{}
		wanted = func(p *position) bool {
			return p.compare(&n.last) > 0 || n.begun && n.ledger.unread(p, n.prior) ||
				later && !n.ledger.boots[p.boot]
		}
	}
	_, last = f.search(f.now, wanted)
	return last
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
			n.merge.hold(f.entryAt(f.seen))
			return
		}
		n.merge.hold(f.entryAt(f.now - 1))
	}
	n.ledger.note(f)
	if f.head == none {
		n.step(f)
	}
	n.readNotes(f)
}

// readNotes reads journald's notes of dropped messages.
func (n *native) readNotes(f *file) {
	for at := f.notes.next(&f.mapping); at != none; at = f.notes.next(&f.mapping) {
		if entry, ok := f.entry(at); ok {
			e := Entry{}
			e.Fields, _ = n.notes.fill(&f.mapping, entry, nil)
			n.o.suppressed(string(e.Get("N_DROPPED")), string(e.Get("MESSAGE")))
		}
	}
}

// tidy closes files that have been read to their end and will not grow, and
// those that were deleted.
func (n *native) tidy() {
	for _, f := range slices.Clone(n.set.open) {
		n.set.touched = f
		gone := time.Duration(0)
		if !f.gone.IsZero() {
			gone = time.Since(f.gone)
		}
		switch {
		case f.finished() || gone > goneGrace && f.through():
			n.drop(f)
		case gone > gonePatience:
			n.ledger.reportCutOff(f)
			n.drop(f)
		}
	}
}

// sweep closes deleted files while there is still much to read and rescan has
// to wait. It opens none: what stands in one may come after entries that are
// not known yet.
func (n *native) sweep() {
	n.swept = time.Now()
	paths, _, _ := n.set.places.scan()
	n.set.visit(paths, func(inode, record) {})
	n.tidy()
}
