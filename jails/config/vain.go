package config

import (
	"fmt"
	"slices"
	"strings"

	"bailiff/jails/ini"
)

// warnInVain warns of what is meant for a filter or an action and does not reach it.
func (s *section) warnInVain() {
	if s.jail.filter != nil {
		if name, params, err := parseList(s.text("filter")); err == nil {
			s.warnParameters("filter", name, params.list, s.jail.filter.set)
			s.warnNotPassed(name, len(params.list) > 0)
		}
	}
	for _, a := range s.jail.actions {
		if set := s.sets[below("action.d", a.name)]; set != nil {
			s.warnParameters("action", a.name, a.given.list, set)
		}
	}
}

// warnParameters warns of parameters in brackets that nothing reads and whose names are nearly those
// of options.
func (s *section) warnParameters(option, name string, given []named, set *ini.Set) {
	known := []string{"name", "actname"}
	for _, part := range []string{definitionSection, initSection, ini.DefaultSection} {
		known = append(known, set.Options(part)...)
	}
	inDefinition := set.Options(definitionSection)
	for _, g := range given {
		lower := strings.ToLower(g.name)
		if slices.Contains(known, g.name) || slices.Contains(inDefinition, lower) || refersTo(set, g.name) {
			continue
		}
		if meant := Nearest(lower, known); meant != "" {
			message := fmt.Sprintf("the %s %s has no option %s", option, name, g.name)
			s.warn(option, lineOf(s.text(option), g.name+"="), message, "did you mean "+meant+"?")
		}
	}
}

// refersTo reports whether a filter or an action uses a parameter of the name.
func refersTo(set *ini.Set, name string) bool {
	for _, section := range set.Sections() {
		for _, option := range set.Options(section) {
			v, _ := set.Own(section, option)
			if strings.Contains(v.Text, "<"+name+">") || strings.Contains(v.Text, "("+strings.ToLower(name)+")") {
				return true
			}
		}
	}
	return false
}

// warnNotPassed warns of options of the filter that stand in the jail, where the filter does not see
// them: `mode = aggressive` beside `filter = sshd`.
func (s *section) warnNotPassed(filter string, brackets bool) {
	set := s.jail.filter.set
	ofFilter := slices.Concat(set.Options(definitionSection), set.Options(initSection))
	for _, option := range s.all.Options(s.jail.name) {
		isItsOwn := isOneOf(jailOptions, option) || isOneOf(ownOptions, option)
		if isItsOwn || !slices.Contains(ofFilter, option) || s.refers(option) {
			continue
		}
		v, _ := s.all.Own(s.jail.name, option)
		hint := fmt.Sprintf("write filter = %s[%s=%%(%s)s]", filter, option, option)
		if brackets {
			hint = fmt.Sprintf("add %s=%%(%s)s to the brackets of filter", option, option)
		}
		s.report.warn(v.Fault(0, s.jail.name, option, "the filter does not see this option of the jail", hint))
	}
}

// refers reports whether an option of the jail, or its filter wherever it is set, is made of another.
func (s *section) refers(to string) bool {
	filter, _ := s.all.Raw(s.jail.name, "filter")
	texts := []string{filter.Text}
	for _, option := range s.all.Options(s.jail.name) {
		v, _ := s.all.Own(s.jail.name, option)
		texts = append(texts, v.Text)
	}
	return slices.ContainsFunc(texts, func(text string) bool {
		text = strings.ToLower(text)
		return strings.Contains(text, "("+to+")") || strings.Contains(text, "/"+to+")")
	})
}
