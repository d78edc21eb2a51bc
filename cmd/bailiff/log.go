package main

import (
	"context"
	"encoding/binary"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"bailiff/jails"
)

// logLevels are fail2ban's levels, by falling weight, and the journal's priority of each.
var logLevels = []struct {
	name     string
	weight   int // fail2ban's number for it
	level    slog.Level
	priority int
}{
	{"CRITICAL", 50, slog.LevelError + 4, 2},
	{"ERROR", 40, slog.LevelError, 3},
	{"WARNING", 30, slog.LevelWarn, 4},
	{"NOTICE", 25, jails.LevelNotice, 5},
	{"INFO", 20, slog.LevelInfo, 6},
	{"MSG", 18, slog.LevelInfo - 1, 6},
	{"DEBUG", 10, slog.LevelDebug, 7},
	{"TRACEDEBUG", 7, slog.LevelDebug - 1, 7},
	{"HEAVYDEBUG", 5, slog.LevelDebug - 2, 7},
}

// parseLogLevel reads one of fail2ban's names, in upper or lower case, or a number: all that weighs as much is logged.
func parseLogLevel(name string) (slog.Level, error) {
	weight, err := strconv.Atoi(name)
	isNumber := err == nil
	var names []string
	least := slog.LevelError + 8 // above all of them
	for _, l := range logLevels {
		if strings.EqualFold(name, l.name) {
			return l.level, nil
		}
		if l.weight >= weight {
			least = l.level
		}
		names = append(names, l.name)
	}
	if isNumber {
		return least, nil
	}
	return 0, fmt.Errorf("loglevel %q is none of %s", name, strings.Join(names, ", "))
}

// A logHandler writes one line a record: the message, then key=value for each attribute. For the journal a line begins
// with its priority, elsewhere with what fail2ban's own log begins with, so that what was grepped there is found here:
//
//	<5>[sshd] Ban 192.0.2.1
//	2026-11-22 06:51:38,049 bailiff[21149]: NOTICE  [sshd] Ban 192.0.2.1
//
// What could end a line or look like another is escaped, since values come from strangers.
type logHandler struct {
	out   *logWriter
	level slog.Leveler
	attrs []byte // of WithAttrs, as they are written
	group string // of WithGroup: what keys begin with
}

// newLogHandler returns a handler that writes records of at least this level.
func newLogHandler(out *logWriter, level slog.Leveler) slog.Handler {
	return &logHandler{out: out, level: level}
}

func (h *logHandler) Enabled(_ context.Context, l slog.Level) bool { return l >= h.level.Level() }

func (h *logHandler) WithGroup(name string) slog.Handler {
	with := *h
	with.group += name + "."
	return &with
}

func (h *logHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	with := *h
	with.attrs = slices.Clip(h.attrs)
	for _, a := range attrs {
		with.attrs = appendAttr(with.attrs, h.group, a)
	}
	return &with
}

func (h *logHandler) Handle(_ context.Context, r slog.Record) error {
	h.out.mu.Lock()
	defer h.out.mu.Unlock()
	b := h.out.begin(r.Time, r.Level)
	b = append(appendPrintable(b, r.Message), h.attrs...)
	r.Attrs(func(a slog.Attr) bool {
		b = appendAttr(b, h.group, a)
		return true
	})
	return h.out.end(append(b, '\n'))
}

// HandleLine is Handle for a message without attributes. It keeps nothing of it.
func (h *logHandler) HandleLine(at time.Time, level slog.Level, message []byte) error {
	h.out.mu.Lock()
	defer h.out.mu.Unlock()
	b := append(appendPrintable(h.out.begin(at, level), message), h.attrs...)
	return h.out.end(append(b, '\n'))
}

func levelOf(level slog.Level) (name string, priority int) {
	for _, l := range logLevels {
		if level >= l.level {
			return l.name, l.priority
		}
	}
	last := logLevels[len(logLevels)-1]
	return last.name, last.priority
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
	if s == "" || strings.ContainsFunc(s, odd) {
		return strconv.AppendQuote(b, s)
	}
	return append(b, s...)
}

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
