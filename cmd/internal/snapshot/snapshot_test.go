package snapshot

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func sample() *Copy {
	return &Copy{Dir: "/etc/b", Made: time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC), Faults: 1,
		Files: map[string][]byte{"etc/b/jail.conf": []byte("[a]\n"), "etc/b/filter.d/ä b.conf": []byte("[Definition]\n"), "opt/empty": {}}}
}

func TestACopyIsReadAsItWasWritten(t *testing.T) {
	path := Path(t.TempDir(), "/etc/b")
	want := sample()
	for range 2 { // the second lies over the first
		if err := want.Write(path); err != nil {
			t.Fatal(err)
		}
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	got, err := Read(path, "/etc/b")
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got, cmpopts.IgnoreUnexported(Copy{}), cmpopts.EquateEmpty()); d != "" {
		t.Error(d)
	}
	if err := fstest.TestFS(got.FS(), "etc/b/jail.conf", "etc/b/filter.d/ä b.conf", "opt/empty"); err != nil {
		t.Error(err)
	}
	if left, err := os.ReadDir(filepath.Dir(path)); len(left) != 1 {
		t.Errorf("%v lies there, %v", left, err)
	}
}

func TestAnothersCopyIsNotTaken(t *testing.T) {
	path := filepath.Join(t.TempDir(), "copy")
	if err := sample().Write(path); err != nil {
		t.Fatal(err)
	}
	if _, err := Read(path, "/etc/c"); err == nil || errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error is %v", err)
	}
	if _, err := Read(path+"no", "/etc/b"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error is %v", err)
	}
	if Path("/s", "/etc/b") == Path("/s", "/etc/c") || Path("/s", "/etc/a-b") == Path("/s", "/etc/a/b") {
		t.Error("two directories have one copy")
	}
}

// TestADamagedCopyIsNeverTakenForAnother cuts the archive everywhere and changes each of its bytes.
func TestADamagedCopyIsNeverTakenForAnother(t *testing.T) {
	path := filepath.Join(t.TempDir(), "copy")
	want := sample()
	if err := want.Write(path); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for n := range text {
		if _, err := parse(text[:n]); err == nil {
			t.Errorf("the first %d bytes are taken", n)
		}
		changed := append([]byte(nil), text...)
		changed[n] ^= 0x55
		if c, err := parse(changed); err == nil {
			if d := cmp.Diff(want, c, cmpopts.IgnoreUnexported(Copy{}), cmpopts.EquateEmpty()); d != "" {
				t.Errorf("with byte %d changed: %s", n, d)
			}
		}
	}
}

func TestARecorderHasWhatWasRead(t *testing.T) {
	r := Record(fstest.MapFS{"a/x": {Data: []byte("one")}, "a/y": {Data: []byte("two")}})
	if _, err := fs.ReadFile(r, "a/x"); err != nil {
		t.Fatal(err)
	}
	if entries, err := fs.ReadDir(r, "a"); len(entries) != 2 || err != nil {
		t.Errorf("%v, %v", entries, err)
	}
	if _, err := fs.Stat(r, "a/y"); err != nil {
		t.Error(err)
	}
	if d := cmp.Diff(map[string][]byte{"a/x": []byte("one")}, r.Files()); d != "" {
		t.Error(d)
	}
	if err := fstest.TestFS(r, "a/x", "a/y"); err != nil {
		t.Error(err)
	}
}

func FuzzParse(f *testing.F) {
	text, err := sample().archive()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Fuzz(func(t *testing.T, text []byte) {
		c, err := parse(text)
		if err == nil && c.FS() == nil {
			t.Error("a copy without files")
		}
	})
}

// A link of the file system below is one to whoever reads through the recorder.
func TestLinksAreSeenThroughTheRecorder(t *testing.T) {
	dir := t.TempDir()
	if err := os.Symlink("nowhere", filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	r := Record(os.DirFS(dir))
	to, err := fs.ReadLink(r, "link")
	info, err2 := fs.Lstat(r, "link")
	if err != nil || err2 != nil || to != "nowhere" || info.Mode()&fs.ModeSymlink == 0 {
		t.Errorf("%q %v %v", to, err, err2)
	}
}
