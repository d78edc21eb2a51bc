package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A question is one value and how it is to be read.
type question struct{ kind, text string }

// ask asks fail2ban, in one process for all questions; an answer is "null" when fail2ban refuses.
func ask(t *testing.T, questions []question) []string {
	t.Helper()
	var in bytes.Buffer
	for _, q := range questions {
		line, err := json.Marshal([]string{q.kind, q.text})
		if err != nil {
			t.Fatal(err)
		}
		in.Write(append(line, '\n'))
	}
	cmd := exec.Command("/usr/bin/python3", "testdata/words.py")
	cmd.Stdin = &in
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("ask fail2ban: %v\n%s", err, errs.String())
	}
	answers := strings.Split(strings.TrimSpace(string(out)), "\n")
	if len(answers) != len(questions) {
		t.Fatalf("%d answers to %d questions", len(answers), len(questions))
	}
	return answers
}

// ours is what we make of a question, in fail2ban's form.
func ours(q question) any {
	switch q.kind {
	case "list":
		name, opts, err := parseList(q.text)
		if err != nil {
			return nil
		}
		pairs := []any{}
		for _, n := range opts.list {
			pairs = append(pairs, []any{n.name, n.text()})
		}
		return []any{name, pairs}
	case "split", "words":
		all, split := []any{}, splitWords
		if q.kind == "split" {
			split = splitList
		}
		for _, w := range split(q.text) {
			if _, _, err := parseList(w); err != nil && q.kind == "split" {
				return nil
			}
			all = append(all, w)
		}
		return all
	case "time":
		d, err := ParseDuration(q.text)
		if err != nil {
			return nil
		}
		return d.Seconds()
	}
	n, err := evaluate(q.text, &Vars{Time: 600, Count: 3, Factor: 2})
	if errors.Is(err, errLarge) {
		return errLarge
	}
	if err != nil {
		return nil
	}
	return n.float()
}

// pieces are what the made-up values of a kind consist of.
var pieces = map[string][]string{
	"list":  {"a", "b-1", "[", "]", "=", ",", `"`, "'", " ", "\n", "x=1", `y="1,2"`, "z='[q]'", "][", "] [", "a[x=1]", ".", "é", "n_"},
	"split": {"a", "b", "[", "]", " ", "\n", "x=1", `y="1 2"`, "z='\n'", "][", "] [", "a[x=1]", "a[x=1, y=2]", ",", "[x=1,\n y='2 ]']"},
	"words": {"a", ",", " ", "\n", "10.0.0.1", ", ", "::1/128"},
	"time": {"1", "2", "30", "1.5", ".5", "d", "h", "m", "mo", "mon", "months", "year", "y", "w", "s", " ", " ", "+", "-", "*", "(", ")", "D", "min", "hours", "x", "sec ",
		"ss", "1e3", "_", "0", "10", "//", "%"},
	"expr": {"1", "2", "3", "0", "7", "-", "+", "*", "/", "//", "%", "**", "<<", ">>", "<", "<=", "==", "!=", ">", ">=", "(", ")", " if ", " else ", "min(", "max(", ",", "1.5", "2.",
		"ban.Time", "ban.Count", "banFactor", "math.exp(", "math.log(", "math.pow(", " ", "1_0", "07", "1e2", "x"},
}

func TestValuesAsFail2banReadsThem(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	questions := []question{
		{"time", "1h30"}, {"time", "1y 6mo"}, {"time", "1year-6mo"}, {"time", "60*60"}, {"time", "-1"}, {"time", "1d12h"}, {"time", "1d 12h"}, {"time", "1.5h"},
		{"time", "10 minutes 5sec"}, {"time", "1 2 3"}, {"time", "1 if 1<2 else 3"}, {"time", ""}, {"time", "h"}, {"time", "5M"}, {"time", "2wee"}, {"time", "5hoursx"},
		{"expr", "ban.Time * (1<<(ban.Count if ban.Count<20 else 20)) * banFactor"}, {"expr", "ban.Time * math.exp(float(ban.Count+1)*banFactor)/math.exp(1*banFactor)"},
		{"expr", "max(ban.Time, 3)*min(2, 7, 1)"}, {"expr", "float(7)/int(2.5)"}, {"expr", "2**-1"}, {"expr", "-2**2"}, {"expr", "2**3**2"}, {"expr", "1<2<3"}, {"expr", "3>2>2"}, {"expr", "-7//2"}, {"expr", "-7%3"}, {"expr", "7%-3.5"},
		{"list", `a[x=1]`}, {"list", `a [x=1]`}, {"list", "a[x=\"1,2\",\n y='3' \n]"}, {"list", "a[x=1][y=2] "}, {"list", "a[]"}, {"list", "a[x=]"}, {"list", "a[,x=1]"}, {"list", "a[x=1,]"},
		{"split", "a b[x=1]\n c"}, {"split", "a [x=1] b"}, {"split", "a[x='1 2' b"},
	}
	for _, kind := range slices.Sorted(maps.Keys(pieces)) {
		words := pieces[kind]
		for range 3000 {
			var b strings.Builder
			for range 1 + random.IntN(9) {
				b.WriteString(words[random.IntN(len(words))])
			}
			questions = append(questions, question{kind, b.String()})
		}
	}
	refused := map[string]int{}
	for i, raw := range ask(t, questions) {
		var want any
		if err := json.Unmarshal([]byte(raw), &want); err != nil {
			continue // an infinite number
		}
		got := ours(questions[i])
		if want == nil {
			refused[questions[i].kind]++
		}
		if n, ok := want.(float64); ok && questions[i].kind == "time" {
			want = max(-longest, min(longest, n)) // longer times are cut
		}
		if got == errLarge {
			continue // Python's whole numbers know no bound
		}
		if !cmp.Equal(want, got, cmp.Comparer(near)) {
			t.Errorf("%s %q: fail2ban reads %v, we %v", questions[i].kind, questions[i].text, want, got)
		}
	}
	t.Logf("%d values, refused %v", len(questions), refused)
}

// near allows for the rounding of times to nanoseconds.
func near(a, b float64) bool { return a == b || math.Abs(a-b) <= 1e-9*max(1, math.Abs(a)) }

// A value that doubles with each of its tags comes to an end.
func TestTagsThatGrow(t *testing.T) {
	s := newSettings()
	for i := range 100 {
		s.set(fmt.Sprint("a", i), text(fmt.Sprintf("<a%d><a%d>", i+1, i+1)))
	}
	s.set("a100", text("x"))
	err := new(room).substitute(s, nil, func([]byte) (string, bool) { return "", false })
	if err == nil || !strings.Contains(err.message, "grows too large") {
		t.Error(err)
	}
}
