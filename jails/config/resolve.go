package config

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"bailiff/jails/ini"
)

// Version is the release of fail2ban whose configuration is understood: %(fail2ban_version)s.
const Version = "1.0.2"

// A tree is a configuration resolved as fail2ban resolves it: what its command stream is made of.
type tree struct {
	fsys   fs.FS
	dir    string
	reader *ini.Reader
	sets   map[string]*ini.Set
	main   *ini.Set // fail2ban.conf
	own    *ini.Set // bailiff.conf
	all    *ini.Set // jail.conf
	jails  []*jail
	shared []*Fault // of files that all jails share, and that say nobody knows what
	room   room
	values []named // those that are being read
	foundry
	*report
}

// A jail is an enabled jail with everything it names.
type jail struct {
	name    string
	opts    *settings
	filter  *definition // nil: none
	merged  *settings   // the filter's options, tags replaced, without those the jail overrides
	actions []*action
	broken  bool
	faults  []*Fault // of the jail and of all it names
}

// uses notes what is wrong in files that the jail is made of.
func (j *jail) uses(files *ini.Set) { j.faults = append(j.faults, files.Faults...) }

// An action is one entry of a jail's action list.
type action struct {
	name     string // as in the list
	actname  string
	params   *settings
	given    settings   // the parameters that the list gives
	extra    []named    // those that the action's files add
	combined *settings  // its options, resolved; nil: a Python module
	scripts  *settings  // its commands, with marks around what was put into them
	from     *ini.Place // the jail's action option
}

// resolve reads the whole configuration.
func resolve(fsys fs.FS, dir string) *tree {
	dir = strings.TrimRight(dir, "/")
	t := &tree{fsys: fsys, dir: dir, reader: ini.NewReader(fsys, dir), sets: map[string]*ini.Set{}, report: &report{},
		foundry: foundry{moulds: map[string]*mould{}, closed: map[string][]string{}}}
	t.main, _ = t.set("fail2ban")
	t.own, _ = t.set("bailiff")
	var ok bool
	if t.all, ok = t.set("jail"); !ok {
		t.shared = append(t.shared, t.noJails())
		t.fault(t.shared[0])
	}
	t.all.Define(ini.DefaultSection, "fail2ban_version", ini.Value{Text: Version})
	t.all.Define(ini.DefaultSection, "fail2ban_confpath", ini.Value{Text: dir})
	for _, name := range t.jailNames() {
		before := len(t.faults)
		if j := t.jail(name); j != nil {
			j.faults = append(j.faults, t.faults[before:]...)
			t.jails = append(t.jails, j)
		}
	}
	t.shareOut()
	t.faults = append(t.reader.Faults(), t.faults...)
	t.warnings = append(t.reader.Warnings(), t.warnings...)
	return t
}

// shareOut gives jails the faults of jail.conf's files that stand in their sections. What else is wrong in files that
// all jails share is everybody's.
func (t *tree) shareOut() {
	for _, f := range t.all.Faults {
		if !slices.Contains(t.jailNames(), f.Section) {
			t.shared = append(t.shared, f)
			continue
		}
		for _, j := range t.jails {
			if j.name == f.Section {
				j.faults = append(j.faults, f)
			}
		}
	}
	t.shared = append(append(t.shared, t.main.Faults...), t.own.Faults...)
}

// jailNames are the sections of all jails, enabled or not.
func (t *tree) jailNames() []string {
	return slices.DeleteFunc(t.all.Sections(), func(name string) bool { return name == "INCLUDES" })
}

func (t *tree) noJails() *Fault {
	f := &Fault{File: t.reader.Path("jail"), Message: "there is no such file", Hint: "name the directory of jail.conf or jail.local with --config"}
	if _, err := fs.Stat(t.fsys, path.Clean(strings.TrimLeft(t.dir, "/"))); errors.Is(err, fs.ErrNotExist) {
		f.File, f.Message = t.dir, "there is no such directory"
	}
	return f
}

// set is the files of a name, read once.
func (t *tree) set(name string) (*ini.Set, bool) {
	if s, ok := t.sets[name]; ok {
		return s, len(s.Files) > 0
	}
	s, ok := t.reader.Read(name)
	t.sets[name] = s
	return s, ok
}

