package config

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"bailiff/jails/shell"
)

const (
	maxTagUses  = 25        // how often one tag may be replaced within one value
	maxTagValue = 1 << 20   // bytes that a value may grow to
	maxTagWork  = 256 << 20 // bytes and options read while the tags of one filter or action are replaced
)

// A tagError says why the tags of an option cannot be replaced.
type tagError struct{ option, message string }

// substitute replaces every <tag> in the values by the option of that name, the innermost first and again until nothing
// changes, and changes the values in place. Tags of unknown options stay: they may be regex tags such as <HOST>, or
// shell. An option in ignore is neither replaced nor are its own tags. more finds options that the values do not have.
func (r *room) substitute(values *settings, ignore []string, more func(tag []byte) (string, bool)) *tagError {
	s := substitution{room: r, values: values, ignore: ignore, more: more, states: make([]state, len(values.list))}
	return s.all()
}

// mark is substitute for some of the options, with every text that is put in between shell's marks: a script is then
// known from what it was made of.
func (r *room) mark(values *settings, options, ignore []string, more func(tag []byte) (string, bool)) *tagError {
	s := substitution{room: r, values: values, ignore: ignore, more: more, states: make([]state, len(values.list)), marked: true}
	for i := range values.list {
		s.states[i].done = !slices.Contains(options, values.list[i].name)
	}
	return s.all()
}

func (s *substitution) all() *tagError {
	values, ignore := s.values, s.ignore
	for again := true; again; {
		again = false
		for i := range values.list {
			if s.states[i].done || slices.Contains(ignore, values.list[i].name) {
				continue
			}
			repeat, err := s.option(i)
			if err != nil {
				return err
			}
			again = again || repeat
		}
	}
	return nil
}

type substitution struct {
	*room
	values *settings
	ignore []string
	more   func(tag []byte) (string, bool)
	states []state // by option
	work   int
	marked bool // what takes a tag's place is put between marks
}

type state struct {
	done bool   // there are no tags to replace
	uses counts // of an option whose new value has tags again
}

// A room is memory that one substitution after another uses.
type room struct {
	value, next []byte // the value being made, and its successor
	now         counts // of the option being made
	within      bool   // a tag was replaced where another may be open
}

// option replaces the tags of one option once from left to right; again tells that the new value may have tags which
// were not seen.
func (s *substitution) option(i int) (again bool, err *tagError) {
	o := &s.values.list[i]
	old := o.text()
	if !strings.Contains(old, "<") {
		s.states[i].done = true
		return false, nil
	}
	s.value = append(s.value[:0], old...)
	s.now, s.within = append(s.now[:0], s.states[i].uses...), false
	if err := s.replace(o.name); err != nil {
		return false, err
	}
	if string(s.value) == old { // its tags will not be found in another pass either
		s.states[i].done = true
		return false, nil
	}
	o.value, o.kind = string(s.value), str
	if s.states[i].done = !s.within; s.within {
		s.states[i].uses = slices.Clone(s.now)
	}
	return s.within, nil
}

func (s *substitution) replace(option string) *tagError {
	start, end, found := nextTag(s.value, 0)
	for found {
		tag := s.value[start+1 : end-1]
		if s.marked {
			tag = unmarked(tag)
		}
		if s.ignored(tag) {
			start, end, found = nextTag(s.value, end)
			continue
		}
		if string(tag) == option || s.now.of(tag) > maxTagUses {
			return &tagError{option, fmt.Sprintf("<%s> refers to itself", tag)}
		}
		name, by, ok := s.tag(tag)
		if !ok {
			start, end, found = nextTag(s.value, end)
			continue
		}
		s.now.add(name)
		s.within = s.within || opened(s.value[:start])
		s.everywhere(start, end, by)
		if s.work += len(s.value) + len(s.values.list); len(s.value) > maxTagValue || s.work > maxTagWork {
			return &tagError{option, fmt.Sprintf("the value of %d bytes grows too large with its tags", len(s.value))}
		}
		start, end, found = nextTag(s.value, min(start, len(s.value)))
	}
	return nil
}

// unmarked is a tag's name without the marks of what it was made of.
func unmarked(tag []byte) []byte {
	return bytes.ReplaceAll(bytes.ReplaceAll(tag, []byte{shell.Begin}, nil), []byte{shell.End}, nil)
}

// opened tells whether a tag that begins in text may end behind it.
func opened(text []byte) bool {
	i := bytes.LastIndexAny(text, "<> ")
	return i >= 0 && text[i] == '<'
}

func (s *substitution) ignored(tag []byte) bool {
	return slices.ContainsFunc(s.ignore, func(name string) bool { return name == string(tag) })
}

// everywhere replaces the text from start to end, and wherever else it stands behind it.
func (s *substitution) everywhere(start, end int, by string) {
	what := s.value[start:end]
	s.next = append(s.next[:0], s.value[:start]...)
	rest := s.value[start:]
	for {
		n := bytes.Index(rest, what)
		if n < 0 {
			break
		}
		s.next = append(s.next, rest[:n]...)
		if s.marked {
			s.next = append(append(append(s.next, shell.Begin), by...), shell.End)
		} else {
			s.next = append(s.next, by...)
		}
		rest = rest[n+len(what):]
	}
	s.next = append(s.next, rest...)
	s.value, s.next = s.next, s.value
}

// counts are how often each tag was replaced; they are few.
type counts []count

type count struct {
	tag string
	n   int
}

func (c counts) of(tag []byte) int {
	for _, u := range c {
		if u.tag == string(tag) {
			return u.n
		}
	}
	return 0
}

func (c *counts) add(tag string) {
	for i := range *c {
		if (*c)[i].tag == tag {
			(*c)[i].n++
			return
		}
	}
	*c = append(*c, count{tag, 1})
}

// tag is the option that a tag stands for.
func (s *substitution) tag(tag []byte) (name, text string, ok bool) {
	for i := range s.values.list {
		if o := &s.values.list[i]; o.name == string(tag) && o.kind != void {
			return o.name, o.text(), true
		}
	}
	text, ok = s.more(tag)
	if ok {
		name = string(tag)
	}
	return name, text, ok
}

// nextTag finds the next <tag> at or after from. A tag has neither blanks nor angle brackets in it.
func nextTag(s []byte, from int) (start, end int, found bool) {
	open := -1
	for i := from; i < len(s); i++ {
		switch s[i] {
		case '<':
			open = i
		case ' ':
			open = -1
		case '>':
			if open >= 0 && i > open+1 {
				return open, i + 1, true
			}
			open = -1
		default:
			if open < 0 {
				n := bytes.IndexByte(s[i:], '<')
				if n < 0 {
					return 0, 0, false
				}
				i += n - 1
			}
		}
	}
	return 0, 0, false
}
