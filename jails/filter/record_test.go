package filter

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bailiff/jails/event"
	"bailiff/jails/match"
)

// A record is one line that fail2ban processed in its own tests, with what it found.
type record struct {
	Filter   string
	Instance string
	Options  json.RawMessage
	Journal  bool
	Line     string
	Failures []recorded
}

type recorded struct {
	Regex  int
	ID     any
	Time   float64
	Lines  []string
	Groups map[string]any
}

// TestRecords replays every line that fail2ban's own tests process and demands the same failures, each with the same
// regex, id, time, lines and groups.
func TestRecords(t *testing.T) {
	records := readRecords(t)
	var all []wanted
	for _, r := range records {
		if w := r.wanted(); !slices.Contains(all, w) {
			all = append(all, w)
		}
	}
	defs := definitions(t, all)
	matchers := map[string]*Matcher{}
	for _, r := range records {
		key := r.Filter + " " + r.Instance
		if matchers[key] == nil {
			matchers[key] = sampleMatcher(t, defs[r.wanted()])
		}
		l, now := event.Line{Text: match.Valid(nil, []byte(r.Line))}, time.Unix(sampleNow, 0)
		if r.Journal {
			l.Time = now
		}
		var got []recorded
		for _, x := range matchers[key].Match(l, now) {
			got = append(got, recordOf(x))
		}
		if diff := cmp.Diff(r.normal(), got); diff != "" {
			t.Errorf("%s: %s\n%s", key, r.Line, diff)
		}
	}
	t.Logf("%d lines", len(records))
}

func (r record) wanted() wanted { return wanted{r.Filter, string(r.Options)} }

// recordOf is a match in the record's words.
func recordOf(x Match) recorded {
	r := recorded{Regex: x.Regex, ID: x.ID, Time: float64(x.Time.UnixMicro()) / 1e6, Groups: map[string]any{}}
	if x.Pending {
		r.ID = nil
	} else if s := x.Subject.String(); x.Subject.Family() != "" {
		r.ID = s
	}
	r.Lines = append(r.Lines, x.Lines...)
	for _, g := range x.Groups {
		if g.Kind == Null {
			r.Groups[g.Name] = nil
		} else {
			r.Groups[g.Name] = g.Value
		}
	}
	return r
}

// normal writes what fail2ban holds as lists as this package writes it.
func (r record) normal() (all []recorded) {
	for _, f := range r.Failures {
		if f.Lines = lines(f.Lines, r.Journal); len(f.Lines) == 0 {
			f.Lines = nil
		}
		for name, v := range f.Groups {
			switch v := v.(type) {
			case []any:
				f.Groups[name] = setRepr(texts(v))
			case float64:
				f.Groups[name] = fmt.Sprint(v)
			}
		}
		all = append(all, f)
	}
	return all
}

// lines gives the journal's lines the time that a real journal line has.
func lines(all []string, journal bool) []string {
	if !journal {
		return all
	}
	stamp := time.Unix(sampleNow, 0).Local().Format("2006-01-02T15:04:05-07:00 ")
	for i, line := range all {
		all[i] = stamp + strings.TrimPrefix(line, "2005-08-14T10:00:00")
	}
	return all
}

func readRecords(t *testing.T) (records []record) {
	t.Helper()
	scanner := bufio.NewScanner(bytes.NewReader(runPython(t, nil, "testdata/records.py")))
	scanner.Buffer(nil, 1<<20)
	for scanner.Scan() {
		var r record
		if err := json.Unmarshal(scanner.Bytes(), &r); err != nil {
			t.Fatal(err)
		}
		records = append(records, r)
	}
	if len(records) < 1300 {
		t.Fatalf("only %d records", len(records))
	}
	return records
}
