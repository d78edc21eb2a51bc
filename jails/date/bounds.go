package date

import "strings"

// bounds are the ends of a template's expression that fail2ban adds to it.
type bounds struct{ begin, line, end bool }

const (
	lineBound = `^(?:\W{0,2})?`
	wordBegin = `(?=^|\b|\W)`
	wordEnd   = `(?=\b|\W|$)`
)

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
		f, expr = frontLine, lineBound+expr
	case begin:
		f, expr = frontWord, wordBegin+expr
	case strings.HasPrefix(expr, "^"):
		f = frontCaret
	}
	if end {
		expr += wordEnd
	}
	anchored = f == frontLine || beginsLine(expr) || endsLine(expr)
	return flags + dropStars(expr), f, anchored
}

// cutFlags takes the first global flags, such as (?i), out of expr.
func cutFlags(expr string) (flags, rest string) {
	for i := range len(expr) {
		n := flagsAt(expr[i:])
		if n > 0 && strings.Trim(expr[i+2:i+n-1], "abcdefghijklmnopqrstuvwxyz") == "" {
			return expr[i : i+n], expr[:i] + expr[i+n:]
		}
	}
	return "", expr
}

// flagsAt returns the length of the global flags that s begins with, or 0.
func flagsAt(s string) int {
	rest, ok := strings.CutPrefix(s, "(?")
	if !ok {
		return 0
	}
	n := 0
	for n < len(rest) && isWord(rest[n]) {
		n++
	}
	if n == 0 || !strings.HasPrefix(rest[n:], ")") {
		return 0
	}
	return n + len("(?)")
}

// opened returns how many parentheses s begins with.
func opened(s string) int { return len(s) - len(strings.TrimLeft(s, "(")) }

// beginsBound tells whether expr begins with ^ or two stars, perhaps inside groups and behind flags.
func beginsBound(expr string) bool {
	for k := range opened(expr) + 1 {
		for _, s := range []string{expr[k:], expr[k+flagsAt(expr[k:]):]} {
			if strings.HasPrefix(s, "^") || caretGroup(s) > 0 || strings.HasPrefix(s[opened(s):], "**") {
				return true
			}
		}
	}
	return false
}

// caretGroup returns the length of the group and the ^ in it that s begins with, or 0.
func caretGroup(s string) int {
	for _, open := range []string{"(^", "(?:^"} {
		if strings.HasPrefix(s, open) {
			return len(open)
		}
	}
	return 0
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

// endsBetweenWords tells whether a bound expression ends where a word does, or next to what is no word.
func endsBetweenWords(bound string) bool { return strings.HasSuffix(bound, wordEnd) }

// endsUnescaped tells whether expr ends with end, and no backslash stands before it.
func endsUnescaped(expr, end string) bool {
	rest, ok := strings.CutSuffix(expr, end)
	return ok && !strings.HasSuffix(rest, `\`)
}

// beginsLine and endsLine tell whether expr is tied to the line's begin or end.
func beginsLine(expr string) bool {
	for _, s := range []string{expr, expr[flagsAt(expr):]} {
		if n := caretGroup(s); strings.HasPrefix(s, "^") || n > 0 && !strings.HasPrefix(s[n:], "|") {
			return true
		}
	}
	return false
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

// capture puts all of expr but a leading ^, flags around that, and a trailing $ into a group.
func capture(expr string) string {
	n := flagsAt(expr)
	if strings.HasPrefix(expr[n:], "^") {
		n++
	}
	n += flagsAt(expr[n:])
	head, body, tail := expr[:n], expr[n:], ""
	if strings.HasSuffix(body, "$") {
		body, tail = body[:len(body)-1], "$"
	}
	return head + "(" + body + ")" + tail
}

// dropStars removes the two stars that refuse a bound.
func dropStars(expr string) string {
	for k := opened(expr); k >= 0; k-- {
		n := k + flagsAt(expr[k:])
		n += opened(expr[n:])
		if strings.HasPrefix(expr[n:], "**") {
			expr = expr[:n] + expr[n+2:]
			break
		}
	}
	open := strings.TrimRight(expr, ")")
	if endsUnescaped(open, "**") {
		expr = strings.TrimSuffix(open, "**") + expr[len(open):]
	}
	return expr
}
