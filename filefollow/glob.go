package filefollow

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
)

// A pattern is a glob's path, made absolute and cut at the slashes.
type pattern struct {
	parts []part
	wild  bool // some part has wildcards
}

// A part is one name of a pattern. With wildcards it is in filepath.Match's syntax.
type part struct {
	text string
	wild bool
}

// parsePattern reads a pattern in Python's syntax.
func parsePattern(s string) (pattern, error) {
	if s == "" {
		return pattern{}, errors.New("empty log path")
	}
	abs, err := filepath.Abs(s)
	if err != nil {
		return pattern{}, err
	}
	var p pattern
	for name := range strings.SplitSeq(strings.TrimPrefix(abs, "/"), "/") {
		if strings.ContainsAny(name, "*?[") {
			p.parts = append(p.parts, part{translate(name), true})
			p.wild = true
			continue
		}
		p.parts = append(p.parts, part{name, false})
	}
	return p, nil
}

// translate makes a part of Python's syntax one of filepath.Match's: [!a] is [^a], a backslash is nothing special, and
// a bracket that is never closed stands for itself.
func translate(name string) string {
	var b strings.Builder
	for i := 0; i < len(name); i++ {
		switch c := name[i]; c {
		case '\\':
			b.WriteString(`\\`)
		case '[':
			end := classEnd(name, i)
			if end < 0 {
				b.WriteString(`\[`)
				continue
			}
			b.WriteString(class(name[i+1 : end]))
			i = end
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

// classEnd is where the ']' stands that closes the class begun at i, -1 when none does.
func classEnd(name string, i int) int {
	from := i + 1
	if from < len(name) && name[from] == '!' {
		from++
	}
	if from < len(name) && name[from] == ']' {
		from++
	}
	end := strings.IndexByte(name[min(from, len(name)):], ']')
	if end < 0 {
		return -1
	}
	return from + end
}

func class(inside string) string {
	var b strings.Builder
	b.WriteByte('[')
	if strings.HasPrefix(inside, "!") {
		b.WriteByte('^')
		inside = inside[1:]
	}
	for i, c := range []byte(inside) {
		if c == '\\' || c == ']' || c == '^' || c == '-' && (i == 0 || i == len(inside)-1) {
			b.WriteByte('\\')
		}
		b.WriteByte(c)
	}
	b.WriteByte(']')
	return b.String()
}

func (p part) match(name string) bool {
	if !p.wild {
		return p.text == name
	}
	if strings.HasPrefix(name, ".") && !strings.HasPrefix(p.text, ".") {
		return false
	}
	ok, err := filepath.Match(p.text, name)
	return ok && err == nil
}

// split cuts an absolute path into its names.
func split(path string) []string { return strings.Split(strings.TrimPrefix(path, "/"), "/") }

// match tells whether the pattern matches the path of these names, and whether it matches below it.
func (p pattern) match(names []string) (at, below bool) {
	if len(names) > len(p.parts) {
		return false, false
	}
	for i, name := range names {
		if !p.parts[i].match(name) {
			return false, false
		}
	}
	return len(names) == len(p.parts), len(names) < len(p.parts)
}

// First is the first path that a glob's pattern matches now, "" when there is none. It looks no further than to that.
func First(glob string) string {
	p, err := parsePattern(glob)
	if err != nil {
		return ""
	}
	return first("/", p.parts)
}

func first(dir string, parts []part) string {
	names := []string{parts[0].text}
	if parts[0].wild {
		names = names[:0]
		entries, _ := os.ReadDir(dir)
		for _, e := range entries {
			if parts[0].match(e.Name()) {
				names = append(names, e.Name())
			}
		}
	}
	for _, name := range names {
		path := filepath.Join(dir, name)
		if len(parts) > 1 {
			path = first(path, parts[1:])
		} else if _, err := os.Lstat(path); err != nil {
			path = ""
		}
		if path != "" {
			return path
		}
	}
	return ""
}

// expand calls found with every path there is that the pattern matches, and watch with every directory in which
// another one may appear. A literal path is found even when nothing is there.
func (p pattern) expand(found, watch func(path string)) {
	expand("/", p.parts, !p.wild, found, watch)
}

func expand(dir string, parts []part, literal bool, found, watch func(string)) {
	part, last := parts[0], len(parts) == 1
	if !part.wild {
		expandLiteral(dir, parts, literal, found, watch)
		return
	}
	watch(dir)
	entries, err := os.ReadDir(dir)
	if err != nil {
		return
	}
	for _, e := range entries {
		if !part.match(e.Name()) {
			continue
		}
		path := filepath.Join(dir, e.Name())
		switch {
		case last && !e.IsDir():
			found(path)
		case !last && (e.IsDir() || e.Type()&os.ModeSymlink != 0):
			expand(path, parts[1:], literal, found, watch)
		}
	}
}

func expandLiteral(dir string, parts []part, literal bool, found, watch func(string)) {
	path := filepath.Join(dir, parts[0].text)
	if len(parts) == 1 {
		watch(dir)
		if _, err := os.Lstat(path); err == nil || literal {
			found(path)
		}
		return
	}
	_, err := os.Stat(path)
	if err != nil {
		watch(dir)
		_, err = os.Stat(path) // it may have been made before the watch stood
	}
	if err == nil {
		expand(path, parts[1:], literal, found, watch)
		return
	}
	if literal {
		for _, p := range parts[1:] {
			path = filepath.Join(path, p.text)
		}
		found(path)
	}
}
