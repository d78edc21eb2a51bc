package filefollow

import (
	"bytes"
	"encoding/hex"
	"io"
	"os/exec"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf8"
)

// slowText is the obvious twin of decoder.text for UTF-8.
func slowText(raw []byte) (text []byte, cutLines, bad int) {
	for _, line := range bytes.SplitAfter(raw, []byte("\n")) {
		if len(line) == 0 {
			continue
		}
		line = bytes.TrimSuffix(line, []byte("\n"))
		for len(line) > 0 && line[len(line)-1] == '\r' {
			line = line[:len(line)-1]
		}
		for len(line) > 0 && line[0] == 0 {
			line = line[1:]
		}
		if len(line) > lineCap {
			cutLines++
			line = cut(line)
		}
		for len(line) > 0 {
			r, n := utf8.DecodeRune(line)
			if r != utf8.RuneError || n > 1 {
				text, line = append(text, line[:n]...), line[n:]
				continue
			}
			text = append(text, "\uFFFD"...)
			bad++
			for n = len(line); n > 1 && !beginning(line[:n]); {
				n--
			}
			line = line[n:]
		}
		text = append(text, '\n')
	}
	return text, cutLines, bad
}

// beginning tells, by trying all, whether some character's UTF-8 begins with b and is longer.
func beginning(b []byte) bool {
	if len(b) > 3 {
		return false
	}
	for r := rune(0x80); r <= utf8.MaxRune; r++ {
		var c [utf8.UTFMax]byte
		if n := utf8.EncodeRune(c[:], r); n > len(b) && bytes.HasPrefix(c[:n], b) {
			return true
		}
		if r == 0x10000 && len(b) == 1 && b[0] < 0xF0 {
			return false
		}
	}
	return false
}

func testText(t *testing.T, raw []byte) {
	t.Helper()
	want, wantCut, wantBad := slowText(raw)
	d, err := newDecoder("", new(Counters))
	if err != nil {
		t.Fatal(err)
	}
	if got := d.text(bytes.Clone(raw)); !bytes.Equal(got, want) {
		t.Errorf("text(%.100q) = %.100q, want %.100q", raw, got, want)
	}
	if got := d.counters.CutLines.Load(); got != int64(wantCut) {
		t.Errorf("text(%.100q) cut %d lines, want %d", raw, got, wantCut)
	}
	if got := d.counters.BadBytes.Load(); got != int64(wantBad) {
		t.Errorf("text(%.100q) replaced %d times, want %d", raw, got, wantBad)
	}
}

var oddLines = []string{"a\n", "\n", "a\r\n", "a\r\r\n", "\r\n", "a\rb\n", "\x00\x00a\n", "a\x00b\n", "\x00\n",
	"caf\xe9\n", "\xc3\xa9\n", "\xe2\x82\n", "\xe2\x82\xac\n", "\xf0\x9f\x98\n", "\xf4\x90\x80\x80\n", "\xed\xa0\x80\n",
	"\xc0\xaf\n", "\xe0\x80\xaf\n", "\xff\xfe\n", "\xf0\x80\x80\x41\n", "\xe2\x28\xa1\n", "x\xf8\x88\x80\x80\x80\n"}

func TestText(t *testing.T) {
	for _, s := range oddLines {
		testText(t, []byte(s))
	}
	testText(t, []byte(strings.Join(oddLines, "")))
	for _, n := range []int{lineCap - 1, lineCap, lineCap + 1, lineCap + 2, 3 * lineCap} {
		testText(t, []byte("a\n"+strings.Repeat("x", n)+"\nb\n"))
		testText(t, []byte("a\n"+strings.Repeat("é", n/2)+"\nb\n"))
		testText(t, []byte("a\nx"+strings.Repeat("é", n/2)+"\nb\n"))
	}
}

func FuzzText(f *testing.F) {
	for _, s := range oddLines {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) { testText(t, append(raw, '\n')) })
}

