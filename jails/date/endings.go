package date

// An ending is what a template may have behind the seconds and their fraction.
type ending int

const (
	endPlain     ending = iota // nothing
	endYear                    // (?: %ExY)?
	endZone                    // (?:\s*%z)?
	endBlankZone               // (?: %z)?, in a template that ignores case
)

// fractionThen reads an optional fraction of a second and then the ending, and gives up the fraction if that fails.
func (c *cursor) fractionThen(i int, comma bool, e ending, f *fields) int {
	if b := c.at(i); b == '.' || comma && b == ',' {
		if n := c.digits(i+1, 7); n >= 1 && n <= 6 {
			if end := c.ending(i+1+n, e, f); end >= 0 {
				return end
			}
		}
	}
	return c.ending(i, e, f)
}

// ending reads the ending at i, or nothing where the longer match has no bound behind it.
func (c *cursor) ending(i int, e ending, f *fields) int {
	end := -1
	switch e {
	case endYear:
		end = c.endYear(i, f)
	case endZone:
		p := i
		for isSpace(c.at(p)) {
			p++
		}
		end = c.endZone(p, false, f)
	case endBlankZone:
		if c.at(i) == ' ' {
			end = c.endZone(i+1, true, f)
		}
	}
	if end >= 0 {
		return end
	}
	return c.ends(i)
}

func (c *cursor) endYear(i int, f *fields) int {
	if c.at(i) != ' ' {
		return -1
	}
	v := c.yearAt(i + 1)
	if v < 0 || c.word(i+5) {
		return -1
	}
	f.setYear(v)
	return i + 5
}

func (c *cursor) endZone(i int, fold bool, f *fields) int {
	for _, n := range c.zoneLengths(i, fold) {
		if n > 0 && c.ends(i+n) >= 0 {
			f.setZoneText(c.s[i : i+n])
			return i + n
		}
	}
	return -1
}

// zoneLengths returns the lengths of text at i that %z may take, the preferred one first; 0 is none.
func (c *cursor) zoneLengths(i int, fold bool) [2]int {
	b := c.at(i)
	if b == '+' || b == '-' {
		return c.offsetLengths(i)
	}
	if fold {
		b &^= 0x20
	}
	switch b {
	case 'Z':
		return [2]int{1}
	case 'U', 'G':
		name := [3]byte{b, c.at(i + 1), c.at(i + 2)}
		if fold {
			name[1], name[2] = name[1]&^0x20, name[2]&^0x20
		}
		if name == [3]byte{'U', 'T', 'C'} || name == [3]byte{'G', 'M', 'T'} {
			return [2]int{3}
		}
	}
	return [2]int{}
}

func (c *cursor) offsetLengths(i int) [2]int {
	if b := c.at(i + 1); b != '0' && b != '1' || !isDigit(c.at(i+2)) {
		return [2]int{}
	}
	p := i + 3
	if c.at(p) == ':' {
		p++
	}
	if c.pair(p) >= 0 {
		return [2]int{p + 2 - i, 3}
	}
	return [2]int{3}
}

// digits counts the digits at i, up to most.
func (c *cursor) digits(i, most int) int {
	n := 0
	for n < most && isDigit(c.at(i+n)) {
		n++
	}
	return n
}

// nanoseconds reads n digits at i as the fraction of a second.
func (c *cursor) nanoseconds(i, n int) int64 {
	v := int64(0)
	for k := range 9 {
		v *= 10
		if k < n {
			v += int64(c.at(i+k) - '0')
		}
	}
	return v
}
