package match

import (
	"sync"
	"unicode"
	"unicode/utf8"
)

// A category is a class of characters that an escape names.
type category uint8

const (
	decimal      category = iota + 1 // \d
	whiteSpace                       // \s
	word                             // \w
	asciiDecimal                     // the same with Flags ASCII
	asciiWhiteSpace
	asciiWord
)

func (c category) has(r rune) bool {
	if r >= utf8.RuneSelf {
		switch c {
		case decimal:
			return unicode.Is(unicode.Nd, r)
		case whiteSpace:
			return isSpace(r)
		case word:
			return isWord(r)
		}
		return false
	}
	switch c {
	case decimal, asciiDecimal:
		return r >= '0' && r <= '9'
	case whiteSpace:
		return isSpace(r)
	case asciiWhiteSpace:
		return r >= '\t' && r <= '\r' || r == ' '
	}
	return isASCIIWord(byte(r))
}

func isASCIIWord(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_'
}

// isWord is Python's \w: what str.isalnum accepts, and the underscore.
func isWord(r rune) bool { return r == '_' || unicode.IsLetter(r) || unicode.IsNumber(r) }

// isSpace is Python's str.isspace, which knows the four ASCII separators that unicode.IsSpace does not.
func isSpace(r rune) bool { return r >= 0x1c && r <= 0x1f || unicode.IsSpace(r) }

// An item of a class: a category or a range of characters.
type item struct {
	category   category // 0: the range
	negative   bool     // not in the category
	lo, hi     rune
	eitherCase bool // the range of a class that folds case, tried with the upper case too
}

func (it item) has(r rune) bool {
	if it.category != 0 {
		return it.category.has(r) != it.negative
	}
	if it.lo <= r && r <= it.hi {
		return true
	}
	if !it.eitherCase {
		return false
	}
	u := unicode.ToUpper(r)
	return it.lo <= u && u <= it.hi
}

// A byteSet holds bytes; of a character beyond ASCII it holds all bytes it can begin with.
type byteSet [256]bool

// byteSets has one of each byteSet, since a few tables stay in the processor's cache where many would not.
var byteSets sync.Map

// shared returns the one set that all classes use in place of s.
func (s byteSet) shared() *byteSet {
	one, ok := byteSets.Load(s)
	if !ok {
		one, _ = byteSets.LoadOrStore(s, &s)
	}
	return one.(*byteSet)
}

// How much of what lies beyond ASCII a class has.
type beyond uint8

const (
	beyondNone beyond = iota
	beyondSome
	beyondAll
)

// A class is a set of characters.
type class struct {
	bytes    *byteSet // exact for ASCII; above it, whether the class has any character beyond ASCII
	set      bitSet   // the same
	steps    *byteSet // bytes that a run of the class takes without a look at the character
	without  int      // the only byte that steps lacks, or -1
	beyond   beyond
	items    []item
	negative bool
	fold     fold
}

// newClass makes the class of the items. With a fold, items are what a character's lower case is looked up in, as
// Python does it.
func newClass(items []item, negative bool, f fold) *class {
	c := &class{items: items, negative: negative}
	var bytes byteSet
	if f != noFold && f.anyCased(items) {
		c.fold = f
		c.items = f.items(items)
	}
	for b := range utf8.RuneSelf {
		bytes[b] = c.lookup(rune(b))
	}
	c.beyond = c.countBeyond(&bytes)
	for b := utf8.RuneSelf; b < 256; b++ {
		bytes[b] = c.beyond != beyondNone
	}
	c.tabulate(bytes)
	return c
}

// tabulate makes the tables.
func (c *class) tabulate(bytes byteSet) {
	var steps byteSet
	lacking := 0
	for b := range 256 {
		if bytes[b] {
			c.set.add(byte(b))
		}
		steps[b] = bytes[b] && (b < utf8.RuneSelf || c.beyond == beyondAll)
		if !steps[b] {
			lacking++
			c.without = b
		}
	}
	if lacking != 1 {
		c.without = -1
	}
	c.bytes, c.steps = bytes.shared(), steps.shared()
}

// has tells whether r is of the class.
func (c *class) has(r rune) bool {
	if r < utf8.RuneSelf {
		return c.bytes[r]
	}
	return c.beyond == beyondAll || c.beyond == beyondSome && c.lookup(r)
}

func (c *class) lookup(r rune) bool {
	r = c.fold.lower(r)
	for _, it := range c.items {
		if it.has(r) {
			return !c.negative
		}
	}
	return c.negative
}

// countBeyond says how much the class has beyond ASCII; some, where it would take long to find out.
func (c *class) countBeyond(bytes *byteSet) beyond {
	some := c.fold == unicodeFold && (bytes['i'] != c.negative || bytes['k'] != c.negative || bytes['s'] != c.negative)
	for _, it := range c.items {
		switch {
		case it.category == 0 && it.hi < utf8.RuneSelf:
		case it.category >= asciiDecimal && !it.negative:
		case it.category >= asciiDecimal, it.category == 0 && it.lo <= utf8.RuneSelf && it.hi == utf8.MaxRune:
			if c.negative {
				return beyondNone
			}
			return beyondAll
		default:
			some = true
		}
	}
	switch {
	case some:
		return beyondSome
	case c.negative:
		return beyondAll
	}
	return beyondNone
}

// isOpposite tells whether d has exactly the characters that c lacks, as \s and \S do.
func (c *class) isOpposite(d *class) bool {
	if len(c.items) != 1 || len(d.items) != 1 || c.items[0].category == 0 || c.items[0].category != d.items[0].category {
		return false
	}
	return (c.items[0].negative != c.negative) != (d.items[0].negative != d.negative)
}
