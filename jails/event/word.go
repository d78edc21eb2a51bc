package event

import (
	"strconv"
	"strings"
	"unicode"
)

// Word is the subject as one word of a line that people and programs read. An id is a stranger's text: it is quoted where
// it would end the word, imitate what stands around it, or be taken for an address.
func (s Subject) Word() string {
	if s.prefix.IsValid() {
		return s.String()
	}
	return word(s.id)
}

// AppendWord appends what Word returns to dst.
func (s Subject) AppendWord(dst []byte) []byte {
	if s.prefix.IsValid() {
		return s.AppendTo(dst)
	}
	return append(dst, word(s.id)...)
}

// Word is Subject.Word for a subject's text.
func Word(text string) string {
	if s, err := ParseSubject(text); err == nil && s.String() == text {
		return text
	}
	return word(text)
}

func word(text string) string {
	if text != "" && !strings.ContainsFunc(text, odd) && !likeAddress(text) {
		return text
	}
	return strings.NewReplacer("[", `\x5b`, "]", `\x5d`).Replace(strconv.Quote(text))
}

// odd reports whether a character may not stand in a word.
func odd(r rune) bool {
	return r == ' ' || strings.ContainsRune(`[]"'\<>`, r) || !unicode.IsPrint(r) || r == unicode.ReplacementChar
}

// likeAddress reports whether somebody could take the text for an address or a network.
func likeAddress(text string) bool {
	return strings.ContainsAny(text, ".:") && strings.Trim(text, "0123456789abcdefABCDEF.:/%") == ""
}
