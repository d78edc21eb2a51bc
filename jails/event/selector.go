package event

import "path"

// A Selector chooses journal entries: it holds for an entry when any of its groups does. An empty Selector holds for
// every entry.
type Selector []Group

// A Group holds when every one of its terms does.
type Group []Term

// A Term holds when the entry has the field with one of the values, or with a value that one of the globs matches
// (path.Match's syntax).
type Term struct {
	Field  string
	Values []string
	Globs  []string
}

// Holds tells whether an entry with these fields is chosen.
func (s Selector) Holds(fields []Field) bool {
	for _, g := range s {
		if g.Holds(fields) {
			return true
		}
	}
	return len(s) == 0
}

// Holds tells whether every term of the group holds for an entry with these fields.
func (g Group) Holds(fields []Field) bool {
	for _, t := range g {
		if !t.Holds(fields) {
			return false
		}
	}
	return true
}

// Holds tells whether the term holds for an entry with these fields.
func (t Term) Holds(fields []Field) bool {
	for _, f := range fields {
		if f.Name == t.Field && t.has(f.Value) {
			return true
		}
	}
	return false
}

func (t Term) has(value []byte) bool {
	for _, v := range t.Values {
		if string(value) == v {
			return true
		}
	}
	for _, g := range t.Globs {
		if ok, err := path.Match(g, string(value)); ok && err == nil {
			return true
		}
	}
	return false
}
