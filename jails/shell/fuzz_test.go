package shell

import (
	"strings"
	"testing"
)

// FuzzRead wants every script to be read or refused, whatever it holds, and each command to have a word or a file.
func FuzzRead(f *testing.F) {
	for _, s := range []string{
		"if [ `id -u` -eq 0 ]; then a; elif b; then c; else d; fi", "for p in $(echo 'x,y' | sed 's/,/ /g'); do { a -p $p >/dev/null 2>&1; } || b; done",
		"case $x in (a|b) c;; *) d; esac", "f() { a \"$1\"; }; f x; (exit) && ! b | c &", "a <<X\ntext\nX\nb <<<y 2>&1 >|z", "while read -r x; do y; done < z",
		"a \xfe22;80\xfd ${b:-c} $((1+2)) 'q' \"r $s\" \\; <ip>", "[[ a < b && c ]] && d", "a \\\n b # c\n#d", "`a \\`b\\``", "f() { f; }; f", "\xfe\xfe-p \xfex\xfd\xfd",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, script string) {
		n := 0
		r := Reader{Whole: func(before string) bool { return before == "-p" }, Visit: func(c *Command) Status {
			if n++; len(c.Args) == 0 {
				t.Errorf("an empty command in %q", script)
			}
			return Status(n % 4)
		}}
		if r.Read(script) == nil && n == 0 && strings.Trim(script, "\n;: \t") == "echo" {
			t.Errorf("nothing is run by %q", script)
		}
		if n > maxWork/50 {
			t.Errorf("%d commands", n)
		}
	})
}
