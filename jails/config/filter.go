package config

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"bailiff/jails/filter"
	"bailiff/jails/match"
)

// matching makes the jail's filter of what the filter's files and the jail say.
func (s *section) matching(j *Jail) {
	j.UseDNS = s.usedns()
	d := filter.Definition{Name: s.filterName(), UseDNS: j.UseDNS, Maxlines: 1, Zone: s.zone()}
	d.Failregex = s.lines("failregex")
	d.Ignoreregex = s.lines("ignoreregex")
	d.Datepattern = s.lines("datepattern")
	if v, ok := s.effective("prefregex"); ok {
		d.Prefregex = v.text()
	}
	if v, ok := s.effective("maxlines"); ok {
		d.Maxlines = s.maxlines(v)
	}
	key := definitionKey(d)
	if alike := s.compiled[key]; alike != nil {
		j.Definition, j.Filter = alike.Definition, alike.Filter
		return
	}
	j.Definition = d
	f, err := filter.Compile(d)
	j.Filter = f
	for _, fault := range unjoin(err) {
		s.filterFault(fault)
	}
	if err == nil {
		s.compiled[key] = j
	}
}

// definitionKey is the same for two definitions when their filters are: a hundred jails of one filter share it.
func definitionKey(d filter.Definition) string {
	zone := ""
	if d.Zone != nil {
		name, offset := time.Unix(0, 0).In(d.Zone).Zone()
		zone = fmt.Sprint(d.Zone, name, offset)
	}
	return fmt.Sprintf("%q %q %q %q %q %d %q %q", d.Name, d.Prefregex, d.Failregex, d.Ignoreregex, d.Datepattern, d.Maxlines, d.UseDNS, zone)
}

func (s *section) maxlines(v setting) int {
	n, err := strconv.Atoi(v.value)
	if err == nil && n < 1 {
		s.report.fault(v.from.Fault(0, s.jail.name, "maxlines", fmt.Sprintf("%d lines are too few", n), "write how many lines a failregex spans, 1 or more"))
	}
	return max(n, 1)
}

func (s *section) filterName() string {
	if s.jail.filter == nil {
		return s.jail.name
	}
	return strings.TrimPrefix(s.jail.filter.file, "filter.d/")
}

// ofFilter is an option of the jail's filter that the jail does not override: one of its [Init], or one given in brackets.
func (s *section) ofFilter(option string) (setting, bool) {
	if s.jail.merged == nil {
		return setting{}, false
	}
	v, ok := s.jail.merged.get(option)
	return v, ok && v.kind != void
}

// effective is the value of an option that both the filter and the jail may have: the one that fail2ban sends last.
func (s *section) effective(option string) (setting, bool) {
	ofFilter, ok := s.ofFilter(option)
	if v, own := s.get(option); own && (!ok || option != "usedns" && option != "prefregex" && option != "maxlines") {
		return v, true
	}
	return ofFilter, ok
}

// values are those of an option to which the filter and the jail may both add, in the order in which fail2ban sends them.
func (s *section) values(option string) (all []setting) {
	if option == "datepattern" {
		v, _ := s.effective(option)
		return []setting{v}
	}
	if v, ok := s.ofFilter(option); ok {
		all = append(all, v)
	}
	if v, ok := s.get(option); ok {
		all = append(all, v)
	}
	return all
}

// lines are the regexes or patterns of an option, one a line.
func (s *section) lines(option string) (all []string) {
	for _, v := range s.values(option) {
		all = append(all, v.lines()...)
	}
	return all
}

// lines are the lines of a value that are not empty.
func (v *setting) lines() (all []string) {
	if v.kind == void {
		return nil
	}
	for line := range strings.SplitSeq(v.text(), "\n") {
		if line != "" {
			all = append(all, line)
		}
	}
	return all
}

func (s *section) usedns() string {
	v, ok := s.effective("usedns")
	if !ok {
		return "warn"
	}
	switch mode := strings.ToLower(v.text()); mode {
	case "yes", "warn", "no", "raw":
		return mode
	}
	message, hint := explained(v.text(), fmt.Sprintf("%q is read as no", v.text()), "write yes, warn, no or raw")
	s.report.warn(v.from.Fault(0, s.jail.name, "usedns", message, hint))
	return "no"
}

