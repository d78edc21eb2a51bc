package date

import (
	"strings"
	"testing"
	"time"

	"bailiff/jails/match"
)

// FuzzDetector holds that no pattern and no lines make the detector panic or point outside of the line.
func FuzzDetector(f *testing.F) {
	for _, k := range keys() {
		f.Add(k[0], k[1]+"\n12:00:00 x")
	}
	for seed := range uint64(60) {
		g := newGenerator(seed)
		pattern, text := g.pattern()
		f.Add(pattern, g.write(text, g.moment(time.UTC))+"\n"+g.prefix()+g.suffix())
	}
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, patterns, lines string) {
		p, err := Compile(strings.Split(patterns, "\n"), Options{})
		if err != nil || len(lines) > 1000 {
			return
		}
		d := p.NewDetector()
		for line := range strings.SplitSeq(lines, "\n") {
			text := match.Valid(nil, []byte(line))
			m, ok := d.Match(text, now)
			if m.Start < 0 || m.Start > m.End || m.End > len(text) || ok != (m.Template != "") {
				t.Fatalf("%q: %q: %+v %v", patterns, text, m, ok)
			}
		}
	})
}
