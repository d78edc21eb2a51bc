package ini

import (
	"gopkg.in/ini.v1"
)

// DefaultSection is the section whose options every other section of a Set sees.
const DefaultSection = "DEFAULT"

// A file is one parsed file. gopkg.in/ini.v1 keeps its sections and keys in order; line numbers stand beside, for its
// keys have none.
type file struct {
	keys    *ini.File
	lines   map[name][]int // the line number of each line of an option's value
	headers map[string]int // the line of each section's header
}

type name struct{ section, option string }

func newFile() *file {
	return &file{
		// No section inherits from another: fail2ban's names may hold dots.
		keys:    ini.Empty(ini.LoadOptions{ChildSectionDelimiter: "\x00"}),
		lines:   map[name][]int{},
		headers: map[string]int{},
	}
}

// begin makes sure of a section, so that an empty one is kept too.
func (f *file) begin(section string, line int) {
	if _, err := f.keys.NewSection(section); err == nil {
		f.headers[section] = line
	}
}

func (f *file) add(n name, value string, lines []int) error {
	section, err := f.keys.NewSection(n.section)
	if err != nil {
		return err
	}
	if _, err := section.NewKey(n.option, value); err != nil {
		return err
	}
	f.lines[n] = lines
	return nil
}

// section is the section as Values, named in file order; ok is false when the file has no such section.
func (f *file) section(sec string, src *Source) (names []string, values map[string]Value, ok bool) {
	if _, ok := f.headers[sec]; !ok {
		return nil, nil, false
	}
	s := f.keys.Section(sec)
	values = make(map[string]Value, len(s.Keys()))
	for _, k := range s.Keys() {
		names = append(names, k.Name())
		values[k.Name()] = Value{Text: k.Value(), Source: src, Lines: f.lines[name{sec, k.Name()}]}
	}
	return names, values, true
}
