package match

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSearch(t *testing.T) {
	tests := []struct {
		expr  string
		flags Flags
		text  string
		want  []int
	}{
		{`a(b|c)*d`, 0, "xxabcbd", []int{2, 7, 5, 6}},
		{`(?P<user>\S+) from (?P<host>[\d.]+)$`, 0, "user root from 192.0.2.1\n", []int{5, 24, 5, 9, 15, 24}},
		{`(a*)*`, 0, "aab", []int{0, 2, 2, 2}},
		{`(?:a|b){2,3}?c`, 0, "ababc", []int{1, 5}},
		{`(?<=ab)c`, 0, "abc", []int{2, 3}},
		{`(x)?(?(1)y|z)`, 0, "xz", []int{1, 2, -1, -1}},
		{`(?i)strasse`, 0, "STRAſſE", []int{0, 9}},
		{`\bä\b`, 0, "ää ä", []int{5, 7}},
		{`^b$`, Multiline, "a\nb\nc", []int{2, 3}},
		{`a . b # text`, Verbose | DotAll, "a\nb", []int{0, 3}},
		{`\d{,2}x`, 0, "123x", []int{1, 4}},
		{`(?>a+)ab`, 0, "aaab", nil},
		{`a++b`, 0, "aaab", []int{0, 4}},
		{`(?P<q>['"]).*?(?P=q)`, 0, `a "b' c" d`, []int{2, 8, 2, 3}},
		{`(?!x)\w(?=y)`, 0, "xyzy", []int{2, 3}},
		{`a\Z`, 0, "a\n", nil},
	}
	var s Scratch
	for _, tt := range tests {
		p, err := Compile(tt.expr, tt.flags)
		if err != nil {
			t.Errorf("Compile(%q) = %v", tt.expr, err)
			continue
		}
		got, err := p.Search(&s, []byte(tt.text), 0)
		if err != nil {
			t.Errorf("Search(%q, %q) = %v", tt.expr, tt.text, err)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("Search(%q, %q): -want +got\n%s", tt.expr, tt.text, diff)
		}
	}
}

func TestSyntaxError(t *testing.T) {
	_, err := Compile(`ä(b`, 0)
	var syntax *SyntaxError
	if !errors.As(err, &syntax) {
		t.Fatalf("Compile = %v, want a *SyntaxError", err)
	}
	want := &SyntaxError{Expr: `ä(b`, Pos: 2, Msg: "missing ), unterminated subpattern"}
	if diff := cmp.Diff(want, syntax); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}
