package config

import (
	"cmp"
	"fmt"
	"slices"
)

// A report collects what is wrong.
type report struct {
	faults   []*Fault
	warnings []*Fault
}

func (r *report) fault(f *Fault) { r.faults = append(r.faults, f) }
func (r *report) warn(f *Fault)  { r.warnings = append(r.warnings, f) }

// collect puts faults in order: files as they were first met, and within a file by line. What is wrong on a line of
// [DEFAULT] is said for the first jail only.
func collect(faults []*Fault) []Fault {
	var all []Fault
	seen, rank := map[string]bool{}, map[string]int{}
	for _, f := range faults {
		about := fmt.Sprintf("%s\x00%d\x00%s\x00%s", f.File, f.Line, f.Option, f.Message)
		if !seen[about] {
			seen[about] = true
			all = append(all, *f)
		}
		if _, ok := rank[f.File]; !ok {
			rank[f.File] = len(rank)
		}
	}
	slices.SortStableFunc(all, func(a, b Fault) int {
		return cmp.Or(cmp.Compare(rank[a.File], rank[b.File]), cmp.Compare(a.Line, b.Line))
	})
	return all
}
