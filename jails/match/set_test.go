package match

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// debianRules returns Debian's filters as rules.
func debianRules(t testing.TB) (rules []Rule, names []string) {
	t.Helper()
	for _, f := range fromPython[filterPattern](t, "filters.py") {
		if len(names) == 0 || names[len(names)-1] != f.Name {
			names, rules = append(names, f.Name), append(rules, Rule{Lines: 1})
		}
		r := &rules[len(rules)-1]
		p, err := Compile(f.Expr, f.Flags)
		if err != nil {
			t.Fatal(err)
		}
		switch f.Option {
		case "failregex":
			r.Patterns = append(r.Patterns, p)
		case "prefregex":
			r.Prefix = p
		}
		if f.Flags&Multiline != 0 {
			r.Lines = 10
		}
	}
	return rules, names
}

// slowScan is the slow twin of Set.Scan: every pattern is matched against every line. before are the lines before it.
func slowScan(rules []Rule, line []byte, before [][]byte, s *Scratch) (hits []Hit) {
	for i, r := range rules {
		if r.Lines > 1 {
			hits = append(hits, slowLines(i, r, line, before[max(0, len(before)-r.Lines+1):], s)...)
			continue
		}
		text := append(slices.Clone(line), '\n')
		if r.Prefix != nil {
			caps, _ := r.Prefix.Search(s, text, 0)
			if caps == nil {
				continue
			}
			if g := r.Prefix.GroupIndex("content"); g > 0 && caps[2*g] < caps[2*g+1] {
				text = append(slices.Clone(text[caps[2*g]:caps[2*g+1]]), '\n')
			}
		}
		for j, p := range r.Patterns {
			if caps, _ := p.Search(s, text, 0); caps != nil {
				hits = append(hits, Hit{i, j})
			}
		}
	}
	return hits
}

// slowLines returns what matches with the line but not without it.
func slowLines(rule int, r Rule, line []byte, before [][]byte, s *Scratch) (hits []Hit) {
	var text []byte
	for _, l := range before {
		text = append(append(text, l...), '\n')
	}
	long := append(append(slices.Clone(text), line...), '\n')
	for j, p := range r.Patterns {
		if now, _ := p.Search(s, long, 0); now == nil {
			continue
		}
		if was, _ := p.Search(s, text, 0); was == nil || len(before) == 0 {
			hits = append(hits, Hit{rule, j})
		}
	}
	return hits
}

// checkScan reports lines whose matches a Set does not find, and returns how many matches and hits there were.
func checkScan(t *testing.T, rules []Rule, o Options, text []byte, cut func([]byte) (int, int)) (matches, hits int) {
	t.Helper()
	got := map[int][]Hit{}
	NewSet(rules, o).Scan(text, func(start, end int, h []Hit) bool {
		if got[start] != nil || !slices.IsSortedFunc(h, func(a, b Hit) int { return 1000*(a.Rule-b.Rule) + a.Pattern - b.Pattern }) {
			t.Errorf("line %q: hits %v twice or out of order", text[start:end], h)
		}
		got[start] = slices.Clone(h)
		hits += len(h)
		return true
	})
	var s Scratch
	var before [][]byte
	start := 0
	for line := range bytes.Lines(text) {
		line = bytes.TrimSuffix(line, []byte{'\n'})
		whole := line
		if cut != nil {
			from, to := cut(line)
			whole = append(slices.Clone(line[:from]), line[to:]...)
		}
		for _, h := range slowScan(rules, whole, before, &s) {
			matches++
			if !slices.Contains(got[start], h) {
				r := rules[h.Rule]
				prefix := ""
				if r.Prefix != nil {
					prefix = r.Prefix.String()
				}
				t.Errorf("%q %q matches %q after %q, but is no candidate", prefix, r.Patterns[h.Pattern], line, before[max(0, len(before)-r.Lines+1):])
			}
		}
		before = append(before, whole)
		start += len(line) + 1
	}
	return matches, hits
}

// corpus returns the lines of fail2ban's own tests, without their dates.
func corpus(t testing.TB) (lines []string) {
	seen := map[string]bool{}
	for _, r := range fromPython[recordedSearch](t, "record.py") {
		for line := range strings.Lines(r.Text) {
			if line = strings.TrimSuffix(line, "\n"); !seen[line] || strings.Contains(r.Text, line+"\n\n") {
				seen[line] = true
				lines = append(lines, line)
			}
		}
	}
	return lines
}

