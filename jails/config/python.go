package config

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A command is one of fail2ban's command stream: texts, numbers, booleans, None (nil), lists of texts and pairs.
type command []any

// literal appends a value in Python's own notation.
func literal(b []byte, v any) []byte {
	switch v := v.(type) {
	case string:
		b = stringLiteral(b, v)
	case bool:
		if v {
			b = append(b, "True"...)
		} else {
			b = append(b, "False"...)
		}
	case int:
		b = append(b, strconv.Itoa(v)...)
	case dictionary:
		b = append(b, '{')
		b = stringLiteral(b, v.key)
		b = append(b, ": "...)
		b = literal(b, v.value)
		b = append(b, '}')
	case []any:
		b = list(b, len(v), func(b []byte, i int) []byte { return literal(b, v[i]) })
	case []string:
		b = list(b, len(v), func(b []byte, i int) []byte { return stringLiteral(b, v[i]) })
	case []named:
		b = list(b, len(v), func(b []byte, i int) []byte {
			b = append(stringLiteral(append(b, '['), v[i].name), ", "...)
			return append(literal(b, v[i].value), ']')
		})
	default:
		b = append(b, "None"...)
	}
	return b
}

func list(b []byte, n int, item func(b []byte, i int) []byte) []byte {
	b = append(b, '[')
	for i := range n {
		if i > 0 {
			b = append(b, ", "...)
		}
		b = item(b, i)
	}
	return append(b, ']')
}

// stringLiteral prefers single quotes and escapes what is not printable.
func stringLiteral(b []byte, s string) []byte {
	quote := byte('\'')
	if strings.ContainsRune(s, '\'') && !strings.ContainsRune(s, '"') {
		quote = '"'
	}
	b = append(b, quote)
	plain := 0 // where the text begins that is not yet appended and needs no escape
	for i := 0; i < len(s); {
		if c := s[i]; c >= ' ' && c < 0x7f && c != quote && c != '\\' {
			i++
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		i += n
		b = append(b, s[plain:i-n]...)
		plain = i
		switch {
		case r == rune(quote) || r == '\\':
			b = append(b, '\\')
			b = utf8.AppendRune(b, r)
		case r == '\n':
			b = append(b, `\n`...)
		case r == '\r':
			b = append(b, `\r`...)
		case r == '\t':
			b = append(b, `\t`...)
		case unicode.IsPrint(r):
			b = utf8.AppendRune(b, r)
		case r < 0x100:
			b = fmt.Appendf(b, `\x%02x`, r)
		case r < 0x10000:
			b = fmt.Appendf(b, `\u%04x`, r)
		default:
			b = fmt.Appendf(b, `\U%08x`, r)
		}
	}
	return append(append(b, s[plain:]...), quote)
}

// jsonObject is settings as Python's json module prints a dictionary of texts.
func jsonObject(s *settings) string {
	items := make([]string, len(s.list))
	for i, n := range s.list {
		items[i] = jsonString(n.name) + ": " + jsonString(n.text())
	}
	return "{" + strings.Join(items, ", ") + "}"
}

func jsonString(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case strings.ContainsRune("\n\r\t\b\f", r):
			b.WriteString(map[rune]string{'\n': `\n`, '\r': `\r`, '\t': `\t`, '\b': `\b`, '\f': `\f`}[r])
		case r >= ' ' && r < 0x7f:
			b.WriteRune(r)
		case r < 0x10000:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			r -= 0x10000
			fmt.Fprintf(&b, `\u%04x\u%04x`, 0xd800+r>>10, 0xdc00+r&0x3ff)
		}
	}
	b.WriteByte('"')
	return b.String()
}
