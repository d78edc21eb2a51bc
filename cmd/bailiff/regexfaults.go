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
			fmt.Fprintf(&b, "\n  %s\n  %*s", s.Expr, len([]rune(s.Expr[:s.Pos]))+1, "^")
		}
	}
	return errors.New(b.String())
}

func unjoin(err error) []error {
	if all, ok := err.(interface{ Unwrap() []error }); ok {
		return all.Unwrap()
	}
	return []error{err}
}
