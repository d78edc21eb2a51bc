package journal

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestGapsBesideUsersJournals has the system's journal go on after 160 (240) numbers, of which users' archived files hold some or
// none.
func TestGapsBesideUsersJournals(t *testing.T) {
	const machine = "0123456789abcdef0123456789abcde"
	base := kept(t, "regular-unkeyed")
	user := moved(base, 80, 1e9, true)
	sparse, last := moved(base, 0, 1, true), uint64(0)
	for _, at := range objects(sparse) {
		if sparse[at] == objectEntry {
			last = at
		}
	}
	le.PutUint64(sparse[last+atEntrySeqnum:], 159) // only this one lies in the gap
	le.PutUint64(sparse[last+atEntryRealtime:], le.Uint64(sparse[last+atEntryRealtime:])+1e6)
	le.PutUint64(sparse[last+atEntryMonotonic:], le.Uint64(sparse[last+atEntryMonotonic:])+1e6)
	le.PutUint64(sparse[atTailSeqnum:], 159)
	other := moved(base, 80, 1e9, true)
	other[atMachineID]++
	for _, c := range []struct {
		name string
		path string
		file []byte
		next uint64 // the number before the first one that comes
		lost uint64
	}{
		{"all are there", machine + "0/user-1000@1.journal", user, 160, 0},
		{"some are", machine + "0/user-1000@1.journal", user, 240, 80},
		{"one is", machine + "0/user-1000@1.journal", sparse, 160, 79},
		{"another machine's", machine + "1/user-1000@1.journal", other, 160, 80},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			for _, d := range []string{machine + "0", machine + "1"} {
				if err := os.Mkdir(filepath.Join(dir, d), 0o755); err != nil {
					t.Fatal(err)
				}
			}
			system := filepath.Join(dir, machine+"0")
			put(t, filepath.Join(system, "system@1.journal"), 0, base)
			put(t, filepath.Join(dir, c.path), 0, c.file)
			o, idles := Options{Dir: dir, Counters: &Counters{}}, 0
			follow(t, o, 240, func(uint64) {
				switch idles++; idles {
				case 5:
					later := time.Now().Add(time.Hour) // it is read, and looked at once more
					if err := os.Chtimes(filepath.Join(dir, c.path), later, later); err != nil {
						t.Error(err)
					}
				case 60:
					appear(t, filepath.Join(system, "system.journal"), moved(base, c.next, 2e9, false))
				}
			})
			if n := o.Counters.GapEntries.Load(); n != c.lost {
				t.Errorf("lost %d of %d", n, c.lost)
			}
		})
	}
}

// TestANumberThatWasNeverWritten has journald killed after it gave an entry its number and before it counted it, in a file
// that has entries and in one that has none.
func TestANumberThatWasNeverWritten(t *testing.T) {
	dir, base := t.TempDir(), kept(t, "regular-unkeyed")
	killed, empty := bytes.Clone(base), bytes.Clone(base)
	le.PutUint64(killed[atTailSeqnum:], 81)
	for at, n := range map[int]uint64{atEntries: 0, atEntryArray: 0, atHeadSeqnum: 82, atTailSeqnum: 82} {
		le.PutUint64(empty[at:], n)
	}
	empty[atSeqnumID]++
	put(t, filepath.Join(dir, "system@1.journal"), 0, killed)
	put(t, filepath.Join(dir, "user-1000.journal"), 0, empty)
	appeared := false
	o := Options{Dir: dir, Counters: &Counters{}}
	follow(t, o, 160, func(entries uint64) {
		if entries == 80 && !appeared {
			appeared = true
			appear(t, filepath.Join(dir, "system.journal"), moved(base, 84, 1e9, false)) // from 85: 83 and 84 are gone
		}
	})
	if n := o.Counters.GapEntries.Load(); n != 2 {
		t.Errorf("%d entries lost of 2", n)
	}
}

// TestOthersThatAreGoneAtAResume has the cursor's entry still there, and a user's entries after it gone, or none.
func TestOthersThatAreGoneAtAResume(t *testing.T) {
	base := kept(t, "regular-unkeyed")
	for _, lost := range []uint64{80, 0} {
		dir := t.TempDir()
		put(t, filepath.Join(dir, "system.journal"), 0, base)                               // 1 to 80
		put(t, filepath.Join(dir, "user-1000.journal"), 0, moved(base, 80+lost, 2e9, true)) // from 81 or 161
		cursor := positions(t, Options{Dir: dir}, id{})[79]
		c := &Counters{}
		o := Options{Dir: dir, Reader: ReaderNative, Cursor: cursor.String(), Counters: c}
		if err := Read(t.Context(), o, func(*Entry) error { return nil }); err != nil {
			t.Fatal(err)
		}
		if n := c.GapEntries.Load(); n != lost || c.Entries.Load() != 80 {
			t.Errorf("%d lost of %d, %d read of 80", n, lost, c.Entries.Load())
		}
	}
}

