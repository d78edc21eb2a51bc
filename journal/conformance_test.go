package journal_test

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"maps"
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

// layouts are the ways systemd-journal-remote can be told to write.
var layouts = map[string][]string{
	"compact":           nil,
	"regular":           {"SYSTEMD_JOURNAL_COMPACT=0"},
	"compact, unkeyed":  {"SYSTEMD_JOURNAL_KEYED_HASH=0"},
	"regular, unkeyed":  {"SYSTEMD_JOURNAL_COMPACT=0", "SYSTEMD_JOURNAL_KEYED_HASH=0"},
	"rewritten as lz4":  nil,
	"rewritten as xz":   {"SYSTEMD_JOURNAL_COMPACT=0"},
	"rewritten as both": nil,
}

// TestReadsWhatJournalctlReads holds cursors and fields against journalctl's, for every layout and kind of match.
func TestReadsWhatJournalctlReads(t *testing.T) {
	for layout, env := range layouts {
		t.Run(layout, func(t *testing.T) {
			dir := t.TempDir()
			writeJournals(t, dir, env)
			files, _ := filepath.Glob(filepath.Join(dir, "*.journal"))
			for i, path := range files {
				switch layout {
				case "rewritten as lz4":
					recompress(t, path, "lz4")
				case "rewritten as xz":
					recompress(t, path, "xz")
				case "rewritten as both":
					recompress(t, path, []string{"lz4", "xz"}[i%2])
				}
			}
			compareWithJournalctl(t, dir)
		})
	}
}

func compareWithJournalctl(t *testing.T, dir string) {
	t.Helper()
	term := func(field string, values ...string) journal.Term { return journal.Term{Field: field, Values: values} }
	for i, match := range []journal.Match{
		nil,
		{{term("_COMM", "sshd")}},
		{{term("_COMM", "sshd", "cron", "never")}},
		{{term("_COMM", "sshd"), term("_SYSTEMD_UNIT", "ssh.service")}},
		{{term("_COMM", "sshd"), term("_SYSTEMD_UNIT", "ssh.service")}, {term("SYSLOG_IDENTIFIER", "CRON")}},
		{{term("PRIORITY", "0", "1", "2", "3"), term("_BOOT_ID", boots[1])}, {term("_COMM", "cron"), term("_SYSTEMD_UNIT", "ssh.service")}},
		{{term("LONG", longValue)}},
		{{term("TAG", "two")}},
		{{term("_COMM", "never")}},
	} {
		want := journalctl(t, dir, match)
		if (len(want) == 0) != (i == 8) {
			t.Fatalf("match %v: journalctl found %d entries", match, len(want))
		}
		for _, reader := range readers {
			for _, fields := range [][]string{{"MESSAGE"}, {"MESSAGE", "_COMM", "LONG", "A", "_SYSTEMD_UNIT"}, {"TAG", "A"}, nil} {
				repeated := fields == nil || fields[0] == "TAG"
				if reader == journal.ReaderSDJournal && repeated || match != nil && len(fields) == 1 {
					continue // libsystemd's reader sees one of repeated fields only; and once is enough
				}
				got := read(t, journal.Options{Dir: dir, Reader: reader, Match: match, Fields: fields})
				if diff := cmp.Diff(only(want, fields), got); diff != "" {
					t.Fatalf("%s, match %v, fields %v: journalctl -, reader +\n%s", reader, match, fields, diff)
				}
			}
		}
	}
}

// TestOnceReadsOneValue holds that one value of each field is read, and that it is one that journalctl sees.
func TestOnceReadsOneValue(t *testing.T) {
	dir := t.TempDir()
	writeJournals(t, dir, nil)
	fields := []string{"TAG", "A", "MESSAGE"}
	got := read(t, journal.Options{Dir: dir, Reader: journal.ReaderNative, Fields: fields, Once: true})
	repeated := 0
	for i, want := range only(journalctl(t, dir, nil), fields) {
		if len(want["TAG"]) > 1 {
			repeated++
			if len(got[i]["TAG"]) != 1 || !slices.Contains(want["TAG"], got[i]["TAG"][0]) {
				t.Fatalf("of %q came %q", want["TAG"], got[i]["TAG"])
			}
			want["TAG"] = got[i]["TAG"]
		}
		if diff := cmp.Diff(want, got[i]); diff != "" {
			t.Fatalf("entry %d: journalctl -, reader +\n%s", i, diff)
		}
	}
	if repeated == 0 {
		t.Error("no entry has a field several times")
	}
}

// only returns the entries with no other fields than these.
func only(entries []map[string][]string, fields []string) (out []map[string][]string) {
	for _, e := range entries {
		m := maps.Clone(e)
		maps.DeleteFunc(m, func(name string, _ []string) bool {
			return fields != nil && !strings.HasPrefix(name, "__") && !slices.Contains(fields, name)
		})
		out = append(out, m)
	}
	return out
}

