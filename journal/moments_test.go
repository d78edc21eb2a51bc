package journal

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// moved is a journal file whose entries come later, and perhaps are of another counter.
func moved(b []byte, by, microseconds uint64, other bool) []byte {
	b = shifted(b, by)
	if other {
		b[atSeqnumID]++
	}
	for _, at := range objects(b) {
		if b[at] == objectEntry {
			le.PutUint64(b[at+atEntryRealtime:], le.Uint64(b[at+atEntryRealtime:])+microseconds)
			le.PutUint64(b[at+atEntryMonotonic:], le.Uint64(b[at+atEntryMonotonic:])+microseconds)
		}
	}
	return b
}

// ofOneBoot has all of a file's entries be of one boot.
func ofOneBoot(b []byte) []byte {
	b = bytes.Clone(b)
	for _, at := range objects(b) {
		if b[at] == objectEntry {
			copy(b[at+atEntryBoot:], "one and the same")
			le.PutUint64(b[at+atEntryMonotonic:], le.Uint64(b[at+atEntryRealtime:])-1e15)
		}
	}
	return b
}

// put writes into a file, which others may have mapped.
func put(t *testing.T, path string, at int64, b []byte) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteAt(b, at); err != nil {
		t.Fatal(err)
	}
}

// appear puts a whole file in place at once.
func appear(t *testing.T, path string, b []byte) {
	t.Helper()
	put(t, path+".new", 0, b)
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
}

// An onLog calls f for each record.
type onLog struct {
	slog.Handler
	f func()
}

func (h onLog) Enabled(context.Context, slog.Level) bool { return true }

func (h onLog) Handle(context.Context, slog.Record) error {
	h.f()
	return nil
}

// TestFilesAreOpenedAtOneMoment has two files grow while a third is being opened: what was written later must not be
// yielded before what was written earlier, or a cursor saved then loses that.
func TestFilesAreOpenedAtOneMoment(t *testing.T) {
	dir, base := t.TempDir(), kept(t, "regular")
	count := func(n uint64) []byte { return le.AppendUint64(nil, n) }
	first, damaged, last := filepath.Join(dir, "a.journal"), filepath.Join(dir, "m.journal"), filepath.Join(dir, "z.journal")
	put(t, first, 0, base)
	put(t, first, atEntries, count(79))
	put(t, last, 0, moved(base, 0, 1, true))
	put(t, last, atEntries, count(79))
	put(t, damaged, 0, make([]byte, 4096))
	put(t, damaged, 0, []byte("no journal at all"))
	put(t, damaged, atHeaderSize, base[atHeaderSize:atHeaderSize+32])
	log := slog.New(onLog{f: func() { // the damaged one is told of
		put(t, first, atEntries, count(80))
		put(t, last, atEntries, count(80))
	}})
	read := func(o Options) (all []string) {
		o.Dir, o.Reader = dir, ReaderNative
		if err := Read(t.Context(), o, func(e *Entry) error { all = append(all, e.Cursor()); return nil }); err != nil {
			t.Fatal(err)
		}
		return all
	}
	got, want := read(Options{Log: log}), read(Options{})
	if len(got) < 158 || len(want) != 160 {
		t.Fatalf("%d and %d entries", len(got), len(want))
	}
	for i := range got {
		if got[i] != want[i] {
			t.Fatalf("entry %d is %s in place of %s", i, got[i], want[i])
		}
	}
}

