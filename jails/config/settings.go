package config

import (
	"maps"
	"slices"
	"strconv"

	"bailiff/jails/ini"
)

// A setting is the value of an option: text, a bool, an int, or nil for an option that exists and has none.
type setting struct {
	value any
	from  ini.Value // where it was written
}

func text(s string) setting { return setting{value: s} }

// text is the value as fail2ban pastes it into texts.
func (s setting) text() string {
	switch v := s.value.(type) {
	case string:
		return v
	case bool:
		if v {
			return "True"
		}
		return "False"
	case int:
		return strconv.Itoa(v)
	}
	return "None"
}

// settings are options in the order in which they were first set. It is the order of the command stream.
type settings struct {
	names  []string
	values map[string]setting
}

func newSettings() *settings { return &settings{values: map[string]setting{}} }

func (s *settings) set(name string, v setting) {
	if _, ok := s.values[name]; !ok {
		s.names = append(s.names, name)
	}
	s.values[name] = v
}

func (s *settings) get(name string) (setting, bool) {
	v, ok := s.values[name]
	return v, ok
}

func (s *settings) has(name string) bool {
	_, ok := s.values[name]
	return ok
}

// text is the option's text, "" when it is not set.
func (s *settings) text(name string) string {
	if v, ok := s.values[name]; ok && v.value != nil {
		return v.text()
	}
	return ""
}

// with is s overlaid by over: options of both keep the place they have in s.
func (s *settings) with(over *settings) *settings {
	r := &settings{names: slices.Clone(s.names), values: maps.Clone(s.values)}
	for _, n := range over.names {
		r.set(n, over.values[n])
	}
	return r
}

// vars are the settings as variables of an interpolation.
func (s *settings) vars() ini.Vars {
	vars := make(ini.Vars, len(s.names))
	for n, v := range s.values {
		if v.value != nil {
			vars[n] = v.text()
		}
	}
	return vars
}
