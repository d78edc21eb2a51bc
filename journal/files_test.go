package journal_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"bailiff/journal"
	"bailiff/journal/journaltest"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
	"golang.org/x/sys/unix"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// until follows until ok holds at the journal's tail.
func until(t *testing.T, o journal.Options, ok func() bool) {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), 30*time.Second)
	defer stop()
	o.Idle = func() {
		if ok() {
			stop()
		}
	}
	err := journal.Follow(ctx, o, func(*journal.Entry) error { return nil })
	if !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
}

// TestDeletedFilesAreLetGo holds that no map keeps the space of files that journald has deleted.
func TestDeletedFilesAreLetGo(t *testing.T) {
	j := journaltest.Start(t)
	c := &journal.Counters{}
	o := journal.Options{Dir: j.Dir, Reader: journal.ReaderNative, Counters: c}
	rotated := uint64(0)
	vacuumed := false
	until(t, o, func() bool {
		switch opened := c.FilesOpened.Load(); {
		case opened < 4:
			if rotated < opened {
				rotated = opened
				j.Rotate()
				j.Log(sshd, "line")
			}
		case !vacuumed:
			vacuumed = true
			j.Run("journalctl", "--vacuum-files=1")
		}
		maps, err := os.ReadFile("/proc/self/maps")
		if err != nil {
			t.Fatal(err)
		}
		return vacuumed && c.FilesOpened.Load()-c.FilesClosed.Load() == 1 && strings.Count(string(maps), j.Dir) == 1
	})
	if gaps := c.Gaps.Load(); gaps != 0 {
		t.Errorf("%d gaps", gaps)
	}
}

// TestCopiesAreReadOnce reads a journal and its copy, as when journald moves the journal from /run to /var.
func TestCopiesAreReadOnce(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"run", "var"} {
		remote(t, filepath.Join(dir, name+".journal"), numbered(1, 20))
	}
	for _, reader := range readers {
		got, _ := messages(t, journal.Options{Dir: dir, Reader: reader})
		if diff := cmp.Diff(names(1, 20), got); diff != "" {
			t.Errorf("%s: %s", reader, diff)
		}
	}
}

// TestCopiesThatComeLaterAreNotReadAgain does the same while the reader has read the one already.
func TestCopiesThatComeLaterAreNotReadAgain(t *testing.T) {
	dir := t.TempDir()
	remote(t, filepath.Join(dir, "run.journal"), numbered(1, 20))
	made := false
	o := journal.Options{Dir: dir, Reader: journal.ReaderNative}
	o.Idle = func() {
		if !made {
			made = true
			remote(t, filepath.Join(dir, "var.journal"), numbered(1, 25))
		}
	}
	got, _ := follow(t, o, 25)
	if diff := cmp.Diff(names(1, 25), got); diff != "" {
		t.Error(diff)
	}
}

// TestDirectoriesThatAppear follows a directory in which a machine's directory, an empty file and then its journal appear.
func TestDirectoriesThatAppear(t *testing.T) {
	dir := t.TempDir()
	o := journal.Options{Dir: dir, Reader: journal.ReaderNative, Counters: &journal.Counters{}}
	steps := []func(){
		func() { os.Mkdir(filepath.Join(dir, boots[0]), 0o755) },
		func() { os.WriteFile(filepath.Join(dir, boots[0], "system.journal"), nil, 0o644) },
		func() {
			remote(t, filepath.Join(dir, "made.journal"), numbered(1, 3))
			os.Rename(filepath.Join(dir, "made.journal"), filepath.Join(dir, boots[0], "system.journal"))
		},
	}
	o.Idle = func() {
		if len(steps) > 0 {
			steps[0]()
			steps = steps[1:]
		}
	}
	got, _ := follow(t, o, 3)
	if diff := cmp.Diff(names(1, 3), got); diff != "" || o.Counters.BadFiles.Load() > 0 {
		t.Errorf("%d bad files: %s", o.Counters.BadFiles.Load(), diff)
	}
}