// TestNoGapBeforeAFileThatIsReadAlready has two of three files that were read and let go change, so that they are opened again.
func TestNoGapBeforeAFileThatIsReadAlready(t *testing.T) {
	dir, base, idles := t.TempDir(), kept(t, "regular-unkeyed"), 0
	path := func(i int) string { return filepath.Join(dir, fmt.Sprintf("system@%d.journal", i)) }
	for i := range 3 {
		put(t, path(i), 0, moved(base, uint64(i)*80, uint64(i)*1e9, false))
	}
	o := Options{Dir: dir, Counters: &Counters{}, Lost: func(g Gap) { t.Errorf("lost: %+v", g) }}
	follow(t, o, 320, func(entries uint64) {
		switch idles++; {
		case entries < 240: // they are still being read
			idles = 0
		case idles == 5:
			later := time.Now().Add(time.Hour)
			for _, i := range []int{0, 2} {
				if err := os.Chtimes(path(i), later, later); err != nil {
					t.Error(err)
				}
			}
			appear(t, filepath.Join(dir, "user-1000.journal"), moved(base, 240, 3e9, true))
		}
	})
}

// TestNoGapAfterAResume has a user's archived file end before the cursor: it is never read.
func TestNoGapAfterAResume(t *testing.T) {
	dir, base := t.TempDir(), kept(t, "regular-unkeyed")
	put(t, filepath.Join(dir, "system@1.journal"), 0, base)                          // 1 to 80
	put(t, filepath.Join(dir, "user-1000@1.journal"), 0, moved(base, 80, 1e9, true)) // 81 to 160
	put(t, filepath.Join(dir, "user-1000.journal"), 0, moved(base, 160, 2e9, true))  // 161 to 240
	all := positions(t, Options{Dir: dir}, id{})
	o, idles := Options{Dir: dir, Cursor: all[199].String(), Counters: &Counters{}, Lost: func(g Gap) { t.Errorf("lost: %+v", g) }}, 0
	follow(t, o, 120, func(uint64) {
		if idles++; idles == 20 {
			appear(t, filepath.Join(dir, "system.journal"), moved(base, 240, 3e9, false)) // 241 to 320
		}
	})
}

// TestGlobsHearOfNewFiles has a file with older entries come while others are written. It must be known before those are read.
func TestGlobsHearOfNewFiles(t *testing.T) {
	for _, glob := range []string{"m/*.journal", "*/*.journal"} {
		dir, base := t.TempDir(), kept(t, "regular-unkeyed")
		if err := os.Mkdir(filepath.Join(dir, "m"), 0o755); err != nil {
			t.Fatal(err)
		}
		system := filepath.Join(dir, "m", "system.journal")
		put(t, system, 0, base)
		put(t, system, atEntries, le.AppendUint64(nil, 40))
		user, idles := moved(base, 0, 1, true), 0
		follow(t, Options{Files: []string{filepath.Join(dir, glob)}, Counters: &Counters{}}, 121, func(uint64) {
			if idles++; idles == 5 {
				appear(t, filepath.Join(dir, "m", "user-1000.journal"), user)
				put(t, system, atEntries, le.AppendUint64(nil, 80))
			}
		})
	}
}

// TestTheClockIsSetBackBeforeAnythingWasRead rotates, with an earlier clock, a journal none of whose entries is wanted.
func TestTheClockIsSetBackBeforeAnythingWasRead(t *testing.T) {
	dir, base := t.TempDir(), kept(t, "regular-unkeyed")
	system := filepath.Join(dir, "system.journal")
	put(t, system, 0, base)
	var last uint64
	for _, at := range objects(base) {
		if base[at] == objectEntry {
			last = le.Uint64(base[at+atEntryRealtime:])
		}
	}
	next := moved(base, 80, 0, false)
	for _, at := range objects(next) {
		if next[at] == objectEntry {
			le.PutUint64(next[at+atEntryRealtime:], last-3600e6+le.Uint64(next[at+atEntrySeqnum:]))
			le.PutUint64(next[at+atEntryMonotonic:], le.Uint64(next[at+atEntryMonotonic:])+1e9)
		}
	}
	idles := 0
	follow(t, Options{Dir: dir, Counters: &Counters{}, Since: time.UnixMicro(int64(last + 1))}, 80, func(uint64) {
		if idles++; idles == 5 {
			if err := os.Rename(system, filepath.Join(dir, "system@1.journal")); err != nil {
				t.Error(err)
			}
			appear(t, system, next)
		}
	})
}

// TestALinkThatLeadsNowhere must not be looked for without end.
func TestALinkThatLeadsNowhere(t *testing.T) {
	dir := t.TempDir()
	put(t, filepath.Join(dir, "system.journal"), 0, kept(t, "regular-unkeyed"))
	if err := os.Symlink("/nowhere", filepath.Join(dir, "x.journal")); err != nil {
		t.Fatal(err)
	}
	n, err := newNative(Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer n.close()
	n.safely(n.observe)
	if n.set.missed || n.set.dirty {
		t.Error("it is looked for again")
	}
}
