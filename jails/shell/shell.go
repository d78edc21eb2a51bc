// Package shell reads scripts of sh without running them: which commands they would run, with which
// words, and under which conditions.
package shell

import (
	"errors"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// A Word is an argument of a command after expansion.
type Word struct {
	Text    string
	Unknown bool // a part is known only when the script runs; Text has it as it is written
}

// dynamic reports whether the word is known only when the script runs.
func (w Word) dynamic() bool { return w.Unknown || strings.Contains(w.Text, "<") }

// A Command is one that a script runs.
type Command struct {
	Args   []Word   // at least one; it is empty for a line that only writes to a file
	Input  *Word    // what it reads from a pipe or from the script itself, where that is known
	From   *Command // the command whose output it reads
	Writes []Word   // the files it writes to
	Under  string   // the condition on which it runs; "" when it always does
	Text   string   // as it is written
}

// Name is the first word without its directory.
func (c *Command) Name() string { return c.arg(0)[strings.LastIndexByte(c.arg(0), '/')+1:] }

func (c *Command) arg(i int) string {
	if i < len(c.Args) {
		return c.Args[i].Text
	}
	return ""
}

// A Status is what is known of how a command ends.
type Status int

// The statuses. Either is that of a command whose end does not matter, since what depends on it is
// done either way in the end: it looks whether something is there before that is made.
const (
	Unknown Status = iota
	Success
	Failure
	Either
)

func truth(b bool) Status {
	if b {
		return Success
	}
	return Failure
}

func (s Status) not() Status {
	return map[Status]Status{Success: Failure, Failure: Success, Either: Either}[s]
}

// join is the status of one of two commands, nobody knows which.
func join(a, b Status) Status {
	switch {
	case a == b:
		return a
	case a == Unknown || b == Unknown:
		return Unknown
	}
	return Either
}

// A Reader reads scripts.
type Reader struct {
	// Visit is called for each command in the order in which they run, and returns how it ends.
	Visit func(*Command) Status

	// Whole reports whether the argument behind a word is one, so that inserted text and variables
	// there are not split.
	Whole func(before string) bool
}

func (r *Reader) whole(before string) bool { return r.Whole != nil && r.Whole(before) }

// Read reads a script. The error says what is wrong with its syntax, and Visit has not been called
// then, or that the script does so much that only its beginning was read.
func (r *Reader) Read(script string) error {
	file, source, err := parse(r.mask(script))
	if err != nil {
		return err
	}
	run := runner{Reader: r, source: source, vars: map[string]string{},
		functions: map[string]*syntax.Stmt{}}
	syntax.Walk(file, run.prepare)
	run.stmts(file.Stmts)
	if run.work > maxWork {
		return errors.New("it does too much to be read to its end")
	}
	return nil
}
