package journal

import (
	"context"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
)

// kept returns a journal file under testdata. They were made by systemd-journal-remote 252.
func kept(tb testing.TB, name string) []byte {
	tb.Helper()
	packed, err := os.ReadFile(filepath.Join("testdata", name+".journal.zst"))
	if err != nil {
		tb.Fatal(err)
	}
	d, err := zstd.NewReader(nil)
	if err != nil {
		tb.Fatal(err)
	}
	defer d.Close()
	b, err := d.DecodeAll(packed, nil)
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

// objects returns where a file's objects begin.
func objects(b []byte) (all []uint64) {
	for at, last := le.Uint64(b[atHeaderSize:]), le.Uint64(b[136:]); at <= last; {
		all = append(all, at)
		at += (le.Uint64(b[at+8:]) + 7) &^ 7
	}
	return all
}

// readBytes reads a journal file that is in memory, unguarded: a fault is the test's.
func readBytes(b []byte, o Options) (entries int, err error) {
	l, err := readLayout(b, uint64(len(b)))
	if err != nil {
		return 0, err
	}
	n := prepare(o, id{})
	n.set.scanned, n.swept = time.Now().Add(time.Hour), time.Now().Add(time.Hour)
	defer n.set.unpack.close()
	f := &file{mapping: mapping{layout: l, path: "x@y", b: b, unpack: &n.set.unpack}}
	n.set.open = []*file{f}
	n.enter(f)
	for e := (Entry{}); ; entries++ {
		if ok, _ := n.next(&e); !ok {
			return entries, nil
		}
		if last := len(b) / entryItems; entries > last {
			return entries, errors.New("more entries than there is room for")
		}
	}
}

// FuzzDamagedFile writes numbers into the objects of a good file: each 12 bytes of patches are an object, a place in it, and
// 8 bytes to write there, or, where the place is odd, the offset of another object.
func FuzzDamagedFile(f *testing.F) {
	var files [][]byte
	var places [][]uint64
	for _, name := range []string{"compact", "regular", "regular-unkeyed"} {
		b := kept(f, name)
		files = append(files, b)
		places = append(places, append(objects(b), 0))
	}
	f.Add(byte(0), []byte{})
	f.Add(byte(1), []byte("0123456789ab0123456789ab"))
	f.Fuzz(func(t *testing.T, which byte, patches []byte) {
		b, at := files[int(which)%3], places[int(which)%3]
		type undo struct {
			at  uint64
			was uint64
		}
		var undos []undo
		defer func() {
			for _, u := range slices.Backward(undos) {
				le.PutUint64(b[u.at:], u.was)
			}
		}()
		for ; len(patches) >= 12; patches = patches[12:] {
			place := at[int(binary.LittleEndian.Uint16(patches))%len(at)] + uint64(patches[2])
			value := le.Uint64(patches[4:])
			if patches[2]&1 == 1 {
				place, value = place&^7, at[value%uint64(len(at))]
			}
			undos = append(undos, undo{place, le.Uint64(b[place:])})
			le.PutUint64(b[place:], value)
		}
		for _, o := range []Options{{}, {Fields: []string{"MESSAGE"}, Since: time.UnixMicro(1790000002000000)},
			{Match: Match{{{"_COMM", []string{"sshd", "cron"}}, {"PRIORITY", []string{"1", "3"}}}, {{"_COMM", []string{"nginx"}}}}},
		} {
			if n, err := readBytes(b, o); n > 0 && err != nil {
				t.Fatal(err)
			}
		}
	})
}

// TestDamageIsPassedOver damages one object at a time and holds that all other entries are still read.
func TestDamageIsPassedOver(t *testing.T) {
	b := kept(t, "compact")
	whole, err := readBytes(b, Options{})
	if err != nil || whole != 80 {
		t.Fatalf("%d entries: %v", whole, err)
	}
	for _, at := range objects(b) {
		if kind := b[at]; kind != objectArray {
			b[at] = 9
			n, err := readBytes(b, Options{})
			want := whole
			if kind == objectEntry {
				want--
			}
			if n != want || err != nil {
				t.Errorf("without the object of kind %d at %d: %d entries of %d: %v", kind, at, n, want, err)
			}
			b[at] = kind
		}
	}
}

// TestCutOffFile truncates a file at every quarter while it is mapped and read.
func TestCutOffFile(t *testing.T) {
	whole := kept(t, "regular")
	for _, size := range []int64{0, 100, 1 << 12, 1 << 20} {
		path := filepath.Join(t.TempDir(), "system.journal")
		if err := os.WriteFile(path, whole, 0o600); err != nil {
			t.Fatal(err)
		}
		c := &Counters{}
		entries := 0
		err := Read(t.Context(), Options{Files: []string{path}, Reader: ReaderNative, Counters: c}, func(*Entry) error {
			if entries++; entries == 10 {
				return os.Truncate(path, size)
			}
			return nil
		})
		if err != nil || c.BadFiles.Load() != 1 || c.FilesOpened.Load() != c.FilesClosed.Load() {
			t.Errorf("cut to %d bytes: %d entries, %d bad files: %v", size, entries, c.BadFiles.Load(), err)
		}
	}
}

// TestEmptyFileThatFills meets a file before its first entry is written.
func TestEmptyFileThatFills(t *testing.T) {
	for _, match := range []Match{nil, {{{"_COMM", []string{"sshd", "cron", "nginx"}}}}} {
		whole := kept(t, "compact")
		empty := slices.Clone(whole)
		for _, at := range []int{atEntries, atEntryArray, atHeadSeqnum, atTailSeqnum} {
			le.PutUint64(empty[at:], 0)
		}
		path := filepath.Join(t.TempDir(), "system.journal")
		if err := os.WriteFile(path, empty, 0o600); err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		c := &Counters{}
		o := Options{Files: []string{path}, Reader: ReaderNative, Match: match, Counters: c}
		begin := time.Now()
		o.Idle = func() {
			if f, err := os.OpenFile(path, os.O_WRONLY, 0); err == nil {
				f.WriteAt(whole[atEntries:headerLeast], atEntries)
				f.Close()
			}
			if c.Entries.Load() > 0 || time.Since(begin) > 10*time.Second {
				stop()
			}
		}
		err := Follow(ctx, o, func(*Entry) error { return nil })
		if took := time.Since(begin); c.Entries.Load() != 80 || took > linkPatience {
			t.Errorf("match %v: %d entries after %v: %v", match, c.Entries.Load(), took, err)
		}
	}
}

// TestUnreadableFiles holds that files which are no journals are passed over and counted.
func TestUnreadableFiles(t *testing.T) {
	dir := t.TempDir()
	good := kept(t, "regular-unkeyed")
	newer := slices.Clone(good)
	newer[atIncompatible] |= 0x80
	for name, b := range map[string][]byte{"good": good, "empty": nil, "text": []byte(strings.Repeat("no journal", 100)), "short": good[:300], "newer": newer} {
		if err := os.WriteFile(filepath.Join(dir, name+".journal"), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "directory.journal"), 0o700); err != nil {
		t.Fatal(err)
	}
	c := &Counters{}
	n := 0
	err := Read(t.Context(), Options{Dir: dir, Reader: ReaderNative, Counters: c}, func(*Entry) error { n++; return nil })
	if err != nil || n != 80 || c.BadFiles.Load() != 3 {
		t.Errorf("%d entries, %d bad files: %v", n, c.BadFiles.Load(), err)
	}
}

// TestHeaderThatNeverCame holds that a file whose first page is lost counts as bad once journald cannot be about to write it.
func TestHeaderThatNeverCame(t *testing.T) {
	b := kept(t, "compact")
	clear(b[:4096])
	path := filepath.Join(t.TempDir(), "system.journal")
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		age time.Duration
		bad uint64
	}{{0, 0}, {time.Hour, 1}} {
		if err := os.Chtimes(path, time.Time{}, time.Now().Add(-test.age)); err != nil {
			t.Fatal(err)
		}
		c := &Counters{}
		Read(t.Context(), Options{Files: []string{path}, Reader: ReaderNative, Counters: c}, func(*Entry) error { return nil })
		if c.BadFiles.Load() != test.bad {
			t.Errorf("%v old: %d bad files", test.age, c.BadFiles.Load())
		}
	}
}

