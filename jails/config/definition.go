package config

import (
	"bytes"
	"cmp"
	"slices"
	"strings"
	"unicode"

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
	given  layers    // parameters and the jail's options, when the options were read last
	own    *settings // what [Definition] adds to the parameters
	looked []answer
	as     *ini.Place // the jail's line that names it
}

func (t *tree) define(file string, table []option, params *settings, as *ini.Place) (*definition, bool) {
	set, ok := t.set(file)
	d := &definition{tree: t, file: file, set: set, table: table, params: params, as: as, looked: make([]answer, 0, 12)}
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
	d.given = layers{settings{slices.Clip(d.params.list)}, jail}
	d.own = d.tree.read(d.set, definitionSection, d.table, &d.given, false)
	for _, o := range d.set.Options(initSection) {
		if !d.params.has(knownPrefix + o) {
			d.init(o)
		}
	}
	if !all {
		return
	}
	for _, o := range d.set.Options(definitionSection) {
		if d.own.has(o) {
			continue
		}
		if v, ok := d.get(definitionSection, o, nil); ok {
			d.own.set(o, fromValue(v))
		}
	}
}

func (d *definition) init(option string) {
	v, ok := d.get(initSection, option, nil)
	if !ok {
		return
	}
	if !strings.HasPrefix(option, knownPrefix) {
		d.params.set(knownPrefix+option, fromValue(v))
	}
	if !d.params.has(option) {
		d.params.set(option, fromValue(v))
	}
}

func (d *definition) get(section, option string, vars ini.Vars) (ini.Value, bool) {
	v, ok, fault := d.set.Get(section, strings.ToLower(option), vars)
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
	skip := slices.Clip(ignore)
	for _, n := range all.list {
		if name, _, ok := strings.Cut(n.name, "?"); ok && name != "" && n.name != name+"?" && !strings.ContainsFunc(name, notWord) {
			skip = append(skip, name)
		}
	}
	if err := d.tree.room.substitute(all, skip, d.lookup); err != nil {
		v, _ := all.get(err.option)
		d.tree.fault(cmp.Or(v.from, d.as).Fault(0, definitionSection, err.option, err.message, "an option cannot be made of itself; <known/option> is the one it overrides"))
		return nil
	}
	d.convert(all)
	return all
}

// scripts are the commands of an action as IPv4 has them, with marks around what was put into them; empty when they
// cannot be resolved.
func (d *definition) scripts(ignore ...string) *settings {
	all := d.own.with(d.params)
	for _, n := range slices.Clone(all.list) {
		if name, ok := strings.CutSuffix(n.name, "?family=inet4"); ok {
			all.set(name, n.setting)
		}
	}
	if d.tree.room.mark(all, scriptOptions, ignore, d.lookup) != nil {
		return newSettings()
	}
	return &settings{slices.DeleteFunc(all.list, func(n named) bool { return !slices.Contains(scriptOptions, n.name) })}
}

// scriptOptions are the options of an action that hold commands, in the order in which these run.
var scriptOptions = []string{"actionstart", "actionban", "actionprolong", "actionunban", "actionstop"}

// convert gives options their types, after all replacements.
func (d *definition) convert(values *settings) {
	for i := range d.table {
		o := &d.table[i]
		v, ok := values.get(o.name)
		if !ok || v.kind == void || o.kind == str {
			continue
		}
		values.set(o.name, d.tree.convert(d.set, definitionSection, o, ini.Value{Text: v.text(), Place: v.from}))
	}
}

// An answer is what lookup found for a tag.
type answer struct {
	tag, text string
	found     bool
}

// lookup finds the option of a tag that is no parameter: of [Definition], or SECTION/OPTION. An answer stands for all
// later questions.
func (d *definition) lookup(tag []byte) (string, bool) {
	for i := range d.looked {
		if a := &d.looked[i]; a.tag == string(tag) {
			return a.text, a.found
		}
	}
	if bytes.IndexByte(tag, hole) >= 0 {
		return "", false
	}
	a := answer{tag: string(tag)}
	v, found := d.find(a.tag)
	a.text, a.found = v.Text, found
	d.looked = append(d.looked, a)
	return a.text, a.found
}

func (d *definition) find(tag string) (ini.Value, bool) {
	if strings.Contains(tag, "/") {
		if v, ok := d.findIn(tag); ok {
			return v, true
		}
	}
	return d.get(definitionSection, tag, &d.given)
}

// findIn finds SECTION/OPTION.
func (d *definition) findIn(tag string) (ini.Value, bool) {
	name, option, _ := strings.Cut(tag, "/")
	if name == "" || option == "" || strings.ContainsFunc(name, notSectionName) || strings.ContainsFunc(option, unicode.IsSpace) {
		return ini.Value{}, false
	}
	for _, section := range sectionsOf(name) {
		if v, ok := d.get(section, option, nil); ok {
			return v, true
		}
	}
	return ini.Value{}, false
}

func notSectionName(r rune) bool { return r != '-' && notWord(r) }

func sectionsOf(name string) []string {
	switch strings.ToLower(name) {
	case "known":
		return []string{ini.KnownPrefix + definitionSection, definitionSection}
	case "default":
		return []string{ini.DefaultSection}
	}
	return []string{name}
}
