package filter

import (
	"bytes"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bailiff/jails/event"
)

func TestStampsAreWrittenAsTimeWritesThem(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	m := compile(t, Definition{Failregex: []string{`<HOST>`}}).NewMatcher(Options{})
	at := noon()
	for range 10_000 {
		at = at.Add(time.Duration(r.Int64N([]int64{1e3, 1e6, 1e9, 1e14}[r.IntN(4)])))
		if r.IntN(10) == 0 {
			at = at.Truncate(time.Second)
		}
		layout := "2006-01-02T15:04:05-07:00 "
		if at.Nanosecond() >= 1000 {
			layout = "2006-01-02T15:04:05.000000-07:00 "
		}
		if got, want := string(m.stamps.stamp(at)), at.Local().Format(layout); got != want || Stamp(at) != want {
			t.Fatalf("%s and %s, want %s", got, Stamp(at), want)
		}
	}
}

func TestTimesThatAreOff(t *testing.T) {
	r, off := rand.New(rand.NewPCG(1, 2)), 0
	for range 10_000 {
		now := noon().Add(time.Duration(r.Int64N(2)) * time.Duration(r.Int64N(1e9)))
		at := now.Add(time.Duration(r.Int64N(123)-61)*time.Second + time.Duration(r.Int64N(3)-1)*time.Duration(r.Int64N(2e9)))
		d := at.Sub(now)
		want := d >= maxOff+time.Second || d <= -maxOff-time.Second
		if isOff(at, now) != want {
			t.Fatalf("%v from %v: %v", at, now, !want)
		}
		if want {
			off++
		}
	}
	if off < 100 || !isOff(time.Time{}, noon()) || !isOff(time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC), noon()) {
		t.Errorf("only %d were off, or times far from now were not", off)
	}
}

// TestLookBackOverWhatIsKnown shows some lines of blocks to a matcher and to one that looks through the lines before each
// time, and demands the same.
func TestLookBackOverWhatIsKnown(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	skipped, found := 0, 0
	for range 15 {
		for _, name := range []string{"lines", "dates", "optional dates"} {
			o := Options{FindTime: time.Hour}
			m, forgetful := compile(t, twinFilters[name]).NewMatcher(o), compile(t, twinFilters[name]).NewMatcher(o)
			for range 4 {
				text, now := undatedBlock(r), time.Unix(sampleNow+20, 0)
				m.Begin()
				for start, end := 0, 0; start < len(text); start = end + 1 {
					end = start + bytes.IndexByte(text[start:], '\n')
					if r.IntN(3) == 0 {
						continue
					}
					l := event.Line{Text: text[start:end], Before: text[:start], Live: r.IntN(5) > 0}
					forgetful.bare = bare{}
					known := m.bare
					show := func(m *Matcher) []Match { return m.Match(l, now) }
					if r.IntN(2) == 0 {
						show = func(m *Matcher) []Match { return m.Keep(l, now) }
					}
					want, got := show(forgetful), show(m)
					diff := cmp.Diff(counts(want), counts(got)) + cmp.Diff(forgetful.Templates(), m.Templates()) + cmp.Diff(forgetful.Buffer(), m.Buffer())
					if diff != "" || !m.lastDate.Equal(forgetful.lastDate) || !bytes.Equal(m.lastText, forgetful.lastText) {
						t.Fatalf("%s: %q after %q: %s", name, l.Text, l.Before, diff)
					}
					found += len(got)
					if m.bare != known && m.bare.start < known.end && known.start == m.bare.start {
						skipped++
					}
				}
			}
		}
	}
	if skipped < 1000 || found < 1000 {
		t.Errorf("lines were passed over %d times, %d failures: the test is blind", skipped, found)
	}
}

// undatedBlock makes lines of which few have a date.
func undatedBlock(r *rand.Rand) (text []byte) {
	dated := []int{1, 20, 200}[r.IntN(3)]
	for _, l := range twinLines(r, 150, true, 3) {
		at := time.Unix(sampleNow+r.Int64N(20), 0)
		switch r.IntN(dated) {
		case 0:
			text = at.AppendFormat(text, time.DateTime)
		case 1:
			text = append(text, "2005-02-30 10:00:00"...)
		}
		text = append(append(text, l.Text...), '\n')
	}
	return text
}
