package config

import (
	"slices"
	"strings"

	"bailiff/jails/ini"
)

// A setting is the value of an option as fail2ban pastes it into texts, and what it is to fail2ban.
type setting struct {
	value string // True or False when it is boolean, decimal digits when it is an integer
	kind  kind
	from  *ini.Place // where it was written; nil: nowhere
}

type kind uint8

const (
	void kind = iota // an option that exists and has no value
	str
	boolean
	integer
)

const (
	yes = "True"
	no  = "False"
)

func text(s string) setting { return setting{value: s, kind: str} }

func fromValue(v ini.Value) setting { return setting{v.Text, str, v.Place} }

// text is the value as a text.
func (s *setting) text() string {
	if s.kind == void {
		return "None"
	}
	return s.value
}

// settings are options in the order in which they were first set, which is the order of the command stream. They are few:
// looking one up by going over them is faster than keeping a map.
type settings struct{ list []named }

type named struct {
	name string
	setting
}

func newSettings() *settings { return &settings{} }

func (s *settings) index(name string) int {
	for i := range s.list {
		if s.list[i].name == name {
			return i
		}
	}
	return -1
}

func (s *settings) set(name string, v setting) {
	if i := s.index(name); i >= 0 {
		s.list[i].setting = v
		return
	}
	s.list = append(s.list, named{name, v})
}

// drop makes an option one that is not set.
func (s *settings) drop(name string) {
	s.list = slices.DeleteFunc(s.list, func(n named) bool { return n.name == name })
}

func (s *settings) get(name string) (setting, bool) {
	if i := s.index(name); i >= 0 {
		return s.list[i].setting, true
	}
	return setting{}, false
}

func (s *settings) has(name string) bool { return s.index(name) >= 0 }

// text is the option's text, "" when it is not set.
func (s *settings) text(name string) string {
	v, _ := s.Lookup(name)
	return v
}

// Lookup is the option as a variable of an interpolation; ok is false when it has no value.
func (s *settings) Lookup(name string) (text string, ok bool) {
	v, ok := s.get(name)
	if !ok || v.kind == void {
		return "", false
	}
	return v.text(), true
}

// layers are settings of which those above win.
type layers struct {
	above settings
	below *settings
}

func (l *layers) has(name string) bool { return l.above.has(name) || l.below.has(name) }

// Lookup is the option as a variable of an interpolation, whose name is in lower case. Capital letters of
// a parameter do not count there, as in Python's configparser: sshd[Mode=ddos] is in mode ddos.
func (l *layers) Lookup(name string) (text string, ok bool) {
	for i := len(l.above.list) - 1; i >= 0; i-- {
		n := &l.above.list[i]
		if len(n.name) == len(name) && strings.ToLower(n.name) == name {
			return l.above.Lookup(n.name)
		}
	}
	return l.below.Lookup(name)
}

// with is s overlaid by over: options of both keep the place they have in s.
func (s *settings) with(over *settings) *settings {
	r := &settings{list: make([]named, len(s.list), len(s.list)+len(over.list))}
	copy(r.list, s.list)
	for _, n := range over.list {
		r.set(n.name, n.setting)
	}
	return r
}
