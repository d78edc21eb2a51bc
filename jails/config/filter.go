package config

import (
	"errors"
	"fmt"
	"strings"

	"bailiff/jails/filter"
	"bailiff/jails/ini"
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
	j.Definition = d
	f, err := filter.Compile(d)
	j.Filter = f
	for _, fault := range unjoin(err) {
		s.filterFault(fault)
	}
}

func (s *section) maxlines(v setting) int {
	n, ok := v.value.(int)
	if ok && n < 1 {
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

// effective is an option of the filter: the jail's, or else the filter's own.
func (s *section) effective(option string) (setting, bool) {
	if v, ok := s.get(option); ok {
		return v, true
	}
	if s.jail.merged == nil {
		return setting{}, false
	}
	v, ok := s.jail.merged.get(option)
	return v, ok && v.value != nil
}

// lines are the regexes or patterns of an option, one a line.
func (s *section) lines(option string) []string {
	v, _ := s.effective(option)
	if v.value == nil {
		return nil
	}
	var all []string
	for _, line := range strings.Split(v.text(), "\n") {
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
	s.report.warn(v.from.Fault(0, s.jail.name, "usedns", fmt.Sprintf("%q is read as no", v.text()), "write yes, warn, no or raw"))
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

// filterFault reports what is wrong with a regex or pattern, on the line where it was written.
func (s *section) filterFault(err error) {
	var f *filter.Fault
	if !errors.As(err, &f) {
		s.fault("filter", 0, err.Error(), "")
		return
	}
	section := s.jail.name
	v, ok := s.get(f.Option)
	if !ok {
		v, ok = s.effective(f.Option)
		section = definitionSection
	}
	if !ok {
		v, _ = s.get("filter")
		section = s.jail.name
	}
	line := s.origin(f, v)
	message, hint := explain(f)
	if f.Option == "failregex" && strings.Contains(message, "names no address") {
		hint = "put <HOST> where the address stands"
	}
	s.report.fault(v.from.Fault(line, section, f.Option, message, hint))
}

// explain says what is wrong with a regex and where.
func explain(f *filter.Fault) (message, hint string) {
	var syntax *match.SyntaxError
	if !errors.As(f.Err, &syntax) {
		return f.Err.Error(), ""
	}
	if f.Option == "datepattern" { // its regex is not what somebody wrote
		return syntax.Msg, "write %% for a percent sign, and \\ before a character that is meant as itself"
	}
	at := max(0, min(syntax.Pos, len(syntax.Expr)))
	return fmt.Sprintf("%s, at character %d: %s", syntax.Msg, len([]rune(syntax.Expr[:at]))+1, excerpt(syntax.Expr, at)),
		"write \\ before a character that is meant as itself"
}

// excerpt is the regex around a place, which <!> marks.
func excerpt(expr string, at int) string {
	const around = 30
	from, to := max(0, at-around), min(len(expr), at+around)
	text := strings.ToValidUTF8(expr[from:at], "") + " <!> " + strings.ToValidUTF8(expr[at:to], "")
	if from > 0 {
		text = "..." + text
	}
	if to < len(expr) {
		text += "..."
	}
	return text
}

// origin is the line of the option as written that the faulty regex came from. A line may refer to other options that
// hold several regexes, so that every line is resolved by itself and its regexes are counted.
func (s *section) origin(f *filter.Fault, v setting) int {
	raw, ok := s.raw(f.Option)
	if !ok || len(raw.Lines) < 2 {
		return 0
	}
	left := f.Index
	for i, line := range strings.Split(raw.Text, "\n") {
		for _, regex := range strings.Split(s.resolveLine(f.Option, line, raw), "\n") {
			if regex == "" {
				continue
			}
			if left == 0 {
				return i
			}
			left--
		}
	}
	return 0
}

// raw is an option as written, in the jail or the filter.
func (s *section) raw(option string) (ini.Value, bool) {
	if _, ok := s.get(option); ok {
		return s.all.Raw(s.jail.name, option)
	}
	if s.jail.filter == nil {
		return ini.Value{}, false
	}
	return s.jail.filter.set.Raw(definitionSection, option)
}

func (s *section) resolveLine(option, line string, raw ini.Value) string {
	raw.Text = line
	if _, ok := s.get(option); ok {
		v, _ := s.all.Expand(s.jail.name, option, raw, nil)
		return v.Text
	}
	d := s.jail.filter
	v, _ := d.set.Expand(definitionSection, option, raw, d.given)
	one := newSettings()
	one.set(option, text(v.Text))
	all := d.own.with(d.params).with(one)
	if err := substitute(all, nil, d.lookup); err != nil {
		return line
	}
	return all.text(option)
}