// TestAFileRenamedWhileItIsOpened renames a user's journal at random moments while it is read from a cursor on.
func TestAFileRenamedWhileItIsOpened(t *testing.T) {
	dir, base := t.TempDir(), kept(t, "regular")
	from, to := filepath.Join(dir, "user-1500.journal"), filepath.Join(dir, "user-1500@1.journal")
	put(t, filepath.Join(dir, "system.journal"), 0, moved(base, 0, 1, true))
	put(t, from, 0, base)
	cursor := ""
	read := func(o Options) (n int) {
		o.Dir, o.Reader = dir, ReaderNative
		err := Read(t.Context(), o, func(e *Entry) error {
			if n++; e.at.seqnumID == id(base[atSeqnumID:]) && e.at.seqnum == 10 {
				cursor = e.Cursor()
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	read(Options{})
	after, begin := cursor, time.Now()
	for tries := 0; time.Since(begin) < 2*time.Second; tries++ {
		if err := os.RemoveAll(to); err != nil {
			t.Fatal(err)
		}
		put(t, from, 0, base)
		renamed := make(chan error)
		go func() {
			for begin := time.Now(); time.Since(begin) < time.Duration(tries%100)*2*time.Microsecond; {
			}
			renamed <- os.Rename(from, to)
		}()
		n := read(Options{Cursor: after, Lost: func(g Gap) { t.Errorf("try %d: lost %+v", tries, g) }})
		if err := <-renamed; err != nil {
			t.Fatal(err)
		}
		if n != 141 {
			t.Fatalf("try %d: %d entries of 141", tries, n)
		}
	}
}

// follow reads a directory until as many entries have come, and calls idle whenever there is no more, with how many have.
func follow(t *testing.T, o Options, until uint64, idle func(entries uint64)) {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), 10*time.Second)
	defer stop()
	o.Reader = ReaderNative
	o.Idle = func() {
		if n := o.Counters.Entries.Load(); n < until {
			idle(n)
		} else {
			stop()
		}
	}
	_ = Follow(ctx, o, func(*Entry) error { return nil }) // it ends with ctx
	if n := o.Counters.Entries.Load(); n != until {
		t.Errorf("%d entries of %d", n, until)
	}
}

// TestWhatUsersJournalsHoldIsNotLost has the system's journal go on after numbers that a user's, read and let go, has taken.
func TestWhatUsersJournalsHoldIsNotLost(t *testing.T) {
	dir, base := t.TempDir(), kept(t, "regular-unkeyed")
	put(t, filepath.Join(dir, "system@1.journal"), 0, base)                          // 1 to 80
	put(t, filepath.Join(dir, "user-1000@1.journal"), 0, moved(base, 80, 1e9, true)) // 81 to 160
	o := Options{Dir: dir, Counters: &Counters{}, Lost: func(g Gap) { t.Errorf("lost: %+v", g) }}
	appeared := false
	follow(t, o, 240, func(entries uint64) {
		if entries == 160 && !appeared {
			appeared = true
			appear(t, filepath.Join(dir, "system.journal"), moved(base, 160, 2e9, false)) // 161 to 240
		}
	})
}

// TestNothingOvertakesAnEntryThatIsNotComplete has journald killed before the last data of a user's entry name it; the
// system's journal goes on.
func TestNothingOvertakesAnEntryThatIsNotComplete(t *testing.T) {
	dir, base := t.TempDir(), kept(t, "regular-unkeyed")
	user, data := bytes.Clone(base), uint64(0)
	for _, at := range objects(base) {
		if base[at] == objectEntry {
			data = le.Uint64(base[at+le.Uint64(base[at+8:])-16:]) // of the last entry's last item
		}
	}
	le.PutUint64(user[data+atDataEntries:], le.Uint64(base[data+atDataEntries:])-1)
	put(t, filepath.Join(dir, "user-1000.journal"), 0, user)
	put(t, filepath.Join(dir, "system.journal"), 0, moved(base, 80, 1e9, true))
	o := Options{Dir: dir, Counters: &Counters{}, Reader: ReaderNative}
	ctx, stop := context.WithTimeout(t.Context(), 10*time.Second)
	defer stop()
	var order []time.Time
	err := Follow(ctx, o, func(e *Entry) error {
		if order = append(order, e.Realtime()); len(order) == 160 {
			stop()
		}
		return nil
	})
	if !errors.Is(err, context.Canceled) || !slices.IsSortedFunc(order, time.Time.Compare) {
		t.Errorf("%d entries, in order: %v; %v", len(order), slices.IsSortedFunc(order, time.Time.Compare), err)
	}
}

// TestAFileThatNothingTellsOf has the system's journal rotated where there is no inotify, and a user's go on.
func TestAFileThatNothingTellsOf(t *testing.T) {
	dir, base := t.TempDir(), ofOneBoot(kept(t, "regular-unkeyed"))
	user := filepath.Join(dir, "user-1000.journal")
	put(t, filepath.Join(dir, "system.journal"), 0, base)
	put(t, user, 0, moved(base, 0, 2e9, true))
	put(t, user, atEntries, le.AppendUint64(nil, 40))
	n, err := newNative(Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer n.close()
	n.set.watch.close()
	n.set.watch = &watcher{fd: -1}
	wants(t, n, 120)
	put(t, user, atEntries, le.AppendUint64(nil, 80)) // after what is in the new file
	appear(t, filepath.Join(dir, "system.journal"), moved(base, 80, 1e9, false))
	last := wants(t, n, 40)
	n.set.scanned = time.Time{}
	if late := wants(t, n, 80); late != last {
		t.Errorf("a late entry moved the cursor back from %s to %s", last, late)
	}
}

// wants reads to the end, and returns the last entry's cursor.
func wants(t *testing.T, n *native, entries int) (cursor string) {
	t.Helper()
	for e, i := (Entry{}), 0; ; i++ {
		if ok, err := nextSafely(n, &e); err != nil || !ok {
			if i != entries {
				t.Fatalf("%d entries of %d, %v", i, entries, err)
			}
			return cursor
		}
		cursor = e.Cursor()
	}
}

// TestCopiesUnderNewNumbers has journald copy what it logged to /run before /var was there, when that file is let go.
func TestCopiesUnderNewNumbers(t *testing.T) {
	dir, base := t.TempDir(), ofOneBoot(kept(t, "regular-unkeyed"))
	persistent, runtime := filepath.Join(dir, "system.journal"), filepath.Join(dir, "run.journal")
	put(t, persistent, 0, moved(base, 80, 0, false))
	put(t, persistent, atEntries, le.AppendUint64(nil, 0))
	put(t, runtime, 0, moved(base, 0, 0, true))
	n, err := newNative(Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer n.close()
	wants(t, n, 80)
	if err := os.Rename(runtime, filepath.Join(dir, "run@1.journal")); err != nil {
		t.Fatal(err)
	}
	wants(t, n, 0)
	if len(n.set.open) != 1 {
		t.Fatalf("%d files are open", len(n.set.open))
	}
	put(t, persistent, atEntries, le.AppendUint64(nil, 80))
	wants(t, n, 0)
}

// TestAGapBeforeAFileThatWasEmpty has a file met before its first entry is written, which is not the next one.
func TestAGapBeforeAFileThatWasEmpty(t *testing.T) {
	dir, base := t.TempDir(), kept(t, "regular-unkeyed")
	put(t, filepath.Join(dir, "system@1.journal"), 0, base)
	next := moved(base, 100, 2e9, false)
	empty := append([]byte(nil), next...)
	for _, at := range []int{atEntries, atEntryArray, atHeadSeqnum, atTailSeqnum} {
		le.PutUint64(empty[at:], 0)
	}
	o, idle := Options{Dir: dir, Counters: &Counters{}}, 0
	follow(t, o, 160, func(uint64) {
		switch idle++; idle {
		case 1:
			appear(t, filepath.Join(dir, "system.journal"), empty)
		case 50:
			put(t, filepath.Join(dir, "system.journal"), atEntries, next[atEntries:headerLeast])
		}
	})
	if n := o.Counters.GapEntries.Load(); n != 20 {
		t.Errorf("%d entries lost of 20", n)
	}
}

// TestACopyIsReadWhereAFileEnds truncates one of two copies while it is read.
func TestACopyIsReadWhereAFileEnds(t *testing.T) {
	dir, base := t.TempDir(), kept(t, "regular")
	put(t, filepath.Join(dir, "a.journal"), 0, base)
	put(t, filepath.Join(dir, "b.journal"), 0, base)
	put(t, filepath.Join(dir, "c.journal"), 0, moved(base, 0, 1, true))
	seen := map[string]bool{}
	err := Read(t.Context(), Options{Dir: dir, Reader: ReaderNative}, func(e *Entry) error {
		if seen[e.Cursor()] = true; len(seen) == 20 {
			return os.Truncate(filepath.Join(dir, "a.journal"), 4096)
		}
		return nil
	})
	if err != nil || len(seen) != 160 {
		t.Errorf("%d entries of 160, %v", len(seen), err)
	}
}

// TestAResumeBesideADamagedItem resumes before the last item of an entry array, which is damaged.
func TestAResumeBesideADamagedItem(t *testing.T) {
	for _, name := range []string{"regular", "compact"} {
		good := kept(t, name)
		l, err := readLayout(good, uint64(len(good)))
		if err != nil {
			t.Fatal(err)
		}
		f := &file{mapping: mapping{layout: l, b: good}, now: 80}
		chain := f.chain(80)
		chain.enter(&f.mapping)
		chain.leave(&f.mapping)
		chain.enter(&f.mapping)
		last, at := chain.base+chain.items-1, chain.array+arrayItems+(chain.items-1)*l.arrayItem
		cursor := f.entryAt(last - 1).String()
		for _, v := range []byte{0, 0xff, 0x7f} {
			b := append([]byte(nil), good...)
			for i := range l.arrayItem {
				b[at+i] = v
			}
			path := filepath.Join(t.TempDir(), "system.journal")
			put(t, path, 0, b)
			var c Counters
			if err := Read(t.Context(), Options{Files: []string{path}, Reader: ReaderNative, Cursor: cursor, Counters: &c}, func(*Entry) error { return nil }); err != nil {
				t.Error(err)
			}
			if got, want := c.Entries.Load(), 80-last-1; got != want || c.BadEntries.Load() != 1 {
				t.Errorf("%s, %#x: %d entries of %d; %d bad", name, v, got, want, c.BadEntries.Load())
			}
		}
	}
}

// TestDamagedItemsOfAnArray damages items in the middle of an entry array.
func TestDamagedItemsOfAnArray(t *testing.T) {
	for _, n := range []uint64{1, 6} {
		for _, v := range []uint64{1<<64 - 1, 1<<64 - 8, 1 << 63, 8, 0} {
			b := kept(t, "regular")
			for _, at := range objects(b) {
				if b[at] == objectArray && (le.Uint64(b[at+8:])-arrayItems)/8 >= 40 {
					for i := range n {
						le.PutUint64(b[at+arrayItems+8*(20+i):], v)
					}
				}
			}
			dir := t.TempDir()
			put(t, filepath.Join(dir, "system.journal"), 0, b)
			var c Counters
			if err := Read(t.Context(), Options{Dir: dir, Reader: ReaderNative, Counters: &c}, func(*Entry) error { return nil }); err != nil {
				t.Error(err)
			}
			if c.Entries.Load() != 80-n || c.BadEntries.Load() != n || c.BadFiles.Load() != 0 {
				t.Errorf("%d of %#x: %d entries, %d bad, %d bad files", n, v, c.Entries.Load(), c.BadEntries.Load(), c.BadFiles.Load())
			}
		}
	}
}

// TestAFileRotatedWhileItIsOpened has another file take a file's name at random moments while the directory is read.
func TestAFileRotatedWhileItIsOpened(t *testing.T) {
	dir, base := t.TempDir(), kept(t, "regular")
	next := moved(base, 80, 1e9, false)
	path, to := filepath.Join(dir, "system.journal"), filepath.Join(dir, "system@1.journal")
	for i := range 20 { // there is more to look at
		b := moved(base, 0, 5, true)
		b[atSeqnumID] += byte(i)
		put(t, filepath.Join(dir, fmt.Sprintf("a%d.journal", i)), 0, b)
	}
	for tries, begin := 0, time.Now(); time.Since(begin) < 2*time.Second; tries++ {
		if err := os.RemoveAll(to); err != nil {
			t.Fatal(err)
		}
		appear(t, path, base)
		put(t, filepath.Join(dir, "next"), 0, next)
		rotated := make(chan error)
		go func() {
			for begin := time.Now(); time.Since(begin) < time.Duration(tries%200)*4*time.Microsecond; {
			}
			rotated <- errors.Join(os.Rename(path, to), os.Rename(filepath.Join(dir, "next"), path))
		}()
		first := false
		err := Read(t.Context(), Options{Dir: dir, Reader: ReaderNative}, func(e *Entry) error {
			first = first || e.at.seqnumID == id(base[atSeqnumID:]) && e.at.seqnum == 1
			return nil
		})
		if err := errors.Join(err, <-rotated); err != nil {
			t.Fatal(err)
		}
		if !first {
			t.Fatalf("try %d: what was there all along was not read", tries)
		}
	}
}

// TestAnEarlierBootComesLate has a file of an earlier boot be met after entries of this one were read.
func TestAnEarlierBootComesLate(t *testing.T) {
	dir := t.TempDir()
	earlier, now, this := kept(t, "compact"), kept(t, "compact"), id{7}
	now[atSeqnumID]++
	now[atFileID]++
	for _, at := range objects(now) {
		if now[at] == objectEntry {
			copy(now[at+atEntryBoot:], this[:])
			le.PutUint64(now[at+atEntryRealtime:], le.Uint64(now[at+atEntryRealtime:])+86400e6)
		}
	}
	put(t, filepath.Join(dir, "system.journal"), 0, now)
	o := Options{Dir: dir, Reader: ReaderNative}
	n := prepare(o, this)
	n.set.watch = newWatcher()
	defer n.close()
	if err := n.begin(); err != nil {
		t.Fatal(err)
	}
	read := func() (entries int) {
		for e := (Entry{}); ; entries++ {
			if ok, _ := nextSafely(n, &e); !ok {
				return entries
			}
		}
	}
	if k := read(); k != 80 {
		t.Fatalf("%d entries of this boot", k)
	}
	appear(t, filepath.Join(dir, "user-1000.journal"), earlier)
	if k := read(); k > 0 {
		t.Errorf("%d entries of an earlier boot were read as new", k)
	}
}
