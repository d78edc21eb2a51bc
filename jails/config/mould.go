package config

import (
	"encoding/binary"
	"slices"
	"strings"
	"unicode/utf8"

	"bailiff/jails/shell"
)

// A mould is an action resolved once for all jails that name it with the same parameters: most jails ban through the same
// one. Where the text of an input, a parameter or an option of the jail, came to stand, the mould has a hole.
//
// That is right as long as the text does nothing but stand there. An input whose text has references or tags of its own,
// or which makes the name of a tag such as <rule_<type>>, is closed: it gets no hole, and a mould is for one text of it.
type mould struct {
	extra    []named // the parameters that the action's files add
	combined *settings
	scripts  *settings
	holes    []int // the inputs that the mould has holes for
	closing  int   // an input that has to be closed, -1: none
}

// A foundry is the moulds of one configuration.
type foundry struct {
	moulds map[string]*mould   // nil: an action that cannot be cast
	closed map[string][]string // by action, the names of its inputs
	inputs []named             // of the action at hand: the jail's options, and then the parameters
	key    []byte
}

// A hole is the byte that begins it, which stands in no file since it is not UTF-8, and a byte that names the input.
const (
	hole      = 0xff
	firstHole = 0x80
	maxHoles  = shell.End - firstHole // the bytes behind are marks
	maxFilled = 4 << 10               // the length of a text that fills a hole
)

// mould finds the mould for an action of a jail, or casts it. It is nil when there is none.
func (t *tree) mould(j *jail, a *action) *mould {
	if !utf8.ValidString(t.dir) {
		return nil
	}
	f := &t.foundry
	f.inputs = append(append(f.inputs[:0], j.opts.list...), a.params.list...)
	for {
		f.identify(a.name)
		m, ok := f.moulds[string(f.key)]
		if !ok {
			m = t.cast(a, len(j.opts.list))
			f.moulds[string(f.key)] = m
		}
		if m == nil {
			return nil
		}
		misfit := m.misfit(f.inputs)
		if misfit < 0 {
			return m
		}
		f.closed[a.name] = append(f.closed[a.name], f.inputs[misfit].name)
	}
}

// identify makes the key of everything that a mould depends on.
func (f *foundry) identify(action string) {
	f.key = append(f.key[:0], action...)
	for i, in := range f.inputs {
		f.key = append(append(f.key, 0), in.name...)
		switch {
		case in.kind == void:
			f.key = append(f.key, 1)
		case !f.open(i, action):
			f.key = binary.AppendUvarint(append(f.key, 2), uint64(len(in.text())))
			f.key = append(f.key, in.text()...)
		}
	}
}

func (f *foundry) open(i int, action string) bool {
	return i < maxHoles && f.inputs[i].kind != void && !slices.Contains(f.closed[action], f.inputs[i].name)
}

// cast resolves the action with holes for its inputs. The first of them are the options of the jail.
func (t *tree) cast(a *action, options int) *mould {
	given := slices.Clone(t.inputs)
	for i := range given {
		if t.open(i, a.name) {
			given[i].setting = text(string([]byte{hole, firstHole + byte(i)}))
		}
	}
	quiet := *t
	quiet.report = &report{}
	params := &settings{given[options:]}
	m := &mould{closing: -1}
	m.combined, m.scripts = quiet.combine(a, &settings{given[:options]}, params)
	if len(quiet.faults)+len(quiet.warnings) > 0 {
		return nil
	}
	m.extra = params.list[len(given)-options:]
	for _, o := range slices.Concat(m.combined.list, m.scripts.list) {
		m.find(o.text())
	}
	return m
}

// find notes the holes of a text.
func (m *mould) find(s string) {
	for at := 0; ; at += 2 {
		i := strings.IndexByte(s[at:], hole)
		if i < 0 {
			return
		}
		at += i
		input := int(s[at+1]) - firstHole
		if !slices.Contains(m.holes, input) {
			m.holes = append(m.holes, input)
		}
		begin, end := strings.LastIndexAny(s[:at], "<> "), strings.IndexAny(s[at:], "<> ")
		if begin >= 0 && end >= 0 && s[begin] == '<' && s[at+end] == '>' {
			m.closing = input
		}
	}
}

// misfit is an input that does more than to fill its hole, or -1.
func (m *mould) misfit(inputs []named) int {
	for _, i := range m.holes {
		if s := inputs[i].text(); strings.ContainsAny(s, "<>%") || len(s) > maxFilled {
			return i
		}
	}
	return m.closing
}

// fill makes the action of the mould.
func (t *tree) fill(m *mould, a *action) {
	a.extra = m.extra
	a.combined, a.scripts = t.filledAll(m.combined), t.filledAll(m.scripts)
}

func (t *tree) filledAll(s *settings) *settings {
	made := &settings{slices.Clone(s.list)}
	for i := range made.list {
		if o := &made.list[i]; strings.IndexByte(o.value, hole) >= 0 {
			o.value = t.filled(o.value)
		}
	}
	return made
}

// filled is a text with its holes filled.
func (t *tree) filled(s string) string {
	if len(s) == 2 {
		return t.inputs[s[1]-firstHole].value
	}
	b := t.room.value[:0]
	for i := strings.IndexByte(s, hole); i >= 0; i = strings.IndexByte(s, hole) {
		b = append(append(b, s[:i]...), t.inputs[s[i+1]-firstHole].value...)
		s = s[i+2:]
	}
	t.room.value = append(b, s...)
	return string(t.room.value)
}
