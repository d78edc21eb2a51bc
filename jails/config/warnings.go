package config

import (
	"fmt"
	"slices"

	"bailiff/jails/ini"
)

// warnAll warns of what is no fault and yet does not do what its author may think.
func (b *builder) warnAll() {
	b.warnActions()
	b.warnIdle()
	b.warnMisspelt()
	b.warnSections()
	b.warnDisabled()
	for _, s := range b.sections {
		s.warnFilter()
		s.warnTags()
		s.warnLists()
	}
	b.warnDoubles()
	b.warnComments()
}

// definitions are the files of the filters and actions that enabled jails name, each once.
func (b *builder) definitions() (all []*ini.Set) {
	add := func(set *ini.Set) {
		if set != nil && !slices.Contains(all, set) {
			all = append(all, set)
		}
	}
	for _, j := range b.jails {
		if j.filter != nil {
			add(j.filter.set)
		}
		for _, a := range j.actions {
			add(b.sets["action.d/"+a.name])
		}
	}
	return all
}

// warnFilter warns of a filter that finds nobody.
func (s *section) warnFilter() {
	if s.jail.filter == nil || len(s.lines("failregex")) > 0 {
		return
	}
	hint := "write a failregex into its [Definition]"
	if !s.jail.filter.set.Has(definitionSection) {
		hint = "its files have no section [Definition]"
	}
	s.warn("filter", 0, fmt.Sprintf("the filter %s has no failregex: the jail finds nobody", s.filterName()), hint)
}
