package date

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"bailiff/jails/match"
)

// A group is a capture that is named as a directive.
type group struct {
	index int
	name  byte
}

// groupsOf returns the groups of p that name a part of the date, in their order: of two that name the same part the
// later one counts. Other names mean nothing here.
func groupsOf(p *match.Pattern) []group {
	var groups []group
	for i, name := range p.GroupNames() {
		if len(name) == 1 && strings.Contains("YymbBdjUWaAwHIMSzZ", name) {
			groups = append(groups, group{i, name[0]})
		}
	}
	return groups
}

// set sets the part that a directive's name stands for.
func (f *fields) set(name byte, text []byte) {
	switch name {
	case 'b':
		f.setMonth(f.known(monthAbbr(text)))
	case 'B':
		f.setMonth(f.known(month(text)))
	case 'a':
		f.setWeekday(f.known(weekdayAbbr(text)) - 1)
	case 'A':
		f.setWeekday(f.known(weekday(text)) - 1)
	case 'z', 'Z':
		f.setZoneText(text)
	default:
		v, ok := integer(text)
		if !ok {
			f.has |= broken
		}
		f.setNumber(name, v)
	}
}

func (f *fields) setNumber(name byte, v int) {
	switch name {
	case 'Y':
		f.setYear(v)
	case 'y':
		if v <= 2000 {
			v += 2000
		}
		f.setYear(v)
	case 'm':
		f.setMonth(v)
	case 'd':
		f.setDay(v)
	case 'j':
		f.yearday, f.has = int32(v), f.has|hasYearday
	case 'U', 'W':
		f.week, f.sundayWeek, f.has = int32(v), name == 'U', f.has|hasWeek
	case 'w':
		f.setWeekday((v + 6) % 7)
	case 'H', 'I':
		f.hour, f.halfDay = int32(v), name == 'I'
	case 'M':
		f.minute = int32(v)
	case 'S':
		f.second = int32(v)
	}
}

func (f *fields) setWeekday(v int) { f.weekday, f.has = int32(v), f.has|hasWeekday }

// known passes on the number of a name. 0 is no name.
func (f *fields) known(v int) int {
	if v == 0 {
		f.has |= broken
	}
	return v
}

// setHalf turns an hour of %I or %l into one of the day. What is neither am nor pm leaves it.
func (f *fields) setHalf(text []byte) {
	switch {
	case len(text) == 0 || foldsTo(text, "am"):
		if f.hour == 12 {
			f.hour = 0
		}
	case foldsTo(text, "pm"):
		if f.hour != 12 {
			f.hour += 12
		}
	}
}

// integer reads a number as Python's int does: digits of any script, blanks around them, a sign.
func integer(text []byte) (int, bool) {
	text = bytes.TrimSpace(text)
	sign := 1
	if len(text) > 0 && (text[0] == '+' || text[0] == '-') {
		if text[0] == '-' {
			sign = -1
		}
		text = text[1:]
	}
	v := 0
	for rest := text; len(rest) > 0; {
		r, n := utf8.DecodeRune(rest)
		d := digitValue(r)
		if d < 0 || v > 1e6 {
			return 0, false
		}
		v, rest = v*10+d, rest[n:]
	}
	return sign * v, len(text) > 0
}

// readEpoch sets the time from the digits of an epoch or a TAI64N label.
func (f *fields) readEpoch(u unit, text []byte) {
	if u == unitTAI {
		parseTAI(&cursor{s: text}, 0, f)
		return
	}
	var digits [20]byte
	n, point := 0, -1
	for rest := text; len(rest) > 0; {
		r, size := utf8.DecodeRune(rest)
		if r == '.' && point < 0 {
			point = n
		} else if d := digitValue(r); d >= 0 && n < len(digits) {
			digits[n] = byte(d)
			n++
		} else {
			f.has |= broken
			return
		}
		rest = rest[size:]
	}
	width := utf8.RuneCount(text)
	if point < 0 {
		point = n
	}
	if n == 0 {
		f.has |= broken
	}
	if u == unitByWidth && width >= 13 {
		if width >= 16 && point == n {
			point -= 3
		}
		point -= 3
	}
	f.setDigits(digits[:n], point)
}

// setDigits sets the time from decimal digits with the point before the one at point.
func (f *fields) setDigits(digits []byte, point int) {
	var sec, nsec int64
	for _, d := range digits[:point] {
		sec = sec*10 + int64(d)
	}
	for i := range 9 {
		nsec *= 10
		if point+i < len(digits) {
			nsec += int64(digits[point+i])
		}
	}
	f.setEpoch(sec, nsec)
}
