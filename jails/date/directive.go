package date

import (
	"fmt"
	"strings"
	"time"

	"bailiff/jails/match"
)

// A directive is what one %-sequence of a pattern stands for: its expression, and its part of the template's name.
type directive struct{ name, expr string }

// Expressions that several directives share. Days, months and hours are looser than Python's own: a leading zero or
// blank may be missing.
const (
	weekdayAbbrExpr = `(?P<a>mon|tue|wed|thu|fri|sat|sun)`
	monthAbbrExpr   = `(?P<b>jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)`
	zoneAbbrExpr    = `[A-Z](?:[A-Z]{2,4})?`
	zoneOffsetExpr  = `[+-][01]\d(?::?\d{2})?`
	pythonTimeExpr  = `(?P<H>2[0-3]|[0-1]\d|\d):(?P<M>[0-5]\d|\d):(?P<S>6[0-1]|[0-5]\d|\d)`
	pythonDayExpr   = `(?P<d>3[0-1]|[1-2]\d|0[1-9]|[1-9]| [1-9])`
)

// directives returns fail2ban's directives. The C locale's names are used whatever the locale of the process.
func directives(y years) map[string]directive {
	return map[string]directive{
		"%": {"%", `%`},

		"Y": {"Year", `(?P<Y>\d{4})`}, "ExY": {"ExYear", `(?P<Y>` + y.expr() + `)`},
		"y": {"Year2", `(?P<y>\d\d)`}, "Exy": {"ExYear2", `(?P<y>\d{2})`},
		"G": {"%G", `(?P<G>\d\d\d\d)`},
		"m": {"Month", `(?P<m>0?[1-9]|1[0-2])`}, "Exm": {"ExMonth", `(?P<m>0[1-9]|1[0-2])`},
		"b": {"MON", monthAbbrExpr},
		"B": {"MONTH", `(?P<B>september|february|november|december|january|october|august|march|april|june|july|may)`},
		"d": {"Day", `(?P<d>[1-2]\d|[0 ]?[1-9]|3[0-1])`}, "Exd": {"ExDay", `(?P<d>[1-2]\d|0[1-9]|3[0-1])`},
		"j": {"Yearday", `(?P<j>36[0-6]|3[0-5]\d|[1-2]\d\d|0[1-9]\d|00[1-9]|[1-9]\d|0[1-9]|[1-9])`},

		"a": {"DAY", weekdayAbbrExpr},
		"A": {"DAYNAME", `(?P<A>wednesday|thursday|saturday|tuesday|monday|friday|sunday)`},
		"w": {"Weekday", `(?P<w>[0-6])`}, "u": {"%u", `(?P<u>[1-7])`},
		"U": {"Yearweek", `(?P<U>5[0-3]|[0-4]\d|\d)`}, "W": {"Yearweek", `(?P<W>5[0-3]|[0-4]\d|\d)`},
		"V": {"%V", `(?P<V>5[0-3]|0[1-9]|[1-4]\d|\d)`},

		"H": {"24hour", `(?P<H>[0-1]?\d|2[0-3])`}, "ExH": {"Ex24hour", `(?P<H>[0-1]\d|2[0-3])`},
		"k": {"%k", ` ?(?P<H>[0-2]?\d)`}, "Exk": {"%Exk", ` ?(?P<H>[0-1]?\d|2[0-3])`},
		"I": {"12hour", `(?P<I>1[0-2]|0[1-9]|[1-9])`},
		"l": {"%l", ` ?(?P<I>1?\d)`}, "Exl": {"%Exl", ` ?(?P<I>1[0-2]|\d)`},
		"p": {"AMPM", `(?P<p>am|pm)`},
		"M": {"Minute", `(?P<M>[0-5]?\d)`}, "ExM": {"ExMinute", `(?P<M>[0-5]\d)`},
		"S": {"Second", `(?P<S>[0-5]?\d|6[0-1])`}, "ExS": {"ExSecond", `(?P<S>[0-5]\d|6[0-1])`},
		"f": {"Microseconds", `(?P<f>[0-9]{1,6})`},

		"z": {"Zone offset", `(?P<z>Z|UTC|GMT|` + zoneOffsetExpr + `)`},
		"Z": {"Zone name", `(?P<Z>Z|[A-Z]{3,5})`}, "ExZ": {"ExZone name", `(?P<Z>` + zoneAbbrExpr + `)`},
		"Exz": {"ExZone offset", `(?P<z>(?:` + zoneAbbrExpr + `)?` + zoneOffsetExpr + `|` + zoneAbbrExpr + `)`},

		"c": {"%c", weekdayAbbrExpr + `\s+` + monthAbbrExpr + `\s+` + pythonDayExpr + `\s+` + pythonTimeExpr + `\s+(?P<Y>\d\d\d\d)`},
		"x": {"%x", `(?P<m>1[0-2]|0[1-9]|[1-9])/` + pythonDayExpr + `/(?P<y>\d\d)`},
		"X": {"%X", pythonTimeExpr},
	}
}

// expand replaces the directives of pattern; text tells what each becomes.
func expand(pattern string, table map[string]directive, text func(directive) string) (string, error) {
	var b strings.Builder
	for i := 0; i < len(pattern); {
		if pattern[i] != '%' {
			b.WriteByte(pattern[i])
			i++
			continue
		}
		key := directiveAt(pattern[i+1:], table)
		if key == "" {
			msg := fmt.Sprintf("unknown directive %s (a plain percent sign is %%%%)", pattern[i:min(i+2, len(pattern))])
			return "", &match.SyntaxError{Expr: pattern, Pos: i, Msg: msg}
		}
		b.WriteString(text(table[key]))
		i += 1 + len(key)
	}
	return b.String(), nil
}

// directiveAt returns the key of the directive that s begins with, or "".
func directiveAt(s string, table map[string]directive) string {
	for _, n := range []int{3, 1} {
		if len(s) >= n {
			if _, ok := table[s[:n]]; ok {
				return s[:n]
			}
		}
	}
	return ""
}

// years are the decades %ExY takes.
type years struct{ first, last int }

// yearsAt returns the years a fail2ban started at now would take: from 2000 to the end of the decade in three years.
func yearsAt(now time.Time, all bool) years {
	y := years{200, (now.Year() + 3) / 10}
	if all {
		y.first = 196
	}
	return y
}

func (y years) expr() string {
	decades := make([]string, 0, y.last-y.first+1)
	for d := y.first; d <= y.last; d++ {
		decades = append(decades, fmt.Sprint(d))
	}
	return `(?:` + strings.Join(decades, "|") + `)\d`
}

func (y years) has(year int) bool { return y.first <= year/10 && year/10 <= y.last }