// read returns each entry as a cursor and fields.
func read(t *testing.T, o journal.Options) (entries []map[string][]string) {
	t.Helper()
	err := journal.Read(t.Context(), o, func(e *journal.Entry) error {
		m := map[string][]string{"__CURSOR": {e.Cursor()},
			"__REALTIME_TIMESTAMP":  {fmt.Sprint(e.Realtime().UnixMicro())},
			"__MONOTONIC_TIMESTAMP": {fmt.Sprint(e.Monotonic().Microseconds())}}
		for _, f := range e.Fields {
			m[f.Name] = append(m[f.Name], string(f.Value))
		}
		entries = append(entries, m)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return entries
}

// journalctl returns the same as journalctl -o json sees it.
func journalctl(t *testing.T, dir string, match journal.Match) (entries []map[string][]string) {
	t.Helper()
	out, err := exec.Command("journalctl", append([]string{"-D", dir, "-o", "json", "--all", "-q"}, words(match)...)...).Output()
	if err != nil {
		t.Fatal(err)
	}
	for d := json.NewDecoder(bytes.NewReader(out)); d.More(); {
		var raw map[string]any
		if err := d.Decode(&raw); err != nil {
			t.Fatal(err)
		}
		entries = append(entries, flatten(raw))
	}
	return entries
}

// words are the match as journalctl's arguments.
func words(match journal.Match) (args []string) {
	for i, group := range match {
		if i > 0 {
			args = append(args, "+")
		}
		for _, t := range group {
			for _, v := range t.Values {
				args = append(args, t.Field+"="+v)
			}
		}
	}
	return args
}

// flatten makes lists of values of journalctl's JSON: a string, an array of bytes, or an array of either.
func flatten(raw map[string]any) map[string][]string {
	m := map[string][]string{}
	for k, v := range raw {
		if strings.HasPrefix(k, "__SEQNUM") { // since version 254
			continue
		}
		list, ok := v.([]any)
		if !ok || isNumber(list[0]) {
			list = []any{v}
		}
		for _, one := range list {
			m[k] = append(m[k], text(one))
		}
	}
	return m
}

func isNumber(v any) bool { _, ok := v.(float64); return ok }

func text(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	var b []byte
	for _, c := range v.([]any) {
		b = append(b, byte(c.(float64)))
	}
	return string(b)
}

var boots = []string{"04532c5414a8412fac2c340e4b005784", "1c4b7fd0bd6d4a3fae7d1c9f8a3e5511"}

// longValue is long enough to be compressed by systemd.
var longValue = strings.Repeat("a value that repeats itself ", 40)

// writeJournals has systemd-journal-remote make three journals whose entries interleave.
func writeJournals(t *testing.T, dir string, env []string) {
	t.Helper()
	r := rand.New(rand.NewPCG(1, 2))
	out := map[string]*bytes.Buffer{"system.journal": {}, "user-1000.journal": {}, "other.journal": {}}
	at := time.Date(2026, 11, 22, 6, 0, 0, 0, time.UTC).UnixMicro()
	for i := range 400 {
		at += r.Int64N(50_000)
		boot := boots[i/300]
		w := out[[]string{"system.journal", "system.journal", "user-1000.journal", "other.journal"}[r.IntN(4)]]
		fmt.Fprintf(w, "__REALTIME_TIMESTAMP=%d\n__MONOTONIC_TIMESTAMP=%d\n_BOOT_ID=%s\n", at, at%1e9, boot)
		writeFields(w, r, i)
		w.WriteString("\n")
	}
	for name, b := range out {
		remote(t, filepath.Join(dir, name), b.String(), env...)
	}
}

func writeFields(w *bytes.Buffer, r *rand.Rand, i int) {
	comm := []string{"sshd", "cron", "nginx"}[r.IntN(3)]
	fmt.Fprintf(w, "_COMM=%s\nPRIORITY=%d\n_PID=%d\nA=%d\n", comm, r.IntN(8), 100+r.IntN(9), r.IntN(3))
	if r.IntN(3) > 0 {
		fmt.Fprintf(w, "_SYSTEMD_UNIT=%s\n", []string{"ssh.service", "cron.service"}[r.IntN(2)])
	}
	if comm == "cron" {
		w.WriteString("SYSLOG_IDENTIFIER=CRON\n")
	}
	if r.IntN(20) == 0 {
		w.WriteString("LONG=" + longValue + "\n")
	}
	if r.IntN(10) == 0 {
		w.WriteString("TAG=one\nTAG=two\n")
	}
	message := fmt.Sprintf("line %d", i)
	switch r.IntN(6) {
	case 0:
		message += strings.Repeat(" and again", 40)
	case 1:
		message += strings.Repeat(" and again", 400)
	case 2:
		message += "\x00\xff\nbinary"
	}
	w.WriteString("MESSAGE\n")
	w.Write(binary.LittleEndian.AppendUint64(nil, uint64(len(message))))
	w.WriteString(message + "\n")
}
