package shell

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"mvdan.cc/sh/v3/syntax"
)

// Begin and End mark text that was put into a script from outside, such as the value of an option.
// Where such text is one argument it stays one word, whatever separators are in it. Neither byte is
// part of any UTF-8 text.
const (
	Begin = 0xfe
	End   = 0xfd
)

// Runes for private use stand for bytes that the parser is to take for letters: from masked on for
// what is quoted, inserted, a tag such as <ip>, or not UTF-8, and from later on for what is known
// only when the script runs.
const (
	masked = 0x10fd00
	later  = masked + 256
)

func mask(text string, from rune) string {
	var b []byte
	for i := range len(text) {
		b = utf8.AppendRune(b, from+rune(text[i]))
	}
	return string(b)
}

// unmask returns the bytes for which runes below an end stand.
func unmask(s string, end rune) string {
	if strings.IndexByte(s, 0xf4) < 0 { // with which the runes begin
		return s
	}
	var b []byte
	for _, c := range s {
		if c >= masked && c < end {
			b = append(b, byte(c-masked))
		} else {
			b = utf8.AppendRune(b, c)
		}
	}
	return string(b)
}

func plain(s string) string { return unmask(s, later+256) }

// tag is one that is filled in when an action runs. It is no redirection.
var tag = regexp.MustCompile(`^<[A-Za-z_][\w./:?=-]*>`)

// mask returns a script as the parser is to see it, without marks.
func (r *Reader) mask(script string) string {
	b := make([]byte, 0, len(script)+len(script)/2)
	for i, n := 0, 0; i < len(script); i += n {
		var c rune
		c, n = utf8.DecodeRuneInString(script[i:])
		switch {
		case script[i] == Begin && r.argument(b):
			var text string
			text, n = inserted(script[i:])
			b = append(b, mask(text, masked)...)
		case script[i] == Begin, script[i] == End:
		case c == '<' && tag.MatchString(script[i:]):
			n = strings.IndexByte(script[i:], '>') + 1
			b = append(b, mask(script[i:i+n], masked)...)
		case c == utf8.RuneError && n == 1:
			b = append(b, mask(script[i:i+1], masked)...)
		default:
			b = append(b, script[i:i+n]...)
		}
	}
	return string(b)
}

// argument reports whether one argument follows a script's beginning.
func (r *Reader) argument(script []byte) bool {
	const separators = " \t\n;&|()"
	script = script[max(0, len(script)-100):]
	if now := script[bytes.LastIndexAny(script, separators)+1:]; len(now) > 0 {
		return now[len(now)-1] == '=' || r.whole(string(now))
	}
	script = bytes.TrimRight(script, " \t")
	return r.whole(string(script[bytes.LastIndexAny(script, separators)+1:]))
}

var unmarked = strings.NewReplacer("\xfe", "", "\xfd", "")

// inserted is the text between the marks at which s begins, and the length of all that. It leaves
// alone what is more than a value, flags or something to expand: its length is that of the mark.
func inserted(s string) (text string, length int) {
	depth := 0
	for i := range len(s) {
		if s[i] == Begin {
			depth++
		} else if s[i] == End {
			depth--
		}
		if depth > 0 {
			continue
		}
		text = strings.TrimSpace(unmarked.Replace(s[:i]))
		if strings.ContainsAny(text, "$`\\'\"{}") || strings.Contains(" "+text, " -") {
			break
		}
		return text, i + 1
	}
	return "", 1
}

const (
	maxScript = 64 << 10
	maxOpen   = 1000 // brackets, which bound how deep the parser goes
)

// bashTest is a test of bash that sh would take for several commands.
var bashTest = regexp.MustCompile(`\[\[\s[^\n]*[<>&|][^\n]*\s\]\]`)

// parse reads a script as sh does, or else bash. The positions are those in the script it returns.
func parse(script string) (*syntax.File, string, error) {
	if len(script) > maxScript || strings.Count(script, "(")+strings.Count(script, "{") > maxOpen {
		return nil, "", errors.New("the script is too long, or nested too deep")
	}
	var err error
	for _, language := range []syntax.LangVariant{syntax.LangPOSIX, syntax.LangBash} {
		if language == syntax.LangPOSIX && bashTest.MatchString(script) {
			continue
		}
		var file *syntax.File
		parser := syntax.NewParser(syntax.Variant(language))
		if file, err = parser.Parse(strings.NewReader(script), ""); err == nil {
			return file, script, nil
		}
		end, ok := named(err, "unclosed here-document ") // which no shell minds
		if end = "\n" + end + "\n"; ok && !strings.HasSuffix(script, end) {
			return parse(script + end)
		}
	}
	if quote, ok := named(err, "without closing quote "); ok {
		return nil, "", fmt.Errorf("a %s is not closed", quote)
	}
	_, reason, _ := strings.Cut(err.Error(), ": ") // the position is in the script alone
	return nil, "", errors.New(plain(reason))
}

// named is what an error of the parser names behind some words.
func named(err error, words string) (string, bool) {
	_, quoted, _ := strings.Cut(err.Error(), words)
	text, err := strconv.Unquote(quoted)
	return text, err == nil && text != ""
}