func TestSetOnCorpus(t *testing.T) {
	rules, names := debianRules(t)
	lines := corpus(t)
	text := []byte(strings.Join(lines, "\n"))
	for _, sample := range [][]byte{nil, text} {
		matches, hits := checkScan(t, rules, Options{Sample: sample}, text, nil)
		t.Logf("%d filters, %d lines, %d matches, %d hits", len(names), len(lines), matches, hits)
		if matches < len(lines)/4 {
			t.Errorf("%d matches only", matches)
		}
	}
}

const someDate = "2005-06-21T16:47:48"

// cutDate finds the date in a line.
func cutDate(line []byte) (start, end int) {
	if start = bytes.Index(line, []byte(someDate)); start < 0 {
		return 0, 0
	}
	return start, start + len(someDate)
}

// withDate puts a date into a line, where the cut allows it and text is not wanted without it.
func withDate(r *rand.Rand, line string, c Cut) string {
	var places []int
	for at := range len(line) + 1 {
		if !utf8.RuneStart((line + "x")[at]) || utf8.RuneCountInString(line[:at]) > c.reach {
			continue
		}
		if (at == 0 || c.before.has(line[at-1])) && (at == len(line) || c.after.has(line[at])) {
			places = append(places, at)
		}
	}
	if len(places) == 0 || r.IntN(8) == 0 {
		return line
	}
	at := places[r.IntN(len(places))]
	return line[:at] + someDate + line[at:]
}

// someCuts are cuts as datepatterns have them.
func someCuts() []Cut {
	noWord := func(b byte) bool { return !isASCIIWord(b) }
	return []Cut{NewCut(0, nil, nil), NewCut(2, noWord, noWord), NewCut(-1, noWord, noWord), NewCut(-1, nil, noWord),
		NewCut(-1, func(b byte) bool { return b == '[' }, nil), NewCut(-1, nil, nil)}
}

// TestSetWithDates puts dates into lines, wherever they could have stood.
func TestSetWithDates(t *testing.T) {
	rules, _ := debianRules(t)
	r := rand.New(rand.NewPCG(*seed, 3))
	for i, c := range someCuts() {
		var text []byte
		for _, line := range corpus(t) {
			text = append(text, withDate(r, line, c)+"\n"...)
		}
		for i := range rules {
			rules[i].Cuts = []Cut{c}
		}
		for _, o := range []Options{{}, {Sample: text}} {
			matches, hits := checkScan(t, rules, o, text, cutDate)
			t.Logf("cut %d: %d lines, %d matches, %d hits", i, bytes.Count(text, []byte{'\n'}), matches, hits)
			if matches == 0 {
				t.Errorf("%d matches only", matches)
			}
		}
	}
}

// TestSetOnLogs scans made-up logs for all of Debian's filters.
func TestSetOnLogs(t *testing.T) {
	rules, _ := debianRules(t)
	for name, text := range workloads() {
		for _, sample := range [][]byte{nil, text} {
			text := text[len(text)/4*3:]
			if testing.Short() {
				text = text[len(text)/4*3:]
			}
			text = text[bytes.IndexByte(text, '\n')+1:]
			matches, hits := checkScan(t, rules, Options{Sample: sample}, text, nil)
			t.Logf("%s: %d lines, %d matches, %d hits", name, bytes.Count(text, []byte{'\n'}), matches, hits)
		}
	}
}

