package config

import (
	"fmt"
	"slices"
	"strings"

	"bailiff/jails/ini"
)

// warnSections warns of sections that nothing reads because of how their names are written.
func (b *builder) warnSections() {
	for _, name := range b.jailNames() {
		b.warnJailSection(name)
	}
	for _, set := range b.definitions() {
		b.warnNames(set, definitionSection, initSection, ini.DefaultSection, "INCLUDES")
	}
	for _, set := range []*ini.Set{b.main, b.own} {
		known := []string{definitionSection, "Thread", ini.DefaultSection, "INCLUDES"}
		b.warnNames(set, known...)
		b.warnNoDefinition(set)
		for _, name := range set.Sections() {
			if !slices.Contains(known, name) && alike(name, known) == "" {
				b.warn(set.Header(name).Fault(0, name, "",
					"nothing reads this section of the service's options",
					"options of the service belong into [Definition]; jails into jail.local"))
			}
		}
	}
}

// warnNoDefinition warns of options of the service that stand in [DEFAULT] alone, which is read for
// [Definition] only.
func (b *builder) warnNoDefinition(set *ini.Set) {
	if options := set.Options(ini.DefaultSection); len(options) > 0 && !set.Has(definitionSection) {
		v, _ := set.Own(ini.DefaultSection, options[0])
		b.warn(v.Fault(0, ini.DefaultSection, options[0],
			"nothing reads this, for there is no section [Definition]",
			"put the options of the service under [Definition]"))
	}
}

func (b *builder) warnJailSection(name string) {
	at := b.all.Header(name)
	switch meant := alike(name, []string{ini.DefaultSection, "INCLUDES"}); {
	case meant != "":
		b.warn(at.Fault(0, name, "",
			fmt.Sprintf("this is a jail called %s, and no other jail has its options", name),
			fmt.Sprintf("is [%s] meant? Capital letters count", meant)))
	case b.twin(name) != "" && at != nil:
		message := fmt.Sprintf("this is another jail than [%s]", b.twin(name))
		b.warn(at.Fault(0, name, "", message, "capital letters count"))
	case isForeign(name) && at != nil:
		b.warn(at.Fault(0, name, "", fmt.Sprintf("this is a jail called %s", name),
			"options of the service belong into bailiff.conf, those of filters and actions "+
				"into their own files"))
	}
}

// twin is a jail of the same name in other letters, which an earlier file has.
func (b *builder) twin(name string) string {
	for _, other := range b.jailNames() {
		if other == name {
			break
		}
		if strings.EqualFold(other, name) {
			return other
		}
	}
	return ""
}

// isForeign reports whether a section of jails has a name that only files of another kind have.
func isForeign(name string) bool {
	foreign := []string{definitionSection, initSection, "Thread"}
	return slices.ContainsFunc(foreign, func(n string) bool {
		return strings.EqualFold(n, strings.TrimSpace(name))
	})
}

// warnNames warns of sections whose names are nearly those that are known.
func (b *builder) warnNames(set *ini.Set, known ...string) {
	for _, name := range set.Sections() {
		if meant := alike(name, known); meant != "" {
			b.warn(set.Header(name).Fault(0, name, "", "nothing reads this section",
				fmt.Sprintf("is [%s] meant? Capital letters count", meant)))
		}
	}
}

// alike is the one of the known names that a section's name is written like, in other letters or
// with a slip or two; "" when it is none of them, or exactly one.
func alike(name string, known []string) string {
	for _, k := range known {
		lower, meant := strings.ToLower(strings.TrimSpace(name)), strings.ToLower(k)
		slips := 2
		if len(k) < 6 {
			slips = 0
		}
		if name == k {
			return ""
		}
		if lower == meant || distance(lower, meant) <= slips {
			return k
		}
	}
	return ""
}

// warnDisabled warns of jails that somebody described without saying whether they are enabled.
func (b *builder) warnDisabled() {
	var first *Fault
	var names []string
	for _, name := range b.jailNames() {
		at := b.undecided(name)
		misnamed := isForeign(name) || b.twin(name) != "" ||
			alike(name, []string{ini.DefaultSection, "INCLUDES"}) != ""
		if at == nil || misnamed {
			continue
		}
		if first == nil {
			first = at
		}
		names = append(names, name)
	}
	if first != nil {
		first.Message = "nothing enables the jail"
		first.Hint = "write enabled = true into its section, or false"
		if len(names) > 1 {
			first.Message += " (" + b.jailList(names) + ")"
		}
		b.warn(first)
	}
}

// unguarded warns where no jail is enabled at all.
func (b *builder) unguarded() []Fault {
	if len(b.jails) > 0 || len(b.faults) > 0 {
		return nil
	}
	return []Fault{{File: b.lastFile(), Message: "no jail is enabled: nothing is guarded",
		Hint: "write enabled = true into the section of a jail"}}
}

// lastFile is the file that has the last word on jails.
func (b *builder) lastFile() string {
	if n := len(b.all.Files); n > 0 {
		return b.all.Files[n-1].Path
	}
	return b.reader.Path("jail")
}

// undecided is where somebody describes a jail that no line enables or disables; nil when there is
// no such place. The jails of a jail.conf that disables them for a start wait for other files, and
// are not meant.
func (b *builder) undecided(name string) *Fault {
	if _, ok := b.all.Own(name, "enabled"); ok {
		return nil
	}
	all, decided := b.all.Own(ini.DefaultSection, "enabled")
	if decided && !b.fromStock(all.Place) {
		return nil
	}
	for _, option := range b.all.Options(name) {
		if strings.HasPrefix(option, knownPrefix) {
			continue
		}
		if v, _ := b.all.Own(name, option); v.Place != nil && (!decided || !b.fromStock(v.Place)) {
			return v.Fault(0, name, "enabled", "", "")
		}
	}
	return nil
}

// fromStock reports whether something was written in jail.conf or a file that it includes.
func (t *tree) fromStock(p *ini.Place) bool {
	main := t.reader.Path("jail")
	return p == nil || p.Source.Path == main || slices.Contains(p.Source.Chain, main)
}
