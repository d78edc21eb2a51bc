package event

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestLinesAgainstStrings compares with lines that are kept as strings.
func TestLinesAgainstStrings(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var l, others Lines
	var twin, otherTwin []string
	for range 20_000 {
		line := strings.Repeat("a\n", r.IntN(4)) + string(rune('a'+r.IntN(8)))
		switch r.IntN(8) {
		default:
			l.Add([]byte(line[:len(line)/2]), nil, []byte(line[len(line)/2:]))
			twin = append(twin, line)
		case 4:
			others.Add([]byte(line))
			otherTwin = append(otherTwin, line)
		case 5:
			l.AddAll(&others)
			twin = append(twin, otherTwin...)
		case 6:
			most := r.IntN(10)
			l.Newest(most)
			twin = twin[max(0, len(twin)-most):]
		case 7:
			others.Reset(r.IntN(40))
			otherTwin = nil
		}
		if l.Len() != len(twin) || !slices.Equal(l.Strings(), twin) || l.Holds([]byte(line)) != slices.Contains(twin, line) {
			t.Fatalf("%q, want %q", l.Strings(), twin)
		}
	}
}

func TestSecondsAreWrittenAsTimeWritesThem(t *testing.T) {
	for _, layout := range []string{time.DateTime, "2006-01-02T15:04:05-07:00 ", "2006-01-02 15:04:05,"} {
		r := rand.New(rand.NewPCG(1, 2))
		s, at := Seconds{Layout: layout}, time.Date(2026, 10, 25, 0, 59, 59, 0, time.UTC)
		for range 10_000 {
			if got, want := string(s.Text(at)), at.Local().Format(layout); got != want {
				t.Fatalf("%v is %s, want %s", at, got, want)
			}
			at = at.Add(time.Duration(r.Int64N(int64(20*time.Second))) - 3*time.Second)
			if r.IntN(500) == 0 {
				at = time.Unix(r.Int64N(4_000_000_000), r.Int64N(1e9))
			}
		}
	}
}

func BenchmarkSeconds(b *testing.B) {
	s, at := Seconds{Layout: time.DateTime}, time.Now()
	for b.Loop() {
		at = at.Add(time.Second)
		s.Text(at)
	}
}

func TestSubjectsAreAppendedAsStringWritesThem(t *testing.T) {
	for _, text := range []string{"192.0.2.1", "192.0.2.0/24", "2001:db8::1", "2001:db8::/32", "::ffff:192.0.2.1"} {
		s, err := ParseSubject(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := string(s.AppendTo([]byte("> "))); got != "> "+s.String() {
			t.Errorf("%s is appended as %q", s, got)
		}
	}
	if got := string(ID("an id").AppendTo(nil)); got != "an id" {
		t.Errorf("an id is appended as %q", got)
	}
}