// TestSetOfGenerated scans generated lines for generated patterns.
func TestSetOfGenerated(t *testing.T) {
	n := 3000
	if testing.Short() {
		n = 300
	}
	t.Logf("-seed %d", *seed)
	g := &generator{rand: rand.New(rand.NewPCG(*seed, 4))}
	matches, hits := 0, 0
	for i := range n {
		var cuts []Cut
		if g.rand.IntN(2) == 0 {
			cuts = []Cut{someCuts()[g.rand.IntN(len(someCuts()))]}
		}
		long := strings.NewReplacer("b", []string{"b", "bcax1"}[i%2]) // makes strings long enough to be looked for
		var rules []Rule
		var text strings.Builder
		for range 1 + g.rand.IntN(4) {
			r, off := Rule{Lines: 1, Cuts: cuts}, Multiline
			if g.rand.IntN(3) == 0 {
				r.Lines, off = 3, 0
			} else if g.rand.IntN(3) == 0 {
				q := g.question()
				if p, err := Compile(`^a?(?P<content>`+strings.ReplaceAll(q.Expr, "<g", "<p")+`.*)`, q.Flags&^Multiline); err == nil {
					r.Prefix = p
				}
			}
			for range 1 + g.rand.IntN(3) {
				q := g.question()
				q.Expr = long.Replace(q.Expr)
				for _, line := range q.Texts {
					line = long.Replace(line)
					line = strings.TrimSuffix(strings.ReplaceAll(line, "\n", "ab"), "\n")
					if cuts != nil {
						line = withDate(g.rand, line, cuts[0])
					}
					text.WriteString(line + "\n")
				}
				if r.Lines > 1 {
					q.Flags |= Multiline
				}
				if p, err := Compile(q.Expr, q.Flags&^off); err == nil {
					r.Patterns = append(r.Patterns, p)
				}
			}
			rules = append(rules, r)
		}
		m, h := checkScan(t, rules, Options{}, []byte(text.String()), cutDate)
		matches, hits = matches+m, hits+h
		if t.Failed() {
			break
		}
	}
	t.Logf("%d matches, %d hits", matches, hits)
}

// hostileLines needs more states of pattern's automaton than it may have.
func hostileLines(t testing.TB) (pattern *Pattern, text []byte) {
	pattern, err := Compile(`[ab]*a[ab][ab][ab][ab][ab][ab][ab][ab][ab][ab][ab][ab][ab][ab]c|x`, 0)
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(*seed, 5))
	for range 2000 {
		for range 300 {
			text = append(text, "aabbabc"[r.IntN(7)])
		}
		text = append(text, '\n')
	}
	return pattern, text
}

func TestAutomatonOverflow(t *testing.T) {
	p, text := hostileLines(t)
	rules := []Rule{{Patterns: []*Pattern{p}}}
	if matches, _ := checkScan(t, rules, Options{}, text, nil); matches == 0 {
		t.Error("no line matched")
	}
	set := NewSet(rules, Options{})
	set.Scan(text, func(int, int, []Hit) bool { return true })
	if set.Overflows() == 0 {
		t.Error("the automaton never overflowed")
	}
}

// TestMemory measures the patterns, the Sets and the memory of searches after long and hostile lines.
func TestMemory(t *testing.T) {
	rules, names := debianRules(t)
	for _, c := range []struct {
		name  string
		rules []Rule
		limit int
	}{
		{"sshd", rules[slices.Index(names, "sshd"):][:1], 4 << 20},
		{"all", rules, 64 << 20},
	} {
		before := heap()
		fresh := make([]Rule, len(c.rules))
		for i, r := range c.rules {
			fresh[i] = recompiled(t, r)
		}
		set := NewSet(fresh, Options{})
		v := verifier{rules: fresh}
		for _, text := range [][]byte{workloads()["auth"], workloads()["web"], []byte(strings.Repeat("Failed password for a from ", 2400) + "\n")} {
			set.Scan(text, func(start, end int, hits []Hit) bool { v.verify(text[start:end], hits); return true })
		}
		used := heap() - before
		t.Logf("%s: %d KB", c.name, used>>10)
		if used > c.limit {
			t.Errorf("%s takes %d KB", c.name, used>>10)
		}
		runtime.KeepAlive(set)
		runtime.KeepAlive(v)
	}
}

func recompiled(t testing.TB, r Rule) Rule {
	again := func(p *Pattern) *Pattern {
		flags := Flags(0)
		if r.Lines > 1 {
			flags = Multiline
		}
		p, err := Compile(p.String(), flags)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	n := Rule{Lines: r.Lines}
	if r.Prefix != nil {
		n.Prefix = again(r.Prefix)
	}
	for _, p := range r.Patterns {
		n.Patterns = append(n.Patterns, again(p))
	}
	return n
}

func heap() int {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}

func ExampleSet() {
	failed, _ := Compile(`^sshd: Failed password for (\S+) from`, 0)
	set := NewSet([]Rule{{Patterns: []*Pattern{failed}}}, Options{})
	text := []byte("cron: started\nsshd: Failed password for root from 192.0.2.1\n")
	set.Scan(text, func(start, end int, hits []Hit) bool {
		fmt.Printf("%s %v\n", text[start:end], hits)
		return true
	})
	// Output: sshd: Failed password for root from 192.0.2.1 [{0 0}]
}
