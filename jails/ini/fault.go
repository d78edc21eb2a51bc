package ini

import (
	"fmt"
	"strings"
)

// A Fault is one thing that is wrong in a configuration, with the place where its author can mend it.
type Fault struct {
	File    string   // as its user would name it
	Line    int      // from 1; 0 when no line is to blame
	Section string   // without brackets; may be empty
	Option  string   // may be empty
	Message string   // what is wrong
	Hint    string   // how to mend it; may be empty
	Chain   []string // the files that led to File by including each other, outermost first
}

// Error is the fault on one line, `FILE:LINE: [section] option: message`, with the include chain and the hint on
// indented lines of their own.
func (f *Fault) Error() string {
	var b strings.Builder
	b.WriteString(f.Brief())
	if len(f.Chain) > 0 {
		fmt.Fprintf(&b, "\n    included from %s", strings.Join(f.Chain, ", "))
	}
	if f.Hint != "" {
		fmt.Fprintf(&b, "\n    hint: %s", f.Hint)
	}
	return b.String()
}

// Brief is the first line of Error.
func (f *Fault) Brief() string {
	var b strings.Builder
	b.WriteString(f.File)
	if f.Line > 0 {
		fmt.Fprintf(&b, ":%d", f.Line)
	}
	b.WriteString(": ")
	if f.Section != "" {
		fmt.Fprintf(&b, "[%s] ", f.Section)
	}
	if f.Option != "" {
		fmt.Fprintf(&b, "%s: ", f.Option)
	}
	b.WriteString(f.Message)
	return b.String()
}
