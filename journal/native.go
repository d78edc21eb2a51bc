package journal

import (
	"context"
	"errors"
	"os"
	"slices"
	"time"
)

const (
	reachedEvery = 10 * time.Minute // how often Reached is called
	sweepAfter   = 5 * time.Second  // how often deleted files are looked for in a long read
	sweepEntries = 32               // how many entries are read before the clock is asked for that
	lag          = 2 * time.Second  // how long another journald may take to write an entry
)

// A native reader reads journal files itself. The set has the files, the merge
// says which entry is next, and the ledger what is missing.
type native struct {
	o      Options
	set    fileSet
	merge  merge
	ledger ledger
	fields *picker
	notes  *picker // for journald's notes of dropped messages

	begun    bool      // the files that were there at the begin are open
	last     position  // of the entry yielded last, or the cursor's
	lastFile *file     // whose entry was yielded last; nil: none was
	spent    *file     // whose entry has been dealt with
	prior    time.Time // when the directories had been read before the last look
	reads    uint64    // how often an entry was asked for
	swept    time.Time // when deleted files were last looked for
	told     time.Time // when Reached was last called
	rested   bool      // nothing was read since the memory was given back
}

// newNative opens the journals that o names.
func newNative(o Options) (*native, error) {
	boot := id{}
	if o.Dir == "" && len(o.Files) == 0 && machineID() != "" {
		boot = bootID()
	}
	n := prepare(o, boot)
	if !o.once {
		n.set.watch = newWatcher()
	}
	if err := n.begin(); err != nil {
		n.close()
		return nil, err
	}
	return n, nil
}

// prepare returns a reader, in a boot of the machine, that has opened nothing.
func prepare(o Options, boot id) *native {
	o = o.defaults()
	n := &native{o: o, told: time.Now(), fields: newPicker(o.Fields, o.Once),
		notes: newPicker([]string{"MESSAGE", "N_DROPPED"}, true)}
	n.set = fileSet{o: o, places: o.places(), watch: &watcher{fd: -1}, boot: boot,
		closed: map[inode]record{}, bad: map[inode]string{}}
	n.ledger = ledger{set: &n.set, tails: map[id]position{}, boots: map[id]bool{}}
	return n
}

// begin opens what is there and goes to where reading begins.
func (n *native) begin() error {
	if n.o.Cursor != "" {
		var err error
		if n.last, err = parseCursor(n.o.Cursor); err != nil {
			return err
		}
		n.last.now = n.last.boot == n.set.boot
	}
	if n.o.Dir != "" {
		if _, err := os.Stat(n.o.Dir); err != nil {
			return err
		}
	}
	if err := n.rescan(); err != nil {
		return err
	}
	n.set.dirty = true // a file may have taken another's name while they were listed
	n.safely(n.observe)
	if len(n.set.open) == 0 {
		if n.set.refused != nil {
			return n.set.refused
		}
		if len(n.o.Files) == 0 && n.o.Dir == "" {
			return errors.New("no journal here that may be read")
		}
	}
	n.safely(func() {
		for _, f := range slices.Clone(n.set.open) {
			n.set.touched, f.fresh = f, false
			n.extend(f)
		}
		if n.o.Cursor != "" {
			n.ledger.reportResume(n.last, n.ends)
		}
	})
	n.begun = true
	return nil
}

func (n *native) close() { n.set.close() }

// wait sleeps until something may have been written.
func (n *native) wait(ctx context.Context, d time.Duration) {
	if ctx.Err() != nil {
		return
	}
	if d == longestWait && !n.rested {
		n.set.rest()
		n.rested = true
	}
	n.set.watch.wait(d)
}

func (n *native) drain(ctx context.Context, yield func(*Entry) error) (count int, err error) {
	n.safely(func() { err = n.o.drain(ctx, n.next, yield, &count) })
	if err != nil || time.Since(n.told) > reachedEvery {
		n.told = time.Now()
		if e, ok := n.reached(); ok {
			n.o.Reached(&e)
		}
	}
	return count, err
}

