package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
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
// A line is one write. What could end a line or look like another is escaped, since values come from strangers.
type logHandler struct {
	mu      *sync.Mutex // of w, shared by all that came from one handler
	w       io.Writer
	level   slog.Leveler
	journal bool
	attrs   string // of WithAttrs, as they are written
	group   string // of WithGroup: what keys begin with
}

// newLogHandler returns a handler that writes records of at least this level.
func newLogHandler(w io.Writer, level slog.Leveler, journal bool) slog.Handler {
	return &logHandler{mu: new(sync.Mutex), w: w, level: level, journal: journal}
}

func (h *logHandler) Enabled(_ context.Context, l slog.Level) bool { return l >= h.level.Level() }

func (h *logHandler) WithGroup(name string) slog.Handler {
	with := *h
	with.group += name + "."
	return &with
}

func (h *logHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	with := *h
	var b strings.Builder
	for _, a := range attrs {
		writeAttr(&b, h.group, a)
	}
	with.attrs += b.String()
	return &with
}

func (h *logHandler) Handle(_ context.Context, r slog.Record) error {
	var b strings.Builder
	name, priority := levelOf(r.Level)
	if h.journal {
		fmt.Fprintf(&b, "<%d>", priority)
	} else {
		fmt.Fprintf(&b, "%s bailiff[%d]: %-7s ", stamp(r.Time), os.Getpid(), name)
	}
	b.WriteString(strings.Map(printable, r.Message))
	b.WriteString(h.attrs)
	r.Attrs(func(a slog.Attr) bool {
		writeAttr(&b, h.group, a)
		return true
	})
	b.WriteByte('\n')
	h.mu.Lock()
	defer h.mu.Unlock()
	_, err := io.WriteString(h.w, b.String())
	return err
}

// stamp is the local time as fail2ban writes it.
func stamp(t time.Time) string { return t.Format("2006-01-02 15:04:05,000") }

func levelOf(level slog.Level) (name string, priority int) {
	for _, l := range logLevels {
		if level >= l.level {
			return l.name, l.priority
		}
	}
	last := logLevels[len(logLevels)-1]
	return last.name, last.priority
}

func writeAttr(b *strings.Builder, group string, a slog.Attr) {
	value := a.Value.Resolve()
	if value.Kind() == slog.KindGroup {
		if a.Key != "" {
			group += a.Key + "."
		}
		for _, member := range value.Group() {
			writeAttr(b, group, member)
		}
		return
	}
	if a.Equal(slog.Attr{}) {
		return
	}
	fmt.Fprintf(b, " %s%s=%s", group, a.Key, quoted(logValue(value)))
}

// logValue is the value as people write it.
func logValue(v slog.Value) string {
	if v.Kind() == slog.KindTime {
		return v.Time().Format(time.RFC3339)
	}
	return v.String()
}

// quoted puts quotes around what would not be one word.
func quoted(s string) string {
	odd := func(r rune) bool { return r == ' ' || r == '"' || r == '=' || printable(r) != r }
	if s == "" || strings.ContainsFunc(s, odd) {
		return strconv.Quote(s)
	}
	return s
}

// printable replaces what a terminal or the journal would not show as one line.
func printable(r rune) rune {
	if unicode.IsPrint(r) {
		return r
	}
	return unicode.ReplacementChar
}

// stderrIsJournal tells whether systemd connected our standard error to the journal: JOURNAL_STREAM names its device
// and inode. The variable alone is not enough, since it is inherited by those whose output goes elsewhere.
func stderrIsJournal() bool {
	var stat syscall.Stat_t
	if err := syscall.Fstat(int(os.Stderr.Fd()), &stat); err != nil {
		return false
	}
	return os.Getenv("JOURNAL_STREAM") == fmt.Sprintf("%d:%d", stat.Dev, stat.Ino)
}
