package journal

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"
)

// shifted returns the file with its entries' sequence numbers that much higher.
func shifted(b []byte, by uint64) []byte {
	b = bytes.Clone(b)
	add := func(at uint64) { le.PutUint64(b[at:], le.Uint64(b[at:])+by) }
	for _, at := range objects(b) {
		if b[at] == objectEntry {
			add(at + atEntrySeqnum)
		}
	}
	add(atHeadSeqnum)
	add(atTailSeqnum)
	b[atFileID+15]++
	return b
}

// TestLostBetweenFiles follows a journal that goes on with a number later than the next.
func TestLostBetweenFiles(t *testing.T) {
	for _, test := range []struct{ by, lost uint64 }{{80, 0}, {100, 20}} {
		dir := t.TempDir()
		base := kept(t, "regular-unkeyed")
		write := func(name string, b []byte) {
			if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		write("system@1.journal", base)
		ctx, stop := context.WithCancel(t.Context())
		c := &Counters{}
		o := Options{Dir: dir, Reader: ReaderNative, Counters: c}
		o.Idle = func() {
			switch c.Entries.Load() {
			case 80:
				write("new", shifted(base, test.by))
				os.Rename(filepath.Join(dir, "new"), filepath.Join(dir, "system.journal"))
			case 160:
				stop()
			}
		}
		err := Follow(ctx, o, func(e *Entry) error { return nil })
		if c.Entries.Load() != 160 || c.GapEntries.Load() != test.lost {
			t.Errorf("%d entries read, %d lost of %d: %v", c.Entries.Load(), c.GapEntries.Load(), test.lost, err)
		}
		stop()
	}
}

// TestResumesWhereTheClockWasSetBack has the boot that the machine is in begin with its clock behind the earlier boot's, and
// journald count anew. Whatever is read first, nothing is read twice and nothing missed.
func TestResumesWhereTheClockWasSetBack(t *testing.T) {
	dir := t.TempDir()
	earlier, now := kept(t, "compact"), kept(t, "compact")
	this := id{7}
	now[atSeqnumID]++
	now[atFileID]++
	for _, at := range objects(now) {
		if now[at] == objectEntry {
			copy(now[at+atEntryBoot:], this[:])
			le.PutUint64(now[at+atEntryRealtime:], le.Uint64(now[at+atEntryRealtime:])-1e6) // they overlap
		}
	}
	for name, b := range map[string][]byte{"system@1.journal": earlier, "system.journal": now} {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	all := positions(t, Options{Dir: dir}, this)
	if len(all) != 160 {
		t.Fatalf("%d entries", len(all))
	}
	for i, p := range all {
		if (p.boot == this) != (i >= 80) {
			t.Fatalf("entry %d is of boot %s", i, p.boot)
		}
		got := positions(t, Options{Dir: dir, Cursor: p.String(), Lost: func(g Gap) { t.Errorf("lost: %+v", g) }}, this)
		if len(got) != len(all)-i-1 || len(got) > 0 && got[0] != all[i+1] {
			t.Fatalf("after entry %d: %d entries", i, len(got))
		}
	}
}

// inBoot is a reader as if the machine were in a boot.
func inBoot(t *testing.T, o Options, boot id) *native {
	t.Helper()
	n := prepare(o, boot)
	if err := n.begin(); err != nil {
		t.Fatal(err)
	}
	return n
}

// positions reads as if the machine were in a boot.
func positions(t *testing.T, o Options, boot id) (all []position) {
	t.Helper()
	n := inBoot(t, o, boot)
	defer n.close()
	for e := (Entry{}); ; {
		if ok, err := nextSafely(n, &e); err != nil || !ok {
			return all
		}
		all = append(all, e.at)
	}
}

// TestReached looks at many entries of which few are chosen, the last of them long ago.
func TestReached(t *testing.T) {
	dir, base := t.TempDir(), kept(t, "regular-unkeyed")
	put(t, filepath.Join(dir, "system.journal"), 0, base)
	all := positions(t, Options{Dir: dir}, id{})
	last := all[len(all)-1]
	match := Match{{{Field: "_COMM", Values: []string{"nobody"}}}}
	n := inBoot(t, Options{Dir: dir, Match: match}, last.boot)
	defer n.close()
	wants(t, n, 0)
	e, ok := n.reached()
	if !ok || e.Cursor() != last.String() {
		t.Errorf("reached %v %s, want %s", ok, e.Cursor(), last)
	}
	n.last = e.at
	if e, ok := n.reached(); ok {
		t.Errorf("reached %s twice", e.Cursor())
	}
	n.set.boot = id{}
	n.last = position{}
	if e, ok := n.reached(); ok {
		t.Errorf("reached %s of another machine's journal", e.Cursor())
	}
}

// nextSafely is next, guarded.
func nextSafely(n *native, e *Entry) (ok bool, err error) {
	n.safely(func() { ok, err = n.next(e) })
	return ok, err
}

// TestLostAfterCursor resumes after an entry whose file is gone.
func TestLostAfterCursor(t *testing.T) {
	base := kept(t, "compact")
	path := filepath.Join(t.TempDir(), "system@1.journal")
	if err := os.WriteFile(path, shifted(base, 50), 0o600); err != nil {
		t.Fatal(err)
	}
	var at position
	for _, place := range objects(base) {
		if base[place] == objectEntry {
			m := mapping{layout: layout{seqnumID: id(base[atSeqnumID:])}}
			m.positionOf(base[place:], &at)
		}
	}
	for _, test := range []struct{ seqnum, lost, read uint64 }{{20, 30, 80}, {50, 0, 80}, {51, 0, 79}, {130, 0, 0}, {140, 0, 0}} {
		var gaps []Gap
		at.seqnum = test.seqnum
		c := &Counters{}
		o := Options{Files: []string{path}, Reader: ReaderNative, Cursor: at.String(), Counters: c, Lost: func(g Gap) { gaps = append(gaps, g) }}
		if err := Read(t.Context(), o, func(*Entry) error { return nil }); err != nil {
			t.Fatal(err)
		}
		if c.GapEntries.Load() != test.lost || c.Entries.Load() != test.read || test.lost > 0 && gaps[0].To.IsZero() {
			t.Errorf("after %d: %d entries read, %d lost, %+v; want %d, %d", test.seqnum, c.Entries.Load(), c.GapEntries.Load(), gaps, test.read, test.lost)
		}
	}
}
