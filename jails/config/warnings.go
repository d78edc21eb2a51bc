package config

import (
	"fmt"
	"slices"
	"strings"

	"bailiff/jails/filter"
	"bailiff/jails/ini"
	"bailiff/jails/match"
)

// warnAll warns of what is no fault and yet does not do what its author may think.
func (b *builder) warnAll(d *Daemon) {
	b.warnActions()
	b.warnIdle()
	b.warnMisspelt()
	b.warnFileNames()
	b.warnSections()
	b.warnDisabled()
	for _, s := range b.sections {
		s.warnFilter()
		s.warnIgnoreregex()
		s.warnWholeJournal()
		s.warnTags()
		s.warnActionTags()
		s.warnLists()
		s.warnInVain()
	}
	b.warnDoubles()
	b.warnUnits()
	b.warnOwnLog(d)
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
			add(b.sets[below("action.d", a.name)])
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
	message := fmt.Sprintf("the filter %s has no failregex: the jail finds nobody", s.filterName())
	s.warn("filter", 0, message, hint)
}

// warnWholeJournal warns of a jail that looks for its lines among all that is logged. Mostly its
// files are meant.
func (s *section) warnWholeJournal() {
	j := s.made
	inJournal := strings.HasPrefix(j.Backend, "systemd") && !j.HasJournalMatch
	if !inJournal || j.JournalPath != "" || len(j.JournalFiles) > 0 {
		return
	}
	message := "the jail reads the whole journal, for it has no unit and its filter no journalmatch"
	hint := "set unit"
	if len(j.LogPaths) > 0 {
		message, hint = message+"; its logpath is not read", "set unit, or backend = auto for its logpath"
	}
	s.warn("backend", 0, message, hint)
}

// warnIgnoreregex warns of an ignoreregex that matches whatever a failregex finds.
func (s *section) warnIgnoreregex() {
	lines := [][]byte{[]byte("Qx 198.51.100.77 zz"), []byte("[7] 2001:db8::99")}
	for i, regex := range s.lines("ignoreregex") {
		p, err := match.Compile(filter.Expand(regex, s.made.UseDNS), 0)
		if err != nil {
			continue // which is a fault
		}
		all := true
		for _, line := range lines {
			found, err := p.Search(new(match.Scratch), line, 0)
			all = all && err == nil && found != nil
		}
		if all {
			f := &filter.Fault{Option: "ignoreregex", Index: i, Err: &match.SyntaxError{}}
			message := fmt.Sprintf("%s matches every line: the jail finds nobody", quoted(regex))
			s.warnRegex(f, message, "drop it, or say what is to be ignored")
		}
	}
}
