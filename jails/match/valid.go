package match

import "unicode/utf8"

// Valid returns text as valid UTF-8: text itself where it is, else a copy in dst in which each maximal prefix of an
// invalid sequence is U+FFFD, as Python's errors='replace' does it. What it returns may share memory with either.
func Valid(dst, text []byte) []byte {
	if utf8.Valid(text) {
		return text
	}
	dst = dst[:0]
	for len(text) > 0 {
		r, size := utf8.DecodeRune(text)
		if r == utf8.RuneError && size <= 1 {
			size = invalidPrefix(text)
		}
		dst = utf8.AppendRune(dst, r)
		text = text[size:]
	}
	return dst
}

// invalidPrefix returns how many bytes at the start of text could have begun a character but do not make one; at least 1.
func invalidPrefix(text []byte) int {
	need, low, high := 0, byte(0x80), byte(0xbf)
	switch c := text[0]; {
	case c >= 0xc2 && c <= 0xdf:
		need = 1
	case c >= 0xe0 && c <= 0xef:
		need = 2
		if c == 0xe0 {
			low = 0xa0
		} else if c == 0xed {
			high = 0x9f
		}
	case c >= 0xf0 && c <= 0xf4:
		need = 3
		if c == 0xf0 {
			low = 0x90
		} else if c == 0xf4 {
			high = 0x8f
		}
	}
	n := 1
	for n <= need && n < len(text) && text[n] >= low && text[n] <= high {
		n++
		low, high = 0x80, 0xbf
	}
	return n
}
