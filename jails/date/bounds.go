package date

import (
	"regexp"
	"strings"
)

// bounds are the ends of a template's expression that fail2ban adds to it.
type bounds struct{ begin, line, end bool }

// bind makes a template's expression out of a pattern whose directives are already expanded: it captures the date as
// group 1 and adds the bounds, unless the pattern says where it begins or ends, or refuses them by two stars. front
// tells how the result begins, anchored whether it is tied to the line's begin or end.
func bind(expr string, b bounds) (bound string, f front, anchored bool) {
	flags, expr := cutFlags(strings.TrimSpace(expr))
	begin := b.begin && !beginsBound(expr)
	end := b.end && !endsBound(expr)
	if !grouped(expr) {
		expr = capture(expr)
	}
	switch {
	case begin && b.line:
		f, expr = frontLine, `^(?:\W{0,2})?`+expr
	case begin:
		f, expr = frontWord, `(?=^|\b|\W)`+expr
	case strings.HasPrefix(expr, "^"):
		f = frontCaret
	}
	if end {
		expr += `(?=\b|\W|$)`
	}
	anchored = f == frontLine || beginsLine(expr) || endsLine(expr)
	return flags + dropStars(expr), f, anchored
}

// cutFlags takes the first global flags, such as (?i), out of expr.
func cutFlags(expr string) (flags, rest string) {
	at := regexp.MustCompile(`\(\?[a-z]+\)`).FindStringIndex(expr)
	if at == nil {
		return "", expr
	}
	return expr[at[0]:at[1]], expr[:at[0]] + expr[at[1]:]
}

const flagGroup = `(?:\(\?\w+\))?`

// beginsBound tells whether expr begins with ^ or two stars, perhaps inside groups.
func beginsBound(expr string) bool {
	return regexp.MustCompile(`^\(*` + flagGroup + `(?:\^|\(*\*\*|\((?:\?:)?\^)`).MatchString(expr)
}

// endsBound tells whether expr ends with $, \b, \s or two stars, perhaps inside groups.
func endsBound(expr string) bool {
	for _, end := range []string{"$", "$)", `\b`, `\s`} {
		if endsUnescaped(expr, end) {
			return true
		}
	}
	return endsUnescaped(strings.TrimRight(expr, ")"), "**")
}

// endsUnescaped tells whether expr ends with end, and no backslash stands before it.
func endsUnescaped(expr, end string) bool {
	rest, ok := strings.CutSuffix(expr, end)
	return ok && !strings.HasSuffix(rest, `\`)
}

// beginsLine and endsLine tell whether expr is tied to the line's begin or end.
func beginsLine(expr string) bool {
	loc := regexp.MustCompile(`^` + flagGroup + `(?:\^|\((?:\?:)?\^)`).FindStringIndex(expr)
	if loc == nil {
		return false
	}
	caret := regexp.MustCompile(`^` + flagGroup + `\^`).MatchString(expr)
	return caret || !strings.HasPrefix(expr[loc[1]:], "|")
}

func endsLine(expr string) bool {
	for _, end := range []string{"$", "$)"} {
		if endsUnescaped(expr, end) && !strings.HasSuffix(strings.TrimSuffix(expr, end), "|") {
			return true
		}
	}
	return false
}

// grouped tells whether expr has a plain group. As in fail2ban, a parenthesis in a character set counts as one.
func grouped(expr string) bool {
	for i := range len(expr) {
		if expr[i] != '(' || strings.HasPrefix(expr[i+1:], "?") {
			continue
		}
		if !strings.HasSuffix(expr[:i], `\`) && !strings.HasSuffix(expr[:i], "(?") {
			return true
		}
	}
	return false
}

// capture puts all of expr but a leading ^ and a trailing $ into a group.
func capture(expr string) string {
	head := regexp.MustCompile(`^` + flagGroup + `\^?` + flagGroup).FindString(expr)
	body := expr[len(head):]
	tail := ""
	if strings.HasSuffix(body, "$") {
		body, tail = body[:len(body)-1], "$"
	}
	return head + "(" + body + ")" + tail
}

// dropStars removes the two stars that refuse a bound.
func dropStars(expr string) string {
	if head := regexp.MustCompile(`^\(*` + flagGroup + `\(*\*\*`).FindString(expr); head != "" {
		expr = strings.ReplaceAll(head, "**", "") + expr[len(head):]
	}
	open := strings.TrimRight(expr, ")")
	if endsUnescaped(open, "**") {
		expr = strings.TrimSuffix(open, "**") + expr[len(open):]
	}
	return expr
}
