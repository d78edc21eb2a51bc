package shell

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestRead compares scripts with the commands that they run, each with the condition it depends on before it.
func TestRead(t *testing.T) {
	tests := []struct{ script, want string }{
		{"a b; c\nd && e || f", "a|b; c; d; (d) e; (d) f"},
		{"ok && a; ok || b; ok; true && c; false || d; ! true || e", "ok; a; ok; ok; c; d; e"},
		{"if x; then a; else b; fi; c", "x; (x) a; (x) b; c"},
		{"if look; then a; else b; fi", "look; a; b"},
		{"if [ -n '' ] || [ 1 -gt 2 ]; then a; elif [ a = a ]; then b; fi", "b"},
		{"[ \"<ip>\" = x ] && a", "[|<ip>|=|x|]; ([ \"<ip>\" = x ]) a"},
		{"x && exit; a", "x; (x) a"},
		{"(x && exit); a", "x; a"},
		{"exit 0; a", ""},
		{"set -eu; x; a", "x; (x) a"},
		{"case b in a) x;; b|c) y;; *) z;; esac", "y"},
		{"case $u in a) x;; esac; b", "(case $u) x; b"},
		{"for p in a b; do x $p; done", "x|a; x|b"},
		{"for p in $(echo 'a,b c' | sed 's/,/ /g'); do x $p; done", "echo|a,b c; sed|s/,/ /g; x|a; x|b; x|c"},
		{"A='b c'; x $A \"$A\" -p $A ${B:-d} $C", "x|b|c|b c|-p|b c|d|$C?"},
		{"x $(cat y).0/24", "cat|y; x|$(cat y).0/24?"},
		{"x -p \xfe22;80, 90\xfd; y=\xfea b\xfd; z $y", "x|-p|22;80, 90; z|a|b"},
		{"x \xfe-p \xfe1, 2\xfd -j\xfd", "x|-p|1, 2|-j"},
		{"x -p \xfe1 -j y\xfd", "x|-p|1|-j|y"},
		{"f() { x \"$1\"; return; y; }; f a; z", "x|a; z"},
		{"x 'a\"b' \"c'd\" e\\ f \"$\" '' <F-USER>@<ip-host>", "x|a\"b|c'd|e f|$||<F-USER>@<ip-host>"},
		{"x 2>&1 >/dev/null <y # z\n#z\nw \\\n v", "x; w|v"},
		{"x <<END\n a\nEND\ny", "x; y"},
		{"[[ a < b && c ]] && x", "[[|a|<|b|&&|c|]]; ([[ a < b && c ]]) x"},
		{"while x; do y; done", "x; (while x; ) y"},
		{"x | y & z", "x; y; z"},
		{"A=1 x; { y; } 2>/dev/null || z", "x; y; (y) z"},
		{"P=22,80; for p in ${P//,/ }; do x $p ${p%0}; done", "x|22|22; x|80|8"},
		{"IFS=,; P=1,2; x $P", "x|1|2"},
		{"P=' b'; x a$P", "x|a|b"},
		{"set() { net=$1/24; }; set '<ip>'; run() { \"$@\"; }; run x $net", "x|<ip>/24"},
		{"stop() { exit; }; x; stop; y", "x"},
		{"x $((1+2)) {a,b} ~root ${u:0:1}", "x|$((1+2))?|{a,b}|~root|${u:0:1}?"},
		{"{ x; } > f; y <(z)", "x; ; z; y|<(z)?"},
		{"for p in $(for q in a b; do echo $q; done); do x $p; done", "echo|a; echo|b; x|$(for q in a b; do echo $q; done)?"},
		{"ok | ok && [[ -n a ]] && x", "ok; ok; x"},
		{"x <<END | y", "x; y"},
		{"x \xff\xe9 \"\xff\"", "x|\xff\xe9|\xff"},
	}
	for _, tt := range tests {
		var got []string
		r := Reader{Whole: func(before string) bool { return before == "-p" || before == "in" }, Visit: func(c *Command) Status {
			var words []string
			for _, w := range c.Args {
				words = append(words, w.Text)
				if w.Unknown {
					words[len(words)-1] += "?"
				}
			}
			line := strings.Join(words, "|")
			if c.Under != "" {
				line = fmt.Sprintf("(%s) %s", c.Under, line)
			}
			got = append(got, line)
			return map[string]Status{"ok": Success, "look": Either, "echo": Success}[c.Name()]
		}}
		if err := r.Read(tt.script); err != nil {
			t.Errorf("%q: %v", tt.script, err)
		}
		if diff := cmp.Diff(tt.want, strings.Join(got, "; ")); diff != "" {
			t.Errorf("%q: %s", tt.script, diff)
		}
	}
}

func TestScriptsThatAreNone(t *testing.T) {
	deep := strings.Repeat("(", 1000)
	for _, script := range []string{"a 'b", "a \"b", "a `b", "if a; then b", "for x in a; do b", "a )", "a >", "case x in a", "(a", "${", "fi", "a | ", "&& a", deep} {
		r := Reader{Visit: func(*Command) Status { t.Errorf("%q is run", script); return Success }}
		if r.Read(script) == nil {
			t.Errorf("%q is read", script)
		}
	}
}

// What loops, functions and variables do is bounded, and a reader that stops says so.
func TestBounds(t *testing.T) {
	for _, script := range []string{
		"f() { f; f; }; f", "f() { x $(f) $(f); }; f", "a=b; " + strings.Repeat("a=$a$a; ", 100) + strings.Repeat("x $a; ", 500),
		"for a in " + strings.Repeat("x ", 10_000) + "; do for b in " + strings.Repeat("x ", 10_000) + "; do y; done; done",
		"f() { f \"$@\" \"$@\"; }; f x", strings.Repeat("((", 30_000), strings.Repeat("$((", 20_000),
	} {
		r := Reader{Visit: func(*Command) Status { return Unknown }}
		if err := r.Read(script); err == nil {
			t.Errorf("%.40q is read to its end", script)
		}
	}
}

// What is piped into a command, and what it writes to.
func TestInputAndOutput(t *testing.T) {
	var got []string
	r := Reader{Visit: func(c *Command) Status {
		line := c.Name()
		if c.Input != nil {
			line += " < " + c.Input.Text
		}
		for _, w := range c.Writes {
			line += " > " + w.Text
		}
		got = append(got, line)
		return Success
	}}
	if err := r.Read("printf '%s\\n' 'a b' | x >> y; z <<E 2>/dev/null &>w\n  t\nE\ncat <<<v; > empty"); err != nil {
		t.Fatal(err)
	}
	if want := []string{"printf", "x < a b > y", "z <   t\n > w", "cat < v", " > empty"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
