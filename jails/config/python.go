package config

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
)

// A command is one of fail2ban's command stream: texts, numbers, booleans, None (nil) and lists of them.
type command []any

// String is the command as Python prints a list.
func (c command) String() string { return literal([]any(c)) }

// literal is a value in Python's own notation.
func literal(v any) string {
	switch v := v.(type) {
	case string:
		return stringLiteral(v)
	case bool:
		if v {
			return "True"
		}
		return "False"
	case int:
		return strconv.Itoa(v)
	case dictionary:
		return "{" + stringLiteral(v.key) + ": " + literal(v.value) + "}"
	case command:
		return literal([]any(v))
	case []any:
		items := make([]string, len(v))
		for i := range v {
			items[i] = literal(v[i])
		}
		return "[" + strings.Join(items, ", ") + "]"
	}
	return "None"
}

// stringLiteral prefers single quotes and escapes what is not printable.
func stringLiteral(s string) string {
	quote := '\''
	if strings.ContainsRune(s, '\'') && !strings.ContainsRune(s, '"') {
		quote = '"'
	}
	var b strings.Builder
	b.WriteRune(quote)
	for _, r := range s {
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
		case unicode.IsPrint(r):
			b.WriteRune(r)
		case r < 0x100:
			fmt.Fprintf(&b, `\x%02x`, r)
		case r < 0x10000:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			fmt.Fprintf(&b, `\U%08x`, r)
		}
	}
	b.WriteRune(quote)
	return b.String()
}

// jsonObject is settings as Python's json module prints a dictionary of texts.
func jsonObject(s *settings) string {
	items := make([]string, len(s.names))
	for i, n := range s.names {
		items[i] = jsonString(n) + ": " + jsonString(s.text(n))
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
