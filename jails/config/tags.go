package config

import (
	"fmt"
	"strings"
)

const (
	maxTagUses  = 25        // how often one tag may be replaced within one value
	maxTagValue = 1 << 20   // bytes that a value may grow to
	maxTagWork  = 256 << 20 // bytes and options read while the tags of one filter or action are replaced
)

// A tagError says why the tags of an option cannot be replaced.
type tagError struct{ option, message string }

// substitute replaces every <tag> in the values by the option of that name, the innermost first and again until nothing
// changes, and changes the values in place. Tags of unknown options stay: they may be regex tags such as <HOST>, or shell. An option in ignore is
// neither replaced nor are its own tags. more finds options that the values do not have.
func substitute(values *settings, ignore map[string]bool, more func(tag string) (string, bool)) *tagError {
	s := substitution{values: values, ignore: ignore, more: more, uses: make([]counts, len(values.list)), done: make([]bool, len(values.list))}
	for again := true; again; {
		again = false
		for i := range values.list {
			if s.done[i] || ignore[values.list[i].name] {
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
	values *settings
	ignore map[string]bool
	more   func(tag string) (string, bool)
	uses   []counts // by option, of those whose new value has tags again
	done   []bool   // by option, those without tags
	work   int
}

// option replaces the tags of one option once from left to right; again tells that the new value may have tags.
func (s *substitution) option(i int) (again bool, err *tagError) {
	o := &s.values.list[i]
	old := o.text()
	if _, _, found := nextTag(old, 0); !found {
		s.done[i] = !strings.Contains(old, "<")
		return false, nil
	}
	uses := s.uses[i]
	value, err := s.replace(o.name, old, &uses)
	if err != nil {
		return false, err
	}
	if value != old {
		if _, _, found := nextTag(value, 0); found {
			s.uses[i], again = uses, true
		}
		o.value = value
	}
	s.done[i] = !strings.Contains(value, "<")
	return again, nil
}

func (s *substitution) replace(option, value string, uses *counts) (string, *tagError) {
	start, end, found := nextTag(value, 0)
	for found {
		tag := value[start+1 : end-1]
		if s.ignore[tag] {
			start, end, found = nextTag(value, end)
			continue
		}
		if tag == option || uses.of(tag) > maxTagUses {
			return "", &tagError{option, fmt.Sprintf("<%s> refers to itself", tag)}
		}
		by, ok := s.tag(tag)
		if !ok {
			start, end, found = nextTag(value, end)
			continue
		}
		value = strings.ReplaceAll(value, value[start:end], by)
		uses.add(tag)
		if s.work += len(value) + len(s.values.list); len(value) > maxTagValue || s.work > maxTagWork {
			return "", &tagError{option, fmt.Sprintf("the value grows too large with <%s>", tag)}
		}
		start, end, found = nextTag(value, min(start, len(value)))
	}
	return value, nil
}

// counts are how often each tag was replaced; they are few.
type counts []struct {
	tag string
	n   int
}

func (c *counts) of(tag string) int {
	for _, u := range *c {
		if u.tag == tag {
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
	*c = append(*c, struct {
		tag string
		n   int
	}{tag, 1})
}

func (s *substitution) tag(tag string) (string, bool) {
	if text, ok := s.values.Lookup(tag); ok {
		return text, true
	}
	return s.more(tag)
}

// nextTag finds the next <tag> at or after from. A tag has neither blanks nor angle brackets in it.
func nextTag(s string, from int) (start, end int, found bool) {
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
				n := strings.IndexByte(s[i:], '<')
				if n < 0 {
					return 0, 0, false
				}
				i += n - 1
			}
		}
	}
	return 0, 0, false
}
