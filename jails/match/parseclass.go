package match

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

func firstRune(tok string) rune {
	r, _ := utf8.DecodeRuneInString(tok)
	return r
}

// characterEscapes are the characters that a letter stands for.
const characterEscapes = "a\ab\bf\fn\nr\rt\tv\v\\\\"

// categoryItem makes the item of a class for an escape such as \d.
func categoryItem(tok string, flags Flags) (item, bool) {
	var it item
	switch tok[1] | 0x20 {
	case 'd':
		it.category = decimal
	case 's':
		it.category = whiteSpace
	case 'w':
		it.category = word
	default:
		return item{}, false
	}
	if len(tok) != 2 || tok[1] < 'A' {
		return item{}, false
	}
	it.negative = tok[1] < 'a'
	if flags&ASCII != 0 {
		it.category += asciiDecimal - decimal
	}
	return it, true
}

// placeEscape makes the node of an escape such as \b.
func placeEscape(tok string, flags Flags) *node {
	var at place
	switch tok {
	case `\A`:
		at = atStart
	case `\Z`:
		at = atVeryEnd
	case `\b`:
		at = atBoundary
	case `\B`:
		at = atNonBoundary
	default:
		return nil
	}
	if flags&ASCII != 0 && at >= atBoundary {
		at += atASCIIBoundary - atBoundary
	}
	return &node{kind: kindAt, at: at}
}

// escape makes the node of an escape outside of a class.
func (p *parser) escape(tok string, start int, flags Flags) *node {
	if n := placeEscape(tok, flags); n != nil {
		return n
	}
	if it, ok := categoryItem(tok, flags); ok {
		return &node{kind: kindClass, class: newClass([]item{it}, false, noFold)}
	}
	if c := tok[1]; c >= '1' && c <= '9' {
		return p.numberEscape(tok, start, flags)
	}
	if tok[1] == '0' {
		p.while(2, octalDigits)
		n, _ := strconv.ParseInt(p.expr[start+1:p.pos()], 8, 32)
		return literal(rune(n), flags)
	}
	return literal(p.character(tok, start), flags)
}

// numberEscape reads three octal digits as a character and anything else as a reference.
func (p *parser) numberEscape(tok string, start int, flags Flags) *node {
	if p.nextIn(digits) {
		tok += p.get()
		if isOctal(tok[1]) && isOctal(tok[2]) && p.nextIn(octalDigits) {
			tok += p.get()
			return literal(p.octal(tok, start), flags)
		}
	}
	group, _ := strconv.Atoi(tok[1:])
	if group >= len(p.names) {
		p.fail(start+1, "invalid group reference "+tok[1:])
	}
	return p.backref(group, start, flags)
}

func isOctal(c byte) bool { return c >= '0' && c <= '7' }

func (p *parser) octal(tok string, start int) rune {
	n, _ := strconv.ParseInt(tok[1:], 8, 32)
	if n > 0o377 {
		p.fail(start, "octal escape value "+tok+" outside of range 0-0o377")
	}
	return rune(n)
}

// character reads an escape that stands for one character, in or outside of a class.
func (p *parser) character(tok string, start int) rune {
	c := tok[1]
	if i := strings.IndexByte(characterEscapes, c); i >= 0 && i%2 == 0 {
		return rune(characterEscapes[i+1])
	}
	switch c {
	case 'x':
		return p.hex(tok, 2, start)
	case 'u':
		return p.hex(tok, 4, start)
	case 'U':
		return p.hex(tok, 8, start)
	case 'N':
		p.fail(start, `character names (\N{…}) are not supported`)
	}
	if c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' {
		p.fail(start, "bad escape "+tok)
	}
	return firstRune(tok[1:])
}

func (p *parser) hex(tok string, n, start int) rune {
	h := p.while(n, hexDigits)
	if len(h) != n {
		p.fail(start, "incomplete escape "+tok+h)
	}
	v, _ := strconv.ParseInt(h, 16, 64)
	if v > utf8.MaxRune {
		p.fail(start, "bad escape "+tok+h)
	}
	return rune(v)
}

// set reads what follows a "[" at start.
func (p *parser) set(start int, flags Flags) *node {
	negative := p.accept("^")
	var items []item
	for {
		at := p.pos()
		tok := p.setToken(start)
		if tok == "]" && len(items) > 0 {
			break
		}
		it := p.setItem(tok, at, flags)
		if !p.accept("-") {
			items = append(items, it)
			continue
		}
		at2 := p.pos()
		tok2 := p.setToken(start)
		if tok2 == "]" {
			items = append(items, it, item{lo: '-', hi: '-'})
			break
		}
		to := p.setItem(tok2, at2, flags)
		if it.category != 0 || to.category != 0 || to.lo < it.lo {
			p.fail(at, "bad character range "+tok+"-"+tok2)
		}
		items = append(items, item{lo: it.lo, hi: to.lo})
	}
	if len(items) == 1 && items[0].category == 0 && items[0].lo == items[0].hi && !negative {
		return literal(items[0].lo, flags)
	}
	return &node{kind: kindClass, class: newClass(items, negative, foldOf(flags))}
}

// setToken takes a token of a set, which must not end here.
func (p *parser) setToken(start int) string {
	if p.next == "" {
		p.fail(start, "unterminated character set")
	}
	return p.get()
}

// setItem makes the item of a token of a set that begins at start.
func (p *parser) setItem(tok string, start int, flags Flags) item {
	if tok[0] != '\\' {
		r := firstRune(tok)
		return item{lo: r, hi: r}
	}
	if it, ok := categoryItem(tok, flags); ok {
		return it
	}
	var r rune
	if isOctal(tok[1]) {
		r = p.octal(tok+p.while(2, octalDigits), start)
	} else {
		r = p.character(tok, start)
	}
	return item{lo: r, hi: r}
}

// literal makes the node of one character.
func literal(r rune, flags Flags) *node {
	fold := foldOf(flags)
	if fold == noFold || !fold.cased(r) {
		return &node{kind: kindLiteral, char: r}
	}
	return &node{kind: kindClass, class: newClass([]item{{lo: r, hi: r}}, false, fold)}
}

// anyCharacter makes the node of a dot.
func anyCharacter(flags Flags) *node {
	if flags&DotAll != 0 {
		return &node{kind: kindClass, class: newClass([]item{{lo: 0, hi: utf8.MaxRune}}, false, noFold)}
	}
	return &node{kind: kindClass, class: newClass([]item{{lo: '\n', hi: '\n'}}, true, noFold)}
}
