package journal_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"bailiff/journal"
	"bailiff/journal/journaltest"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"
)

// TestReadsWhatJournaldWrites holds a real journald's journal against journalctl's reading of it: plain and sealed, rotated,
// and after a SIGKILL.
func TestReadsWhatJournaldWrites(t *testing.T) {
	for _, sealed := range []bool{false, true} {
		j := journaltest.Start(t)
		if sealed {
			j.Run("journalctl", "--setup-keys", "--force", "--interval=1s")
			j.Kill()
		}
		for i := range 3 {
			j.Log(sshd, slices.Repeat([]string{strings.Repeat("a line ", 1+100*i)}, 50)...)
			j.Rotate()
		}
		j.Kill()
		j.Log(journaltest.Sender{Unit: "cron.service", Comm: "cron"}, "another")
		if sealed != strings.Contains(j.Run("journalctl", "--header"), "SEALED") {
			t.Errorf("sealed: %t is not what journald made", sealed)
		}
		for _, match := range []journal.Match{nil, {{{Field: "_COMM", Values: []string{"sshd"}}}}, {{{Field: "_SYSTEMD_UNIT", Values: []string{"cron.service"}}}}} {
			for _, reader := range readers {
				o := journal.Options{Dir: j.Dir, Reader: reader, Match: match, Fields: []string{"MESSAGE", "_COMM", "_SYSTEMD_UNIT", "_PID", "PRIORITY"}}
				if diff := cmp.Diff(only(journalctl(t, j.Dir, match), o.Fields), read(t, o)); diff != "" {
					t.Errorf("%s, sealed %t, match %v: journalctl -, reader +\n%s", reader, sealed, match, diff)
				}
			}
		}
	}
}

// TestReadsKeptFiles reads the files under testdata, whichever systemd is installed.
func TestReadsKeptFiles(t *testing.T) {
	kept, _ := filepath.Glob("testdata/*.journal.zst")
	if len(kept) == 0 {
		t.Fatal("none are there")
	}
	for _, path := range kept {
		dir := t.TempDir()
		packed, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		d, err := zstd.NewReader(nil)
		if err != nil {
			t.Fatal(err)
		}
		whole, err := d.DecodeAll(packed, nil)
		d.Close()
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "system.journal"), whole, 0o644); err != nil {
			t.Fatal(err)
		}
		for _, match := range []journal.Match{nil, {{{Field: "_COMM", Values: []string{"sshd"}}, {Field: "TAG", Values: []string{"two"}}}}} {
			want := journalctl(t, dir, match)
			if diff := cmp.Diff(want, read(t, journal.Options{Dir: dir, Reader: journal.ReaderNative, Match: match})); diff != "" || len(want) == 0 {
				t.Errorf("%s: journalctl -, reader +\n%s", path, diff)
			}
		}
	}
}
