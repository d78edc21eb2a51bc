package journal_test

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"bailiff/journal"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

// asNobody runs f on a thread that may read no more of the file system than an ordinary user. The thread ends with it.
func asNobody(t *testing.T, f func()) {
	t.Helper()
	const nobody = 65534
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // and never unlock it
		unix.SetfsgidRetGid(nobody)
		unix.SetfsuidRetUid(nobody)
		if was, err := unix.SetfsuidRetUid(nobody); was != nobody {
			t.Errorf("still %d: %v", was, err)
			return
		}
		f()
	}()
	<-done
}

// TestFilesThatMayNotBeRead reads as a user who may read one of two files, and then none.
func TestFilesThatMayNotBeRead(t *testing.T) {
	dir, err := os.MkdirTemp("", "journal-") // t.TempDir's parent is root's
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	open, closed := filepath.Join(dir, "system@1.journal"), filepath.Join(dir, "system.journal")
	remote(t, open, numbered(1, 3))
	remote(t, closed, numbered(4, 6))
	for path, mode := range map[string]fs.FileMode{dir: 0o755, open: 0o644, closed: 0o600} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
	}
	o := journal.Options{Dir: dir, Reader: journal.ReaderNative, Counters: &journal.Counters{}}
	asNobody(t, func() {
		got, _ := messages(t, o)
		if diff := cmp.Diff(names(1, 3), got); diff != "" || o.Counters.BadFiles.Load() != 1 {
			t.Errorf("%d bad files: %s", o.Counters.BadFiles.Load(), diff)
		}
	})
	for _, path := range []string{open, dir} { // no file can be read, then not even the directory
		if err := os.Chmod(path, 0o700); err != nil {
			t.Fatal(err)
		}
		asNobody(t, func() {
			for _, reader := range []string{journal.ReaderNative, journal.ReaderAuto} {
				o.Reader = reader
				if err := journal.Available(o); !errors.Is(err, fs.ErrPermission) {
					t.Errorf("%s closed, %s: %v", path, reader, err)
				}
			}
		})
	}
}

// TestFilesThatMayBeReadLater follows as a user to whom a file, which does not change any more, is opened in the end.
func TestFilesThatMayBeReadLater(t *testing.T) {
	dir, err := os.MkdirTemp("", "journal-")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	closed := filepath.Join(dir, "system@1.journal")
	remote(t, closed, numbered(1, 3))
	remote(t, filepath.Join(dir, "system.journal"), numbered(4, 6))
	for path, mode := range map[string]fs.FileMode{dir: 0o755, closed: 0o600, filepath.Join(dir, "system.journal"): 0o644} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
	}
	caught := make(chan struct{})
	go func() {
		<-caught
		os.Chmod(closed, 0o644)
	}()
	o := journal.Options{Dir: dir, Reader: journal.ReaderNative, Counters: &journal.Counters{}, Idle: sync.OnceFunc(func() { close(caught) })}
	asNobody(t, func() {
		// What is older than the last entry read was not to be read, had it come later: so its first three are new only to one
		// who has read nothing yet.
		o.Match = journal.Match{{{Field: "MESSAGE", Values: []string{"number 2"}}}}
		got, _ := follow(t, o, 1)
		if diff := cmp.Diff(names(2, 2), got); diff != "" || o.Counters.BadFiles.Load() != 1 {
			t.Errorf("%d bad files: %s", o.Counters.BadFiles.Load(), diff)
		}
	})
}

// TestDiskFull reads a journal whose writer ran out of space, as far as journalctl does.
func TestDiskFull(t *testing.T) {
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size=9m"); err != nil {
		t.Fatal(err)
	}
	defer unix.Unmount(dir, unix.MNT_DETACH)
	cmd := exec.Command("/lib/systemd/systemd-journal-remote", "-o", filepath.Join(dir, "system.journal"), "--split-mode=none", "-")
	cmd.Stdin = strings.NewReader(numbered(1, 40000))
	out, err := cmd.CombinedOutput()
	if err == nil && !strings.Contains(string(out), "No space left") {
		t.Fatalf("the disk is not full: %s", out)
	}
	for _, match := range []journal.Match{nil, {{{Field: "_COMM", Values: []string{"sshd"}}}}} {
		o := journal.Options{Dir: dir, Reader: journal.ReaderNative, Match: match, Fields: []string{"MESSAGE"}}
		want := only(journalctl(t, dir, match), o.Fields)
		if diff := cmp.Diff(want, read(t, o)); diff != "" || len(want) == 0 {
			t.Errorf("%d entries; journalctl -, reader +\n%s", len(want), diff)
		}
	}
}
