package journal_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"bailiff/journal"
)

// damages are ways to damage a journal file. They return what is left of it, and where they did it.
var damages = map[string]func(b []byte, r *rand.Rand) ([]byte, string){
	"cut off": func(b []byte, r *rand.Rand) ([]byte, string) {
		end := r.IntN(lastObject(b))
		return b[:end], fmt.Sprint(end)
	},
	"bits": func(b []byte, r *rand.Rand) ([]byte, string) {
		var places []int
		for range 1 + r.IntN(20) {
			at := firstData(b) + r.IntN(lastObject(b)-firstData(b))
			b[at] ^= 1 << r.IntN(8)
			places = append(places, at)
		}
		return b, fmt.Sprint(places)
	},
	"page": func(b []byte, r *rand.Rand) ([]byte, string) {
		at := (firstData(b) + r.IntN(lastObject(b)-firstData(b))) &^ 4095
		clear(b[at:min(len(b), at+4096)])
		return b, fmt.Sprint(at)
	},
	"count": func(b []byte, r *rand.Rand) ([]byte, string) {
		at := 152 + r.IntN(8)
		b[at] ^= 1 << r.IntN(8)
		return b, fmt.Sprint(at)
	},
	"array": func(b []byte, r *rand.Rand) ([]byte, string) {
		var arrays []int
		for at := firstData(b); at <= lastObject(b); at += int(number(b, at+8)+7) &^ 7 {
			if b[at] == 6 {
				arrays = append(arrays, at)
			}
		}
		at := arrays[r.IntN(len(arrays))]
		at += r.IntN(int(number(b, at+8)))
		b[at] ^= 1 << r.IntN(8)
		return b, fmt.Sprint(at)
	},
}

func number(b []byte, at int) uint64 { return binary.LittleEndian.Uint64(b[at:]) }

// lastObject returns where a journal file's last object begins.
func lastObject(b []byte) int { return int(number(b, 136)) }

// firstData returns where the first object behind the hash tables begins.
func firstData(b []byte) int {
	return int(max(number(b, 104)+number(b, 112), number(b, 120)+number(b, 128)))
}

// TestDamagedFilesAgainstJournalctl damages files at random. Of each at least what journalctl finds must be read, nothing
// twice, and what is not read must have been counted.
func TestDamagedFilesAgainstJournalctl(t *testing.T) {
	for _, layout := range []string{"compact", "regular, unkeyed"} {
		dir := t.TempDir()
		writeJournals(t, dir, layouts[layout])
		whole, err := os.ReadFile(filepath.Join(dir, "system.journal"))
		if err != nil {
			t.Fatal(err)
		}
		r := rand.New(rand.NewPCG(5, 6))
		for _, kind := range slices.Sorted(maps.Keys(damages)) {
			for range 10 {
				b, where := damages[kind](bytes.Clone(whole), r)
				if err := compareDamaged(t, b, int(number(whole, 152))); err != nil {
					t.Errorf("%s, %s damaged at %s: %v", layout, kind, where, err)
				}
			}
		}
	}
}

func compareDamaged(t *testing.T, b []byte, entries int) error {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "system.journal"), b, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, match := range []journal.Match{nil,
		{{{Field: "_COMM", Values: []string{"sshd"}}}},
		{{{Field: "_COMM", Values: []string{"cron"}}, {Field: "_SYSTEMD_UNIT", Values: []string{"cron.service"}}}},
	} {
		c := &journal.Counters{}
		got := map[string]int{}
		// An error means that nothing was read: it is compared as that.
		journal.Read(t.Context(), journal.Options{Dir: dir, Reader: journal.ReaderNative, Match: match, Fields: []string{}, Counters: c},
			func(e *journal.Entry) error { got[e.Cursor()]++; return nil })
		for cursor, times := range got {
			if times > 1 {
				return fmt.Errorf("match %v: %d times %s", match, times, cursor)
			}
		}
		for _, cursor := range found(dir, match) {
			if got[cursor] == 0 {
				return fmt.Errorf("match %v: %d entries, but not journalctl's %s", match, len(got), cursor)
			}
		}
		if match == nil && len(got) < entries && c.BadEntries.Load()+c.BadFiles.Load() == 0 {
			return fmt.Errorf("%d of %d entries, and none counted as bad", len(got), entries)
		}
	}
	return nil
}

// found returns the cursors of what journalctl finds before it gives up.
func found(dir string, match journal.Match) (cursors []string) {
	out, _ := exec.Command("journalctl", append([]string{"-D", dir, "-o", "export", "--output-fields=X", "-q"}, words(match)...)...).Output()
	for line := range strings.Lines(string(out)) {
		if cursor, ok := strings.CutPrefix(line, "__CURSOR="); ok {
			cursors = append(cursors, strings.TrimSuffix(cursor, "\n"))
		}
	}
	return cursors
}
