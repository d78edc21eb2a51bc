package date

import (
	"slices"
	"testing"
	"time"

	"bailiff/jails/match"
)

// TestRepeatedDates feeds lines that begin alike to a detector and to one that forgets each line's begin and time, and
// demands the same answers and the same state.
func TestRepeatedDates(t *testing.T) {
	repeated, known, lines := 0, 0, 0
	for seed := range uint64(400) {
		g := newGenerator(seed)
		setLocal(t, location(t, pick(g, "UTC", "Europe/Berlin", "Australia/Lord_Howe", "Europe/Dublin")))
		p, err := Compile(pick(g, nil, nil, []string{lineBegin}, []string{"^{DATE}"}, []string{`%b %d %H:%M:%S`, "EPOCH"}), Options{})
		if err != nil {
			t.Fatal(err)
		}
		d, forgetful := p.NewDetector(), p.NewDetector()
		for _, l := range g.flood() {
			line, now := match.Valid(nil, []byte(l.line)), time.UnixMicro(int64(l.now*1e6))
			forgetful.repeat, forgetful.known = repeat{reach: reach}, reading{}
			before := string(d.repeat.begin)
			m, ok := d.Match(line, now)
			want, wanted := forgetful.Match(line, now)
			if m != want || ok != wanted || !sameState(d, forgetful) {
				t.Fatalf("seed %d: %q at %v: %+v %v, want %+v %v\n%+v\n%+v", seed, line, now, m, ok, want, wanted, d.Templates(), forgetful.Templates())
			}
			lines++
			if before != "" && string(d.repeat.begin) == before {
				repeated++
			}
			if d.known.local != nil {
				known++
			}
		}
	}
	if repeated < 1000 || known < lines/2 {
		t.Errorf("of %d lines %d began as the last, %d had a time that would be believed: the test is blind", lines, repeated, known)
	}
}

func location(t *testing.T, name string) *time.Location {
	l, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// flood makes lines of which many share their date, or nearly.
func (g *generator) flood() (lines []stamped) {
	for _, l := range g.source(30, time.Local) {
		for range 1 + g.IntN(6) {
			again := l
			switch g.IntN(6) {
			case 0:
				again.line = g.mutate(l.line + ".")
			case 1:
				again.now += float64(g.IntN(3)) / 2
			case 2:
				again.line = l.line[:g.cutIn(l.line)] + g.suffix()
			default:
				again.line += " and so on" + g.suffix()
			}
			lines = append(lines, again)
		}
	}
	return lines
}

// cutIn picks where a character of the text begins, or its end.
func (g *generator) cutIn(text string) int {
	i := g.IntN(len(text) + 1)
	for i < len(text) && text[i]&0xc0 == 0x80 {
		i++
	}
	return i
}

// sameState tells whether two detectors would go on alike.
func sameState(d, e *Detector) bool {
	return d.last == e.last && d.firstUnused == e.firstUnused && d.place == e.place && d.clock.last == e.clock.last &&
		slices.EqualFunc(d.entries, e.entries, func(a, b entry) bool {
			return a.template == b.template && a.wins == b.wins && a.used.Equal(b.used) && a.distance == b.distance
		})
}
