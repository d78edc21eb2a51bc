package event

import (
	"regexp"
	"strings"
	"testing"
	"unicode"
)

func TestWords(t *testing.T) {
	for id, want := range map[string]string{
		"alice":                   "alice",
		"alice@example.com":       "alice@example.com",
		"3f2a-77":                 "3f2a-77",
		"12345":                   "12345",
		"jörg":                    "jörg",
		"a,b;c":                   "a,b;c",
		"":                        `""`,
		"x] Ban 203.0.113.66":     `"x\x5d Ban 203.0.113.66"`,
		"[203.0.113.66]":          `"\x5b203.0.113.66\x5d"`,
		"203.0.113.066":           `"203.0.113.066"`,
		"203.0.113.66/255.0.0.0":  `"203.0.113.66/255.0.0.0"`,
		"::ffff:203.0.113.66":     `"::ffff:203.0.113.66"`,
		"a\nb":                    `"a\nb"`,
		"a\u00a0Ban\u2003b":       `"a\u00a0Ban\u2003b"`,
		"\x1b[31mred":             `"\x1b\x5b31mred"`,
		`a"b`:                     `"a\"b"`,
		"\xff":                    `"\xff"`,
		"a\u202egnirts":           `"a\u202egnirts"`,
		"<script>":                `"<script>"`,
		"2001:db8::1 - 2026-11-2": `"2001:db8::1 - 2026-11-2"`,
	} {
		if got := ID(id).Word(); got != want {
			t.Errorf("%q is written %s, want %s", id, got, want)
		}
		if got := string(ID(id).AppendWord([]byte("> "))); got != "> "+want {
			t.Errorf("%q is appended as %s", id, got)
		}
	}
	for _, text := range []string{"192.0.2.1", "2001:db8::/64", "alice"} {
		if got := Word(text); got != text {
			t.Errorf("%s is written %s", text, got)
		}
	}
	s, err := ParseSubject("2001:db8::/64")
	if err != nil || s.Word() != "2001:db8::/64" || string(s.AppendWord(nil)) != "2001:db8::/64" {
		t.Error(s.Word(), err)
	}
}

// FuzzWord looks for an id that makes recidive's regex, or a line, of a ban of somebody else.
func FuzzWord(f *testing.F) {
	for _, id := range []string{"x] Ban 203.0.113.66", "[203.0.113.66]", "a\n[x] Ban 203.0.113.66", "203.0.113.66", "::1", "\u2028"} {
		f.Add(id)
	}
	recidive := regexp.MustCompile(`\[.*\]\s+(?:Restore )?Ban\s+\[?(?:\d+\.\d+\.\d+\.\d+|[0-9a-fA-F:.]*:[0-9a-fA-F:.]*)(?:[\]/\s]|$)`)
	f.Fuzz(func(t *testing.T, id string) {
		if s, err := ParseSubject(id); err == nil && s.String() == id {
			return // it is this address
		}
		line := "[jail] Ban " + ID(id).Word()
		if recidive.MatchString(line) || strings.ContainsFunc(line, func(r rune) bool { return r != ' ' && !unicode.IsPrint(r) }) {
			t.Errorf("%q makes %q", id, line)
		}
	})
}
