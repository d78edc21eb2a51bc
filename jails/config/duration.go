package config

import (
	"fmt"
	"math"
	"regexp"
	"strings"
	"time"
	"unicode"
)

const (
	second = "1"
	minute = "60"
	hour   = "3600"
	day    = "86400"
	week   = "604800"
	month  = "2629800.0" // a twelfth of a year
	year   = "31557600.0"
)

// units are the seconds of every spelling of a unit of time.
var units = map[string]string{
	"s": second, "ss": second, "se": second, "sec": second, "second": second, "seconds": second,
	"m": minute, "mm": minute, "mi": minute, "min": minute, "minute": minute, "minutes": minute,
	"h": hour, "hh": hour, "ho": hour, "hou": hour, "hour": hour, "hours": hour,
	"d": day, "dd": day, "da": day, "day": day, "days": day,
	"w": week, "ww": week, "we": week, "wee": week, "week": week, "weeks": week,
	"mo": month, "mon": month, "month": month, "months": month,
	"y": year, "yy": year, "ye": year, "yea": year, "year": year, "years": year,
}

// longest is the seconds of 290 years, about what a time.Duration holds.
const longest = 290 * 31557600

// ParseDuration reads a time as fail2ban does: 600, 10m, 1d 12h, 1.5h, 60*60, 1year-6mo. Blanks between numbers add.
// As there, 1h30 is an hour and 30 seconds. Times below zero are times; those beyond 290 years are cut to that.
func ParseDuration(s string) (time.Duration, error) {
	n, err := evaluate(spellOut(s), nil)
	if err != nil {
		return 0, fmt.Errorf("%q is not a time: %w", s, err)
	}
	seconds := math.Max(-longest, math.Min(longest, n.float()))
	if math.IsNaN(seconds) {
		return 0, fmt.Errorf("%q is not a time", s)
	}
	return time.Duration(seconds * float64(time.Second)), nil
}

var betweenNumbers = regexp.MustCompile(`(\d)\s+(\d)`)

// spellOut turns a time with units into an expression in seconds.
func spellOut(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); {
		n := letters(s[i:])
		if n == 0 {
			b.WriteByte(s[i])
			i++
			continue
		}
		word, before := s[i:i+n], byte(0)
		if i > 0 {
			before = s[i-1]
		}
		i += n
		after, _ := firstRune(s[i:])
		digit := after >= '0' && after <= '9'
		unit, ok := units[strings.ToLower(word)]
		if ok && (isDigit(before) || unicode.IsSpace(rune(before))) && (digit || notWord(after)) {
			word = "*" + unit
		}
		b.WriteString(word)
		if digit {
			b.WriteByte(' ')
		}
	}
	return betweenNumbers.ReplaceAllString(b.String(), "$1+$2")
}

// letters is how many ASCII letters s begins with.
func letters(s string) int {
	for i := range len(s) {
		if c := s[i] | 0x20; c < 'a' || c > 'z' {
			return i
		}
	}
	return len(s)
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func firstRune(s string) (rune, bool) {
	for _, r := range s {
		return r, true
	}
	return 0, false
}
