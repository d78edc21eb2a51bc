package config

import (
	"errors"
	"path"
	"slices"
	"strings"

	"bailiff/jails/event"
)

// with is the group with one more value of a field, which is an alternative to those it has.
func with(g event.Group, field, value string) event.Group {
	for i := range g {
		if g[i].Field == field {
			g[i].Values = append(g[i].Values, value)
			return g
		}
	}
	return append(g, event.Term{Field: field, Values: []string{value}})
}

// and is the group that demands t too. ok is false when the two exclude each other. No field occurs twice in a group, so
// that it means the same to a journal, where terms of one field are alternatives.
func and(g event.Group, t event.Term) (both event.Group, ok bool) {
	both = slices.Clone(g)
	for i, have := range both {
		if have.Field != t.Field {
			continue
		}
		var common []string
		for _, v := range have.Values {
			if slices.Contains(t.Values, v) || slices.ContainsFunc(t.Globs, func(g string) bool { return globMatches(g, v) }) {
				common = append(common, v)
			}
		}
		both[i].Values = common
		return both, len(common) > 0
	}
	return append(both, t), true
}

func globMatches(glob, value string) bool {
	ok, err := path.Match(glob, value)
	return ok && err == nil
}

// splitShell parts a line into words as a POSIX shell does, without any expansion.
func splitShell(line string) ([]string, error) {
	var words []string
	var word strings.Builder
	inside := false
	for i := 0; i < len(line); i++ {
		switch c := line[i]; c {
		case ' ', '\t', '\r', '\n':
			if inside {
				words = append(words, word.String())
			}
			inside = false
			word.Reset()
		case '\'', '"':
			n, err := quotedWord(line[i:], &word)
			if err != nil {
				return nil, err
			}
			i += n
			inside = true
		case '\\':
			if i++; i == len(line) {
				return nil, errors.New("nothing stands behind the last backslash")
			}
			word.WriteByte(line[i])
			inside = true
		default:
			word.WriteByte(c)
			inside = true
		}
	}
	if inside {
		words = append(words, word.String())
	}
	return words, nil
}

// quotedWord reads a quoted part of a word; n is where its closing quote stands.
func quotedWord(s string, word *strings.Builder) (n int, err error) {
	for n = 1; n < len(s); n++ {
		switch {
		case s[n] == s[0]:
			return n, nil
		case s[0] == '"' && s[n] == '\\' && n+1 < len(s) && (s[n+1] == '"' || s[n+1] == '\\'):
			n++
		}
		word.WriteByte(s[n])
	}
	return 0, errors.New("a quote is not closed")
}