// reached returns the newest entry, without fields, if all entries up to it
// have been looked at. It is false when none have been since the last one that
// was yielded, and where other machines' journals are read: those may be
// delivered late.
func (n *native) reached() (e Entry, ok bool) {
	n.safely(func() {
		e.at = n.last
		ok = n.set.boot != (id{}) && n.merge.held == nil && n.merge.pick(n.set.open) == nil
		if !ok {
			return
		}
		for _, f := range n.set.open {
			n.set.touched = f
			if p := f.positionAt(f.horizon); p != nil && p.compare(&e.at) > 0 {
				e.at = *p
			}
		}
		n.set.touched = nil
		ok = e.at != n.last
	})
	return e, ok
}

// safely runs what reads the maps, over again without a file that turns out to
// be damaged.
func (n *native) safely(read func()) {
	for fault := n.set.guard(read); fault != nil; fault = n.set.guard(read) {
		n.fail(n.set.touched, fault)
	}
}

// next fills e with the next entry, if there is one for now. It never fails,
// but must be called by safely.
func (n *native) next(e *Entry) (bool, error) {
	if n.reads++; n.reads%sweepEntries == 0 && time.Since(n.swept) > sweepAfter {
		n.sweep()
	}
	for {
		if f := n.spent; f != nil {
			n.spent, n.set.touched = nil, f
			n.step(f)
			if f.finished() {
				n.drop(f)
			}
		}
		f := n.merge.pick(n.set.open)
		if f == nil {
			if !n.refresh() {
				return false, nil
			}
			continue
		}
		n.spent, n.set.touched = f, f
		if !n.copied(f) {
			n.fill(f, e)
			n.set.touched = nil // what is done with the entry is not the file's fault
			return true, nil
		}
	}
}

// step goes on to the file's next entry.
func (n *native) step(f *file) {
	for {
		f.head = f.chosen.next(&f.mapping)
		if f.damaged > 0 {
			n.damage(f, f.damaged)
			f.damaged = 0
		}
		if f.head == none || f.load() {
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
	e.Fields, bad = n.fields.fill(&f.mapping, f.b[f.head:f.head+f.size], e.Fields[:0])
	if bad > 0 {
		n.damage(f, 1)
	}
	// Not before: if the file faults, a copy of the entry is still to be read.
	n.lastFile, n.rested = f, false
	if !late {
		n.last = f.at
	}
}

// late reports whether an entry of another counter comes before the last one
// that was yielded, in the same boot.
func (n *native) late(p *position) bool {
	return n.lastFile != nil && p.monotonic < n.last.monotonic && p.boot == n.last.boot &&
		p.seqnumID != n.last.seqnumID
}

// copied reports whether the entry that the file is at has been yielded
// already. journald copies what it logged before /var was there, with its times
// and under new numbers. Other entries that are late come from a file that was
// found late, or from another journald.
func (n *native) copied(f *file) bool {
	switch {
	case !n.late(&f.at):
		return n.lastFile != nil && n.lastFile != f && f.at.compare(&n.last) == 0
	case f.head > f.came && n.longAgo(&f.at):
		return true
	}
	defer func() { n.set.touched = f }()
	return slices.ContainsFunc(n.set.open, func(g *file) bool {
		if g == f {
			return false
		}
		n.set.touched = g
		before, _ := g.around(&f.at)
		return before != nil && before.compare(&f.at) == 0
	})
}

// longAgo reports whether an entry that is late is not even new. Both clocks
// must say so, since one may be damaged.
func (n *native) longAgo(p *position) bool {
	return p.realtime < n.last.realtime && time.Since(p.time()) > lag
}

// damage counts entries that are damaged, and logs that once a file.
func (n *native) damage(f *file, entries uint64) {
	n.o.Counters.BadEntries.Add(entries)
	if !f.warned {
		f.warned = true
		n.o.Log.Warn("journal file is damaged; what cannot be read of it is passed over",
			"path", f.path)
	}
}

// fail gives a file up.
func (n *native) fail(f *file, err error) {
	n.drop(f)
	n.set.giveUp(f.inode, f.path, err)
}

// drop closes a file that will not be read any more.
func (n *native) drop(f *file) {
	n.ledger.noteRead(f)
	n.set.drop(f)
	n.merge.reset()
	if n.spent == f {
		n.spent = nil
	}
}
