package config

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"bailiff/jails/event"
)

// unitDirs are where systemd's manager looks for units, by falling weight.
var unitDirs = []string{
	"etc/systemd/system.control", "run/systemd/system.control", "run/systemd/transient",
	"run/systemd/generator.early", "etc/systemd/system", "etc/systemd/system.attached",
	"run/systemd/system", "run/systemd/system.attached", "run/systemd/generator",
	"usr/local/lib/systemd/system", "usr/lib/systemd/system", "lib/systemd/system",
	"run/systemd/generator.late",
}

// unitFiles are the units that a machine has files of.
type unitFiles struct {
	fsys  fs.FS
	names map[string]string // of every unit file, and the directory where it lies
}

// units are those of the machine whose file system the configuration lies in; nil when there are
// none.
func (t *tree) units() *unitFiles {
	u := &unitFiles{t.fsys, map[string]string{}}
	for _, dir := range unitDirs {
		entries, err := fs.ReadDir(t.fsys, dir)
		if err != nil {
			continue
		}
		for _, e := range entries {
			if _, known := u.names[e.Name()]; !known {
				u.names[e.Name()] = dir
			}
		}
	}
	if len(u.names) == 0 {
		return nil
	}
	return u
}

// warnUnits warns of units that a jail names and this machine does not have: the jail finds
// nothing.
func (b *builder) warnUnits() {
	var u *unitFiles
	for _, s := range b.sections {
		elsewhere := s.made.JournalPath != "" || len(s.made.JournalFiles) > 0
		if s.text("unit") == "" && !s.needsJournal() && !s.fallsBack() || elsewhere {
			continue
		}
		if u == nil {
			if u = b.units(); u == nil {
				return
			}
		}
		if s.text("unit") != "" {
			s.warnOwnUnits(u)
		} else {
			s.warnMatchedUnits(u)
		}
	}
}

// needsJournal reports whether the jail reads a journal wherever there is one.
func (s *section) needsJournal() bool {
	return strings.HasPrefix(s.made.Backend, "systemd") || s.made.Backend == "auto" && s.made.OwnMatch
}

// fallsBack reports whether the jail reads the journal since none of its files is there.
func (s *section) fallsBack() bool {
	if s.made.Backend != "auto" || !s.made.HasJournalMatch {
		return false
	}
	return !slices.ContainsFunc(s.made.LogPaths, func(p LogPath) bool {
		found, err := fs.Glob(s.fsys, strings.TrimLeft(path.Clean(p.Glob), "/"))
		return err != nil || len(found) > 0
	})
}

func (s *section) warnOwnUnits(u *unitFiles) {
	for _, w := range strings.Fields(s.text("unit")) {
		if comment(w) == 0 {
			return
		}
		name := w
		if !unitSuffixes[path.Ext(w)] && !strings.ContainsAny(w, "*?[") {
			name += ".service"
		}
		if why, hint := u.missing(name); why != "" {
			s.warn("unit", lineOf(s.text("unit"), w), why, hint)
		}
	}
}

// warnMatchedUnits warns of a journalmatch all of whose alternatives demand units that are not
// there.
func (s *section) warnMatchedUnits(u *unitFiles) {
	var first, hint string
	for _, g := range s.made.Journal {
		why, h := u.missingIn(g)
		if why == "" {
			return
		}
		if first == "" {
			first, hint = why, h
		}
	}
	if first != "" {
		v, _ := s.get("journalmatch")
		if v.from == nil {
			v, _ = s.ofFilter("journalmatch")
		}
		f := v.from.Fault(0, s.jail.name, "journalmatch", first+": the jail finds nothing", hint)
		s.report.warn(f)
	}
}

// missingIn is why no entry can be of a group's units; "" when one can.
func (u *unitFiles) missingIn(g event.Group) (why, hint string) {
	for _, t := range g {
		if meant := misnamedField(t.Field); meant != "" {
			return fmt.Sprintf("no entry of the journal has a field %s", t.Field), "is " + meant + " meant?"
		}
		if t.Field != "_SYSTEMD_UNIT" {
			continue
		}
		for _, name := range slices.Concat(t.Values, t.Globs) {
			w, h := u.missing(name)
			if w == "" {
				return "", ""
			}
			why, hint = w, h
		}
	}
	return why, hint
}

// trustedFields are those that journald adds itself and that matches name most.
var trustedFields = []string{"_SYSTEMD_UNIT", "_SYSTEMD_USER_UNIT", "_COMM", "_EXE"}

