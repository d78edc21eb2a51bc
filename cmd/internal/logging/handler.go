package logging

import (
	"bytes"
	"context"
	"encoding/binary"
	"log/slog"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"bailiff/jails/event"
)

// A handler makes one line of a record: the message, then key=value for each attribute. What could end a line or look like
// another is escaped, since values come from strangers.
type handler struct {
	log   *Log
	level slog.Leveler
	attrs []byte // of WithAttrs, as they are written
	group string // of WithGroup: what keys begin with
}

// Handler returns a handler that logs records of at least this level.
func (l *Log) Handler(level slog.Leveler) slog.Handler { return &handler{log: l, level: level} }

// Enabled implements slog.Handler.
func (h *handler) Enabled(_ context.Context, l slog.Level) bool { return l >= h.level.Level() }

// WithGroup implements slog.Handler.
func (h *handler) WithGroup(name string) slog.Handler {
	with := *h
	with.group += name + "."
	return &with
}

// WithAttrs implements slog.Handler.
func (h *handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	with := *h
	with.attrs = slices.Clip(h.attrs)
	for _, a := range attrs {
		with.attrs = appendAttr(with.attrs, h.group, a)
	}
	return &with
}

// Handle implements slog.Handler.
func (h *handler) Handle(_ context.Context, r slog.Record) error {
	h.log.mu.Lock()
	defer h.log.mu.Unlock()
	b := append(appendPrintable(h.log.words[:0], r.Message), h.attrs...)
	r.Attrs(func(a slog.Attr) bool {
		b = appendAttr(b, h.group, a)
		return true
	})
	h.log.words = b
	h.log.add(r.Time, r.Level, b)
	return nil
}

// HandleLine is Handle for a message without attributes. It keeps nothing of it.
func (h *handler) HandleLine(at time.Time, level slog.Level, message []byte) error {
	h.log.mu.Lock()
	defer h.log.mu.Unlock()
	h.log.words = append(appendPrintable(h.log.words[:0], message), h.attrs...)
	h.log.add(at, level, h.log.words)
	return nil
}

func appendAttr(b []byte, group string, a slog.Attr) []byte {
	value := a.Value.Resolve()
	if value.Kind() == slog.KindGroup {
		if a.Key != "" {
			group += a.Key + "."
		}
		for _, member := range value.Group() {
			b = appendAttr(b, group, member)
		}
		return b
	}
	if a.Equal(slog.Attr{}) {
		return b
	}
	b = append(append(append(append(b, ' '), group...), a.Key...), '=')
	if s, ok := value.Any().(event.Subject); ok {
		return s.AppendWord(b)
	}
	return appendQuoted(b, logValue(value))
}

// logValue is the value as people write it.
func logValue(v slog.Value) string {
	if v.Kind() == slog.KindTime {
		return v.Time().Format(time.RFC3339)
	}
	return v.String()
}

// appendQuoted puts quotes around what would not be one word.
func appendQuoted(b []byte, s string) []byte {
	odd := func(r rune) bool { return r == ' ' || r == '"' || r == '=' || printable(r) != r }
	if s != "" && !strings.ContainsFunc(s, odd) {
		return append(b, s...)
	}
	start := len(b)
	b = strconv.AppendQuote(b, s)
	if !bytes.ContainsRune(b[start:], ']') {
		return b
	}
	return append(b[:start], imitations.ReplaceAllString(string(b[start:]), `\x5d$1`)...)
}

// imitations are what makes a text look like a line of the log that says what is done to somebody.
var imitations = regexp.MustCompile(`\](\s*(?:Restore |would )?(?i:ban|unban|found|ignore|prolong)\b)`)

// appendPrintable appends s with what is not printable replaced.
func appendPrintable[T string | []byte](b []byte, s T) []byte {
	start := len(b)
	b = append(b, s...)
	if allPrintable(b[start:]) {
		return b
	}
	return append(b[:start], strings.Map(printable, string(s))...)
}

// allPrintable tells whether all of b is printable ASCII. It looks at eight bytes at once.
func allPrintable(b []byte) bool {
	const ones = 0x0101010101010101
	odd := uint64(0) // the high bit of each byte that is not
	for len(b) >= 8 {
		x := binary.NativeEndian.Uint64(b)
		odd |= x | (x - ' '*ones) | (x + ones) // a borrow or carry comes only from a byte that is odd itself
		b = b[8:]
	}
	for _, c := range b {
		if c < ' ' || c > '~' {
			return false
		}
	}
	return odd&(0x80*ones) == 0
}

// printable replaces what a terminal or the journal would not show as one line.
func printable(r rune) rune {
	if unicode.IsPrint(r) {
		return r
	}
	return unicode.ReplacementChar
}
