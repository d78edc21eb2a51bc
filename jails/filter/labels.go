package filter

import "slices"

// A label is the number of a group's name in a filter.
type label uint16

// The names that mean something have the same labels in every filter.
const (
	content label = iota
	fid
	ip4
	ip6
	dns
	cidr
	ip
	mlfid
	user
	users
	nofail
	mlfgained
	mlfforget
	mlfpending
	known // how many there are
)

// labels are the names of all groups of a filter, by label.
type labels []string

// newLabels returns the names that mean something.
func newLabels() labels {
	return labels{"content", "fid", "ip4", "ip6", "dns", "cidr", "ip", "mlfid", "user", "users", "nofail", "mlfgained", "mlfforget",
		"mlfpending"}
}

// label is the number of a name, which may be new.
func (l *labels) label(name string) label {
	i := slices.Index(*l, name)
	if i < 0 {
		i = len(*l)
		*l = append(*l, name)
	}
	return label(i)
}
