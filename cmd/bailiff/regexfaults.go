package main

import (
	"errors"
	"fmt"
	"strings"

	"bailiff/jails/match"
)

// explain writes faults of regexes with the place they are at.
func explain(err error) error {
	var b strings.Builder
	for i, fault := range unjoin(err) {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(fault.Error())
		var s *match.SyntaxError
		if errors.As(fault, &s) {
			b.WriteString(pointed(s.Expr, s.Pos))
		}
	}
	return errors.New(b.String())
}

// pointed writes a text with a mark below the place at an offset into it.
func pointed(text string, at int) string {
	var b strings.Builder
	for line := range strings.Lines(text + "\n") {
		fmt.Fprintf(&b, "\n  %s", strings.TrimSuffix(line, "\n"))
		if 0 <= at && at < len(line) {
			fmt.Fprintf(&b, "\n  %*s", len([]rune(line[:at]))+1, "^")
		}
		at -= len(line)
	}
	return b.String()
}

func unjoin(err error) []error {
	if all, ok := err.(interface{ Unwrap() []error }); ok {
		return all.Unwrap()
	}
	return []error{err}
}
