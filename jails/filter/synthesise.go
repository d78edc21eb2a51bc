package filter

import (
	"bytes"
	"fmt"
	"strconv"
	"time"
	"unicode/utf8"

	"bailiff/jails/event"
	"bailiff/jails/match"
)

// Synthesise appends the line that fail2ban makes of a journal entry to dst: host name, identifier[pid], for the
// kernel its own clock, and the message, with newlines written as \n. It reads _HOSTNAME, SYSLOG_IDENTIFIER, _COMM,
// SYSLOG_PID, _PID, MESSAGE and _SOURCE_MONOTONIC_TIMESTAMP; several messages are joined by blanks. What is not UTF-8
// becomes U+FFFD. Monotonic is the entry's __MONOTONIC_TIMESTAMP. The line has no newline at its end.
func Synthesise(dst []byte, fields []event.Field, monotonic time.Duration) []byte {
	start := len(dst)
	if v := first(fields, "_HOSTNAME"); len(v) > 0 {
		dst = append(append(dst, v...), ' ')
	}
	if name := first(fields, "SYSLOG_IDENTIFIER", "_COMM"); len(name) > 0 {
		dst = append(dst, name...)
		n := len(dst)
		if dst = append(appendPID(dst, fields), ": "...); len(dst) == n+2 && string(name) == "kernel" {
			dst = fmt.Appendf(dst, "[%12.6f] ", kernelTime(fields, monotonic).Seconds())
		}
	}
	dst = appendMessages(dst, fields)
	if line := dst[start:]; !utf8.Valid(line) || bytes.IndexByte(line, '\n') >= 0 {
		clean := bytes.ReplaceAll(match.Valid(nil, line), []byte{'\n'}, []byte(`\n`))
		dst = append(dst[:start], clean...)
	}
	return dst
}

func appendMessages(dst []byte, fields []event.Field) []byte {
	n := 0
	for _, f := range fields {
		if f.Name != "MESSAGE" {
			continue
		}
		if n++; n > 1 {
			dst = append(dst, ' ')
		}
		dst = append(dst, f.Value...)
	}
	return dst
}

// appendPID appends [pid], the first of SYSLOG_PID and _PID that is not 0, without leading zeros.
func appendPID(dst []byte, fields []event.Field) []byte {
	for _, name := range [...]string{"SYSLOG_PID", "_PID"} {
		if pid := bytes.TrimLeft(first(fields, name), "0"); len(pid) > 0 {
			return append(append(append(dst, '['), pid...), ']')
		}
	}
	return dst
}

// first is the first value that is not empty of the named fields, in the names' order.
func first(fields []event.Field, names ...string) []byte {
	for _, name := range names {
		for _, f := range fields {
			if f.Name == name && len(f.Value) > 0 {
				return f.Value
			}
		}
	}
	return nil
}

func kernelTime(fields []event.Field, monotonic time.Duration) time.Duration {
	us, err := strconv.ParseInt(string(first(fields, "_SOURCE_MONOTONIC_TIMESTAMP")), 10, 64)
	if err != nil {
		return monotonic
	}
	return time.Duration(us) * time.Microsecond
}
