package main

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"bailiff/jails/config"
	"bailiff/jails/event"
	"bailiff/jails/filter"
)

// A loadedFilter is what FILTER or REGEX on the command line means.
type loadedFilter struct {
	filter.Definition
	journal event.Selector
}

// filterName is what fail2ban-regex takes for a filter and not for a regex.
var filterName = regexp.MustCompile(`(?s)^/{0,3}[\pL\pN_/\-.]+(?:\[.*\])?$`)

// load finds out what a filter argument means: a filter's name or its file, else a regex.
func (t *regexTest) load(log, text string) (loadedFilter, error) {
	if filterName.MatchString(text) {
		name, options, _ := strings.Cut(text, "[")
		if options != "" {
			options = "[" + options
		}
		if tree := t.find(name); tree != nil {
			return t.loadNamed(tree, options, t.journal || strings.HasPrefix(log, "systemd-journal"))
		}
		if !t.fail2ban {
			return loadedFilter{}, t.noFilter(name)
		}
	}
	t.say("Use   failregex line : %s", shorten(text))
	return loadedFilter{Definition: filter.Definition{Failregex: []string{text}}}, nil
}

// find looks for a filter's file, nil where there is none. A name without a slash is one of the configuration's.
func (t *regexTest) find(name string) *filterTree {
	if strings.Contains(name, "/") {
		return findFile(name)
	}
	root, dir := t.filterRoot()
	for _, file := range candidates(name) {
		f := &filterTree{root: root, dir: strings.Trim(dir, "/"), file: file, shown: dir}
		if info, err := fs.Stat(root, path.Join(f.dir, "filter.d", file)); err == nil && info.Mode().IsRegular() {
			return f
		}
	}
	return nil
}

// filterRoot is the configuration that has filters in its filter.d.
func (t *regexTest) filterRoot() (root fs.FS, dir string) {
	root, dir = configRoot(t.config)
	if t.fail2ban && t.config == "" {
		root, dir = fail2banRoot()
	}
	if abs, err := filepath.Abs(dir); err == nil {
		dir = abs
	}
	if path.Base(dir) == "filter.d" {
		dir = path.Dir(dir)
	}
	return root, dir
}

// noFilter says that there is no such filter, and which one may be meant.
func (t *regexTest) noFilter(name string) error {
	if strings.Contains(name, "/") {
		return fmt.Errorf("%s: there is no such file of a filter\nhint: a regex has <HOST> where the address stands", name)
	}
	root, dir := t.filterRoot()
	where, hint := path.Join(dir, "filter.d"), "name its file, or its configuration's directory with --config; a regex has <HOST> where the address stands"
	if dir == "/" {
		where = "the built-in configuration"
	}
	if meant := config.Nearest(name, filterNames(root, dir)); meant != "" {
		hint = fmt.Sprintf("is %q meant?", meant)
	} else if isFile(path.Join(theirConfig, "filter.d", name+".conf")) {
		hint = "fail2ban has one: --config " + theirConfig
	} else if isFile(name) || isFile(name+".conf") {
		hint = "a file is named with a slash: ./" + name
	}
	return fmt.Errorf("there is no filter %q in %s\nhint: %s", name, where, hint)
}

