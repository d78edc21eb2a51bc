package config

import (
	"fmt"
	"strings"
	"unicode"
)

// parseList reads `name[opt=val, opt="v,1"][opt2='x']`. A value ends at a comma or at the group's end unless it is
// quoted; there are no escapes.
func parseList(s string) (name string, opts *settings, err error) {
	opts = &settings{list: make([]named, 0, 8)}
	open := strings.IndexByte(s, '[')
	if open < 0 {
		open = len(s)
	}
	if open == 0 {
		return "", nil, fmt.Errorf("a name is missing before %s", quoted(s))
	}
	name = s[:open]
	body, ok := brackets(s[open:])
	if !ok {
		return "", nil, fmt.Errorf("%s does not end with ]", quoted(s[open:]))
	}
	for body != "" {
		if body, err = parseOne(body, opts); err != nil {
			return "", nil, err
		}
	}
	return name, opts, nil
}

// brackets is what stands between the first bracket and the last.
func brackets(s string) (body string, ok bool) {
	if s == "" {
		return "", true
	}
	s = strings.TrimRightFunc(s, unicode.IsSpace)
	if !strings.HasSuffix(s, "]") {
		return "", false
	}
	return s[1 : len(s)-1], true
}

// parseOne reads one `opt=val` and what parts it from the next; rest is empty at the end.
func parseOne(s string, opts *settings) (rest string, err error) {
	t := strings.TrimLeftFunc(s, unicode.IsSpace)
	n := strings.IndexFunc(t, notOptionName)
	if n <= 0 || t[n] != '=' {
		if strings.TrimFunc(strings.TrimPrefix(t, ","), unicode.IsSpace) == "" {
			return "", nil
		}
		return "", fmt.Errorf("an option is expected at %s", quoted(t))
	}
	value, rest := parseValue(t[n+1:])
	opts.set(t[:n], text(strings.TrimSpace(value)))
	if rest == "" || rest == "\n" {
		return "", nil
	}
	if rest[0] == ',' {
		return rest[1:], nil
	}
	if group := strings.TrimLeftFunc(rest[1:], unicode.IsSpace); rest[0] == ']' && strings.HasPrefix(group, "[") {
		return group[1:], nil
	}
	return "", fmt.Errorf("a comma is expected after option %s at %s", t[:n], quoted(rest))
}

func parseValue(s string) (value, rest string) {
	if s != "" && (s[0] == '"' || s[0] == '\'') {
		if end := strings.IndexByte(s[1:], s[0]); end >= 0 {
			return s[1 : 1+end], s[2+end:]
		}
	}
	if end := strings.IndexAny(s, ",]"); end >= 0 {
		return s[:end], s[end:]
	}
	return s, ""
}

func notOptionName(r rune) bool { return r != '-' && r != '.' && notWord(r) }

func notWord(r rune) bool { return r != '_' && !unicode.IsLetter(r) && !unicode.IsNumber(r) }

func quoted(s string) string {
	if r := []rune(s); len(r) > 30 {
		s = string(r[:27]) + "..."
	}
	return fmt.Sprintf("%q", s)
}

// maxList is how long a list of actions may be.
const maxList = 64 << 10

// splitList parts a list of actions at blanks and line ends outside of brackets.
func splitList(s string) []string {
	var all []string
	for {
		s = strings.TrimLeftFunc(s, unicode.IsSpace)
		if s == "" {
			return all
		}
		n := listItem(s)
		all = append(all, strings.TrimSpace(s[:n]))
		s = s[n:]
	}
}

// isFragment reports whether an item is but a piece of the brackets of one before it, which could not
// be read.
func isFragment(item string) bool {
	return strings.ContainsAny(item, `="'],`) && !strings.Contains(item, "[")
}

// listItem is the length of the first item: a name with well-formed options, which blanks may precede, or else all up to
// the next blank.
func listItem(s string) int {
	word := strings.IndexFunc(s, unicode.IsSpace)
	if word < 0 {
		word = len(s)
	}
	name := strings.IndexFunc(s, func(r rune) bool { return r == '[' || unicode.IsSpace(r) })
	if name <= 0 {
		return word
	}
	options := s[name:]
	group := strings.TrimLeftFunc(options, unicode.IsSpace)
	if !strings.HasPrefix(group, "[") {
		return word
	}
	if n := optionGroups(group[1:]); n > 0 {
		end := name + len(options) - len(group) + 1 + n
		if end == len(s) || unicode.IsSpace(rune(s[end])) {
			return end
		}
	}
	return word
}

// optionGroups is the length of the options up to and with the bracket that ends the last group, or 0.
func optionGroups(s string) int {
	at := 0
	skip := func() { at += len(s[at:]) - len(strings.TrimLeftFunc(s[at:], unicode.IsSpace)) }
	for {
		skip()
		if strings.HasPrefix(s[at:], "]") {
			at++
			was := at
			skip()
			if !strings.HasPrefix(s[at:], "[") {
				return was
			}
			at++
			continue
		}
		n := strings.IndexFunc(s[at:], notOptionName)
		if n <= 0 || s[at+n] != '=' {
			return 0
		}
		_, rest := parseValue(s[at+n+1:])
		at = len(s) - len(rest)
		skip()
		if strings.HasPrefix(s[at:], ",") {
			at++
		}
	}
}
