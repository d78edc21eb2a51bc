package match

import (
	"os/exec"
	"strings"
	"testing"
)

func TestValid(t *testing.T) {
	texts := []string{
		"plain", "ä漢😀", "\xff", "a\xe2\x82b", "\xe2\x82", "\xf0\x9f\x98", "\xf0\x9f\x98x\xf0", "\xed\xa0\x80", "\xc0\xaf", "\xe0\x80\x80",
		"\xf4\x90\x80\x80", "\xc3\xc3\xa4", "\x80\x80", "a\xf8\x88\x80\x80\x80", "\ufffd\xef\xbf", "\xf1\x80\x80\xe1\x80\xc2",
	}
	cmd := exec.Command("/usr/bin/python3", "-c", `import sys
sys.stdout.buffer.write(b"\0".join(p.decode(errors="replace").encode() for p in sys.stdin.buffer.read().split(b"\0")))`)
	cmd.Stdin = strings.NewReader(strings.Join(texts, "\x00"))
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var buf []byte
	for i, want := range strings.Split(string(out), "\x00") {
		if buf = Valid(buf, []byte(texts[i])); string(buf) != want {
			t.Errorf("Valid(%q) = %q, want %q", texts[i], buf, want)
		}
	}
}

func FuzzValid(f *testing.F) {
	f.Add([]byte("a\xe2\x82b"))
	f.Fuzz(func(t *testing.T, text []byte) {
		got := string(Valid(nil, text))
		if strings.ToValidUTF8(got, "") != got {
			t.Errorf("Valid(%q) = %q, which is not valid", text, got)
		}
		if strings.ToValidUTF8(string(text), "") != strings.ReplaceAll(got, "\ufffd", "") && !strings.Contains(string(text), "\ufffd") {
			t.Errorf("Valid(%q) = %q, which changed valid text", text, got)
		}
	})
}
