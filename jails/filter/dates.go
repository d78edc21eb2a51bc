package filter

import "bailiff/jails/date"

// Dates returns how the filter finds the date in a line.
func (f *Filter) Dates() *date.Patterns { return f.dates }
