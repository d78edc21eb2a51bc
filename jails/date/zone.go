package date

import (
	"fmt"
	"time"
	"unicode/utf8"
)

// ParseZone reads a logtimezone: an abbreviation that fail2ban knows, an offset such as +0100, +01:00 or +01, or both
// (CET+0100). The zone is always one fixed offset. An empty text is UTC.
func ParseZone(s string) (*time.Location, error) {
	minutes, ok := zoneMinutes([]byte(s))
	if !ok {
		return nil, fmt.Errorf("unknown time zone %q: want an offset such as +0100 or an abbreviation such as CET", s)
	}
	return time.FixedZone(s, minutes*60), nil
}

// zoneMinutes reads an abbreviation of one or three to five capitals, an offset, or both, as minutes east of UTC.
func zoneMinutes(s []byte) (minutes int, ok bool) {
	n := 0
	for n < len(s) && s[n]-'A' < 26 {
		n++
	}
	if n > 0 {
		if minutes, ok = abbreviation(string(s[:n])); !ok {
			return 0, false
		}
	}
	offset, ok := offsetMinutes(s[n:])
	return minutes + offset, ok
}

// offsetMinutes reads nothing, or a sign, two digits for hours up to 19, and perhaps two for minutes. Digits of any
// script count.
func offsetMinutes(s []byte) (minutes int, ok bool) {
	if len(s) == 0 {
		return 0, true
	}
	sign, rest := 1, s[1:]
	switch s[0] {
	case '-':
		sign = -1
	case '+':
	default:
		return 0, false
	}
	if len(rest) == 0 || rest[0] != '0' && rest[0] != '1' {
		return 0, false
	}
	hours, rest, ok := twoDigits(rest)
	if !ok || len(rest) == 0 {
		return sign * hours * 60, ok
	}
	if rest[0] == ':' {
		rest = rest[1:]
	}
	m, rest, ok := twoDigits(rest)
	return sign * (hours*60 + m), ok && len(rest) == 0
}

func twoDigits(s []byte) (v int, rest []byte, ok bool) {
	if len(s) >= 2 && isDigit(s[0]) && isDigit(s[1]) {
		return int(s[0]-'0')*10 + int(s[1]-'0'), s[2:], true
	}
	for range 2 {
		r, n := utf8.DecodeRune(s)
		d := digitValue(r)
		if d < 0 {
			return 0, s, false
		}
		v, s = v*10+d, s[n:]
	}
	return v, s, true
}
