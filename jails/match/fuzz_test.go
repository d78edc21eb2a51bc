package match

import (
	"flag"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"
)

var seed = flag.Uint64("seed", 1, "seed of the generated patterns and subjects")

// TestAgainstPython compares generated patterns on generated subjects with Python's re.
func TestAgainstPython(t *testing.T) {
	pairs := 200_000
	if testing.Short() {
		pairs = 20_000
	}
	t.Logf("-seed %d", *seed)
	g := &generator{rand: rand.New(rand.NewPCG(*seed, 0))}
	o := startOracle(t)
	var s Scratch
	slow, failures := 0, 0
	for n := 0; n < pairs && failures < 20; {
		q := g.question()
		a := o.ask(t, q)
		diff, sl := disagreement(q, a, &s)
		if diff != "" {
			t.Error(diff)
			failures++
		}
		n += len(a.Spans)
		slow += sl
	}
	if slow > pairs/100 {
		t.Errorf("Python was too slow for %d of %d pairs", slow, pairs)
	}
}

// TestErrorsAgainstPython compares what is wrong with damaged patterns with what Python says.
func TestErrorsAgainstPython(t *testing.T) {
	n := 20_000
	if testing.Short() {
		n = 2_000
	}
	t.Logf("-seed %d", *seed)
	g := &generator{rand: rand.New(rand.NewPCG(*seed, 1))}
	o := startOracle(t)
	failures := 0
	for range n {
		q := g.question()
		q.Texts, q.From = []string{}, nil
		q.Expr = g.damage(q.Expr)
		if diff, _ := disagreement(q, o.ask(t, q), nil); diff != "" {
			t.Error(diff)
			if failures++; failures == 40 {
				break
			}
		}
	}
}

// damage puts something into a pattern, or takes something out of it.
func (g *generator) damage(expr string) string {
	r := []rune(expr)
	for range 1 + g.rand.IntN(3) {
		at := g.rand.IntN(len(r) + 1)
		rest := r[at:]
		if g.rand.IntN(2) == 0 && len(rest) > 0 {
			rest = rest[1:]
		}
		bit := g.pickText("(", ")", "[", "]", "{", "}", "*", "+", "?", "|", "\\", "(?", "(?P", "(?P<", "(?P=", "(?(", "(?<", "(?i)", "(?i", "(?-",
			"(?L)", "(?au)", "(?i-i:a)", "(?P<g1>a)", `\x4`, `\u12`, `\U0011ffff`, `\q`, `\8`, `\400`, `\08`, `\07`, `\1`, `\99`, "{3,2}", "{2,3}", "a-", "-", "[z-a]", `[\w-a]`,
			"(?#", "(?#x)", "(?z)", "(?P>x)", "(?(0)a)", "(?(9)a)", "(?(x y)a)", "(?(1)a|b|c)", "(?<=a*)", "(?<=(a))", `(?<=\1)`, "é", "^*", "(?i-:a)", "(?i-z:a)", "(?1)", "")
		r = append(append(append([]rune(nil), r[:at]...), []rune(bit)...), rest...)
	}
	return string(r)
}

// A generator makes patterns that use all of the dialect, and subjects that they have a chance with.
type generator struct {
	rand   *rand.Rand
	groups int // opened so far
	open   []int
	left   int // nodes that may still be made
}

func (g *generator) question() question {
	g.groups, g.open, g.left = 0, nil, 3+g.rand.IntN(12)
	q := question{Flags: Flags(g.pick("0", "0", "0", "0", "2", "8", "16", "256", "258", "10", "26"))}
	q.Expr = g.pickText("", "", "", "", "", "(?i)", "(?m)", "(?s)", "(?a)") + g.alternatives(0)
	if q.Flags&ASCII != 0 {
		q.Expr = strings.ReplaceAll(q.Expr, "(?u", "(?a")
	}
	for range 10 {
		text := g.subject()
		from := 0
		if g.rand.IntN(4) == 0 {
			from = g.rand.IntN(len(text) + 1)
			for from < len(text) && !utf8.RuneStart(text[from]) {
				from++
			}
		}
		q.Texts = append(q.Texts, text)
		q.From = append(q.From, from)
	}
	return q
}

func (g *generator) pickText(of ...string) string { return of[g.rand.IntN(len(of))] }

func (g *generator) pick(of ...string) int {
	n, _ := strconv.Atoi(g.pickText(of...))
	return n
}

const (
	plainLetters  = "aaaabbbbccx1_- "
	strangeLetter = "\n\r\x1c\u00a0éÉ\u017f\u212aßẞıİµμςσΣ٣²Ⅷ漢😀\u2028\ufffd"
)

func (g *generator) letter() string {
	of := []rune(plainLetters)
	switch g.rand.IntN(8) {
	case 0:
		of = []rune(strangeLetter)
	case 1:
		of = []rune("ABCksKSi\n\n")
	}
	return string(of[g.rand.IntN(len(of))])
}

func (g *generator) subject() string {
	var b strings.Builder
	for range g.rand.IntN(13) {
		b.WriteString(g.letter())
	}
	if g.rand.IntN(3) == 0 {
		b.WriteByte('\n')
	}
	return b.String()
}

func (g *generator) alternatives(depth int) string {
	s := g.sequence(depth)
	for g.left > 0 && g.rand.IntN(4) == 0 {
		s += "|" + g.sequence(depth)
	}
	return s
}

func (g *generator) sequence(depth int) string {
	var b strings.Builder
	for range 1 + g.rand.IntN(4) {
		if g.left <= 0 {
			break
		}
		g.left--
		b.WriteString(g.item(depth))
	}
	return b.String()
}

