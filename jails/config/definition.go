package config

import (
	"regexp"
	"strings"

	"bailiff/jails/ini"
)

// A definition is a filter or an action: the files that define it and the parameters a jail gives it.
//
// Parameters win over [Init], [Init] over [Definition], and that over [DEFAULT]. What [Init] says becomes a parameter
// too, once the options have been read.
type definition struct {
	tree   *tree
	file   string // filter.d/sshd
	set    *ini.Set
	table  []option
	params *settings
	given  *settings // parameters and the jail's options, when the options were read last
	own    *settings // what [Definition] adds to the parameters
	looked map[string]*string
	as     ini.Value // the jail's line that names it
}

func (t *tree) define(file string, table []option, params *settings, as ini.Value) (*definition, bool) {
	set, ok := t.set(file)
	d := &definition{tree: t, file: file, set: set, table: table, params: params, looked: map[string]*string{}, as: as}
	return d, ok
}

const (
	definitionSection = "Definition"
	initSection       = "Init"
	knownPrefix       = "known/"
)

// read reads the options, with those of the jail and the parameters given already. With all, options that the table
// does not name are read too.
func (d *definition) read(jail *settings, all bool) {
	d.given = jail
	if len(d.params.names) > 0 {
		d.given = jail.with(d.params)
	}
	d.own = d.tree.read(d.set, definitionSection, d.table, d.given, false)
	for _, o := range d.set.Options(initSection) {
		d.init(o)
	}
	if !all {
		return
	}
	for _, o := range d.set.Options(definitionSection) {
		if d.own.has(o) {
			continue
		}
		if v, ok := d.get(definitionSection, o, nil); ok {
			d.own.set(o, setting{v.Text, v})
		}
	}
}

func (d *definition) init(option string) {
	v, ok := d.get(initSection, option, nil)
	if !ok {
		return
	}
	if !strings.HasPrefix(option, knownPrefix) {
		d.params.set(knownPrefix+option, setting{v.Text, v})
	}
	if !d.params.has(option) {
		d.params.set(option, setting{v.Text, v})
	}
}

func (d *definition) get(section, option string, vars ini.Vars) (ini.Value, bool) {
	v, ok, fault := d.set.Get(section, option, vars)
	if fault != nil {
		d.tree.fault(fault)
		return ini.Value{}, false
	}
	return v, ok
}

// combined is every option with the tags of it replaced; nil when that is a fault. ignore names tags that are only
// known when an action runs.
func (d *definition) combined(ignore ...string) *settings {
	all := d.own.with(d.params)
	skip := map[string]bool{}
	for _, n := range ignore {
		skip[n] = true
	}
	for _, n := range all.names {
		if name, _, ok := strings.Cut(n, "?"); ok && name != "" && n != name+"?" && !strings.ContainsFunc(name, notWord) {
			skip[name] = true
		}
	}
	values, err := substitute(all, skip, d.lookup)
	if err != nil {
		from := all.values[err.option].from
		if from.Source == nil {
			from = d.as
		}
		d.tree.fault(from.Fault(0, definitionSection, err.option, err.message, "an option cannot be made of itself; <known/option> is the one it overrides"))
		return nil
	}
	d.convert(values)
	return values
}

// convert gives options their types, after all replacements.
func (d *definition) convert(values *settings) {
	for _, o := range d.table {
		v, ok := values.get(o.name)
		if !ok || v.value == nil || o.kind == str {
			continue
		}
		from := v.from
		from.Text = v.text()
		values.set(o.name, d.tree.convert(definitionSection, o, from))
	}
}

var qualified = regexp.MustCompile(`^([\p{L}\p{N}_\-]+)/([^\s>]+)$`)

// lookup finds the option of a tag that is no parameter: of [Definition], or SECTION/OPTION. An answer stands for all
// later questions.
func (d *definition) lookup(tag string) (string, bool) {
	answer, ok := d.looked[tag]
	if !ok {
		if v, ok := d.find(tag); ok {
			answer = &v.Text
		}
		d.looked[tag] = answer
	}
	if answer == nil {
		return "", false
	}
	return *answer, true
}

func (d *definition) find(tag string) (ini.Value, bool) {
	if m := qualified.FindStringSubmatch(tag); m != nil {
		for _, section := range sectionsOf(m[1]) {
			if v, ok := d.get(section, m[2], nil); ok {
				return v, true
			}
		}
	}
	return d.get(definitionSection, tag, d.given.vars())
}

func sectionsOf(name string) []string {
	switch strings.ToLower(name) {
	case "known":
		return []string{ini.KnownPrefix + definitionSection, definitionSection}
	case "default":
		return []string{ini.DefaultSection}
	}
	return []string{name}
}
