package ini

import (
	"slices"

	"gopkg.in/ini.v1"
)

// DefaultSection is the section whose options every other section of a Set sees.
const DefaultSection = "DEFAULT"

// A file is one parsed file. While it is read gopkg.in/ini.v1 keeps its sections and keys in order; line numbers stand
// beside, for its keys have none.
type file struct {
	keys     *ini.File
	headings map[string]*heading
	lines    []int    // the line numbers of all values, one value's after another's
	parsed   []parsed // the sections in the file's order. Sets share them
}

// A heading is a section of a file beside what ini.v1 keeps of it.
type heading struct {
	*ini.Section
	line  int            // of its header
	index map[string]int // which of its keys an option is
	lines [][]int        // for each of its keys the line numbers of its value
}

// newKeys is room for the sections and keys of one file after another.
func newKeys() *ini.File {
	// No section inherits from another: fail2ban's names may hold dots. Nothing is read by ini.v1 itself.
	keys := ini.Empty(ini.LoadOptions{ChildSectionDelimiter: "\x00"})
	keys.BlockMode = false // nobody shares it
	return keys
}

// begin makes sure of a section, so that an empty one is kept too.
func (f *file) begin(section string, line int) (*heading, error) {
	if h := f.headings[section]; h != nil {
		return h, nil
	}
	s, err := f.keys.NewSection(section)
	if err != nil {
		return nil, err
	}
	h := &heading{Section: s, line: line, index: map[string]int{}}
	f.headings[section] = h
	return h, nil
}

func (f *file) add(h *heading, option, value string, lines []int) error {
	if _, err := h.NewKey(option, value); err != nil {
		return err
	}
	h.index[option] = len(h.lines)
	from := len(f.lines)
	f.lines = append(f.lines, lines...)
	h.lines = append(h.lines, slices.Clip(f.lines[from:]))
	return nil
}

func (f *file) has(section, option string) bool {
	h := f.headings[section]
	if h == nil {
		return false
	}
	_, ok := h.index[option]
	return ok
}

// close moves the sections out of keys, which the next file needs.
func (f *file) close(src *Source) {
	for _, s := range f.keys.Sections() {
		if h := f.headings[s.Name()]; h != nil {
			f.parsed = append(f.parsed, h.section(src))
		}
		f.keys.DeleteSection(s.Name())
	}
	f.keys = nil
}

func (h *heading) section(src *Source) parsed {
	name, condition := conditional(h.Name())
	keys := h.Keys()
	places := make([]Place, len(keys))
	sec := &Section{names: make([]string, len(keys)), values: make([]Value, len(keys)), index: h.index, at: &Place{src, []int{h.line}}, shared: true}
	for i, k := range keys {
		places[i] = Place{src, h.lines[i]}
		sec.names[i], sec.values[i] = k.Name()+condition, Value{k.Value(), &places[i]}
	}
	if condition != "" {
		sec.index = make(map[string]int, len(keys))
		for i, n := range sec.names {
			sec.index[n] = i
		}
	}
	h.Section, h.lines = nil, nil
	return parsed{name, sec}
}

// A parsed section overlays the section of the name, its options under their conditional names.
type parsed struct {
	name string
	*Section
}