// unjoin takes joined errors apart.
func unjoin(err error) []error {
	if err == nil {
		return nil
	}
	if j, ok := err.(interface{ Unwrap() []error }); ok {
		var all []error
		for _, e := range j.Unwrap() {
			all = append(all, unjoin(e)...)
		}
		return all
	}
	return []error{err}
}

// filterFault reports what is wrong with a regex or pattern, at the place where it was written.
func (s *section) filterFault(err error) {
	var f *filter.Fault
	if !errors.As(err, &f) {
		s.fault("filter", 0, err.Error(), "")
		return
	}
	v := s.faulty(f)
	at, ok := s.locate(f, v.text())
	if !ok {
		section := definitionSection
		if own, ok := s.jail.opts.get(f.Option); ok && own.from == v.from {
			section = s.jail.name
		}
		s.report.fault(v.from.Fault(0, section, f.Option, f.Err.Error(), ""))
		return
	}
	message, hint := explain(f, at)
	s.report.fault(at.Fault(at.n, at.home(), at.option, message, hint))
}

// faulty is the value that a regex or pattern is one of, of which f then counts.
func (s *section) faulty(f *filter.Fault) (v setting) {
	if f.Option == "prefregex" || f.Option == "maxlines" {
		v, _ = s.effective(f.Option)
		return v
	}
	for _, v = range s.values(f.Option) {
		n := len(v.lines())
		if f.Index < n {
			break
		}
		f.Index -= n
	}
	return v
}

// locate finds where the faulty place of an option's value was written.
func (s *section) locate(f *filter.Fault, value string) (spot, bool) {
	w, ok := s.written(f.Option)
	if !ok || w.resolved(w.Text) != value {
		return spot{}, false
	}
	start := 0
	for line := range strings.SplitSeq(value, "\n") {
		if line != "" && f.Index == 0 {
			break
		}
		if line != "" {
			f.Index--
		}
		start += len(line) + 1
	}
	if syntax := syntaxError(f); syntax != nil {
		start += syntax.Pos
	}
	return w.locate(start, 0)
}

// syntaxError is the error in a regex whose place is known. A datepattern's is not: its regex is made from it.
func syntaxError(f *filter.Fault) *match.SyntaxError {
	var syntax *match.SyntaxError
	if f.Option == "datepattern" || !errors.As(f.Err, &syntax) {
		return nil
	}
	return syntax
}

// explain says what is wrong and where in the text as written.
func explain(f *filter.Fault, at spot) (message, hint string) {
	const escape = "write \\ before a character that is meant as itself"
	var syntax *match.SyntaxError
	switch {
	case errors.As(f.Err, &syntax) && f.Option == "datepattern":
		return fmt.Sprintf("%s in %s", syntax.Msg, quoted(at.line)), "write %% for a percent sign; " + escape
	case syntax != nil:
		message = fmt.Sprintf("%s, at character %d: %s", syntax.Msg, utf8.RuneCountInString(at.line[:at.at])+1, excerpt(at.line, at.at))
		if at.option != f.Option {
			message += fmt.Sprintf(" (part of %s)", f.Option)
		}
		if strings.HasPrefix(syntax.Msg, "global flags") {
			return message, "write (?i:...) around what they are for, or put them first"
		}
		return message, escape
	case f.Option == "failregex" && strings.HasPrefix(f.Err.Error(), "names no address"):
		return f.Err.Error(), "put <HOST> where the address stands"
	}
	return f.Err.Error(), ""
}

// excerpt is a text around a place, which <!> marks.
func excerpt(s string, at int) string {
	const around = 30
	from, to := max(0, at-around), min(len(s), at+around)
	text := strings.ToValidUTF8(s[from:at], "") + " <!> " + strings.ToValidUTF8(s[at:to], "")
	if from > 0 {
		text = "..." + text
	}
	if to < len(s) {
		text += "..."
	}
	return text
}
