package config

import (
	"fmt"
	"strconv"
	"strings"

	"bailiff/jails/ini"
)

// An option is one that a section of a kind is asked for: its type and what it is when it is not set.
type option struct {
	name     string
	kind     kind
	standard any // nil: left out
}

type kind uint8

const (
	str kind = iota
	boolean
	integer
)

// read reads the options of a section as fail2ban does: those in vars are given already, and references may use them.
// With typed values become what the table says.
func (t *tree) read(set *ini.Set, section string, table []option, vars *settings, typed bool) *settings {
	values := &settings{list: make([]named, 0, len(table))}
	for _, o := range table {
		if vars.has(o.name) {
			continue
		}
		v, ok, fault := set.Get(section, o.name, vars)
		switch {
		case fault != nil:
			t.fault(fault)
		case ok && typed:
			values.set(o.name, t.convert(section, o, v))
		case ok:
			values.set(o.name, fromValue(v))
		case o.standard != nil || !set.Has(section): // without the section even an option without standard is there
			values.set(o.name, setting{value: o.standard})
		}
	}
	return values
}

func (t *tree) convert(section string, o option, v ini.Value) setting {
	switch o.kind {
	case boolean:
		return setting{t.boolean(section, o.name, v), v.Place}
	case integer:
		n, err := parseInt(v.Text)
		if err != nil {
			t.fault(v.Fault(0, section, o.name, err.Error(), "write a whole number such as 5"))
			return setting{o.standard, v.Place}
		}
		return setting{n, v.Place}
	}
	return fromValue(v)
}

// boolean is fail2ban's reading: a few words are true, everything else is false without a word.
func (t *tree) boolean(section, option string, v ini.Value) bool {
	switch strings.ToLower(v.Text) {
	case "1", "on", "true", "yes":
		return true
	case "0", "off", "false", "no", "":
	default:
		t.warn(v.Fault(0, section, option, fmt.Sprintf("%q is read as false", v.Text), "write true or false"))
	}
	return false
}

// parseInt reads an integer as Python's int() does.
func parseInt(s string) (int, error) {
	digits := strings.TrimSpace(s)
	plain := strings.ReplaceAll(digits, "_", "")
	n, err := strconv.Atoi(plain)
	if err != nil || strings.HasPrefix(digits, "_") || strings.HasSuffix(digits, "_") || strings.Contains(digits, "__") {
		return 0, fmt.Errorf("%q is not a whole number", s)
	}
	return n, nil
}