// jail resolves one section of jail.conf, nil when it is not enabled. It goes twice over the options: the filter must
// be known before what the jail says of %(known/failregex)s and the like can be.
func (t *tree) jail(name string) *jail {
	j := &jail{name: name, opts: t.read(t.all, name, firstOptions, newSettings(), true)}
	if enabled, ok := j.opts.get("enabled"); enabled.value != yes {
		if j.broken = !ok; j.broken { // it refers to what is not there
			return j
		}
		return nil
	}
	if !t.jailFilter(j) {
		return j
	}
	j.opts = t.read(t.all, name, jailOptions, newSettings(), true)
	if j.filter != nil {
		j.filter.read(j.opts, false)
		j.merged = j.filter.combined()
	} else if j.opts.text("failregex") == "" {
		t.warnOfNoFilter(j)
	}
	t.jailActions(j)
	return j
}

func (t *tree) warnOfNoFilter(j *jail) {
	place := t.all.Header(j.name)
	if s, _ := j.opts.get("filter"); s.from != nil {
		place = s.from
	}
	t.warn(place.Fault(0, j.name, "filter", "the jail has no filter and finds nothing", "name one of filter.d: filter = NAME"))
}

func (t *tree) jailFilter(j *jail) bool {
	if j.opts.text("filter") == "" {
		return true
	}
	s, _ := j.opts.get("filter")
	name, params, err := parseList(s.text())
	if err != nil {
		return t.broken(j, s.from.Fault(0, j.name, "filter", err.Error(), listHint("filter", s.text(), s.text())))
	}
	var ok bool
	j.filter, ok = t.define(below("filter.d", name), filterOptions, params, s.from)
	if j.uses(j.filter.set); !ok {
		return t.broken(j, t.noFilter(j, name, s))
	}
	j.filter.logtype(j.opts.text("backend"))
	j.filter.read(j.opts, true)
	known := j.filter.combined()
	if known == nil {
		j.broken = true
		return false
	}
	for _, o := range known.list {
		if !strings.HasPrefix(o.name, knownPrefix) && o.kind != void {
			t.all.Define(j.name, knownPrefix+o.name, ini.Value{Text: o.text(), Place: o.from})
		}
	}
	return true
}

func (t *tree) noFilter(j *jail, name string, v setting) *Fault {
	message, hint := fmt.Sprintf("there is no filter %q", name), t.noFile("filter.d", name)
	if header := t.all.Header(j.name); t.fromStock(v.from) && !t.fromStock(header) {
		return header.Fault(0, j.name, "filter", message, hint) // filter = %(__name__)s
	}
	w := t.asWritten(t.all, j.name, "filter", ini.Value{Text: v.text(), Place: v.from})
	return w.blame(0, j.name, v.text(), message, hint)
}

// below is the file of a name in a directory. A name may be a path from the root, as in fail2ban.
func below(dir, name string) string {
	if path.IsAbs(name) {
		return name
	}
	return dir + "/" + name
}

func (t *tree) noAction(j *jail, a *action) *Fault {
	return t.blameAction(j, a.from, a.name, fmt.Sprintf("there is no action %q", a.name), t.noFile("action.d", a.name))
}

// blameAction makes a fault of what an item of a jail's list of actions begins with: where somebody
// wrote that, such as banaction, unless it was in fail2ban's own jail.conf.
func (t *tree) blameAction(j *jail, from *ini.Place, item, message, hint string) *Fault {
	list := j.opts.text("action")
	w := t.asWritten(t.all, j.name, "action", ini.Value{Text: list, Place: from})
	if comment(list) >= 0 {
		return w.blame(0, j.name, list, message, hint)
	}
	at := strings.Index(list, item)
	name, _, _ := strings.Cut(item, "[")
	if at >= 0 && w.resolved(w.Text) == list {
		if s, ok := w.locate(at, 0); ok && !t.fromStock(s.Place) && strings.Contains(s.resolved(s.line), name) {
			return s.Fault(s.n, s.home(), s.option, message, hint)
		}
	}
	return from.Fault(lineOf(list, item), j.name, "action", message, hint)
}

// quotedInside is the fault of an option that breaks the jail's list of actions, since it stands in
// quotes there and has some of its own: port = "ssh" in port="%(port)s". It is nil where there is none.
func (t *tree) quotedInside(j *jail) *Fault {
	list := j.opts.text("action")
	for _, option := range slices.Concat(t.all.Options(j.name), t.all.Options(ini.DefaultSection)) {
		v, ok, fault := t.all.Get(j.name, option, nil)
		if !ok || fault != nil || option == "action" || v.Place == nil {
			continue
		}
		for _, quote := range []string{`"`, "'"} {
			if strings.Contains(v.Text, quote) && strings.Contains(list, "="+quote+v.Text+quote) {
				const why = "the quotes of %s are part of the value and break the list of actions"
				w := t.asWritten(t.all, j.name, option, v)
				return w.blame(0, j.name, v.Text, fmt.Sprintf(why, v.Text), "write it without quotes")
			}
		}
	}
	return nil
}