// TestRebootWithTheClockSetBack follows from one boot into the next whose clock runs behind.
func TestRebootWithTheClockSetBack(t *testing.T) {
	dir := t.TempDir()
	remote(t, filepath.Join(dir, "system@1.journal"), numbered(1, 5))
	later := strings.NewReplacer(boots[0], boots[1], "=1790", "=1780").Replace(numbered(6, 9))
	made := false
	o := journal.Options{Dir: dir, Reader: journal.ReaderNative}
	o.Idle = func() {
		if !made {
			made = true
			remote(t, filepath.Join(dir, "system.journal"), later)
		}
	}
	got, _ := follow(t, o, 9)
	if diff := cmp.Diff(names(1, 9), got); diff != "" {
		t.Error(diff)
	}
}

// TestOddFiles reads a directory in which a FIFO has a journal's name, and a machine's directory is a link, as is a file.
func TestOddFiles(t *testing.T) {
	dir, other := t.TempDir(), t.TempDir()
	machine := filepath.Join(other, "machine")
	if err := os.Mkdir(machine, 0o755); err != nil {
		t.Fatal(err)
	}
	remote(t, filepath.Join(machine, "system.journal"), numbered(1, 3))
	remote(t, filepath.Join(other, "elsewhere.journal"), numbered(4, 6))
	if err := errors.Join(os.Symlink(machine, filepath.Join(dir, boots[0])),
		os.Symlink(filepath.Join(other, "elsewhere.journal"), filepath.Join(dir, "linked.journal")),
		os.Symlink("nowhere", filepath.Join(dir, "dangling.journal")), unix.Mkfifo(filepath.Join(dir, "fifo.journal"), 0o600)); err != nil {
		t.Fatal(err)
	}
	for _, o := range []journal.Options{{Dir: dir}, {Files: []string{dir + "/*.journal", dir + "/*/*.journal"}}} {
		o.Reader = journal.ReaderNative
		got, _ := messages(t, o)
		if diff := cmp.Diff(names(1, 6), got); diff != "" {
			t.Errorf("%+v: %s", o, diff)
		}
	}
}

func messages(t *testing.T, o journal.Options) (all, cursors []string) {
	t.Helper()
	err := journal.Read(t.Context(), o, func(e *journal.Entry) error {
		all = append(all, string(e.Get("MESSAGE")))
		cursors = append(cursors, e.Cursor())
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all, cursors
}

// numbered returns entries in journald's export format.
func numbered(first, last int) string {
	var b bytes.Buffer
	for i := first; i <= last; i++ {
		fmt.Fprintf(&b, "__REALTIME_TIMESTAMP=%d\n__MONOTONIC_TIMESTAMP=%d\n_BOOT_ID=%s\n_COMM=sshd\nMESSAGE=number %d\n\n", 1790000000000000+i*1000, i*1000, boots[0], i)
	}
	return b.String()
}

func names(first, last int) (all []string) {
	for i := first; i <= last; i++ {
		all = append(all, fmt.Sprintf("number %d", i))
	}
	return all
}

// remote has systemd-journal-remote write a journal file.
func remote(t *testing.T, path, export string, env ...string) {
	t.Helper()
	cmd := exec.Command("/lib/systemd/systemd-journal-remote", "-o", path, "--split-mode=none", "-")
	cmd.Env = append(os.Environ(), env...)
	cmd.Stdin = strings.NewReader(export)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

// TestFollowsOverAWipedJournal deletes all journals, and their directories, under a reader that follows, and has journald
// begin anew with another counter.
func TestFollowsOverAWipedJournal(t *testing.T) {
	for _, reader := range readers {
		j := journaltest.Start(t)
		j.Log(sshd, "one", "two")
		o := journal.Options{Dir: j.Dir, Reader: reader, Counters: &journal.Counters{},
			Match: journal.Match{{{Field: "_COMM", Values: []string{"sshd"}}}}}
		o.Idle = sync.OnceFunc(func() {
			dirs, _ := filepath.Glob(j.Dir + "/*")
			for _, dir := range dirs {
				os.RemoveAll(dir)
			}
			j.Kill()
			j.Log(sshd, "three")
			j.Rotate()
			j.Log(sshd, "four")
		})
		got, _ := follow(t, o, 4)
		if diff := cmp.Diff([]string{"one", "two", "three", "four"}, got); diff != "" {
			t.Errorf("%s: %s", reader, diff)
		}
	}
}
