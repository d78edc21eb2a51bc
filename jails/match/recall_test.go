package match

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// TestRecall searches lines that begin alike, and nearly alike, with a Recall and without.
func TestRecall(t *testing.T) {
	rules, _ := debianRules(t)
	patterns := []*Pattern{}
	for _, r := range rules {
		if r.Prefix != nil {
			patterns = append(patterns, r.Prefix)
		}
	}
	for _, expr := range []string{
		`^(?P<a>\S+ \d+: )(?P<content>.+)$`, `^(a|ab)(c|bcd)?(\d*)(.*)$`, `^(\d{1,3}\.){3}(\d{1,3}) (.+)$`, `^\s*(?:x+\s*)*(\w+):(.+)$`,
		`^(?:([a-z]+)|(\d+)|.)*?-(.+)$`, `^(?=a)(.+)$`, `^(a)?(?(1)b|c)(.+)$`, `^(\w+) \b(.+)\n?$`, `^()(.*)$`, `^(.+) (.+)$`, `^(.+?):(.*)$`,
		`^x?(?:y+|x\d*z)(?P<rest>.+)$`, `^(\d)\1(.+)$`, `^(1)(.+)$`, `^([5-9])(.+)$`, `^(\S+)(?: foo (\d+))?(.+)$`, `^(.+)\s$`, `^(a.)(.+)$`,
	} {
		p, err := Compile(expr, 0)
		if err != nil {
			t.Fatal(err)
		}
		patterns = append(patterns, p)
	}
	lines := corpus(t)
	r := rand.New(rand.NewPCG(3, 4))
	for _, p := range patterns {
		recall, recalled := NewRecall(p), 0
		var s Scratch
		for range 1000 {
			line := []byte(variant(r, lines))
			known := len(recall.beginnings) > 0 && slices.ContainsFunc(recall.beginnings, func(b *beginning) bool { return recalls(b, line) })
			if known {
				recalled++
			}
			want, err := p.Search(&s, line, 0)
			got, err2 := recall.Search(line)
			if err != err2 || !slices.Equal(got, want) {
				t.Fatalf("%s in %q: recalled %v, not %v", p, line, got, want)
			}
		}
		t.Logf("%4d of 1000 recalled: %.60s", recalled, p)
	}
}

// TestRecallOfGenerated does so with generated patterns.
func TestRecallOfGenerated(t *testing.T) {
	g := &generator{rand: rand.New(rand.NewPCG(*seed, 3))}
	var s Scratch
	recalled := 0
	for range 10_000 {
		q := g.question()
		p, err := Compile("^(?:"+q.Expr+")(.+)$", q.Flags)
		if err != nil {
			continue
		}
		recall := NewRecall(p)
		for range 3 {
			for _, text := range q.Texts {
				line := append(bytes.ReplaceAll([]byte(text+" 1a"), []byte{'\n'}, nil), '\n')
				for i := range line {
					if isDigit(line[i]) {
						line[i] = '0' + byte(g.rand.IntN(10))
					}
				}
				for _, b := range recall.beginnings {
					if recalls(b, line) {
						recalled++
					}
				}
				want, err := p.Search(&s, line, 0)
				if got, err2 := recall.Search(line); err != err2 || !slices.Equal(got, want) {
					t.Fatalf("%s in %q: recalled %v, not %v", p, line, got, want)
				}
			}
		}
	}
	t.Logf("%d recalled", recalled)
}

// TestRecallLearnsNoMoreInVain holds that a pattern whose lines teach nothing costs no second search of each.
func TestRecallLearnsNoMoreInVain(t *testing.T) {
	p, err := Compile(`^(.+?):(.*)$`, 0)
	if err != nil {
		t.Fatal(err)
	}
	r, line := NewRecall(p), []byte("host daemon: something\n")
	if n := testing.AllocsPerRun(5000, func() { r.Search(line) }); n > 0 {
		t.Errorf("%v allocations a line", n)
	}
	if len(r.beginnings) > 0 || r.wait == 0 {
		t.Errorf("%d beginnings, %d lines to wait: the test is blind", len(r.beginnings), r.wait)
	}
}

func recalls(b *beginning, line []byte) bool {
	return len(line) >= b.least && b.last.begins(line, b.at) && b.begins(line)
}

// variant returns a line with other digits, another end, or a small change near its beginning.
func variant(r *rand.Rand, lines []string) string {
	few := []string{"host sshd[123]: Failed password", "a 12: b c", "abcd12 e", "1.22.3.4 x", "xx x y:z", "ab-c1", "c b:", "x1z5 q", "55 5", "a foo 12 b"}
	line := few[r.IntN(len(few))]
	if r.IntN(3) == 0 {
		line = lines[r.IntN(20)]
	}
	b := []byte(strings.ReplaceAll(line, "\n", " "))
	for i := range b {
		if isDigit(b[i]) && r.IntN(2) == 0 {
			b[i] = '0' + byte(r.IntN(10))
		}
	}
	for r.IntN(3) == 0 && len(b) > 0 {
		b[r.IntN(min(len(b), 12))] = "a1 :x-["[r.IntN(7)]
	}
	if r.IntN(2) == 0 {
		b = b[:r.IntN(len(b)+1)]
	}
	if r.IntN(2) == 0 {
		b = append(b, "y é 7"[:r.IntN(3)]...)
	}
	b = bytes.ToValidUTF8(b, nil)
	if r.IntN(50) == 0 {
		b = append(b, '\n')
	}
	return string(b) + "\n"
}
