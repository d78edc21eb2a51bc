package journal_test

import (
	"fmt"
	"math/rand/v2"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"bailiff/journal"

	"github.com/google/go-cmp/cmp"
)

// TestMatchesAgainstTheirTwin holds random matches, which go through the files' indexes, against looking at every entry.
func TestMatchesAgainstTheirTwin(t *testing.T) {
	dir := t.TempDir()
	writeJournals(t, dir, nil)
	all := read(t, journal.Options{Dir: dir, Reader: journal.ReaderNative})
	r := rand.New(rand.NewPCG(3, 4))
	for range 200 {
		match := randomMatch(r)
		var want []string
		for _, e := range all {
			if holds(match, e) {
				want = append(want, e["__CURSOR"][0])
			}
		}
		var got []string
		for _, e := range read(t, journal.Options{Dir: dir, Reader: journal.ReaderNative, Match: match, Fields: []string{}}) {
			got = append(got, e["__CURSOR"][0])
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("%v: all entries -, index +\n%s", match, diff)
		}
	}
}

func holds(m journal.Match, e map[string][]string) bool {
	return slices.ContainsFunc(m, func(group []journal.Term) bool {
		return !slices.ContainsFunc(group, func(t journal.Term) bool {
			return !slices.ContainsFunc(e[t.Field], func(v string) bool { return slices.Contains(t.Values, v) })
		})
	})
}

func randomMatch(r *rand.Rand) (m journal.Match) {
	fields := map[string][]string{"_COMM": {"sshd", "cron", "nginx", "never"}, "A": {"0", "1", "2"}, "TAG": {"one", "two"},
		"_SYSTEMD_UNIT": {"ssh.service", "cron.service"}, "PRIORITY": {"0", "1", "2", "3", "4", "5", "6", "7"}, "_BOOT_ID": boots}
	names := []string{"_COMM", "A", "TAG", "_SYSTEMD_UNIT", "PRIORITY", "_BOOT_ID"}
	for range 1 + r.IntN(4) {
		var group []journal.Term
		for range 1 + r.IntN(3) {
			name := names[r.IntN(len(names))]
			var values []string
			for range 1 + r.IntN(3) {
				values = append(values, fields[name][r.IntN(len(fields[name]))])
			}
			group = append(group, journal.Term{Field: name, Values: values})
		}
		m = append(m, group)
	}
	return m
}

// TestRandomMatchesAgainstJournalctl has journalctl read by the same matches.
func TestRandomMatchesAgainstJournalctl(t *testing.T) {
	dir := t.TempDir()
	writeJournals(t, dir, nil)
	r := rand.New(rand.NewPCG(7, 8))
	for range 60 {
		match := randomMatch(r)
		for i := range match {
			match[i] = alternatives(match[i])
		}
		var got []string
		for _, e := range read(t, journal.Options{Dir: dir, Reader: journal.ReaderNative, Match: match, Fields: []string{}}) {
			got = append(got, e["__CURSOR"][0])
		}
		if diff := cmp.Diff(found(dir, match), got); diff != "" {
			t.Fatalf("%v: journalctl -, reader +\n%s", match, diff)
		}
	}
}

// alternatives is the group with one term for each field: journalctl takes several for alternatives.
func alternatives(group []journal.Term) (merged []journal.Term) {
	for _, t := range group {
		i := slices.IndexFunc(merged, func(m journal.Term) bool { return m.Field == t.Field })
		if i < 0 {
			merged = append(merged, t)
		} else {
			merged[i].Values = append(merged[i].Values, t.Values...)
		}
	}
	return merged
}

// TestManyMatches holds that thousands of terms find what a few of them do.
func TestManyMatches(t *testing.T) {
	dir := t.TempDir()
	writeJournals(t, dir, nil)
	few := journal.Match{{{Field: "_COMM", Values: []string{"sshd"}}}, {{Field: "A", Values: []string{"1"}}, {Field: "_COMM", Values: []string{"cron"}}}}
	many := slices.Clone(few)
	for i := range 3000 {
		many = append(many, []journal.Term{{Field: "_SYSTEMD_UNIT", Values: []string{fmt.Sprintf("unit-%d.service", i)}},
			{Field: "PRIORITY", Values: []string{"1", "2"}}})
	}
	o := journal.Options{Dir: dir, Reader: journal.ReaderNative, Match: few}
	want := read(t, o)
	o.Match = many
	if diff := cmp.Diff(want, read(t, o)); diff != "" {
		t.Error(diff)
	}
}

