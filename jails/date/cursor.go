package date

import "unicode/utf8"

// A cursor reads one line byte by byte for the parsers, which decide as the templates' expressions would. It is lost
// once a character beyond ASCII had a say; then the expression itself must decide.
type cursor struct {
	s     []byte // the line, or its begin
	years years
	cut   bool // s is the line up to a byte beyond ASCII
	lost  bool
}

// begin starts reading in s.
func (c *cursor) begin(s []byte, cut bool) { c.s, c.cut, c.lost = s, cut, false }

// at returns the byte at i, and 0 beyond the end.
func (c *cursor) at(i int) byte {
	if uint(i) < uint(len(c.s)) {
		return c.s[i]
	}
	c.lost = c.lost || c.cut
	return 0
}

// word tells whether the character at i is a letter, a digit or an underscore.
func (c *cursor) word(i int) bool {
	b := c.at(i)
	c.lost = c.lost || b >= utf8.RuneSelf
	return isWord(b)
}

func isDigit(b byte) bool { return b-'0' < 10 }

func isWord(b byte) bool { return isDigit(b) || (b|0x20)-'a' < 26 || b == '_' }

// isSpace tells what \s takes of ASCII: Python counts the four separators before the blank too.
func isSpace(b byte) bool { return b == ' ' || b-'\t' < 5 || b-0x1c < 4 }

// starts tells whether a template that wants a word bound may begin at i.
func (c *cursor) starts(i int) bool { return i == 0 || !c.word(i) || !c.word(i-1) }

// ends returns i if a template may end there, else -1.
func (c *cursor) ends(i int) int {
	if c.word(i) && c.word(i-1) {
		return -1
	}
	return i
}

// pair returns the value of the two digits at i, or -1.
func (c *cursor) pair(i int) int {
	a := c.at(i) - '0'
	if a > 9 {
		return -1
	}
	b := c.at(i+1) - '0'
	if b > 9 {
		return -1
	}
	return int(a)*10 + int(b)
}

// pairIn returns the value of the two digits at i if it lies in lo to hi, else -1.
func (c *cursor) pairIn(i, lo, hi int) int {
	if v := c.pair(i); v >= lo && v <= hi {
		return v
	}
	return -1
}

// number reads one or two digits at i that no digit follows. It returns -1 where there are none or too many.
func (c *cursor) number(i int) (v, end int) {
	a := int(c.at(i)) - '0'
	if uint(a) > 9 {
		return -1, -1
	}
	b := int(c.at(i+1)) - '0'
	if uint(b) > 9 {
		return a, i + 1
	}
	if isDigit(c.at(i + 2)) {
		return -1, -1
	}
	return a*10 + b, i + 2
}

// day reads %d: 1 to 31, where a blank may stand for the first digit.
func (c *cursor) day(i int, f *fields) int {
	from := i
	if c.at(i) == ' ' {
		from++
	}
	v, end := c.number(from)
	if v < 1 || v > 31 || (from > i && (end != i+2 || v > 9)) {
		return -1
	}
	f.setDay(v)
	return end
}

// month reads %m: 1 to 12.
func (c *cursor) month(i int, f *fields) int {
	v, end := c.number(i)
	if v < 1 || v > 12 {
		return -1
	}
	f.setMonth(v)
	return end
}

// monthAbbr reads %b in any case.
func (c *cursor) monthAbbr(i int, f *fields) int {
	v := monthOf(c.letters(i))
	if v == 0 {
		return -1
	}
	f.setMonth(v)
	return i + 3
}

// weekdayAbbr reads %a and the blank behind it, if they are there. The day of the week has no effect on the date.
func (c *cursor) weekdayAbbr(i int) int {
	if weekdayOf(c.letters(i)) > 0 && c.at(i+3) == ' ' {
		return i + 4
	}
	return i
}

// letters packs the three bytes at i, as lower-case letters.
func (c *cursor) letters(i int) uint32 {
	return pack(c.at(i), c.at(i+1), c.at(i+2))
}

// year4 reads %ExY.
func (c *cursor) year4(i int, f *fields) int {
	v := c.yearAt(i)
	if v < 0 {
		return -1
	}
	f.setYear(v)
	return i + 4
}

// yearAt returns the value of the %ExY at i, or -1.
func (c *cursor) yearAt(i int) int {
	hi := c.pair(i)
	if hi < 0 {
		return -1
	}
	lo := c.pair(i + 2)
	if lo < 0 || !c.years.has(hi*100+lo) {
		return -1
	}
	return hi*100 + lo
}

// year2 reads %Exy.
func (c *cursor) year2(i int, f *fields) int {
	v := c.pair(i)
	if v < 0 {
		return -1
	}
	f.setYear(2000 + v)
	return i + 2
}

// clock reads %H:%M:%S with an hour up to most: 23 for %H, 29 for %k.
func (c *cursor) clock(i, most int, f *fields) int {
	h, i := c.number(i)
	if h < 0 || h > most || c.at(i) != ':' {
		return -1
	}
	return c.minutes(i+1, h, f)
}

// blankClock reads %k:%M:%S: a blank may stand before the hour.
func (c *cursor) blankClock(i int, f *fields) int {
	if c.at(i) == ' ' {
		i++
	}
	return c.clock(i, 29, f)
}

// minutes reads %M:%S behind the hour. A minute or second of one digit is taken.
func (c *cursor) minutes(i, hour int, f *fields) int {
	m, i := c.number(i)
	if m < 0 || m > 59 || c.at(i) != ':' {
		return -1
	}
	s, i := c.number(i + 1)
	if s < 0 || s > 61 {
		return -1
	}
	f.setClock(hour, m, s)
	return i
}
