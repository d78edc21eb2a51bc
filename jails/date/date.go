// Package date finds the date of a log line as fail2ban 1.0.2 finds it, and tells which text of the line it was.
//
// A filter's datepattern becomes a list of templates. A Detector tries them on every line, the one that matched last
// first, and lets those that match often move up. Templates are expressions in Python's dialect, run by package match;
// fail2ban's own templates have parsers by hand here, which decide every line without Unicode near the date.
package date

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Options are what Compile needs to know besides the patterns.
type Options struct {
	Zone     *time.Location // of dates that name none; nil means time.Local, looked at on every call
	AllYears bool           // %ExY takes the years from 1960 too, and not only those from 2000
}

// Patterns is a compiled datepattern. It is immutable and safe for concurrent use.
type Patterns struct {
	templates []*template
	zone      *time.Location
}

// A Match is the date found in a line.
type Match struct {
	Start, End int       // the text to cut out of the line, in bytes; equal when the pattern wants no date there
	Time       time.Time // in whole seconds, except epochs; zero when the text is empty or names no real time
	Template   string    // fail2ban's name of the template that matched
}

// Compile reads a filter's datepattern, one pattern an element; empty ones are left out. None at all means fail2ban's default templates, and so
// does {DEFAULT}, which adds nothing to other patterns.
// The error joins one *PatternError for each pattern that cannot be used.
func Compile(patterns []string, o Options) (*Patterns, error) {
	b := newBuilder(yearsAt(time.Now(), o.AllYears))
	var errs []error
	for i, p := range patterns {
		p = strings.TrimSpace(p)
		if p == "" {
			continue
		}
		if err := b.add(p); err != nil {
			errs = append(errs, &PatternError{Index: i, Pattern: p, Err: err})
		}
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	if len(b.templates) == 0 {
		if err := b.addDefaults(func(*template) bool { return true }); err != nil {
			return nil, err
		}
	}
	return &Patterns{templates: b.templates, zone: o.Zone}, nil
}

// A PatternError says why one pattern of a datepattern cannot be used.
type PatternError struct {
	Index   int // of the pattern in its list, from 0
	Pattern string
	Err     error // a *match.SyntaxError speaks of Pattern
}

func (e *PatternError) Error() string { return fmt.Sprintf("datepattern %q: %v", e.Pattern, e.Err) }

// Unwrap returns the reason.
func (e *PatternError) Unwrap() error { return e.Err }

// Names returns fail2ban's names of the templates, in the order in which a new detector tries them.
func (p *Patterns) Names() []string {
	names := make([]string, len(p.templates))
	for i, t := range p.templates {
		names[i] = t.name
	}
	return names
}
