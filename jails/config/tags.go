package config

import (
	"fmt"
	"strings"
)

const (
	maxTagUses  = 25        // how often one tag may be replaced within one value
	maxTagValue = 1 << 20   // bytes that a value may grow to
	maxTagWork  = 256 << 20 // bytes read while the tags of one filter or action are replaced
)

// A tagError says why the tags of an option cannot be replaced.
type tagError struct{ option, message string }

// substitute replaces every <tag> in the values by the option of that name, the innermost first and again until nothing
// changes. Tags of unknown options stay: they may be regex tags such as <HOST>, or shell. An option in ignore is
// neither replaced nor are its own tags. more finds options that the values do not have.
func substitute(values *settings, ignore map[string]bool, more func(tag string) (string, bool)) (*settings, *tagError) {
	s := substitution{values: values.with(newSettings()), ignore: ignore, more: more,
		uses: map[string]map[string]int{}, done: map[string]bool{}}
	for again := true; again; {
		again = false
		for _, option := range values.names {
			if ignore[option] || s.done[option] {
				continue
			}
			repeat, err := s.option(option)
			if err != nil {
				return nil, err
			}
			again = again || repeat
		}
	}
	return s.values, nil
}

type substitution struct {
	values *settings
	ignore map[string]bool
	more   func(tag string) (string, bool)
	uses   map[string]map[string]int // by option, of those whose new value has tags again
	done   map[string]bool
	work   int
}

// option replaces the tags of one option once from left to right; again tells that the new value may have tags.
func (s *substitution) option(option string) (again bool, err *tagError) {
	was := s.values.values[option]
	old := was.text()
	uses := s.uses[option]
	if uses == nil {
		uses = map[string]int{}
	}
	value, err := s.replace(option, old, uses)
	if err != nil {
		return false, err
	}
	if value != old {
		if _, _, found := nextTag(value, 0); found {
			s.uses[option], again = uses, true
		}
		was.value = value
		s.values.values[option] = was
	}
	s.done[option] = !strings.Contains(value, "<")
	return again, nil
}

func (s *substitution) replace(option, value string, uses map[string]int) (string, *tagError) {
	start, end, found := nextTag(value, 0)
	for found {
		tag := value[start+1 : end-1]
		if s.ignore[tag] {
			start, end, found = nextTag(value, end)
			continue
		}
		if tag == option || uses[tag] > maxTagUses {
			return "", &tagError{option, fmt.Sprintf("<%s> refers to itself", tag)}
		}
		by, ok := s.tag(tag)
		if !ok {
			start, end, found = nextTag(value, end)
			continue
		}
		value = strings.ReplaceAll(value, value[start:end], by)
		uses[tag]++
		if s.work += len(value); len(value) > maxTagValue || s.work > maxTagWork {
			return "", &tagError{option, fmt.Sprintf("the value grows too large with <%s>", tag)}
		}
		start, end, found = nextTag(value, min(start, len(value)))
	}
	return value, nil
}

func (s *substitution) tag(tag string) (string, bool) {
	if v, ok := s.values.get(tag); ok && v.value != nil {
		return v.text(), true
	}
	return s.more(tag)
}

// nextTag finds the next <tag> at or after from. A tag has neither blanks nor angle brackets in it.
func nextTag(s string, from int) (start, end int, found bool) {
	for i := from; i < len(s); {
		open := strings.IndexByte(s[i:], '<')
		if open < 0 {
			return 0, 0, false
		}
		start = i + open
		n := strings.IndexAny(s[start+1:], " <>")
		if n < 0 {
			return 0, 0, false
		}
		end = start + 1 + n
		if s[end] == '>' && n > 0 {
			return start, end + 1, true
		}
		i = end
		if s[end] != '<' {
			i++
		}
	}
	return 0, 0, false
}