// TestReplacesAsPython compares with Python's errors='replace', byte for byte.
func TestReplacesAsPython(t *testing.T) {
	var lines [][]byte
	for _, s := range oddLines {
		lines = append(lines, []byte(strings.Trim(s, "\x00\r\n")))
	}
	for a := 0x80; a < 0x100; a += 5 {
		for b := 0x78; b < 0xc8; b += 3 {
			lines = append(lines, []byte{byte(a), byte(b), 0x80, 'x'}, []byte{byte(a), 0x9f, byte(b), 0xbf, 0x80})
		}
	}
	var in bytes.Buffer
	for _, l := range lines {
		in.WriteString(hex.EncodeToString(l) + "\n")
	}
	cmd := exec.Command("python3", "-c", `
import sys
for l in sys.stdin: print(bytes.fromhex(l.strip()).decode('utf-8','replace').encode().hex())`)
	cmd.Stdin = &in
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range strings.Split(strings.TrimSuffix(string(out), "\n"), "\n") {
		if got, _ := appendValid(nil, lines[i]); hex.EncodeToString(got) != want {
			t.Errorf("%x became %x, Python says %s", lines[i], got, want)
		}
	}
}

func TestEncodings(t *testing.T) {
	for _, c := range []struct{ name, raw, want string }{
		{"latin-1", "caf\xe9\n", "café\n"},
		{"ISO-8859-1", "caf\xe9\r\n", "café\n"},
		{"iso8859_15", "\xa4\n", "€\n"},
		{"cp1252", "\x80\n", "€\n"},
		{"cp850", "\x82\n", "é\n"},
		{"koi8-r", "\xc1\n", "а\n"},
		{"ascii", "a\xe9\n", "a\uFFFD\n"},
		{"euc-jp", "\xa4\xa2\n", "あ\n"},
		{"Shift_JIS", "\x82\xa0\n", "あ\n"},
		{"gbk", "\xd6\xd0\n", "中\n"},
		{"utf-16", "\xff\xfea\x00\r\x00\n\x00", "a\n"},
		{"utf-16le", "a\x00\n\x01\n\x00", "a\u010a\n"},
		{"utf-16-be", "\x00a\x01\x0a\x00\n", "a\u010a\n"},
		{"UTF_8", "é\n", "é\n"},
		{"auto", "\xe9\n", "\uFFFD\n"},
	} {
		r, err := NewReader(strings.NewReader(c.raw), c.name, nil)
		if err != nil {
			t.Error(err)
			continue
		}
		if got, err := r.Next(); err != nil || string(got) != c.want {
			t.Errorf("%s: %q, %v, want %q", c.name, got, err, c.want)
		}
	}
	if err := CheckEncoding("nonsense"); err == nil {
		t.Error("nonsense is an encoding")
	}
}

// readAll gathers what a Reader gives, checking each piece.
func readAll(t *testing.T, r *Reader) string {
	t.Helper()
	var all strings.Builder
	for {
		text, err := r.Next()
		if err == io.EOF {
			return all.String()
		}
		if err != nil || !bytes.HasSuffix(text, []byte("\n")) {
			t.Fatalf("Next() = %.100q, %v", text, err)
		}
		all.Write(text)
	}
}

func TestReader(t *testing.T) {
	long := strings.Repeat("y", 3*chunkSize)
	for _, in := range []string{"", "\n", "a", "a\nb", "a\r\nb\r\n", long, long + "\nb\n" + long + "\nc", strings.Repeat("some line\n", 1e5)} {
		for name, from := range map[string]io.Reader{
			"whole": strings.NewReader(in), "half": iotest.HalfReader(strings.NewReader(in)),
			"with error": iotest.DataErrReader(strings.NewReader(in)), "bytes": iotest.OneByteReader(strings.NewReader(in[:min(len(in), 2000)])),
		} {
			in := in
			if name == "bytes" {
				in = in[:min(len(in), 2000)]
			}
			want, wantCut, _ := slowText([]byte(in))
			c := new(Counters)
			r, err := NewReader(from, "", c)
			if err != nil {
				t.Fatal(err)
			}
			if got := readAll(t, r); got != string(want) {
				t.Errorf("%s of %.20q: got %d bytes %.20q, want %d", name, in, len(got), got, len(want))
			}
			if c.CutLines.Load() != int64(wantCut) {
				t.Errorf("%s of %.20q: cut %d lines, want %d", name, in, c.CutLines.Load(), wantCut)
			}
		}
	}
}

// TestReaderGoesOn tells that a Reader gives the stream's errors and reads on after them.
func TestReaderGoesOn(t *testing.T) {
	r, err := NewReader(iotest.TimeoutReader(iotest.OneByteReader(strings.NewReader("ab\nc"))), "", nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Next(); err != iotest.ErrTimeout {
		t.Fatalf("got %v, want the stream's error", err)
	}
	if got := readAll(t, r); got != "ab\nc\n" {
		t.Errorf("got %q", got)
	}
}
