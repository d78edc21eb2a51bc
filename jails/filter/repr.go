package filter

import (
	"slices"
	"strconv"
	"strings"
	"unicode"
)

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

// Values are the group's values: those of a tuple or set, or the one text; none where it took no part.
func (g Group) Values() []string {
	switch g.Kind {
	case Null:
		return nil
	case Text:
		return []string{g.Value}
	}
	values := []string{}
	for rest := g.Value; ; {
		i := strings.IndexAny(rest, `'"`)
		if i < 0 {
			return values
		}
		var value string
		value, rest = readRepr(rest[i+1:], rest[i])
		values = append(values, value)
	}
}

// readRepr reads what Repr has written between quotes, and returns what stands behind it.
func readRepr(s string, quote byte) (value, rest string) {
	var b strings.Builder
	for s != "" && s[0] != quote {
		if s[0] == '\\' && len(s) > 1 && s[1] == quote { // strconv knows it only between quotes of that kind
			b.WriteByte(quote)
			s = s[2:]
			continue
		}
		r, _, tail, err := strconv.UnquoteChar(s, 0)
		if err != nil {
			b.WriteByte(s[0])
			s = s[1:]
			continue
		}
		// As Python has it, \xe9 is a character and not a byte.
		b.WriteRune(r)
		s = tail
	}
	return b.String(), strings.TrimPrefix(s, string(quote))
}
