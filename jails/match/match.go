// Package match finds patterns in log lines. A pattern is a regular expression in the dialect of Python's re module,
// since that is what fail2ban's filters are written in; it is matched over UTF-8 bytes and gives the same match, the
// same span and the same groups as CPython 3.11 gives over the decoded text. The package knows nothing of fail2ban.
//
// Patterns run on a backtracking matcher with a budget of steps. When the budget runs out the same matcher runs again
// and remembers what it has tried, which makes it linear in the line for nearly every pattern without backreferences.
//
// A Set scans raw text for many patterns at once and names the lines that some of them may match. It looks for strings
// that the patterns need; where a pattern has no good one, an automaton that accepts more than the pattern does.
package match

import (
	"errors"
	"fmt"
)

// Flags change how a pattern is read and matched; the values are those of Python's re module.
type Flags uint16

// The flags of Python's re module that a pattern over text can have.
const (
	IgnoreCase Flags = 2   // letters match both cases (re.I)
	Multiline  Flags = 8   // ^ and $ match at every line (re.M)
	DotAll     Flags = 16  // . matches a newline too (re.S)
	Verbose    Flags = 64  // white space and # comments are left out (re.X)
	ASCII      Flags = 256 // \w \d \s \b and cases look at ASCII only (re.A)
)

// ErrBudget says that a search was given up: it took too many steps and the pattern allows no linear search.
var ErrBudget = errors.New("too many steps")

// A SyntaxError says why an expression is no pattern.
type SyntaxError struct {
	Expr string
	Pos  int    // byte offset into Expr
	Msg  string // in the words of Python's re.error
}

func (e *SyntaxError) Error() string { return fmt.Sprintf("%s at position %d", e.Msg, e.Pos) }

// A Pattern is a compiled expression. It is immutable and safe for concurrent use.
type Pattern struct {
	expr  string
	names []string // by group number
	tree  *node
	prog  *program
}

// Compile parses expr. Its error is a *SyntaxError.
func Compile(expr string, flags Flags) (*Pattern, error) {
	tree, names, err := parse(expr, flags)
	if err != nil {
		return nil, err
	}
	return &Pattern{expr: expr, names: names, tree: tree, prog: compile(tree, len(names)-1)}, nil
}

// String returns the expression the pattern was compiled from.
func (p *Pattern) String() string { return p.expr }

// NumGroups returns the number of groups, without group 0.
func (p *Pattern) NumGroups() int { return len(p.names) - 1 }

// GroupNames returns the groups' names by group number: "" for group 0 and for groups without a name.
// It must not be changed.
func (p *Pattern) GroupNames() []string { return p.names }

// GroupIndex returns the number of the group called name, or -1.
func (p *Pattern) GroupIndex(name string) int {
	for i, n := range p.names {
		if n == name && n != "" {
			return i
		}
	}
	return -1
}