// logtype tells the filter whether it reads a file or the journal, unless it or the jail says so.
func (d *definition) logtype(backend string) {
	if _, ok := d.set.Own(definitionSection, "logtype"); ok || d.params.text("logtype") != "" {
		return
	}
	d.params.set("logtype", text("file"))
	if strings.HasPrefix(backend, "systemd") {
		d.params.set("logtype", text("journal"))
	}
}

func (t *tree) jailActions(j *jail) {
	s, _ := j.opts.get("action")
	if list := j.opts.text("action"); len(list) > maxList {
		t.broken(j, s.from.Fault(0, j.name, "action", fmt.Sprintf("the list is longer than %d bytes", maxList), ""))
		return
	}
	const enough = 20 // faults of one list
	before, cut := len(t.faults), false
	for _, item := range splitList(j.opts.text("action")) {
		if len(t.faults)-before >= enough {
			return
		}
		if cut && isFragment(item) {
			continue
		}
		name, params, err := parseList(item)
		if err != nil {
			hint := listHint("action", j.opts.text("action"), item)
			if f := t.quotedInside(j); f != nil {
				t.broken(j, f)
				return
			}
			t.broken(j, t.blameAction(j, s.from, item, err.Error(), hint))
			cut = true
			continue
		}
		a := &action{name: name, params: params, given: settings{slices.Clip(params.list)}, from: s.from}
		if strings.HasSuffix(name, ".py") || t.shellAction(j, a) {
			j.actions = append(j.actions, a)
		}
	}
}

func (t *tree) shellAction(j *jail, a *action) bool {
	a.identify(j.name)
	files, ok := t.set(below("action.d", a.name))
	if j.uses(files); !ok {
		return t.broken(j, t.noAction(j, a))
	}
	if m := t.mould(j, a); m != nil {
		t.fill(m, a)
	} else {
		listed := len(a.params.list)
		a.combined, a.scripts = t.combine(a, j.opts, a.params)
		a.extra = a.params.list[listed:]
		a.params.list = a.params.list[:listed]
	}
	return a.combined != nil
}

// combine is every option of the action, resolved with those of its jail and the parameters; nil when that is a fault.
// It adds to the parameters what the action's files say of them. scripts are its commands with marks.
func (t *tree) combine(a *action, opts, params *settings) (combined, scripts *settings) {
	d, _ := t.define(below("action.d", a.name), actionOptions, params, a.from)
	d.read(opts, false)
	late := []string{"matches", "ipmatches", "ipjailmatches", "timeout", "bantime"}
	if combined = d.combined(late...); combined == nil {
		return nil, nil
	}
	return combined, d.scripts(late...)
}

// identify gives the action the name of its jail, and a name of its own that is unique in the jail.
func (a *action) identify(jail string) {
	if !a.params.has("name") {
		a.params.set("name", text(jail))
	}
	if !a.params.has("actname") {
		actname, name := a.name, a.params.text("name")
		if rest, ok := strings.CutPrefix(name, jail); ok {
			actname += rest
		} else {
			actname += "-" + name
		}
		a.params.set("actname", text(actname))
	}
	a.actname = a.params.text("actname")
}

func (t *tree) broken(j *jail, f *Fault) bool {
	t.fault(f)
	j.broken = true
	return false
}

// similar is a half sentence that names the file that was perhaps meant.
func (t *tree) similar(dir, name string) string {
	entries, err := fs.ReadDir(t.fsys, path.Join(strings.TrimLeft(t.dir, "/"), dir))
	if err != nil {
		return ""
	}
	meant, best := "", 3
	for _, e := range entries {
		n, ok := strings.CutSuffix(e.Name(), ".conf")
		if !ok || n == "" {
			continue
		}
		if strings.EqualFold(n, name) || strings.HasPrefix(n, name) || strings.HasPrefix(name, n) {
			return fmt.Sprintf("; is %q meant?", n)
		}
		if d := distance(n, name); d < best && 2*d < len(name) {
			meant, best = n, d
		}
	}
	if meant == "" {
		return ""
	}
	return fmt.Sprintf("; is %q meant?", meant)
}
