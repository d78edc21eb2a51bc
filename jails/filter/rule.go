package filter

import (
	"slices"

	"bailiff/jails/match"
)

// Rule returns what a match.Set needs to find the lines that the filter may match, and how their dates are cut out when
// they come from a file. ok is false for a filter whose regexes span lines: it has to read every line.
func (f *Filter) Rule() (rule match.Rule, dates match.Dates, ok bool) {
	if f.maxlines > 1 {
		return match.Rule{}, 0, false
	}
	if f.pref != nil {
		rule.Prefix = f.pref.pattern
	}
	for _, r := range f.fail {
		rule.Patterns = append(rule.Patterns, r.pattern)
	}
	dates = match.AnyDates
	if d := f.source.Datepattern; len(d) == 0 || slices.Equal(d, []string{"{^LN-BEG}"}) {
		dates = match.BoundedDates // fail2ban's own templates end where words do
	}
	return rule, dates, true
}

// Rule is the filter's.
func (m *Matcher) Rule() (rule match.Rule, dates match.Dates, ok bool) { return m.filter.Rule() }
