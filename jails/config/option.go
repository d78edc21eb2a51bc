package config

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"bailiff/jails/ini"
)

// An option is one that a section of a kind is asked for: its type and what it is when it is not set.
type option struct {
	name     string
	kind     kind
	standard *string // nil: left out
}

// standard is what an option is that is not set.
func standard(value string) *string { return &value }

// unset is the option as it is when nobody sets it.
func (o *option) unset(from *ini.Place) setting {
	if o.standard == nil {
		return setting{from: from}
	}
	return setting{*o.standard, o.kind, from}
}

// read reads the options of a section as fail2ban does: those in vars are given already, and references may use them.
// With typed values become what the table says.
func (t *tree) read(set *ini.Set, section string, table []option, vars variables, typed bool) *settings {
	values := &settings{list: t.values[:0]}
	for i := range table {
		o := &table[i]
		if vars.has(o.name) {
			continue
		}
		v, ok, fault := set.Get(section, o.name, vars)
		switch {
		case fault != nil:
			t.fault(fault)
		case ok && typed:
			values.set(o.name, t.convert(set, section, o, v))
		case ok:
			values.set(o.name, fromValue(v))
		case o.standard != nil || !set.Has(section): // without the section even an option without standard is there
			values.set(o.name, o.unset(nil))
		}
	}
	t.values = values.list
	return &settings{list: slices.Clone(values.list)}
}

// variables are what references may use beside the options of files.
type variables interface {
	has(name string) bool
	ini.Vars
}

func (t *tree) convert(set *ini.Set, section string, o *option, v ini.Value) setting {
	switch o.kind {
	case boolean:
		return setting{t.boolean(set, section, o.name, v), boolean, v.Place}
	case integer:
		n, err := parseInt(v.Text)
		if err != nil {
			w := t.asWritten(set, section, o.name, v)
			t.fault(w.blame(0, section, v.Text, err.Error(), "write a whole number such as 5"))
			return o.unset(v.Place)
		}
		return setting{strconv.Itoa(n), integer, v.Place}
	}
	return fromValue(v)
}

// boolean is fail2ban's reading: a few words are true, everything else is false without a word.
func (t *tree) boolean(set *ini.Set, section, option string, v ini.Value) string {
	switch strings.ToLower(v.Text) {
	case "1", "on", "true", "yes":
		return yes
	case "0", "off", "false", "no", "":
	default:
		w := t.asWritten(set, section, option, v)
		t.warn(w.blame(0, section, v.Text, fmt.Sprintf("%q is read as false", v.Text), "write true or false"))
	}
	return no
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
