package date

import (
	"bytes"
	"encoding/binary"
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

// class is a set of kinds of bytes that a date may begin with.
type class uint8

const (
	classDigit class = 1 << iota
	classLetter
	classBlank
	classSign
)

func classOf(b byte) class {
	switch {
	case isDigit(b):
		return classDigit
	case (b|0x20)-'a' < 26:
		return classLetter
	case b == ' ':
		return classBlank
	case b == '+' || b == '-':
		return classSign
	}
	return 0
}

// A lineShape is what the searches in one line have in common. Each part is made when first asked for.
type lineShape struct {
	text        []byte
	reach       int // how much of the line's begin a search there reads at first
	ascii       int // how far that is ASCII; -1: not known
	foreignAt   int // -1: not known
	placesKnown bool
	places      []startPlace
}

// A startPlace is where a date with a time of day may begin.
type startPlace struct {
	at       int
	class    class
	doubtful bool // whether a word begins here hangs on a character beyond ASCII
}

// keptPlaces bounds the memory that one long line leaves behind.
const keptPlaces = 1024

func (l *lineShape) reset(text []byte) {
	if cap(l.places) > keptPlaces {
		l.places = nil
	}
	l.text, l.reach, l.ascii, l.foreignAt, l.placesKnown = text, reach, -1, -1, false
}

// reach is more than any date of a default template takes that has no run of blanks in it.
const reach = 72

// narrow sets how far a search at the line's begin reads at first. Where it would have to read on, it takes the long way.
func (l *lineShape) narrow(to int) { l.reach, l.ascii = to, -1 }

// head returns the line's begin, as far as a date there should reach and all is ASCII, and whether there is more.
func (l *lineShape) head() (begin []byte, cut bool) {
	if l.ascii < 0 {
		l.ascii = asciiPrefix(l.text[:min(l.reach, len(l.text))])
	}
	return l.text[:l.ascii], l.ascii < len(l.text)
}

// noClock tells whether no date of a default template that has a time of day can stand at the line's begin.
func (l *lineShape) noClock() bool {
	begin := l.text[:min(2+dateBeforeClock+len("::0:"), len(l.text))]
	return asciiPrefix(begin) == len(begin) && !hasClock(begin)
}

// hasClock tells whether a colon in text may stand behind the hour of H:M:S.
func hasClock(text []byte) bool {
	for i := 0; i < len(text); i++ {
		n := bytes.IndexByte(text[i:], ':')
		if n < 0 {
			return false
		}
		if i += n; clockAt(text, i) {
			return true
		}
	}
	return false
}

// foreign returns where the line's first character beyond ASCII is that could be part of a date, or the line's length:
// digits, blanks, and the four letters that fold to ASCII ones.
func (l *lineShape) foreign() int {
	if l.foreignAt < 0 {
		n := asciiPrefix(l.text)
		l.foreignAt = len(l.text)
		if at := bytes.IndexFunc(l.text[n:], foreignRune); at >= 0 {
			l.foreignAt = n + at
		}
	}
	return l.foreignAt
}

// beforeForeign returns a place before which no date begins that has a foreign character in it.
func (l *lineShape) beforeForeign() int {
	i := max(0, l.foreign()-reach)
	for i > 0 && !utf8.RuneStart(l.text[i]) {
		i--
	}
	return i
}

func foreignRune(r rune) bool {
	switch {
	case r < utf8.RuneSelf:
		return false
	case r == '\u017f' || r == '\u212a' || r == '\u0131' || r == '\u0130': // fold to s, k and i
		return true
	}
	return unicode.IsDigit(r) || unicode.IsSpace(r)
}

// asciiPrefix counts the bytes before the first beyond ASCII.
func asciiPrefix(text []byte) int {
	i := 0
	for i+8 <= len(text) && binary.LittleEndian.Uint64(text[i:])&0x8080808080808080 == 0 {
		i += 8
	}
	for i < len(text) && text[i] < utf8.RuneSelf {
		i++
	}
	return i
}

// untilForeign is head for a date at from.
func untilForeign(text []byte, from int) (begin []byte, cut bool) {
	end := min(from+reach, len(text))
	end = from + asciiPrefix(text[from:end])
	return text[:end], end < len(text)
}

// starts returns the places from which a default template could reach the first colon of a time of day.
func (l *lineShape) starts() []startPlace {
	if l.placesKnown {
		return l.places
	}
	l.placesKnown, l.places = true, l.places[:0]
	next := 0
	for i := 0; i < len(l.text); i++ {
		n := bytes.IndexByte(l.text[i:], ':')
		if n < 0 {
			break
		}
		i += n
		if !clockAt(l.text, i) {
			continue
		}
		for k := max(next, i-dateBeforeClock); k < i; k++ {
			l.addPlace(k)
		}
		next = i
	}
	return l.places
}

// addPlace adds the place at i if a date could begin there.
func (l *lineShape) addPlace(i int) {
	p := startPlace{at: i, class: classOf(l.text[i])}
	if i > 0 && isWord(l.text[i]) {
		if isWord(l.text[i-1]) {
			return
		}
		p.doubtful = l.text[i-1] >= utf8.RuneSelf
	}
	if p.class != 0 {
		l.places = append(l.places, p)
	}
}

// dateBeforeClock is more than any default template has before the colon behind its hour.
const dateBeforeClock = 24

// clockAt tells whether the colon at i may stand behind the hour of H:M:S.
func clockAt(text []byte, i int) bool {
	if i == 0 || i+3 >= len(text) || !isDigit(text[i-1]) || !isDigit(text[i+1]) {
		return false
	}
	return text[i+2] == ':' || text[i+3] == ':' && isDigit(text[i+2])
}
