// Package shell reads scripts of sh without running them: which commands they would run, with which words, and under
// which conditions.
package shell

import "strings"

// Begin and End mark text that was put into a script from outside, such as the value of an option. Where such text is one
// argument it stays one word, whatever separators are in it. Neither byte is part of any UTF-8 text.
const (
	Begin = 0xfe
	End   = 0xfd
)

// A Word is an argument of a command after expansion.
type Word struct {
	Text    string
	Unknown bool // a part of it is known only when the script runs; Text has that part as it is written
}

// A Command is one that a script runs.
type Command struct {
	Args   []Word   // at least one; it is empty for a line that only writes to a file
	Input  *Word    // what it reads from a pipe or from the script itself, where that is known
	From   *Command // the command whose output it reads
	Piped  bool     // another command reads its output
	Writes []Word   // the files it writes to
	Under  string   // the condition on which it runs; "" when it always does
	Text   string   // as it is written
}

// Name is the first word without its directory.
func (c *Command) Name() string { return base(c.arg(0)) }

func (c *Command) arg(i int) string {
	if i < len(c.Args) {
		return c.Args[i].Text
	}
	return ""
}

func base(path string) string { return path[strings.LastIndexByte(path, '/')+1:] }

// A Status is what is known of how a command ends.
type Status int

// The statuses. Either is that of a command whose end does not matter, since what depends on it is done either way in the
// end: it looks whether something is there before that is made.
const (
	Unknown Status = iota
	Success
	Failure
	Either
)

func (s Status) not() Status {
	switch s {
	case Success:
		return Failure
	case Failure:
		return Success
	}
	return s
}

// A Reader reads scripts.
type Reader struct {
	// Visit is called for each command in the order in which they run, and tells how it ends.
	Visit func(*Command) Status

	// Whole tells whether the argument behind a word is one, so that inserted text and variables there are not split.
	Whole func(before string) bool
}

// Read reads a script. The error says what is wrong with its syntax; Visit has not been called then.
func (r *Reader) Read(script string) error {
	if r.Whole == nil {
		r = &Reader{r.Visit, func(string) bool { return false }}
	}
	body, err := parse(script, r.Whole)
	if err != nil {
		return err
	}
	run := runner{Reader: r, vars: map[string]Word{}, functions: map[string]node{}}
	run.run(body)
	return nil
}

// unmarked is text without marks.
func unmarked(s string) string {
	if strings.IndexByte(s, Begin) < 0 && strings.IndexByte(s, End) < 0 {
		return s
	}
	b := make([]byte, 0, len(s))
	for i := range len(s) {
		if s[i] != Begin && s[i] != End {
			b = append(b, s[i])
		}
	}
	return string(b)
}
