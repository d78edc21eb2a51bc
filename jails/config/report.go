package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// A report collects what is wrong.
type report struct {
	faults   []*Fault
	warnings []*Fault
}

func (r *report) fault(f *Fault) { r.faults = append(r.faults, f) }
func (r *report) warn(f *Fault)  { r.warnings = append(r.warnings, f) }

// collect puts faults in order: files as they were first met, and within a file by line. What is
// wrong on a line of [DEFAULT] is said for the first jail only.
func collect(faults []*Fault) []Fault {
	all, _ := gather(faults)
	return all
}

// collectWarnings is collect, and adds to a warning that several jails share which ones these are.
func (b *builder) collectWarnings() []Fault {
	all, sections := gather(b.warnings)
	for i := range all {
		if len(sections[i]) > 1 {
			all[i].Message += " (" + b.jailList(sections[i]) + ")"
		}
	}
	return all
}

// gather drops what is said twice. sections are those that each of all was said for.
func gather(faults []*Fault) (all []Fault, sections [][]string) {
	index, rank := map[string]int{}, map[string]int{}
	type once struct {
		Fault
		sections []string
	}
	var found []*once
	for _, f := range faults {
		what := f.Message
		if f.Hint == commentHint { // the cause of whatever the value is not
			what = f.Hint
		}
		about := fmt.Sprintf("%s\x00%d\x00%s\x00%s", f.File, f.Line, f.Option, what)
		i, ok := index[about]
		if !ok {
			i = len(found)
			index[about] = i
			found = append(found, &once{Fault: *f})
		}
		if o := found[i]; !slices.Contains(o.sections, f.Section) {
			o.sections = append(o.sections, f.Section)
		}
		if _, ok := rank[f.File]; !ok {
			rank[f.File] = len(rank)
		}
	}
	slices.SortStableFunc(found, func(a, b *once) int {
		return cmp.Or(cmp.Compare(rank[a.File], rank[b.File]), cmp.Compare(a.Line, b.Line))
	})
	for _, o := range found {
		all, sections = append(all, o.Fault), append(sections, o.sections)
	}
	return all, sections
}

// jailList names a few jails, and of many the first three and how many more there are.
func (b *builder) jailList(jails []string) string { return JailList(jails, len(b.jails)) }

// JailList names a few jails, and of many the first three and how many more there are. In all there
// are that many.
func JailList(jails []string, all int) string {
	const shown = 3
	switch n := len(jails); {
	case n > shown && n == all:
		return "all jails"
	case n > shown:
		return fmt.Sprintf("jails: %s and %d more", strings.Join(jails[:shown], ", "), n-shown)
	}
	return "jails: " + strings.Join(jails, ", ")
}
