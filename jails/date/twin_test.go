package date

import (
	"testing"
	"time"

	"bailiff/jails/match"
)

// twins checks that each default template's parser decides as its expression does, on text from byte from on.
func twins(t *testing.T, templates []*template, text []byte, from int) (decided int) {
	t.Helper()
	for _, tm := range templates {
		if from > 0 && tm.anchored {
			continue // never searched so
		}
		var w work
		var fast, slow hit
		w.shape.reset(text)
		if _, sure := tm.fast(text, from, &w, &fast); sure {
			decided++
		}
		found := tm.search(text, from, &w, &fast)
		if want := tm.slow(text, from, &w, &slow); found != want {
			t.Fatalf("%s: %q from %d: parser found it %v, expression %v", tm.name, text, from, found, want)
		}
		if found && w.shape.noClock() && tm.needsClock() {
			t.Fatalf("%s: %q has a time of day at its begin", tm.name, text)
		}
		if found && plain(fast) != plain(slow) {
			t.Fatalf("%s: %q from %d:\nparser     %+v\nexpression %+v", tm.name, text, from, plain(fast), plain(slow))
		}
	}
	return decided
}

// plain leaves out what has no effect on the time.
func plain(h hit) hit {
	f := &h.fields
	f.has &^= hasWeekday
	f.weekday, f.halfDay = 0, false
	if f.has&broken != 0 {
		*f = fields{has: broken}
	}
	return h
}

func parsedTemplates(t testing.TB, o Options) []*template {
	p, err := Compile(nil, o)
	if err != nil {
		t.Fatal(err)
	}
	for _, tm := range p.templates {
		if tm.parse == nil {
			t.Fatalf("%s has no parser", tm.name)
		}
	}
	return p.templates
}

func TestParsersDecideAsExpressions(t *testing.T) {
	templates := parsedTemplates(t, Options{})
	all := parsedTemplates(t, Options{AllYears: true})
	decided, lines := 0, 12000
	for seed := range uint64(lines) {
		g := newGenerator(seed)
		text := []byte(g.line(g.moment(time.UTC), pick(g, pick(g, layouts()...)...)))
		decided += twins(t, templates, match.Valid(nil, text), 0)
		twins(t, all, text, 0)
		from := g.IntN(len(text) + 1)
		for from < len(text) && text[from]&0xc0 == 0x80 {
			from++
		}
		twins(t, templates, text, from)
	}
	if share := float64(decided) / float64(lines*len(templates)); share < 0.8 {
		t.Errorf("the parsers decided %.2f of all searches", share)
	}
}

func FuzzParsers(f *testing.F) {
	for _, l := range layouts() {
		for _, layout := range l {
			g := newGenerator(1)
			f.Add("host "+g.date(g.moment(time.UTC), layout)+" x", 0)
		}
	}
	templates := parsedTemplates(f, Options{})
	f.Fuzz(func(t *testing.T, line string, from int) {
		text := match.Valid(nil, []byte(line))
		if from < 0 || from > len(text) || len(text) > 300 || from < len(text) && text[from]&0xc0 == 0x80 {
			return
		}
		twins(t, templates, text, from)
	})
}
