package config

import (
	"slices"

	"bailiff/jails/ini"
)

// warnAll warns of what is no fault and yet does not do what its author may think.
func (b *builder) warnAll() {
	b.warnActions()
	b.warnIdle()
	b.warnMisspelt()
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