// TestDeletedFilesAreLetGoDuringALongRead deletes one of two files while the other is still being read.
func TestDeletedFilesAreLetGoDuringALongRead(t *testing.T) {
	dir := t.TempDir()
	base := kept(t, "compact")
	for name, b := range map[string][]byte{"system@1.journal": base, "system@2.journal": shifted(base, 80)} {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c := &Counters{}
	n, err := newNative(Options{Dir: dir, Counters: c})
	if err != nil {
		t.Fatal(err)
	}
	defer n.close()
	os.Remove(filepath.Join(dir, "system@2.journal"))
	for e, i := (Entry{}), 1; ; i++ {
		if ok, err := nextSafely(n, &e); !ok || err != nil {
			t.Fatalf("after %d entries: %t, %v", i, ok, err)
		}
		n.swept = n.swept.Add(-2 * time.Second) // as if each entry took so long
		for _, f := range n.set.open {
			if !f.gone.IsZero() {
				f.gone = f.gone.Add(-2 * time.Second)
			}
		}
		if len(n.set.open) == 1 {
			if i > 2*sweepEntries || c.GapEntries.Load() != 80 {
				t.Errorf("let go after %d entries, %d entries lost", i, c.GapEntries.Load())
			}
			return
		}
	}
}

// TestAutoReadsWhatItCan meets a file that is too new for the native reader, and for libsystemd too.
func TestAutoReadsWhatItCan(t *testing.T) {
	dir := t.TempDir()
	good := kept(t, "compact")
	newer := slices.Clone(good)
	newer[atIncompatible] |= 0x80
	for name, b := range map[string][]byte{"good": good, "newer": newer} {
		if err := os.WriteFile(filepath.Join(dir, name+".journal"), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	n := 0
	if err := Read(t.Context(), Options{Dir: dir}, func(*Entry) error { n++; return nil }); err != nil || n != 80 {
		t.Errorf("%d entries: %v", n, err)
	}
	if err := Available(Options{Files: []string{filepath.Join(dir, "newer.journal")}, Reader: ReaderNative}); !errors.Is(err, errNewer) {
		t.Errorf("native: %v", err)
	}
}

// TestGuardLetsOtherPanicsPass holds that a mistake in the consumer is not taken for a damaged file.
func TestGuardLetsOtherPanicsPass(t *testing.T) {
	defer func() {
		if _, ok := recover().(runtime.Error); !ok {
			t.Error("the panic was swallowed")
		}
	}()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "system.journal"), kept(t, "compact"), 0o600); err != nil {
		t.Fatal(err)
	}
	var nothing []int
	err := Read(t.Context(), Options{Dir: dir, Reader: ReaderNative}, func(*Entry) error { nothing[0]++; return nil })
	t.Errorf("reading ended with %v", err)
}
