package config

import (
	"encoding/binary"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// literal appends a value in Python's own notation.
func literal(b []byte, v *setting) []byte {
	if v.kind == str {
		return stringLiteral(b, v.value)
	}
	return append(b, v.text()...)
}

// ordinary is how many bytes at the beginning of s stand for themselves within quotes. It looks at eight at a time.
func ordinary(s string, quote byte) (n int) {
	const ones, tops = 0x0101010101010101, 0x8080808080808080
	none := func(w uint64) bool { return (w-ones)&^w&tops == 0 } // of the bytes is zero
	for ; n+8 <= len(s); n += 8 {
		w := binary.LittleEndian.Uint64([]byte(s[n : n+8]))
		below := (w - ones*' ') &^ w & tops
		if below|w&tops != 0 || !none(w^ones*0x7f) || !none(w^ones*'\\') || !none(w^ones*uint64(quote)) {
			break
		}
	}
	for n < len(s) && s[n] >= ' ' && s[n] < 0x7f && s[n] != quote && s[n] != '\\' {
		n++
	}
	return n
}

// stringLiteral prefers single quotes and escapes what is not printable.
func stringLiteral(b []byte, s string) []byte {
	quote := byte('\'')
	if strings.ContainsRune(s, '\'') && !strings.ContainsRune(s, '"') {
		quote = '"'
	}
	b = append(b, quote)
	plain := 0 // where the text begins that is not yet appended and needs no escape
	for i := ordinary(s, quote); i < len(s); i += ordinary(s[i:], quote) {
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
