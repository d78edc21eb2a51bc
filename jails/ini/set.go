package ini

import (
	"maps"
	"slices"
	"strings"
)

// KnownPrefix begins the name of the hidden section that keeps what a section's options were before they were
// overridden: what %(known/option)s refers to.
const KnownPrefix = "KNOWN/"

// A Set is what several files say together, the later overriding the earlier. It is not safe for concurrent use.
type Set struct {
	Files    []*Source // what was read, in the order of reading
	Faults   []*Fault  // what is wrong in these files, and in those that could not be read
	sections map[string]*Section
	order    []string
	defaults *Section
	out      []byte // the value being interpolated
}

// A Section is one section of a Set: options in the order in which they were first set.
type Section struct {
	names  []string
	values []Value        // by place in names
	index  map[string]int // the place of an option in names; nil while they are few
	at     *Place         // where the section first begins
	shared bool           // it belongs to a file, and is copied before a change
}

func newSet() *Set {
	return &Set{sections: map[string]*Section{}, defaults: &Section{}}
}

// few is how many options are found by going over them as fast as by an index.
const few = 32

// number makes the index of a section that has become large.
func (s *Section) number() {
	if len(s.names) <= few || s.index != nil {
		return
	}
	s.index = make(map[string]int, len(s.names))
	for i, n := range s.names {
		s.index[n] = i
	}
}

// find is the place of an option, -1 when the section does not have it.
func (s *Section) find(option string) int {
	if s.index == nil {
		return slices.Index(s.names, option)
	}
	if i, ok := s.index[option]; ok {
		return i
	}
	return -1
}

func (s *Section) put(option string, v Value) {
	if i := s.find(option); i >= 0 {
		s.values[i] = v
		return
	}
	if s.index != nil {
		s.index[option] = len(s.names)
	}
	s.names, s.values = append(s.names, option), append(s.values, v)
	s.number()
}

func (s *Section) get(option string) (Value, bool) {
	if i := s.find(option); i >= 0 {
		return s.values[i], true
	}
	return Value{}, false
}

// clone is a copy with room for some more options.
func (s *Section) clone() *Section {
	const more = 16
	return &Section{names: slices.Grow(slices.Clip(s.names), more), values: slices.Grow(slices.Clip(s.values), more), index: maps.Clone(s.index), at: s.at}
}

// Sections names the sections but [DEFAULT], in the order in which they first stand in the files.
func (s *Set) Sections() []string {
	return slices.DeleteFunc(slices.Clone(s.order), func(n string) bool { return strings.HasPrefix(n, KnownPrefix) })
}

// Has tells whether there is such a section.
func (s *Set) Has(section string) bool { return s.section(section) != nil }

// Options names the options of the section itself, without those of [DEFAULT]. The set owns the list.
func (s *Set) Options(section string) []string {
	if sec := s.section(section); sec != nil {
		return sec.names
	}
	return nil
}

// Header is where the section first begins, for faults of the section as a whole; nil when there is no such section.
func (s *Set) Header(section string) *Place {
	sec := s.section(section)
	if sec == nil {
		return nil
	}
	return sec.at
}

// Raw is the option as written, before interpolation, from the section or else from [DEFAULT].
func (s *Set) Raw(section, option string) (Value, bool) {
	if v, ok := s.Own(section, option); ok {
		return v, true
	}
	return s.defaults.get(option)
}

// Own is the option as written in the section itself, before interpolation.
func (s *Set) Own(section, option string) (Value, bool) {
	sec := s.section(section)
	if sec == nil {
		return Value{}, false
	}
	return sec.get(option)
}

// Known is the option as written before a later file overrode it.
func (s *Set) Known(section, option string) (Value, bool) { return s.Own(KnownPrefix+section, option) }

// Define sets an option of a section, which may be DefaultSection.
func (s *Set) Define(section, option string, v Value) { s.own(section).put(option, v) }

func (s *Set) section(name string) *Section {
	if name == DefaultSection {
		return s.defaults
	}
	return s.sections[name]
}

// own is the section, ready to be changed.
func (s *Set) own(name string) *Section {
	sec := s.section(name)
	switch {
	case sec == nil:
		sec = &Section{}
	case sec.shared:
		sec = sec.clone()
	default:
		return sec
	}
	s.keep(name, sec)
	return sec
}

func (s *Set) keep(name string, sec *Section) {
	if name == DefaultSection {
		s.defaults = sec
		return
	}
	if _, ok := s.sections[name]; !ok {
		s.order = append(s.order, name)
	}
	s.sections[name] = sec
}

// merge lays a file over what the set has.
func (s *Set) merge(f *file, src *Source) {
	s.Files = append(s.Files, src)
	for _, p := range f.sections {
		if sec := s.section(p.name); sec == nil || p.name == DefaultSection && len(sec.names) == 0 {
			s.keep(p.name, p.Section)
		} else {
			s.overlay(p)
		}
	}
}

// overlay keeps what the section's options were as the known ones.
func (s *Set) overlay(p parsed) {
	sec := s.own(p.name)
	var known *Section
	if p.name != DefaultSection {
		known = s.own(KnownPrefix + p.name)
	}
	for i, n := range p.names {
		if was, ok := sec.get(n); ok && known != nil {
			known.put(n, was)
		}
		sec.put(n, p.values[i])
	}
}

// conditional splits the name of a section such as Init?family=inet6, whose options o become o?family=inet6 of Init.
func conditional(section string) (target, condition string) {
	i := strings.IndexByte(section, '?')
	if i <= 0 || i == len(section)-1 || strings.ContainsFunc(section[:i], func(r rune) bool { return !isWord(r) }) {
		return section, ""
	}
	return section[:i], section[i:]
}
