package date

import (
	"bytes"

	"bailiff/jails/match"
)

// How a template is tied to the text around it, for the parsers.
type front uint8

const (
	frontNone  front = iota // it may begin anywhere
	frontWord               // at a word's begin, or before what is no word
	frontCaret              // at the line's begin
	frontLine               // at the line's begin or behind up to two characters that are no word
)

// A template finds one form of date. It is immutable and shared by all detectors.
type template struct {
	name     string
	expr     string  // in Python's dialect; group 1 is the text to cut out
	source   string  // the pattern it was made of, unless that was a key word
	anchored bool    // tied to the line's begin or end: the first of these that matches wins
	weight   float64 // how easily it moves up

	// The parser and where it may begin. No parser: the expression decides every line.
	parse  parser
	front  front
	near   nearness
	begins class
	years  years

	pattern func() (*expression, error) // the compiled expr
}

// A hit is where a template matched and what it read there.
type hit struct {
	start, end int // the whole match: decides between templates
	from, to   int // the text to cut out
	fields     fields
}

// search finds the leftmost match of t in text, at or after from. Text before from is seen by bounds only.
func (t *template) search(text []byte, from int, w *work, h *hit) bool {
	if t.parse != nil {
		found, sure := t.fast(text, from, w, h)
		if sure {
			return found
		}
		if !w.cursor.lost {
			from = max(from, w.shape.beforeForeign())
		}
	}
	return t.slow(text, from, w, h)
}

// tied tells whether a parser of t has to begin at the line's begin.
func (t *template) tied() bool { return t.front == frontLine || t.front == frontCaret }

// needsClock tells whether t matches only where a time of day stands at the line's begin.
func (t *template) needsClock() bool { return t.parse != nil && t.near == nearClock && t.tied() }

// work is the memory that the searches of one detector share.
type work struct {
	scratch match.Scratch
	shape   lineShape
	cursor  cursor
	gaveUp  int
}

// fast runs the parser. It is not sure where a character beyond ASCII has a say; if the cursor is not lost, what lies
// before the first of them is decided.
func (t *template) fast(text []byte, from int, w *work, h *hit) (found, sure bool) {
	c := &w.cursor
	c.years = t.years
	tied := t.tied()
	if tied || from > 0 {
		if tied {
			c.begin(w.shape.head())
			found = t.tryBegin(c, h)
		} else {
			c.begin(untilForeign(text, from))
			found = c.starts(from) && t.near == nearClock && t.try(c, from, h)
		}
		if (found || tied) && !c.lost {
			return found, true
		}
	}
	end := min(max(w.shape.foreign(), from), len(text))
	c.begin(text[:end], end < len(text))
	if tied {
		found = t.tryBegin(c, h)
	} else {
		found = t.scan(c, from, &w.shape, h)
	}
	return found, !c.lost && (found || tied || end == len(text))
}

// tryBegin tries the parser at the line's begin; where the template allows it behind up to two characters that are no
// word, and behind as many as there are first.
func (t *template) tryBegin(c *cursor, h *hit) bool {
	if t.front == frontCaret {
		return t.try(c, 0, h)
	}
	skip := 0
	for skip < 2 && skip < len(c.s) && !c.word(skip) {
		skip++
	}
	if skip == len(c.s) {
		c.at(skip)
	}
	for ; skip >= 0; skip-- {
		if t.try(c, skip, h) {
			h.start = 0
			return true
		}
	}
	return false
}

// try runs the parser at i.
func (t *template) try(c *cursor, i int, h *hit) bool {
	h.fields = fields{}
	end := t.parse(c, i, &h.fields)
	if end < 0 {
		return false
	}
	h.start, h.end, h.from, h.to = i, end, i, end
	return true
}

// scan tries the parser at every place where the template may begin.
func (t *template) scan(c *cursor, from int, l *lineShape, h *hit) bool {
	switch t.near {
	case nearClock:
		return t.scanClocks(c, from, l, h)
	case nearEpoch:
		return t.scanEpochs(c, from, h)
	case nearAt:
		for i := from; i < len(c.s); i++ {
			n := bytes.IndexByte(c.s[i:], '@')
			if n < 0 {
				return false
			}
			i += n
			if t.try(c, i, h) {
				return true
			}
		}
	case nearDigits:
		for i := from; i < len(c.s); i++ {
			if isDigit(c.s[i]) && c.starts(i) && t.try(c, i, h) {
				return true
			}
		}
	}
	return false
}

func (t *template) scanClocks(c *cursor, from int, l *lineShape, h *hit) bool {
	for _, p := range l.starts() {
		if p.at >= len(c.s) {
			break
		}
		if p.at >= from && p.class&t.begins != 0 {
			c.lost = c.lost || p.doubtful
			if t.try(c, p.at, h) {
				return true
			}
		}
	}
	return false
}

// scanEpochs looks at the line's begin, behind a bracket there, and behind "audit(".
func (t *template) scanEpochs(c *cursor, from int, h *hit) bool {
	for i := from; i <= 1; i++ {
		if (i == 0 || c.at(0) == '[') && t.try(c, i, h) {
			return true
		}
	}
	const audit = "audit("
	for i := max(0, from-len(audit)); ; {
		n := bytes.Index(c.s[i:], []byte(audit))
		if n < 0 {
			return false
		}
		word := i+n == 0 || !c.word(i+n-1)
		i += n + len(audit)
		if word && i >= from && t.try(c, i, h) {
			return true
		}
	}
}
