package date

import (
	"bytes"
	"unicode"
	"unicode/utf8"
)

// nearness tells what a date of a template always lies at, so that most of a line is passed over.
type nearness uint8

const (
	nearClock  nearness = iota // H:M:S
	nearDigits                 // a word that begins with a digit
	nearAt                     // @
	nearEpoch                  // the line's begin, or audit(
)

// dateBeforeClock is more than any default template has before the colon behind its hour.
const dateBeforeClock = 24

// A lineShape is what the searches in one line have in common. It is made when first asked for.
type lineShape struct {
	text         []byte
	foreignKnown bool
	isForeign    bool
	clocksKnown  bool
	colons       []int
}

func (l *lineShape) reset(text []byte) { l.text, l.foreignKnown, l.clocksKnown = text, false, false }

// foreign tells whether the line has characters beyond ASCII that could be part of a date: digits, blanks, and the four
// letters that fold to ASCII ones.
func (l *lineShape) foreign() bool {
	if !l.foreignKnown {
		l.foreignKnown, l.isForeign = true, bytes.ContainsFunc(l.text, foreignRune)
	}
	return l.isForeign
}

func foreignRune(r rune) bool {
	switch {
	case r < utf8.RuneSelf:
		return false
	case r == 'ſ' || r == 'K' || r == 'ı' || r == 'İ':
		return true
	}
	return unicode.IsDigit(r) || unicode.IsSpace(r)
}

// clocks returns where the colons behind the hours of the line's times are.
func (l *lineShape) clocks() []int {
	if l.clocksKnown {
		return l.colons
	}
	l.clocksKnown, l.colons = true, l.colons[:0]
	for i := 0; i < len(l.text); i++ {
		n := bytes.IndexByte(l.text[i:], ':')
		if n < 0 {
			break
		}
		i += n
		if clockAt(l.text, i) {
			l.colons = append(l.colons, i)
		}
	}
	return l.colons
}

// clockAt tells whether the colon at i may stand behind the hour of H:M:S.
func clockAt(text []byte, i int) bool {
	if i == 0 || i+3 >= len(text) || !isDigit(text[i-1]) || !isDigit(text[i+1]) {
		return false
	}
	return text[i+2] == ':' || text[i+3] == ':' && isDigit(text[i+2])
}
