package ini

import (
	"slices"

	"gopkg.in/ini.v1"
)

// DefaultSection is the section whose options every other section of a Set sees.
const DefaultSection = "DEFAULT"

// A file is one parsed file. gopkg.in/ini.v1 keeps its sections and keys in order; line numbers stand beside, for its
// keys have none.
type file struct {
	keys    *ini.File
	lines   map[string][][]int // by section, for each of its keys the line numbers of its value
	headers map[string]int     // the line of each section's header
	parsed  []parsed
}

func newFile() *file {
	return &file{
		// No section inherits from another: fail2ban's names may hold dots. Nothing is read by ini.v1 itself.
		keys:    ini.Empty(ini.LoadOptions{ChildSectionDelimiter: "\x00"}),
		lines:   map[string][][]int{},
		headers: map[string]int{},
	}
}

// begin makes sure of a section, so that an empty one is kept too.
func (f *file) begin(section string, line int) (*ini.Section, error) {
	s, err := f.keys.NewSection(section)
	if err == nil && f.headers[section] == 0 {
		f.headers[section] = line
	}
	return s, err
}

func (f *file) add(s *ini.Section, option, value string, lines []int) error {
	if _, err := s.NewKey(option, value); err != nil {
		return err
	}
	f.lines[s.Name()] = append(f.lines[s.Name()], lines)
	return nil
}

// line is where an option was set.
func (f *file) line(s *ini.Section, option string) int {
	return f.lines[s.Name()][slices.Index(s.KeyStrings(), option)][0]
}

// values are the sections in file order, made once.
func (f *file) values(src *Source) []parsed {
	if f.parsed != nil {
		return f.parsed
	}
	for _, s := range f.keys.Sections() {
		line, ok := f.headers[s.Name()]
		if !ok {
			continue
		}
		p := parsed{header: s.Name(), at: &Place{src, []int{line}}}
		p.name, p.condition = conditional(p.header)
		keys := s.Keys()
		p.options = make([]entry, 0, len(keys))
		places := make([]Place, len(keys))
		for i, k := range keys {
			places[i] = Place{src, f.lines[p.header][i]}
			v := Value{k.Value(), &places[i]}
			p.options = append(p.options, entry{k.Name() + p.condition, v})
		}
		f.parsed = append(f.parsed, p)
	}
	return f.parsed
}

// A parsed section belongs to the section name, its options under their conditional names.
type parsed struct {
	header, name, condition string
	at                      *Place
	options                 []entry
}

type entry struct {
	name  string
	value Value
}
