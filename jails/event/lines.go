package event

import "encoding/binary"

// Lines are lines of text in one piece of memory, oldest first. The zero value holds none. To copy Lines, AddAll them to
// others.
type Lines struct {
	text []byte // each line after its length
	n    int
}

// sizeBytes is how many bytes a line's length takes.
const sizeBytes = 4

// Len returns how many lines there are.
func (l *Lines) Len() int { return l.n }

// Size returns how many bytes of memory the lines take.
func (l *Lines) Size() int { return cap(l.text) }

// Add adds a line made of parts.
func (l *Lines) Add(parts ...[]byte) {
	start := len(l.text)
	l.text = append(l.text, 0, 0, 0, 0)
	for _, p := range parts {
		l.text = append(l.text, p...)
	}
	binary.NativeEndian.PutUint32(l.text[start:], uint32(len(l.text)-start-sizeBytes))
	l.n++
}

// AddAll adds the lines of others.
func (l *Lines) AddAll(others *Lines) {
	l.text = append(l.text, others.text...)
	l.n += others.n
}

// Newest forgets all but the newest lines, as many as most says.
func (l *Lines) Newest(most int) {
	rest := l.text
	for ; l.n > max(most, 0); l.n-- {
		_, rest = cutLine(rest)
	}
	if len(rest) < len(l.text) {
		l.text = append(l.text[:0], rest...)
	}
}

// Holds tells whether line is among them.
func (l *Lines) Holds(line []byte) bool {
	for rest := l.text; len(rest) > 0; {
		var one []byte
		if one, rest = cutLine(rest); string(one) == string(line) {
			return true
		}
	}
	return false
}

// Strings returns the lines, copied; nil for none.
func (l *Lines) Strings() (all []string) {
	for rest := l.text; len(rest) > 0; {
		var one []byte
		one, rest = cutLine(rest)
		all = append(all, string(one))
	}
	return all
}

// Reset forgets all lines and keeps their memory, up to most bytes.
func (l *Lines) Reset(most int) {
	l.n, l.text = 0, l.text[:0]
	if cap(l.text) > most {
		l.text = nil
	}
}

// cutLine parts the first line from the others.
func cutLine(text []byte) (line, rest []byte) {
	end := sizeBytes + int(binary.NativeEndian.Uint32(text))
	return text[sizeBytes:end], text[end:]
}
