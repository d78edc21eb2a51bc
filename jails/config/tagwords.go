package config

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"bailiff/jails/filter"
	"bailiff/jails/match"
)

// tagWord finds a word in angle brackets that is not part of a group's syntax.
var tagWord = regexp.MustCompile(`<(/?)([A-Za-z_][\w-]*)(/?)>`)

// regexTags are those of fail2ban's that stand for a part of a regex, besides those that begin with
// F-.
var regexTags = []string{"HOST", "ADDR", "IP4", "IP6", "CIDR", "SUBNET", "DNS", "SKIPLINES"}

// logWords stand in angle brackets in logs: those of HAProxy.
var logWords = []string{"NOSRV", "BADREQ"}

var customTag = regexp.MustCompile(`^F-[A-Z0-9_-]+$`)

// warnTags warns of words in angle brackets that look like tags and are none: regexes have them
// stand for themselves.
func (s *section) warnTags() {
	for _, option := range []string{"failregex", "ignoreregex", "prefregex"} {
		lines := s.lines(option)
		if v, ok := s.effective(option); ok && option == "prefregex" {
			lines = v.lines()
		}
		for i, line := range lines {
			for _, m := range tagWord.FindAllStringSubmatchIndex(line, -1) {
				if m[0] > 0 && strings.ContainsRune(`\P?`, rune(line[m[0]-1])) {
					continue
				}
				if hint := s.noTag(line[m[4]:m[5]]); hint != "" {
					f := &filter.Fault{Option: option, Index: i, Err: &match.SyntaxError{Pos: m[0]}}
					s.warnRegex(f, line[m[0]:m[1]]+" is no tag and stands for itself", hint)
				}
			}
		}
	}
}

// warnRegex warns of a regex at the place where it was written.
func (s *section) warnRegex(f *filter.Fault, message, hint string) {
	v := s.faulty(f)
	if at, ok := s.locate(f, v.text()); ok {
		s.report.warn(at.Fault(at.n, at.home(), at.option, message, hint))
		return
	}
	s.report.warn(v.from.Fault(0, definitionSection, f.Option, message, hint))
}

// noTag is a hint for a word that is no tag and was perhaps meant as one, else "".
func (s *section) noTag(word string) string {
	upper := strings.ToUpper(word)
	switch {
	case slices.Contains(regexTags, word) || slices.Contains(logWords, word) ||
		customTag.MatchString(word):
		return ""
	case slices.Contains(regexTags, upper) || customTag.MatchString(upper):
		return fmt.Sprintf("write <%s>, in capital letters", upper)
	case word == upper:
		for _, tag := range regexTags {
			if len(tag) > 2 && distance(word, tag) <= 1 || strings.TrimSuffix(word, "S") == tag {
				return fmt.Sprintf("is <%s> meant?", tag)
			}
		}
		return fmt.Sprintf("write <F-%s>...</F-%[1]s> around what it is to match, "+
			`or \<%[1]s> where the log has this word`, word)
	case s.jail.filter == nil:
		return ""
	}
	return s.noOption(word)
}

// noOption is a hint for a word that is nearly an option of the filter, as <mdre-agressive> is,
// else "".
func (s *section) noOption(word string) string {
	kin := ""
	if i := strings.LastIndexAny(word, "-_"); i > 1 {
		kin = word[:i+1]
	}
	var family []string
	set := s.jail.filter.set
	for _, o := range slices.Concat(set.Options(definitionSection), set.Options(initSection)) {
		if len(word) > 4 && distance(word, o) <= 2 {
			return fmt.Sprintf("is <%s> meant?", o)
		}
		if kin != "" && strings.HasPrefix(o, kin) {
			family = append(family, "<"+o+">")
		}
	}
	if len(family) == 0 {
		return ""
	}
	return "the filter has " + strings.Join(family, ", ")
}
