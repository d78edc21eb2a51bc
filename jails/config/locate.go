package config

import (
	"strings"

	"bailiff/jails/ini"
)

// A written is an option as its author wrote it, with what its references are resolved by.
type written struct {
	ini.Value
	section, option string
	set             *ini.Set
	def             *definition // nil for an option of a jail, where tags are not replaced
	filter          *definition // of a jail's option: what known/ refers to
}

// A spot is a place in somebody's own text.
type spot struct {
	*written
	n    int    // which line of the option
	line string // its text
	at   int    // which byte of it
}

// written is an option of the filter as written, in the jail or else in the filter's files.
func (s *section) written(option string) (*written, bool) {
	if _, ok := s.get(option); ok {
		v, ok := s.all.Raw(s.jail.name, option)
		return &written{Value: v, section: s.jail.name, option: option, set: s.all, filter: s.jail.filter}, ok
	}
	if s.jail.filter == nil {
		return nil, false
	}
	return s.jail.filter.written(definitionSection, option)
}

func (d *definition) written(section, option string) (*written, bool) {
	v, ok := d.set.Raw(section, option)
	return &written{Value: v, section: section, option: option, set: d.set, def: d}, ok
}

// resolved is a part of the option as it is when it runs.
func (w *written) resolved(part string) string {
	if w.def == nil {
		v, _ := w.set.Expand(w.section, w.option, ini.Value{Text: part, Place: w.Place}, nil)
		return v.Text
	}
	v, _ := w.set.Expand(w.section, w.option, ini.Value{Text: part, Place: w.Place}, &w.def.given)
	one := newSettings()
	one.set(w.option, text(v.Text))
	all := w.def.own.with(w.def.params).with(one)
	if err := w.def.tree.room.substitute(all, nil, w.def.lookup); err != nil {
		return part
	}
	return all.text(w.option)
}

// locate finds what byte p of the resolved option was written as.
func (w *written) locate(p, depth int) (spot, bool) {
	for i, line := range strings.Split(w.Text, "\n") {
		n := len(w.resolved(line))
		if p <= n {
			return w.within(spot{w, i, line, 0}, p, depth)
		}
		p -= n + 1
	}
	return spot{}, false
}

// within goes over a line piece by piece: text stands for itself, a reference is followed.
func (w *written) within(s spot, p, depth int) (spot, bool) {
	const deepest = 10
	for s.at < len(s.line) {
		piece, isRef := nextPiece(s.line[s.at:])
		resolved := w.resolved(piece)
		n, isRef := len(resolved), isRef && resolved != piece
		if p > n || p == n && s.at+len(piece) < len(s.line) {
			p -= n
			s.at += len(piece)
			continue
		}
		if !isRef {
			s.at += min(p, len(piece))
			return s, true
		}
		if next, ok := w.follow(piece); ok && depth < deepest {
			if deeper, ok := next.locate(p, depth+1); ok {
				return deeper, true
			}
		}
		return s, true
	}
	s.at = 0
	return s, true
}

// nextPiece is a reference, a tag, an escaped percent sign, or text up to the next of them.
func nextPiece(s string) (piece string, isRef bool) {
	if strings.HasPrefix(s, "%%") {
		return s[:2], false
	}
	if end := strings.Index(s, ")s"); strings.HasPrefix(s, "%(") && end > 0 {
		return s[:end+2], true
	}
	if end := tagEnd(s); end > 0 {
		return s[:end], true
	}
	if n := strings.IndexAny(s[1:], "%<"); n >= 0 {
		return s[:n+1], false
	}
	return s, false
}

// tagEnd is the length of the tag that s begins with, whose name may have tags in it; 0 when there is none.
func tagEnd(s string) int {
	depth := 0
	for i := range len(s) {
		switch s[i] {
		case '<':
			depth++
		case '>':
			depth--
		case ' ':
			return 0
		}
		if depth == 0 && i == 0 {
			return 0
		}
		if depth == 0 {
			return i + 1
		}
	}
	return 0
}

// follow is the option that a reference or a tag stands for, if a file says what it is.
func (w *written) follow(piece string) (*written, bool) {
	if tag, ok := strings.CutPrefix(piece, "<"); ok {
		return w.followTag(w.resolved(strings.TrimSuffix(tag, ">")))
	}
	ref := strings.ToLower(piece[2 : len(piece)-2])
	option := ref[strings.LastIndexByte(ref, '/')+1:]
	if w.filter != nil && strings.HasPrefix(ref, knownPrefix) {
		return w.filter.written(definitionSection, option)
	}
	var vars ini.Vars
	if w.def != nil {
		vars = &w.def.given
	}
	v, ok := w.set.Referred(w.section, ref, vars)
	next := *w
	next.Value, next.option = v, option
	return &next, ok && v.Place != nil
}

func (w *written) followTag(tag string) (*written, bool) {
	if w.def == nil {
		return nil, false
	}
	if section, option, ok := strings.Cut(tag, "/"); ok {
		return w.def.written(section, option)
	}
	if v, ok := w.def.params.get(tag); ok {
		init, found := w.def.written(initSection, tag)
		return init, found && init.Place == v.from
	}
	return w.def.written(definitionSection, tag)
}

// home is the section that an option really stands in.
func (w *written) home() string {
	if _, ok := w.set.Own(w.section, w.option); ok {
		return w.section
	}
	return ini.DefaultSection
}
