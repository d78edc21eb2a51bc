package filter

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"bailiff/jails/match"
)

// tagged are regexes that use every tag, and what only looks like one.
var tagged = []string{
	`^a <HOST> b$`, `<ADDR>`, `<IP4>`, `<F-IP4/>`, `<IP6>`, `<F-IP6/>`, `<DNS>`, `<F-DNS/>`, `<F-ADDR/>`, `<CIDR>`,
	`<F-CIDR/>`, `<SUBNET>`, `<F-SUBNET/>`, `<F-ID/>`, `<F-PORT/>`, `a<SKIPLINES>b<SKIPLINES>c`,
	`<F-ID>\S+</F-ID>`, `<F-PORT>\d+</F-PORT>`, `<F-USER>.*?</F-USER> from <HOST>`, `<F-ALT_USER_1>a</F-ALT_USER_1>`,
	`<F-TUPLE_ID>x</F-TUPLE_ID>`, `</F-USER>`, `<F-user>x</F-user>`, `<unknown> < > <a`, `<F-USER/>`, `<Host>`, `</HOST>`,
	`<F-MLFID>x</F-MLFID></F-MLFID>`, `((?i)ab)`, `(?:(?i)ab)`, `\((?i)ab)`, `(?i)<HOST>`, `((?im)a)<F-USER>(?i)b</F-USER>`,
	`<F-A-B>`, ``, `<`, `(`, `(?:`, `<<HOST>>`, `(((?i)x))`, `(?:((?s)x))`,
}

func TestExpandIsFail2bans(t *testing.T) {
	var request [][2]string
	for _, r := range tagged {
		request = append(request, [2]string{r, "yes"}, [2]string{r, "no"})
	}
	in, err := json.Marshal(request)
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	if err := json.Unmarshal(runPython(t, in, "testdata/expand.py"), &want); err != nil {
		t.Fatal(err)
	}
	for i, r := range request {
		// The lookbehind always holds: see exprIP6.
		if want := strings.ReplaceAll(want[i], `|(?<=:):)`, `|:)`); expand(r[0], r[1]).expr != want {
			t.Errorf("expand(%q, %q)\n  is %q\nwant %q", r[0], r[1], expand(r[0], r[1]).expr, want)
		}
	}
}

func TestSyntaxErrorsSpeakOfTheSource(t *testing.T) {
	for _, c := range []struct {
		source string
		pos    int
	}{
		{`^<HOST> (a`, 8},
		{`^<HOST> a)`, 9},
		{`<F-USER>a</F-USER><F-USER>b</F-USER>`, 18},
		{`((?i)a)<HOST>(`, 13},
		{`[a`, 0},
		{`<F-A-B>x</F-A-B>`, 0},
	} {
		_, err := Compile(Definition{Failregex: []string{c.source}})
		var s *match.SyntaxError
		if !errors.As(err, &s) {
			t.Errorf("%q: error %v", c.source, err)
			continue
		}
		if s.Expr != c.source || s.Pos != c.pos {
			t.Errorf("%q: position %d of %q, want %d: %s", c.source, s.Pos, s.Expr, c.pos, s.Msg)
		}
	}
}

func FuzzExpand(f *testing.F) {
	for _, r := range tagged {
		f.Add(r)
	}
	f.Fuzz(func(t *testing.T, source string) {
		e := expand(source, "yes")
		last := 0
		for i := range len(e.expr) + 1 {
			at := e.origin(i)
			if at < last || at > len(source) {
				t.Fatalf("%q: offset %d of %q comes from %d after %d", source, i, e.expr, at, last)
			}
			last = at
		}
		var copied strings.Builder
		for i, p := range e.pieces {
			if p.copied {
				end := len(e.expr)
				if i+1 < len(e.pieces) {
					end = e.pieces[i+1].at
				}
				if e.expr[p.at:end] != source[p.from:p.from+end-p.at] {
					t.Fatalf("%q: piece %v is not a copy", source, p)
				}
				copied.WriteString(e.expr[p.at:end])
			}
		}
		if !strings.ContainsAny(source, "<(") && copied.String() != source {
			t.Fatalf("%q became %q", source, e.expr)
		}
	})
}
