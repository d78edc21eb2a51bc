package date

import (
	"errors"
	"strings"

	"bailiff/jails/match"
)

// The expressions of fail2ban's keys that are no strptime patterns. What the conditions ask for behind a number in
// brackets, they do without when it is missing: only the places where the number may begin count.
const (
	epochExpr     = `\d{10,11}\b(?:\.\d{3,6})?`
	longEpochExpr = `\d{10,11}(?:\d{3}(?:\.\d{1,6}|\d{3})?)?`
	taiExpr       = `@[0-9a-f]{24}`
)

func epochAnywhere(number string) string {
	return `((?:^|(?P<square>(?<=^\[))|(?P<selinux>(?<=\baudit\()))` + number + `)(?:(?(selinux)(?=:\d+\)))|(?(square)(?=\])))`
}

func epochAtBegin(number string) string {
	return `((?P<square>(?<=^\[))?` + number + `)(?(square)(?=\]))`
}

// What an epoch's group counts.
type unit uint8

const (
	unitNone    unit = iota // a date in words
	unitSecond              // EPOCH
	unitByWidth             // LEPOCH: 13 digits are milliseconds, 16 microseconds
	unitTAI                 // TAI64N
)

// template makes the template of one pattern that is no key word for several.
func (b *builder) template(pattern string) (*template, error) {
	key := keyOf(pattern)
	bare := strings.TrimPrefix(key, lineBegin)
	if bare == key {
		bare = strings.TrimPrefix(key, "^")
	}
	atBegin := bare != key
	if strings.Contains(key, "EPOCH") {
		if t := b.epochIn(pattern, strings.Contains(key, "LEPOCH")); t != nil {
			return t, nil
		}
	}
	switch {
	case bare == "EPOCH":
		return b.epoch("Epoch", epochExpr, unitSecond, atBegin), nil
	case bare == "LEPOCH":
		return b.epoch("LongEpoch", longEpochExpr, unitByWidth, atBegin), nil
	case bare == "TAI64N":
		t := &template{name: "TAI64N", parse: parseTAI, near: nearAt}
		return b.finish(t, taiExpr, bounds{begin: atBegin, line: atBegin, end: true}, unitTAI, 1), nil
	}
	return b.strptime(pattern)
}

func (b *builder) epoch(name, number string, u unit, atBegin bool) *template {
	t := &template{name: name}
	if u == unitSecond {
		t.parse, t.near = parseEpoch, nearEpoch
	}
	if atBegin {
		return b.finish(t, epochAtBegin(number), bounds{begin: true, line: true, end: true}, u, 1)
	}
	return b.finish(t, epochAnywhere(number), bounds{end: true}, u, 1)
}

// epochIn makes the template of a pattern with {EPOCH} or {LEPOCH} in it. It has no other directives, and all of it
// is cut out. Without either it returns nil.
func (b *builder) epochIn(pattern string, long bool) *template {
	number, u := epochExpr, unitSecond
	if long {
		number, u = longEpochExpr, unitByWidth
	}
	expr, short := replaceKey(pattern, "{EPOCH}", "("+number+")")
	expr, found := replaceKey(expr, "{LEPOCH}", "("+number+")")
	if !short && !found {
		return nil
	}
	return b.finish(&template{name: pattern, source: pattern}, "("+expr+")", bounds{begin: true, end: true}, u, 2)
}

// strptime makes the template of a pattern with directives.
func (b *builder) strptime(pattern string) (*template, error) {
	text, unbounded := strings.CutPrefix(pattern, "{UNB}")
	bound := bounds{begin: !unbounded, end: !unbounded}
	if !unbounded {
		text, bound.line = strings.CutPrefix(text, lineBegin)
	}
	name, err := expand(text, b.directives, func(d directive) string { return d.name })
	if err != nil {
		if s := new(match.SyntaxError); errors.As(err, &s) {
			err = &match.SyntaxError{Expr: pattern, Pos: s.Pos + len(pattern) - len(text), Msg: s.Msg}
		}
		return nil, err
	}
	expr, err := expand(text, b.directives, func(d directive) string { return d.expr })
	if err != nil {
		return nil, err
	}
	if hasNames(text) {
		expr = "(?iu)" + expr
	}
	t := &template{name: name, source: pattern}
	for _, d := range b.defaults {
		if pattern == d.pattern || pattern == lineBegin+d.pattern {
			t.parse, t.near, t.begins = d.parse, d.near, d.begins
		}
	}
	return b.finish(t, expr, bound, unitNone, 0), nil
}

// finish binds the expression and sets what follows from that.
func (b *builder) finish(t *template, expr string, bound bounds, u unit, number int) *template {
	t.expr, t.front, t.anchored = bind(expr, bound)
	t.years, t.weight = b.years, 1
	if t.front == frontLine && !strings.HasPrefix(t.name, lineBegin) {
		t.name = lineBegin + t.name
		if t.source != "" {
			t.source = lineBegin + strings.TrimPrefix(t.source, lineBegin)
		}
		if t.parse != nil && t.name != timeOnlyName {
			t.weight = lineBeginWeight
		}
	}
	t.pattern = compileOnce(t.expr, u, number)
	return t
}

// hasNames tells whether the pattern has a directive that is words, which count in any case.
func hasNames(pattern string) bool {
	for i := range len(pattern) - 1 {
		if pattern[i] == '%' && strings.IndexByte("aAbBpc", pattern[i+1]) >= 0 && (i == 0 || pattern[i-1] != '%') {
			return true
		}
	}
	return false
}

// replaceKey puts text in place of every key, in any case, that no backslash stands before, and tells whether there
// was one.
func replaceKey(pattern, key, text string) (replaced string, found bool) {
	var b strings.Builder
	for i := 0; i < len(pattern); {
		if len(pattern)-i >= len(key) && strings.EqualFold(pattern[i:i+len(key)], key) && (i == 0 || pattern[i-1] != '\\') {
			b.WriteString(text)
			i += len(key)
			found = true
			continue
		}
		b.WriteByte(pattern[i])
		i++
	}
	return b.String(), found
}

// timeOnlyName is the default template that is tied to the line's begin and has no form that is not.
const timeOnlyName = lineBegin + "24hour:Minute:Second"
