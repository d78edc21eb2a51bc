package ini

import (
	"slices"

	"gopkg.in/ini.v1"
)

// DefaultSection is the section whose options every other section of a Set sees.
const DefaultSection = "DEFAULT"

// A file is one parsed file: its sections in order. Sets share them.
type file struct{ sections []parsed }

// A parsed section overlays the section of the name, its options under their conditional names.
type parsed struct {
	name string
	*Section
}

func (f *file) own(section, option string) (Value, bool) {
	for _, p := range f.sections {
		if p.name == section {
			return p.get(option)
		}
	}
	return Value{}, false
}

func (f *file) has(section string) bool {
	return slices.ContainsFunc(f.sections, func(p parsed) bool { return p.name == section })
}

// A draft is a file while it is read. gopkg.in/ini.v1 keeps its sections and keys in order; line numbers stand beside,
// for its keys have none.
type draft struct {
	*shelf
	source   *Source
	headings []*heading
}

// A heading is a section of a draft.
type heading struct {
	*ini.Section
	line int // of its header
	keys []key
}

type key struct {
	*ini.Key
	at Place
}

// A shelf is what one draft after another is kept on.
type shelf struct {
	keys  *ini.File
	lines []int
}

func newShelf() shelf {
	// No section inherits from another: fail2ban's names may hold dots. Nothing is read by ini.v1 itself.
	keys := ini.Empty(ini.LoadOptions{ChildSectionDelimiter: "\x00"})
	keys.BlockMode = false // nobody shares it
	return shelf{keys: keys}
}

// keep copies line numbers into memory that many values share.
func (s *shelf) keep(lines ...int) []int {
	const chunk = 2048
	if cap(s.lines)-len(s.lines) < len(lines) {
		s.lines = make([]int, 0, max(chunk, len(lines)))
	}
	from := len(s.lines)
	s.lines = append(s.lines, lines...)
	return slices.Clip(s.lines[from:])
}

func (d *draft) heading(name string) *heading {
	for _, h := range d.headings {
		if h.Name() == name {
			return h
		}
	}
	return nil
}

// begin makes sure of a section, so that an empty one is kept too.
func (d *draft) begin(section string, line int) (*heading, error) {
	if h := d.heading(section); h != nil {
		return h, nil
	}
	s, err := d.keys.NewSection(section)
	if err != nil {
		return nil, err
	}
	h := &heading{Section: s, line: line, keys: make([]key, 0, 4)}
	d.headings = append(d.headings, h)
	return h, nil
}

func (d *draft) add(h *heading, option, value string, lines []int) error {
	k, err := h.NewKey(option, value)
	if err != nil {
		return err
	}
	h.keys = append(h.keys, key{k, Place{d.source, d.keep(lines...)}})
	return nil
}

func (h *heading) find(option string) *key {
	for i := range h.keys {
		if h.keys[i].Name() == option {
			return &h.keys[i]
		}
	}
	return nil
}

// finish takes the sections off the shelf, which the next file needs.
func (d *draft) finish() *file {
	f := &file{sections: make([]parsed, len(d.headings))}
	for i, h := range d.headings {
		f.sections[i] = h.section(&Place{d.source, d.keep(h.line)})
		d.shelf.keys.DeleteSection(h.Name())
	}
	return f
}

func (h *heading) section(at *Place) parsed {
	name, condition := conditional(h.Name())
	sec := &Section{names: make([]string, len(h.keys)), values: make([]Value, len(h.keys)), at: at, shared: true}
	for i := range h.keys {
		k := &h.keys[i]
		sec.names[i], sec.values[i] = k.Name()+condition, Value{k.Value(), &k.at}
	}
	sec.number()
	return parsed{name, sec}
}