// filterNames are the filters of a configuration.
func filterNames(root fs.FS, dir string) (names []string) {
	entries, err := fs.ReadDir(root, cmp.Or(strings.Trim(path.Join(dir, "filter.d"), "/"), "."))
	if err != nil {
		return nil
	}
	for _, e := range entries {
		if ext := path.Ext(e.Name()); ext == ".conf" || ext == ".local" {
			names = append(names, strings.TrimSuffix(e.Name(), ext))
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// findFile looks for a filter's file by its path.
func findFile(name string) *filterTree {
	for _, file := range candidates(name) {
		abs, err := filepath.Abs(file)
		if err != nil || !isFile(abs) {
			continue
		}
		f := &filterTree{root: os.DirFS("/"), given: name, file: path.Base(abs), dir: strings.Trim(path.Dir(path.Dir(abs)), "/")}
		f.shown = "/" + f.dir
		if folder := path.Dir(abs); path.Base(folder) != "filter.d" {
			f.folder, f.shown = strings.Trim(folder, "/"), ""
		}
		return f
	}
	return nil
}

// candidates are the files that a filter's name may mean.
func candidates(name string) []string {
	if strings.Contains(name[max(0, len(name)-6):], ".") {
		return []string{name}
	}
	return []string{name, name + ".conf", name + ".local"}
}

// theirConfig is where fail2ban's configuration lies.
const theirConfig = "/etc/fail2ban"

// fail2banRoot is where fail2ban-regex looks for filters: in fail2ban's configuration while there is one, else in ours.
func fail2banRoot() (fs.FS, string) {
	if _, err := os.Stat(theirConfig); err == nil {
		return os.DirFS("/"), theirConfig
	}
	return configRoot("")
}

// loadNamed has the configuration resolve the filter as it would for a jail.
func (t *regexTest) loadNamed(f *filterTree, options string, journal bool) (loadedFilter, error) {
	name := strings.TrimSuffix(strings.TrimSuffix(f.file, ".conf"), ".local")
	if f.shown != "" {
		t.say("Use   failregex filter file : %s, basedir: %s", name, f.shown)
	} else {
		t.say("Use   failregex file : %s", f.given)
	}
	if shown := f.optionsRepr(options); shown != "" {
		t.say("Use   filter options : %s", shown)
	}
	f.jail = jailText(name+options, journal)
	c, err := config.Load(f, "/"+f.dir)
	if err != nil {
		return loadedFilter{}, fmt.Errorf("load the filter: %w", f.blame(err))
	}
	t.warnings = f.warnings(c.Warnings)
	if len(c.Jails) != 1 {
		return loadedFilter{}, errors.New("the filter has nothing to test")
	}
	j := c.Jails[0]
	return loadedFilter{Definition: j.Definition, journal: j.Journal}, nil
}

// blame has faults name the files as the command line does.
func (f *filterTree) blame(err error) error {
	var faults config.Faults
	if !errors.As(err, &faults) {
		return err
	}
	named := make(config.Faults, len(faults))
	for i, fault := range faults {
		named[i] = f.place(fault)
	}
	return named
}

// place has a fault name files where they lie in truth.
func (f *filterTree) place(fault config.Fault) config.Fault {
	if f.folder == "" {
		return fault
	}
	seen, truly := path.Join("/", f.dir, "filter.d")+"/", path.Join("/", f.folder)+"/"
	file, given := truly+f.file, seen+f.file+".conf" // a file of any name stands for one that ends with .conf
	names := strings.NewReplacer(given, file, seen, truly)
	fault.File, fault.Message, fault.Hint = names.Replace(fault.File), names.Replace(fault.Message), names.Replace(fault.Hint)
	fault.Chain = slices.Clone(fault.Chain)
	for i := range fault.Chain {
		fault.Chain[i] = names.Replace(fault.Chain[i])
	}
	return fault
}

// warnings are those that are about the filter and what it includes.
func (f *filterTree) warnings(all []config.Fault) (lines []string) {
	for _, w := range all {
		if w = f.place(w); path.Base(w.File) != "jail.conf" {
			lines = append(lines, w.Error())
		}
	}
	return lines
}

// jailText is a configuration of one jail that uses the filter.
func jailText(filter string, journal bool) string {
	backend := "auto"
	if journal {
		backend = "systemd"
	}
	filter = strings.ReplaceAll(strings.ReplaceAll(filter, "%", "%%"), "\n", "\n  ")
	return fmt.Sprintf("[fail2ban-regex-jail]\nenabled = true\nbackend = %s\nfilter = %s\n", backend, filter)
}

// A filterTree is a configuration directory in which there is one jail only, so that one filter can be loaded.
type filterTree struct {
	root   fs.FS
	dir    string // the configuration directory, below root
	file   string // of the filter, in filter.d
	shown  string // the directory's name for people; "": the file lies in no configuration
	given  string // the file as the command line names it
	folder string // where the filter's file lies if not in dir/filter.d
	jail   string // the text of jail.conf
}

// hidden are what a configuration has besides filters and actions.
var hidden = []string{"jail.local", "jail.d", "fail2ban.conf", "fail2ban.local", "fail2ban.d", "bailiff.conf", "bailiff.local", "bailiff.d"}

// Open opens a file of the tree. Directories whose files differ from those of root cannot be listed.
func (f *filterTree) Open(name string) (fs.File, error) {
	if name == cmp.Or(f.dir, ".") {
		return nil, missing(name)
	}
	rest := name
	if f.dir != "" {
		var ok bool
		if rest, ok = strings.CutPrefix(name, f.dir+"/"); !ok {
			return f.root.Open(name)
		}
	}
	first, below, _ := strings.Cut(rest, "/")
	switch {
	case rest == "jail.conf":
		return &textFile{name: rest, Reader: strings.NewReader(f.jail)}, nil
	case slices.Contains(hidden, first):
		return nil, missing(name)
	case first == "filter.d" && f.folder != "":
		return f.openBeside(below)
	}
	return f.root.Open(name)
}

func missing(name string) error { return &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist} }

// openBeside opens a file in the folder of a filter that lies in no configuration. A filter there need not be called
// .conf.
func (f *filterTree) openBeside(name string) (fs.File, error) {
	if name == "" {
		return nil, missing(name)
	}
	file, err := f.root.Open(path.Join(f.folder, name))
	if stem, ok := strings.CutSuffix(name, ".conf"); ok && errors.Is(err, fs.ErrNotExist) && stem == f.file {
		return f.root.Open(path.Join(f.folder, stem))
	}
	return file, err
}
