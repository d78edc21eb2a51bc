package ini

import (
	"gopkg.in/ini.v1"
)

// DefaultSection is the section whose options every other section of a Set sees.
const DefaultSection = "DEFAULT"

// A file is one parsed file. While it is read gopkg.in/ini.v1 keeps its sections and keys in order; line numbers stand
// beside, for its keys have none.
type file struct {
	keys    *ini.File
	lines   map[string][][]int        // by section, for each of its keys the line numbers of its value
	index   map[string]map[string]int // by section, which of its keys an option is
	headers map[string]int            // the line of each section's header
	parsed  []parsed                  // the sections in the file's order. Sets share them
}

// newKeys is room for the sections and keys of one file after another.
func newKeys() *ini.File {
	// No section inherits from another: fail2ban's names may hold dots. Nothing is read by ini.v1 itself.
	keys := ini.Empty(ini.LoadOptions{ChildSectionDelimiter: "\x00"})
	keys.BlockMode = false // nobody shares it
	return keys
}

func newFile(keys *ini.File) *file {
	return &file{keys: keys, lines: map[string][][]int{}, index: map[string]map[string]int{}, headers: map[string]int{}}
}

// begin makes sure of a section, so that an empty one is kept too.
func (f *file) begin(section string, line int) (*ini.Section, error) {
	s, err := f.keys.NewSection(section)
	if err == nil && f.headers[section] == 0 {
		f.headers[section], f.index[section] = line, map[string]int{}
	}
	return s, err
}

func (f *file) add(s *ini.Section, option, value string, lines []int) error {
	if _, err := s.NewKey(option, value); err != nil {
		return err
	}
	f.index[s.Name()][option] = len(f.lines[s.Name()])
	f.lines[s.Name()] = append(f.lines[s.Name()], lines)
	return nil
}

// line is where an option was set, 0 when it was not.
func (f *file) line(s *ini.Section, option string) int {
	if i, ok := f.index[s.Name()][option]; ok {
		return f.lines[s.Name()][i][0]
	}
	return 0
}

func (f *file) has(section, option string) bool {
	_, ok := f.index[section][option]
	return ok
}

// close moves the sections out of keys, which the next file needs.
func (f *file) close(src *Source) {
	for _, s := range f.keys.Sections() {
		if line, ok := f.headers[s.Name()]; ok {
			f.parsed = append(f.parsed, f.section(s, line, src))
		}
		f.keys.DeleteSection(s.Name())
	}
	f.keys, f.lines = nil, nil
}

func (f *file) section(s *ini.Section, line int, src *Source) parsed {
	name, condition := conditional(s.Name())
	keys := s.Keys()
	places, sec := make([]Place, len(keys)), newSection(len(keys))
	sec.at, sec.shared = &Place{src, []int{line}}, true
	for i, k := range keys {
		places[i] = Place{src, f.lines[s.Name()][i]}
		sec.put(k.Name()+condition, Value{k.Value(), &places[i]})
	}
	return parsed{name, sec}
}

// A parsed section overlays the section of the name, its options under their conditional names.
type parsed struct {
	name string
	*Section
}
