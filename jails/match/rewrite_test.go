package match

import (
	"math/rand/v2"
	"strings"
	"testing"
)

// TestRewritesAgainstPython compares patterns that are rewritten when they are compiled with Python's re: conditions that an
// alternative before them decides, short loops, any characters up to a string, runs of a class before its opposite. No
// possessive repeat has a look round in it: CPython 3.11.2 forgets that in later turns, later ones do not.
func TestRewritesAgainstPython(t *testing.T) {
	pairs := 60_000
	if testing.Short() {
		pairs = 6_000
	}
	t.Logf("-seed %d", *seed)
	r := rand.New(rand.NewPCG(*seed, 11))
	o := startOracle(t)
	var s Scratch
	matches, failures := 0, 0
	for n := 0; n < pairs && failures < 20; {
		q := rewritten(r)
		a := o.ask(t, q)
		if diff, _ := disagreement(q, a, &s); diff != "" {
			t.Error(diff)
			failures++
		}
		n += len(a.Spans)
		for _, spans := range a.Spans {
			if len(spans) > len("null") {
				matches++
			}
		}
	}
	if matches < pairs/100 {
		t.Errorf("%d matches only", matches)
	}
}

// rewritten makes up a pattern of such parts, and texts of what they match.
func rewritten(r *rand.Rand) question {
	one := func(of ...string) string { return of[r.IntN(len(of))] }
	part := func() string {
		return one("a", "b", "ab", " b ", `\S`, `\s*`, `\S+`, `\S+\s+`, `\s+\S`, `\d{1,3}`, `\w*\W`, `[^ ]+`, ".*", ".*?", `(?:(?! b ).)*`, `(?:(?!ab).)*?`, `(?:(?!b)\S)*`,
			`(?>(?:(?! b )[^1])*)`, `(?:\d\.){2}`, `(?: (?:a|b\d*)){0,2}`, `(?:a\S?){1,3}`, `(?:b|ab){,2}?`, `(?:\w ){2,4}`, `(?:ab?)?`, `(?>a\S*)`, "é")
	}
	parts := func(n int) (expr string) {
		for range n {
			expr += part()
		}
		return expr
	}
	decide := func(name string) string {
		group := "(?P<" + name + ">" + part() + ")"
		return one(group+"?", group+"??", "(?:"+group+"|"+part()+")", "(?:"+part()+"|"+group+part()+"|b)", "(?P<in"+name+">"+group+"|"+part()+")", group,
			"(?:"+group+")*", "(?="+group+")?", "(?:a"+group+"?|b)")
	}
	ask := func(name string) string {
		return "(?(" + name + ")" + parts(1+r.IntN(2)) + one("", "|"+part(), "|"+parts(2)) + ")"
	}
	expr := one("", "^") + parts(r.IntN(2)) + decide("g") + parts(r.IntN(3))
	if r.IntN(2) == 0 {
		expr += decide("h") + parts(r.IntN(2)) + ask("h")
	}
	q := question{Expr: expr + ask("g") + one("", "$", part())}
	if r.IntN(3) == 0 {
		q.Expr = parts(1 + r.IntN(5))
	}
	if r.IntN(4) == 0 {
		q.Flags = IgnoreCase
	}
	for range 6 {
		var text strings.Builder
		for range 1 + r.IntN(9) {
			text.WriteString(one("a", "b", "ab", " ", " b ", "1.", "12", "aB", "é", "\u00a0", "\n", "a a ", "x", "٣"))
		}
		q.Texts = append(q.Texts, text.String())
	}
	return q
}

// TestConditionsResolved looks at what becomes of conditions.
func TestConditionsResolved(t *testing.T) {
	for expr, left := range map[string]int{
		`(a)?b(?(1)c|d)`:              0,
		`(?:(a)|b)c(?(1)d)`:           0,
		`(x(?:(a)|b))c(?(2)d|e)`:      0,
		`(a)(?(1)b|c)`:                0,
		`(?:(a)?b)*(?(1)c|d)`:         1,
		`(?:(a)b?|c(?(1)d|e))(?(1)f)`: 1,
		`(?:(a)|b|c)(?(1)` + strings.Repeat("x", maxResolved) + ")": 1,
	} {
		p, err := Compile(expr, 0)
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for _, in := range p.prog.insts {
			if in.op == opCond {
				n++
			}
		}
		if n > left {
			t.Errorf("%.40q: %d conditions left, want %d", expr, n, left)
		}
	}
}