// misnamedField is the field that was meant by the name of one that journald never writes: it takes capital
// letters only.
func misnamedField(name string) string {
	for _, f := range trustedFields {
		if name != f && strings.EqualFold("_"+strings.TrimLeft(name, "_"), f) {
			return f
		}
	}
	if upper := strings.ToUpper(name); upper != name {
		return upper
	}
	return ""
}

// checkedUnits are the kinds of units that have files. Others come and go with sessions, mounts and
// devices.
var checkedUnits = []string{".service", ".socket", ".timer", ".path", ".target"}

// missing is why nothing is logged under the name of a unit, and what to write in its place; ""
// when something may be.
func (u *unitFiles) missing(name string) (why, hint string) {
	if strings.ContainsAny(name, "*?[") {
		return u.missingGlob(name)
	}
	if path.Ext(name) == "" {
		return fmt.Sprintf("%s is the name of no unit", name), fmt.Sprintf("write %s.service", name)
	}
	if !slices.Contains(checkedUnits, path.Ext(name)) {
		return "", ""
	}
	stem, ext := strings.TrimSuffix(name, path.Ext(name)), path.Ext(name)
	base, instance, isInstance := strings.Cut(stem, "@")
	dir, ok := u.names[name]
	switch {
	case isInstance && instance == "":
		return fmt.Sprintf("%s is a template, which nothing is logged under", name),
			fmt.Sprintf("name an instance, or write %s@*%s", base, ext)
	case ok:
		return u.alias(name, dir)
	case isInstance && u.has(base+"@"+ext), u.initScript(stem):
		return "", ""
	}
	return fmt.Sprintf("there is no unit %s on this machine", name), u.hint(stem, ext)
}

func (u *unitFiles) has(name string) bool { _, ok := u.names[name]; return ok }

// initScript reports whether there is a script that systemd makes a service of.
func (u *unitFiles) initScript(stem string) bool {
	_, err := fs.Stat(u.fsys, "etc/init.d/"+stem)
	return err == nil
}

func (u *unitFiles) missingGlob(glob string) (why, hint string) {
	ext := path.Ext(glob)
	if ext != "" && !strings.ContainsAny(ext, "*?[") && !slices.Contains(checkedUnits, ext) {
		return "", ""
	}
	for name := range u.names {
		if globMatches(glob, name) {
			return "", ""
		}
		template, _, isTemplate := strings.Cut(name, "@.")
		prefix, _, isInstance := strings.Cut(glob, "@")
		if isTemplate && isInstance && globMatches(prefix, template) {
			return "", ""
		}
	}
	hint = unitsAreListed
	if path.Ext(glob) != ".service" {
		if why, _ := u.missingGlob(glob + ".service"); why == "" {
			hint = "write " + glob + ".service"
		}
	}
	return fmt.Sprintf("there is no unit %s on this machine", glob), hint
}

// alias tells that a unit's file is only another name, or nothing at all.
func (u *unitFiles) alias(name, dir string) (why, hint string) {
	target, err := fs.ReadLink(u.fsys, path.Join(dir, name))
	if err != nil {
		return "", ""
	}
	real := path.Base(target)
	switch {
	case target == "/dev/null":
		return fmt.Sprintf("the unit %s is masked: it never runs", name), "systemctl unmask " + name
	case u.gone(dir, name, real):
		return fmt.Sprintf("the unit %s is a link to %s, which is not there", name, target), ""
	case real == name || !slices.Contains(checkedUnits, path.Ext(real)) || strings.Contains(real, "@"):
		return "", ""
	}
	return fmt.Sprintf("%s is another name of %s, under which its entries stand", name, real),
		"write " + real
}

// gone reports whether a link leads nowhere.
func (u *unitFiles) gone(dir, name, real string) bool {
	_, err := fs.Stat(u.fsys, path.Join(dir, name))
	return errors.Is(err, fs.ErrNotExist) && (real == name || !u.has(real))
}

const unitsAreListed = "systemctl list-unit-files lists them"

// hint names the unit that was perhaps meant.
func (u *unitFiles) hint(stem, ext string) string {
	best, meant := 3, ""
	for _, name := range slices.Sorted(maps.Keys(u.names)) {
		other, ok := strings.CutSuffix(name, ext)
		if !ok || strings.Contains(other, "@") {
			continue
		}
		d := distance(stem, other)
		if strings.TrimSuffix(stem, "d") == strings.TrimSuffix(other, "d") {
			d = 0
		}
		if d < best && d < len(stem)/2 {
			best, meant = d, name
		}
	}
	if meant == "" {
		return unitsAreListed
	}
	if why, _ := u.alias(meant, u.names[meant]); why != "" {
		return unitsAreListed
	}
	return fmt.Sprintf("is %s meant?", meant)
}
