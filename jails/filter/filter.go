// Package filter is fail2ban's meaning of a filter: it turns a line into failures. It cuts the date out of the line,
// runs prefregex, failregex and ignoreregex in fail2ban's order, joins the lines of one connection by their <F-MLFID>,
// and finds whom a failure is about.
//
// A Filter is compiled once and shared. The state that needs lines in order lives in a Matcher, one for each jail and
// source. The facts come from fail2ban 1.0.2; docs/fail2ban.md lists where this package differs on purpose.
package filter

import (
	"errors"
	"fmt"
	"time"

	"bailiff/jails/date"
	"bailiff/jails/match"
)

// A Definition is a filter as its files define it, with every reference resolved but regex tags still in place.
type Definition struct {
	Name        string
	Prefregex   string
	Failregex   []string
	Ignoreregex []string
	Datepattern []string       // none: fail2ban's default templates
	Maxlines    int            // how many lines a failregex may span; 0 and 1: one
	UseDNS      string         // yes, warn, no, raw; empty: warn; anything else: no
	Zone        *time.Location // of dates that name none; nil: time.Local
}

// A Filter is a compiled Definition. It is immutable and safe for concurrent use.
type Filter struct {
	name     string
	usedns   string
	maxlines int
	pref     *regex
	fail     []*regex
	ignore   []*regex
	layouts  []*layout // of the failregexes
	dates    *date.Patterns
	names    labels
	source   Definition
}

// A Fault is one thing wrong in a Definition.
type Fault struct {
	Option string // prefregex, failregex, ignoreregex, datepattern or maxlines
	Index  int    // which of the option's regexes, from 0
	Err    error  // a *match.SyntaxError speaks of the regex as it was written, before its tags were replaced
}

// Error names the option and what is wrong with it.
func (f *Fault) Error() string {
	if f.Index > 0 {
		return fmt.Sprintf("%s %d: %v", f.Option, f.Index+1, f.Err)
	}
	return fmt.Sprintf("%s: %v", f.Option, f.Err)
}

// Unwrap returns what is wrong.
func (f *Fault) Unwrap() error { return f.Err }

// Compile compiles a definition. Its error joins one *Fault for each thing wrong.
func Compile(d Definition) (*Filter, error) {
	f := &Filter{name: d.Name, usedns: usedns(d.UseDNS), source: d, maxlines: max(d.Maxlines, 1), names: newLabels()}
	faults := f.compileDates(d)
	if d.Maxlines < 0 {
		faults = append(faults, &Fault{Option: "maxlines", Err: errors.New("must be greater than zero")})
	}
	if d.Prefregex != "" {
		var err error
		if f.pref, err = compileRegex(d.Prefregex, f.usedns, 0, &f.names); err != nil {
			faults = append(faults, &Fault{Option: "prefregex", Err: err})
		}
	}
	faults = append(faults, f.compileFail(d)...)
	for i, source := range d.Ignoreregex {
		r, err := compileRegex(source, f.usedns, 0, &f.names)
		if err != nil {
			faults = append(faults, &Fault{Option: "ignoreregex", Index: i, Err: err})
		}
		f.ignore = append(f.ignore, r)
	}
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	return f, nil
}

func (f *Filter) compileFail(d Definition) (faults []error) {
	var flags match.Flags
	if f.maxlines > 1 {
		flags = match.Multiline
	}
	for i, source := range d.Failregex {
		r, err := compileRegex(source, f.usedns, flags, &f.names)
		if err == nil && !r.hasID() && (d.Prefregex == "" || f.pref != nil && !f.pref.hasID()) {
			err = errors.New("names no address and no id: <HOST>, <ADDR>, <F-ID> or the like is missing")
		}
		if err != nil {
			faults = append(faults, &Fault{Option: "failregex", Index: i, Err: err})
		}
		if err == nil {
			f.layouts = append(f.layouts, newLayout(f.pref, r))
		}
		f.fail = append(f.fail, r)
	}
	return faults
}

func (f *Filter) compileDates(d Definition) (faults []error) {
	var err error
	if f.dates, err = date.Compile(d.Datepattern, date.Options{Zone: d.Zone}); err == nil {
		return nil
	}
	all, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []error{&Fault{Option: "datepattern", Err: err}}
	}
	for _, err := range all.Unwrap() {
		fault := &Fault{Option: "datepattern", Err: err}
		if p := new(date.PatternError); errors.As(err, &p) {
			fault.Index, fault.Err = p.Index, p.Err
		}
		faults = append(faults, fault)
	}
	return faults
}

func usedns(mode string) string {
	switch mode {
	case "":
		return "warn"
	case "yes", "warn", "no", "raw":
		return mode
	}
	return "no"
}

// Prefregex returns the prefregex with its tags replaced, or "".
func (f *Filter) Prefregex() string {
	if f.pref == nil {
		return ""
	}
	return f.pref.expr
}

// Dates returns how the filter finds the date in a line.
func (f *Filter) Dates() *date.Patterns { return f.dates }
