package filter

import (
	"slices"
	"strings"
	"unicode"
)

// A Group is one captured group of a match.
type Group struct {
	Name  string
	Value string
	Kind  Kind
}

// A Kind tells how a group's Value is to be read.
type Kind uint8

// The kinds of groups.
const (
	Text    Kind = iota // the text that matched
	Null                // the group took no part in the match
	Literal             // several values, written as Python writes a tuple or a set
)

// groups are captured groups in the order in which fail2ban would hold them.
type groups []Group

// get returns the value of a group that took part in the match.
func (g groups) get(name string) (value string, ok bool) {
	if i := g.index(name); i >= 0 && g[i].Kind != Null {
		return g[i].Value, true
	}
	return "", false
}

// holds tells whether a group has a value that is not empty.
func (g groups) holds(name string) bool {
	v, _ := g.get(name)
	return v != ""
}

func (g groups) index(name string) int {
	return slices.IndexFunc(g, func(e Group) bool { return e.Name == name })
}

func (g *groups) set(e Group) {
	if i := g.index(e.Name); i >= 0 {
		(*g)[i] = e
		return
	}
	*g = append(*g, e)
}

func (g *groups) drop(name string) {
	if i := g.index(name); i >= 0 {
		*g = slices.Delete(*g, i, i+1)
	}
}

// overlay sets every group of more that took part in its match.
func (g *groups) overlay(more groups) {
	for _, e := range more {
		if e.Kind != Null {
			g.set(e)
		}
	}
}

// under puts g under more, whose groups win where they took part in their match. g is used up.
func (g groups) under(more groups) groups {
	merged := g
	for _, e := range more {
		if e.Kind != Null || merged.index(e.Name) < 0 {
			merged.set(e)
		}
	}
	return merged
}

// Repr is s as Python's repr writes it.
func Repr(s string) string {
	if !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > '~' || r == '\'' || r == '\\' }) {
		return "'" + s + "'"
	}
	quote := '\''
	if strings.Contains(s, "'") && !strings.Contains(s, `"`) {
		quote = '"'
	}
	var b strings.Builder
	b.WriteRune(quote)
	for _, r := range s {
		writeRepr(&b, r, quote)
	}
	b.WriteRune(quote)
	return b.String()
}

func writeRepr(b *strings.Builder, r, quote rune) {
	switch {
	case r == quote || r == '\\':
		b.WriteByte('\\')
		b.WriteRune(r)
	case r == '\n':
		b.WriteString(`\n`)
	case r == '\r':
		b.WriteString(`\r`)
	case r == '\t':
		b.WriteString(`\t`)
	case r == ' ' || unicode.IsPrint(r):
		b.WriteRune(r)
	case r < 0x100:
		writeHex(b, 'x', r, 2)
	case r < 0x10000:
		writeHex(b, 'u', r, 4)
	default:
		writeHex(b, 'U', r, 8)
	}
}

func writeHex(b *strings.Builder, kind byte, r rune, digits int) {
	b.WriteByte('\\')
	b.WriteByte(kind)
	for shift := 4 * (digits - 1); shift >= 0; shift -= 4 {
		b.WriteByte("0123456789abcdef"[r>>shift&15])
	}
}

// tupleRepr writes values as Python writes a tuple.
func tupleRepr(values []Group) string {
	parts := make([]string, len(values))
	for i, v := range values {
		parts[i] = v.Repr()
	}
	return "(" + strings.Join(parts, ", ") + ")"
}

// Repr is the group's value as Python's repr writes it.
func (g Group) Repr() string {
	switch g.Kind {
	case Null:
		return "None"
	case Literal:
		return g.Value
	}
	return Repr(g.Value)
}

// setRepr writes values as Python writes a set, but in order.
func setRepr(values []string) string {
	if len(values) == 1 {
		return "{" + Repr(values[0]) + "}"
	}
	sorted := slices.Sorted(slices.Values(values))
	for i, v := range sorted {
		sorted[i] = Repr(v)
	}
	return "{" + strings.Join(sorted, ", ") + "}"
}
