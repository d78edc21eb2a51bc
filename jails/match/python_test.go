package match

import (
	"slices"
	"strings"
	"testing"
)

// TestUnlikePython holds what differs from Python 3.11.2 on purpose.
func TestUnlikePython(t *testing.T) {
	for _, c := range []struct{ expr, want string }{
		{`\N{BULLET}`, `character names (\N{…}) are not supported at position 0`},
		{`(?t)a`, "unknown extension ?t at position 1"},
		{`a{2147483648}`, "the repetition number is too large at position 2"},
		{strings.Repeat("(", 1001) + "a" + strings.Repeat(")", 1001), "groups nested too deeply at position 1001"},
		{`[az-b]`, "bad character range z-b at position 2"},
		{`[a\w-b]`, `bad character range \w-b at position 2`},
	} {
		if _, err := Compile(c.expr, 0); err == nil || err.Error() != c.want {
			t.Errorf("%.20s: %v, want %v", c.expr, err, c.want)
		}
	}
	for _, c := range []struct {
		expr, text string
		want       []int
	}{
		{`(?:.(?!D))++`, "ABCDE", []int{0, 2}},
		{`(?:.(?!D))*+`, "ABCDE", []int{0, 2}},
		{`(?:.(?!D))?+`, "CDE", []int{0, 0}},
		{`(?:ab?c)++`, "aca", []int{0, 2}},
	} {
		p, err := Compile(c.expr, 0)
		if err != nil {
			t.Fatal(err)
		}
		var s Scratch
		if got, err := p.Search(&s, []byte(c.text), 0); err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%s on %s: %v %v, want %v", c.expr, c.text, got, err, c.want)
		}
	}
}
