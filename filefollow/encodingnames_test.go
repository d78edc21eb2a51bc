package filefollow

import (
	"bytes"
	"encoding/json"
	"os/exec"
	"testing"
	"unicode/utf8"
)

// pythonCodecs lists Python's text encodings with all their aliases, and what each makes of single bytes; nil where it
// is none of a byte a character.
const pythonCodecs = `
import codecs, encodings, encodings.aliases, json, pkgutil
found = {}
for n in {m.name for m in pkgutil.iter_modules(encodings.__path__)} | set(encodings.aliases.aliases):
    try:
        c = codecs.lookup(n)
        if not c._is_text_encoding or c.name in ("undefined", "mbcs", "oem"):
            continue
    except LookupError:
        continue
    try:
        table = [bytes([b]).decode(n, "replace") for b in range(256)]
    except Exception:
        table = None
    found[n] = {"name": c.name, "table": table}
print(json.dumps(found))
`

// TestEncodingsOfPython holds that every encoding that Python knows is taken, under each of its names, and that what is
// said to be read as it is gives Python's text.
func TestEncodingsOfPython(t *testing.T) {
	out, err := exec.Command("/usr/bin/python3", "-c", pythonCodecs).Output()
	if err != nil {
		t.Fatal(err)
	}
	var codecs map[string]struct {
		Name  string
		Table []string
	}
	if err := json.Unmarshal(out, &codecs); err != nil || len(codecs) < 300 {
		t.Fatalf("%d encodings, %v", len(codecs), err)
	}
	exact, standIn := 0, 0
	for name, c := range codecs {
		enc, width, err := findEncoding(name)
		if err != nil {
			t.Errorf("%s (%s): %v", name, c.Name, err)
			continue
		}
		if DescribeEncoding(name) != "" {
			standIn++
			continue
		}
		exact++
		if enc == nil || width != 1 || c.Table == nil {
			continue
		}
		for b, want := range c.Table {
			got, err := enc.NewDecoder().Bytes([]byte{byte(b)})
			r, _ := utf8.DecodeRuneInString(want)
			if r == utf8.RuneError || r < ' ' || r >= 0x7f && r < 0xa0 || r >= 0xe000 && r <= 0xf8ff {
				continue // where Python has no character, a control or a private one, others may have one
			}
			if c.Name == "koi8-u" && (b == 0xae || b == 0xbe) {
				continue // of which there are two kinds
			}
			if err != nil || string(got) != want {
				t.Errorf("%s (%s): byte %#x is %q, Python's %q, %v", name, c.Name, b, got, want, err)
				break
			}
		}
	}
	t.Logf("%d names read as they are, %d with a note", exact, standIn)
	for _, name := range []string{"klingon", "base64", "undefined", "utf-99"} {
		if CheckEncoding(name) == nil {
			t.Errorf("%s is taken", name)
		}
	}
}

// TestLinesOfWideEncodings reads lines of two and four bytes a character.
func TestLinesOfWideEncodings(t *testing.T) {
	for name, want := range map[string][]byte{
		"utf_16_le": {'a', 0, '\n', 0}, "utf_16_be": {0, 'a', 0, '\n'},
		"utf-32-le": {'a', 0, 0, 0, '\n', 0, 0, 0}, "UTF-32BE": {0, 0, 0, 'a', 0, 0, 0, '\n'},
	} {
		d, err := newDecoder(name, &Counters{})
		if err != nil {
			t.Fatal(err)
		}
		// A line end's byte within another character is none.
		odd := bytes.Replace(want, []byte{'a'}, []byte{'\n'}, 1)
		odd = odd[:len(odd)/2]
		odd[len(odd)/2] = 1
		if d.firstEnd(want) != len(want) || d.lastEnd(want) != len(want) || string(d.text(want)) != "a\n" || d.firstEnd(odd) != 0 {
			t.Errorf("%s: ends %d and %d, %q, %d", name, d.firstEnd(want), d.lastEnd(want), d.text(want), d.firstEnd(odd))
		}
	}
}
