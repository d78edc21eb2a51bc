package filefollow

import (
	"os"
	"strings"
	"testing"
)

// put appends raw bytes.
func (f *tail) put(name, raw string) {
	f.t.Helper()
	w, err := os.OpenFile(f.path(name), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	f.do(err)
	_, err = w.WriteString(raw)
	f.do(err)
	f.do(w.Close())
}

// TestContent is what may stand in a log.
func TestContent(t *testing.T) {
	try(t, []behaviour{
		{"crlf", func(f *tail) {
			f.begin().put("log", "a\r\nb\r")
			f.want("a")
			f.put("log", "\n")
			f.want("b")
		}},
		{"nul_bytes", func(f *tail) {
			f.begin().put("log", "\x00\x00a\nb\x00\nc\n")
			f.want("a b\x00 c")
		}},
		{"sparse_file", func(f *tail) {
			f.write("log", "a b ")
			f.begin().want("a b")
			f.do(os.Truncate(f.path("log"), 1<<33)) // far more than could be read
			f.put("log", "c\nd\n")
			f.want("c d")
		}},
		{"truncate_under_a_writer_that_does_not_append", func(f *tail) {
			w, err := os.Create(f.path("log"))
			f.do(err)
			defer w.Close()
			_, err = w.WriteString(strings.Repeat("x", 300000) + "\na\n")
			f.do(err)
			f.begin().want(strings.Repeat("x", lineCap) + " a")
			f.truncate("log")
			_, err = w.WriteString("b\n")
			f.do(err)
			f.want("b")
		}},
		{"long_line", func(f *tail) {
			f.begin().put("log", "a\n"+strings.Repeat("x", lineCap)+"\n"+strings.Repeat("y", lineCap+1)+"\nb\n")
			f.want("a " + strings.Repeat("x", lineCap) + " " + strings.Repeat("y", lineCap) + " b")
			if n := f.Counters.CutLines.Load(); n != 1 {
				f.t.Errorf("%d lines were cut", n)
			}
		}},
		{"line_longer_than_a_chunk", func(f *tail) {
			f.begin().put("log", strings.Repeat("x", 5*chunkSize))
			f.put("log", strings.Repeat("x", 5*chunkSize))
			f.put("log", "\nb\n")
			f.want(strings.Repeat("x", lineCap) + " b")
			f.end()
			f.put("log", "c\n")
			f.begin().want("c")
		}},
		{"many_lines", func(f *tail) {
			all := strings.Repeat("a-line-of-some-length\n", 100000)
			f.put("log", all)
			f.begin()
			f.want(all)
		}},
		{"invalid_bytes", func(f *tail) {
			f.begin().put("log", "caf\xe9\n")
			f.want("caf\uFFFD")
			if n := f.Counters.BadBytes.Load(); n != 1 {
				f.t.Errorf("%d sequences were replaced", n)
			}
		}},
		{"latin_1", func(f *tail) {
			f.Encoding = "latin-1"
			f.begin().put("log", "caf\xe9\n")
			f.want("café")
		}},
		{"utf_16", func(f *tail) {
			f.Encoding = "utf-16"
			f.begin().put("log", "\xff\xfea\x00\n\x00b\x00\n\x01\n")
			f.want("a")
			f.put("log", "\x00")
			f.want("b\u010a")
			f.put("log", strings.Repeat("x\x00", chunkSize)+"\n\x00c\x00\n\x00")
			f.want(strings.Repeat("x", lineCap) + " c")
		}},
	})
}