// item makes an atom or a group, and perhaps repeats it.
func (g *generator) item(depth int) string {
	repeat := ""
	if g.rand.IntN(3) == 0 {
		repeat = g.repeat()
	}
	if depth < 5 && g.rand.IntN(3) == 0 {
		if len(repeat) > 1 {
			// Python 3.11 before 3.11.5 loses its place after a possessive repeat of a group (gh-106052).
			repeat = strings.TrimSuffix(repeat, "+")
		}
		return g.group(depth) + repeat
	}
	switch g.rand.IntN(12) {
	case 0:
		return g.pickText("^", "$", `\A`, `\Z`, `\b`, `\B`)
	case 1:
		return g.set() + repeat
	case 2:
		return g.pickText(`\w`, `\d`, `\s`, `\W`, `\D`, `\S`) + repeat
	case 3:
		return "." + repeat
	case 4:
		if g.groups > 0 {
			if n := 1 + g.rand.IntN(g.groups); !g.isOpen(n) {
				return g.pickText(`\`+strconv.Itoa(n), "(?P=g"+strconv.Itoa(n)+")") + repeat
			}
		}
	}
	return escapeLetter(g.letter()) + repeat
}

func (g *generator) isOpen(n int) bool {
	for _, o := range g.open {
		if o == n {
			return true
		}
	}
	return false
}

func escapeLetter(l string) string {
	switch l {
	case "\n":
		return `\n`
	case " ", "-":
		return `\` + l
	}
	return l
}

func (g *generator) repeat() string {
	r := g.pickText("*", "+", "?", "*", "+", "?", "{2}", "{,2}", "{1,}", "{1,3}", "{0,1}", "{2,4}", "{0}")
	return r + g.pickText("", "", "", "?", "?", "+")
}

func (g *generator) set() string {
	var b strings.Builder
	b.WriteString("[" + g.pickText("", "", "^"))
	for range 1 + g.rand.IntN(3) {
		b.WriteString(g.pickText("a", "b", "a-c", "A-C", `\w`, `\W`, `\d`, `\s`, `\S`, "0-9", "é", "à-ü", "\u017f", "\u212a", "k", "s", "^", `\n`, `\]`, `\x41`, `\-`, "À-\uffff", "😀", "\U00010400-\U0001F700", "\U00010428"))
	}
	return b.String() + "]"
}

func (g *generator) group(depth int) string {
	switch g.rand.IntN(12) {
	case 0, 1, 2, 3, 4:
		return g.capture(depth)
	case 5:
		return "(?>" + g.alternatives(depth+1) + ")"
	case 6, 7:
		return "(?:" + g.alternatives(depth+1) + ")"
	case 8:
		return g.pickText("(?i:", "(?s:", "(?m:", "(?-i:", "(?a:", "(?u:", "(?i-s:", "(?x: ") + g.alternatives(depth+1) + ")"
	case 9:
		return g.pickText("(?=", "(?!") + g.alternatives(depth+1) + ")"
	case 10:
		return g.lookBehind()
	}
	if g.groups == 0 {
		return "(?:" + g.alternatives(depth+1) + ")"
	}
	n := strconv.Itoa(1 + g.rand.IntN(g.groups))
	return "(?(" + g.pickText(n, "g"+n) + ")" + g.sequence(depth+1) + g.pickText("", "|"+g.sequence(depth+1)) + ")"
}

func (g *generator) capture(depth int) string {
	g.groups++
	n := g.groups
	g.open = append(g.open, n)
	body := g.alternatives(depth + 1)
	g.open = g.open[:len(g.open)-1]
	return "(?P<g" + strconv.Itoa(n) + ">" + body + ")"
}

// lookBehind makes one or two characters to look back at.
func (g *generator) lookBehind() string {
	inner := g.pickText("a", "b", ".", `\w`, "[^a]", "ab", "(?:a|b)", `\b`, "^", "(?=b)a", "a{2}", "a|c", "(?<=b)a", "(?i:k)", "a*", "(?>a|b)")
	switch n := 1 + g.rand.IntN(g.groups+1); {
	case n > g.groups:
		g.groups++
		inner = "(?P<g" + strconv.Itoa(g.groups) + ">" + inner + ")"
	case g.rand.IntN(3) == 0:
		inner = g.pickText(`\`+strconv.Itoa(n), "(?("+strconv.Itoa(n)+")a|b)", "(?(g"+strconv.Itoa(n)+")a)")
	}
	return g.pickText("(?<=", "(?<!") + inner + ")"
}

// FuzzSearch looks for patterns that are not compiled or searched in peace, or that the linear search sees differently.
func FuzzSearch(f *testing.F) {
	f.Add(`(?P<a>x*?)(?(a)y|z)+`, "xxyy", uint16(0))
	f.Add(`(?i)[^\W\d-]{2,}?(?<=a|b)$`, "Äab\n", uint16(8))
	f.Fuzz(func(t *testing.T, expr, text string, flags uint16) {
		if !utf8.ValidString(text) || len(text) > 200 || len(expr) > 200 {
			return
		}
		p, err := Compile(expr, Flags(flags)&(IgnoreCase|Multiline|DotAll|Verbose|ASCII))
		if err != nil {
			return
		}
		var s Scratch
		caps, err := p.Search(&s, []byte(text), 0)
		want := slices.Clone(caps)
		if err != nil {
			return
		}
		if got, err := stepwise(p).Search(&s, []byte(text), 0); err == nil && !slices.Equal(got, want) {
			t.Errorf("{%q, %d, %q, 0, %#v}, // stepwise: got %v", expr, flags, text, want, got)
		}
		if got, ok := searchLinear(p, &s, []byte(text), 0); ok && !slices.Equal(got, want) {
			t.Errorf("{%q, %d, %q, 0, %#v}, // linear: got %v", expr, flags, text, want, got)
		}
	})
}
