package filter

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bailiff/jails/event"
)

// TestEvidenceHasWhatMatchesSay compares MatchAmong's matches and their evidence with Match's, which are complete.
func TestEvidenceHasWhatMatchesSay(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	failures := 0
	for range 40 {
		for _, d := range twinFilters {
			o := Options{CheckAll: r.IntN(4) == 0, FindTime: []time.Duration{0, time.Hour}[r.IntN(2)]}
			whole, lean := compile(t, d).NewMatcher(o), compile(t, d).NewMatcher(o)
			for _, l := range twinLines(r, 200, r.IntN(3) == 0, []int{3, 300}[r.IntN(2)]) {
				line := event.Line{Text: []byte(l.Text), Live: l.Live, Fields: []event.Field{{Name: "_COMM", Value: []byte("sshd")}}}
				if l.At > 0 {
					line.Time = time.Unix(int64(l.At), int64(r.IntN(2)*123456789))
				}
				want := append([]Match(nil), whole.Match(line, time.Unix(l.Now, 0))...)
				failures += len(want)
				if diff := cmp.Diff(counts(want), counts(lean.MatchAmong(nil, line, time.Unix(l.Now, 0)))); diff != "" {
					t.Fatalf("%+v\n%s\n%s", d, l.Text, diff)
				}
			}
		}
	}
	if failures < 1000 {
		t.Errorf("only %d failures: the test is blind", failures)
	}
}

// A counted is what a jail asks of a match.
type counted struct {
	Who     string
	Time    time.Time
	Regex   int
	NoFail  bool
	Pending bool
	Lines   []string
	Fields  map[string]string
}

func counts(found []Match) (all []counted) {
	for i := range found {
		x := &found[i]
		c := counted{x.Subject.String(), x.Time, x.Regex, x.NoFail, x.Pending, nil, x.Captures()}
		if x.Subject.IsZero() {
			c.Who = x.Host + " " + x.ID
		}
		var lines event.Lines
		x.AddLines(&lines)
		c.Lines = lines.Strings()
		all = append(all, c)
	}
	return all
}

func TestFailuresAllocateNothing(t *testing.T) {
	w := wanted{"sshd", `{}`}
	f, err := Compile(definitions(t, []wanted{w})[w])
	if err != nil {
		t.Fatal(err)
	}
	m, now := f.NewMatcher(Options{FindTime: time.Hour}), noon()
	for _, text := range []string{
		"srv sshd[10]: Failed password for invalid user admin from 192.0.2.7 port 50022 ssh2",
		"srv sshd[10]: Accepted publickey for root from 192.0.2.7 port 50022 ssh2: ED25519 SHA256:x",
	} {
		// Each line is of another connection.
		line, id := event.Line{Text: []byte(text), Time: now}, uint(0)
		match := func() {
			line.Text[9], line.Text[10] = '0'+byte(id%10), '0'+byte(id/10%10)
			id++
			m.MatchAmong(nil, line, now.Add(time.Duration(id)*time.Hour))
		}
		for range 1000 {
			match()
		}
		if n := testing.AllocsPerRun(100, match); n != 0 {
			t.Errorf("%s: %v allocations", line.Text, n)
		}
	}
}

// TestKeptLinesAllocateNothing keeps lines for a filter that looks back to them.
func TestKeptLinesAllocateNothing(t *testing.T) {
	w := wanted{"guacamole", `{}`}
	f, err := Compile(definitions(t, []wanted{w})[w])
	if err != nil {
		t.Fatal(err)
	}
	m, now := f.NewMatcher(Options{}), noon()
	if m.Span() < 2 {
		t.Fatalf("it spans %d lines", m.Span())
	}
	line := event.Line{Text: []byte("srv CRON[10]: (root) CMD (run-parts)"), Time: now}
	keep := func() { m.Keep(line, now) }
	for range 10 {
		keep()
	}
	if n := testing.AllocsPerRun(100, keep); n != 0 {
		t.Errorf("%v allocations a line", n)
	}
}

// BenchmarkFailures matches failures only, each of another connection, as a jail has them matched.
func BenchmarkFailures(b *testing.B) {
	w := wanted{"sshd", `{}`}
	f, err := Compile(definitions(b, []wanted{w})[w])
	if err != nil {
		b.Fatal(err)
	}
	m, now := f.NewMatcher(Options{FindTime: time.Hour}), time.Now()
	line := event.Line{Text: []byte("srv sshd[1000]: Failed password for root from 192.0.2.7 port 50022 ssh2"), Time: now}
	b.ReportAllocs()
	for n := 0; b.Loop(); n++ {
		for i, digit := 0, n; i < 4; i, digit = i+1, digit/10 {
			line.Text[9+i] = '0' + byte(digit%10)
		}
		m.MatchAmong(nil, line, now)
	}
}
