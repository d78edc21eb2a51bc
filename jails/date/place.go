package date

import (
	"unicode"
	"unicode/utf8"
)

// A place is where the last date was, in characters, and what stood at its borders. A line that looks the same there
// most likely has its date there.
type place struct {
	start, end    int
	before, first rune // the characters around the start
	final, after  rune // the characters around the end
}

const noRune rune = -1

// set takes the place of h, which begins at the character start.
func (p *place) set(line []byte, h *hit, start int) {
	p.start, p.end = start, start+utf8.RuneCount(line[h.start:h.end])
	p.before, p.first = runeBefore(line, h.start), runeAt(line, h.start)
	p.final, p.after = runeBefore(line, h.end), runeAt(line, h.end)
	if h.end == 0 {
		p.final = runeBefore(line, len(line)) // as Python's line[-1]
	}
}

// same tells whether h lies at p.
func (p *place) same(line []byte, h *hit) bool {
	start := utf8.RuneCount(line[:h.start])
	return start == p.start && start+utf8.RuneCount(line[h.start:h.end]) == p.end
}

// in returns the place's bytes in line, if at each border the outer character is as it was, or the inner one is and is
// neither letter nor digit.
func (p *place) in(line []byte) (start, end int, ok bool) {
	start, before, first := around(line, p.start)
	end, final, after := around(line, p.end)
	ok = (before == p.before || first == p.first && !isAlnum(first)) &&
		(after == p.after || final == p.final && !isAlnum(final))
	return start, end, ok
}

// around returns the byte at which the n-th character of line begins, and the characters before and behind it. A line
// of fewer characters has none there.
func around(line []byte, n int) (i int, before, behind rune) {
	left := n
	for i < len(line) && left > 0 {
		size := 1
		if line[i] >= utf8.RuneSelf {
			_, size = utf8.DecodeRune(line[i:])
		}
		i += size
		left--
	}
	if left > 0 {
		return i, noRune, noRune
	}
	return i, runeBefore(line, i), runeAt(line, i)
}

func runeAt(line []byte, i int) rune {
	if i >= len(line) {
		return noRune
	}
	r, _ := utf8.DecodeRune(line[i:])
	return r
}

func runeBefore(line []byte, i int) rune {
	if i == 0 {
		return noRune
	}
	r, _ := utf8.DecodeLastRune(line[:i])
	return r
}

// isAlnum is Python's str.isalnum for one character.
func isAlnum(r rune) bool { return r != noRune && (unicode.IsLetter(r) || unicode.IsNumber(r)) }
