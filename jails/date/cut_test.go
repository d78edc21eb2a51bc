package date

import (
	"regexp"
	"testing"
	"time"

	"bailiff/jails/match"
)

// datepatterns are such as fail2ban's filters have.
func datepatterns() [][]string {
	return [][]string{
		nil,
		{lineBegin},
		{"^{DATE}"},
		{`^[^\[]*\[({DATE})`, lineBegin},
		{`^[^\[]*(\[{DATE}\s*\])`, lineBegin},
		{`^(?:%Y-)?%m-%d[ T]%H:%M:%S(?:\.%f)?`, lineBegin},
		{`%d/%b[^/]*/%Y:%H:%M:%S %z`},
		{lineBegin + "Epoch", lineBegin},
		{"EPOCH"},
		{"TAI64N", "{UNB}%H:%M:%S"},
		{`id=(\S+ )?{EPOCH}`},
	}
}

// dots is an expression for text that has no string long enough to be looked for: every third character is any.
func dots(text string) (expr string) {
	for i, r := range []rune(text) {
		if i%3 == 2 {
			expr += "."
			continue
		}
		expr += regexp.QuoteMeta(string(r))
	}
	return expr
}

// TestCuts looks for the rest of lines after their date was cut out, by Sets that know only where it can have stood: as a
// string of which a part has to stand in the line, and by the automaton.
func TestCuts(t *testing.T) {
	now := time.Date(2026, 7, 14, 12, 0, 0, 0, time.UTC)
	found := 0
	for i, patterns := range datepatterns() {
		p, err := Compile(patterns, Options{Zone: time.UTC})
		if err != nil {
			t.Fatal(err)
		}
		d := p.NewDetector()
		for seed := range uint64(100) {
			g := newGenerator(seed + uint64(i)<<32)
			line := match.Valid(nil, []byte(g.line(g.moment(time.UTC), pick(g, pick(g, layouts()...)...))+" end of the line"))
			m, ok := d.Match(line, now)
			if !ok || m.Start == m.End {
				continue
			}
			found++
			rest := regexp.QuoteMeta(string(line[:m.Start]) + string(line[m.End:]))
			for _, expr := range []string{"^" + rest + "$", "^(?s:" + dots(string(line[:m.Start])+string(line[m.End:])) + ")$"} {
				want, err := match.Compile(expr, 0)
				if err != nil {
					t.Fatal(err)
				}
				hit := false
				set := match.NewSet([]match.Rule{{Patterns: []*match.Pattern{want}, Cuts: p.Cuts()}}, match.Options{})
				set.Scan(append(line, '\n'), func(int, int, []match.Hit) bool { hit = true; return false })
				if !hit {
					t.Fatalf("%q: the date of %q was cut out at %d to %d, where it cannot stand", patterns, line, m.Start, m.End)
				}
			}
		}
	}
	if found < 250 {
		t.Errorf("%d dates only", found)
	}
}
