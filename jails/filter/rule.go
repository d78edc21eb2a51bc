package filter

import "bailiff/jails/match"

// Rule returns what a match.Set needs to find the lines that the filter may match. Of the journal's lines, which hold no
// dates, nothing is cut out. ok is false for a filter that has to read every line: its regexes span lines, and what they
// match may stay at hand since an ignoreregex took it away.
func (f *Filter) Rule(journal bool) (rule match.Rule, ok bool) {
	if f.maxlines > 1 && len(f.ignore) > 0 {
		return match.Rule{}, false
	}
	rule.Lines = f.maxlines
	if f.pref != nil {
		rule.Prefix = f.pref.pattern
	}
	for _, r := range f.fail {
		rule.Patterns = append(rule.Patterns, r.pattern)
	}
	if !journal {
		rule.Cuts = f.dates.Cuts()
	}
	return rule, true
}

// Span is how many lines a failregex may span. Where it is more than 1, a matcher that is shown only the lines that its
// rule finds needs the Span-1 lines before each of them too, through Keep.
func (m *Matcher) Span() int { return m.filter.maxlines }

// Rule is the filter's.
func (m *Matcher) Rule(journal bool) (rule match.Rule, ok bool) { return m.filter.Rule(journal) }
