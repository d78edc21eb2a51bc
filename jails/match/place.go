package match

import (
	"bytes"
	"unicode/utf8"
)

// holds tells whether pos is such a place of text.
func (at place) holds(text []byte, pos int) bool {
	switch at {
	case atStart:
		return pos == 0
	case atLineStart:
		return pos == 0 || text[pos-1] == '\n'
	case atEnd:
		return pos == len(text) || pos == len(text)-1 && text[pos] == '\n'
	case atLineEnd:
		return pos == len(text) || text[pos] == '\n'
	case atVeryEnd:
		return pos == len(text)
	case atBoundary:
		return boundary(text, pos)
	case atNonBoundary:
		return len(text) > 0 && !boundary(text, pos)
	case atASCIIBoundary:
		return asciiBoundary(text, pos)
	}
	return len(text) > 0 && !asciiBoundary(text, pos)
}

// boundary tells whether exactly one of the characters before and after pos is of a word.
func boundary(text []byte, pos int) bool {
	before, after := false, false
	if pos > 0 {
		if c := text[pos-1]; c < utf8.RuneSelf {
			before = isASCIIWord(c)
		} else {
			r, _ := utf8.DecodeLastRune(text[:pos])
			before = isWord(r)
		}
	}
	if pos < len(text) {
		if c := text[pos]; c < utf8.RuneSelf {
			after = isASCIIWord(c)
		} else {
			r, _ := utf8.DecodeRune(text[pos:])
			after = isWord(r)
		}
	}
	return before != after
}

func asciiBoundary(text []byte, pos int) bool {
	before := pos > 0 && isASCIIWord(text[pos-1])
	return before != (pos < len(text) && isASCIIWord(text[pos]))
}

// backref matches what a group has matched once more.
func (s *Scratch) backref(in *inst, text []byte, pos int) (pc int32, at int) {
	start, end := s.marks[2*in.slot], s.marks[2*in.slot+1]
	if start < 0 || end < start {
		return -1, 0
	}
	group, rest := text[start:end], text[pos:]
	s.steps += len(group) >> 4
	if in.fold == noFold {
		if !bytes.HasPrefix(rest, group) {
			return -1, 0
		}
		return in.next, pos + len(group)
	}
	for len(group) > 0 {
		if len(rest) == 0 {
			return -1, 0
		}
		g, n := utf8.DecodeRune(group)
		r, m := utf8.DecodeRune(rest)
		if in.fold.lower(g) != in.fold.lower(r) {
			return -1, 0
		}
		group, rest = group[n:], rest[m:]
	}
	return in.next, len(text) - len(rest)
}