// TestCursorsArePassedOn resumes after every 25th entry with each reader, whichever reader the cursor is from, and has
// journalctl do the same.
func TestCursorsArePassedOn(t *testing.T) {
	dir := t.TempDir()
	writeJournals(t, dir, nil)
	cursors := func(o journal.Options) (all []string) {
		o.Dir, o.Fields = dir, []string{"MESSAGE"}
		o.Lost = func(g journal.Gap) { t.Errorf("gap: %+v", g) }
		for _, e := range read(t, o) {
			all = append(all, e["__CURSOR"][0])
		}
		return all
	}
	for _, from := range readers {
		all := cursors(journal.Options{Reader: from})
		for i := 0; i < len(all); i += 25 {
			for _, to := range readers {
				if diff := cmp.Diff(all[i+1:], cursors(journal.Options{Reader: to, Cursor: all[i]}), equalEmpty); diff != "" {
					t.Fatalf("%s to %s, entry %d: %s", from, to, i, diff)
				}
			}
		}
		out, err := exec.Command("journalctl", "-q", "-D", dir, "-o", "export", "--output-fields=X", "--after-cursor", all[99]).Output()
		if n := strings.Count(string(out), "__CURSOR="); err != nil || n != len(all)-100 {
			t.Errorf("journalctl after a cursor of %s: %d entries of %d: %v", from, n, len(all)-100, err)
		}
	}
}

var equalEmpty = cmp.Transformer("empty", func(s []string) []string { return append([]string{}, s...) })

// TestSince begins at a time.
func TestSince(t *testing.T) {
	dir := t.TempDir()
	writeJournals(t, dir, nil)
	all := read(t, journal.Options{Dir: dir, Reader: journal.ReaderNative})
	var micros int64
	fmt.Sscan(all[200]["__REALTIME_TIMESTAMP"][0], &micros)
	for _, reader := range readers {
		got := read(t, journal.Options{Dir: dir, Reader: reader, Since: time.UnixMicro(micros)})
		if len(got) != len(all)-200 || got[0]["__CURSOR"][0] != all[200]["__CURSOR"][0] {
			t.Errorf("%s: %d entries of %d", reader, len(got), len(all)-200)
		}
	}
}

// TestBadCursorIsAnError holds that a cursor which is none is refused, and not taken for the journal's begin.
func TestBadCursorIsAnError(t *testing.T) {
	for _, reader := range readers {
		for _, cursor := range []string{"x", "s=1;i=2", "s=zz;i=1;b=2;m=3;t=4;x=5"} {
			if err := journal.Available(journal.Options{Dir: t.TempDir(), Reader: reader, Cursor: cursor}); err == nil {
				t.Errorf("%s took %q", reader, cursor)
			}
		}
	}
}

// TestLongValuesAreCut reads values that are longer, unpacked, than what is read of one.
func TestLongValuesAreCut(t *testing.T) {
	dir := t.TempDir()
	long := strings.Repeat("0123456789abcdef", 1<<15)
	remote(t, filepath.Join(dir, "system.journal"), strings.ReplaceAll(numbered(1, 3), "number", long))
	for _, reader := range readers {
		for _, fields := range [][]string{{"MESSAGE", "_COMM"}, nil} {
			got, _ := messages(t, journal.Options{Dir: dir, Reader: reader, Fields: fields})
			if diff := cmp.Diff([]string{long[:64<<10], long[:64<<10], long[:64<<10]}, got); diff != "" {
				t.Errorf("%s: %.500s", reader, diff)
			}
		}
	}
}

// TestALongValueHoldsNothingUp reads a short compressed value after one of which only the begin is unpacked.
func TestALongValueHoldsNothingUp(t *testing.T) {
	dir := t.TempDir()
	long := strings.ReplaceAll(numbered(1, 1), "number", strings.Repeat("0123456789abcdef", 1<<13))
	short := strings.ReplaceAll(numbered(2, 2), "number", strings.Repeat("0123456789abcdef", 1<<6))
	remote(t, filepath.Join(dir, "system.journal"), long+short)
	for _, fields := range [][]string{{"MESSAGE"}, nil} {
		got := make(chan int)
		go func() {
			n := 0
			o := journal.Options{Dir: dir, Reader: journal.ReaderNative, Fields: fields}
			if err := journal.Read(t.Context(), o, func(*journal.Entry) error { n++; return nil }); err != nil {
				t.Error(err)
			}
			got <- n
		}()
		select {
		case n := <-got:
			if n != 2 {
				t.Errorf("fields %v: %d entries", fields, n)
			}
		case <-time.After(5 * time.Second):
			t.Fatalf("fields %v: it hangs", fields)
		}
	}
}

// TestAnEntryIsBounded reads an entry of a thousand long values.
func TestAnEntryIsBounded(t *testing.T) {
	dir := t.TempDir()
	var text strings.Builder
	text.WriteString(strings.TrimSuffix(numbered(1, 1), "\n"))
	for i := range 1000 {
		fmt.Fprintf(&text, "MESSAGE=%d %s\n", i, strings.Repeat("x", 60<<10))
	}
	text.WriteString("\n")
	remote(t, filepath.Join(dir, "system.journal"), text.String())
	bytes := 0
	o := journal.Options{Dir: dir, Reader: journal.ReaderNative, Fields: []string{"MESSAGE"}}
	err := journal.Read(t.Context(), o, func(e *journal.Entry) error {
		for _, f := range e.Fields {
			bytes += len(f.Value)
		}
		return nil
	})
	if err != nil || bytes == 0 || bytes > 1<<20 {
		t.Errorf("%d bytes, %v", bytes, err)
	}
}
