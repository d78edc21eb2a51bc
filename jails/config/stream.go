package config

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"
)

// DumpFail2ban writes the configuration as fail2ban-client -d does: one command a line in Python's notation. It
// resolves the files and no more, so that a filter which cannot be compiled is written too. The error is of type Faults
// when something is wrong with the files.
func DumpFail2ban(fsys fs.FS, dir string, w io.Writer) error {
	t := resolve(fsys, dir)
	thread, main := t.mainOptions()
	if len(t.faults) > 0 {
		return Faults(collect(t.faults))
	}
	s := &stream{tree: t, out: bufio.NewWriter(w), found: map[string][]string{}}
	s.main(thread, main)
	for _, j := range t.jails {
		s.jail(j)
	}
	for _, j := range t.jails {
		s.begin("start", j.name)
		s.end()
	}
	if err := s.out.Flush(); err != nil {
		return fmt.Errorf("write commands: %w", err)
	}
	return nil
}

// A stream writes the commands that fail2ban-client would send to its server, in its order.
type stream struct {
	*tree
	out   *bufio.Writer
	line  []byte              // the command that is being written
	found map[string][]string // log files by glob
}

// begin begins a command with a few words. Nothing is written before its end.
func (s *stream) begin(words ...string) {
	s.line = append(s.line[:0], '[')
	for i, w := range words {
		if i > 0 {
			s.line = append(s.line, ", "...)
		}
		s.line = stringLiteral(s.line, w)
	}
}

func (s *stream) word(w string) { s.line = stringLiteral(append(s.line, ", "...), w) }

func (s *stream) value(v *setting) { s.line = literal(append(s.line, ", "...), v) }

func (s *stream) end() {
	s.line = append(s.line, "]\n"...)
	_, _ = s.out.Write(s.line) // Flush tells of an error
}

func (s *stream) set(jail, option string, v *setting) {
	s.begin("set", jail, option)
	s.value(v)
	s.end()
}

// mainTable is what fail2ban.conf is asked for, with the standards of 1.0.2, in the order of the commands.
var mainTable = []option{
	{"syslogsocket", str, standard("auto")},
	{"loglevel", str, standard("INFO")},
	{"logtarget", str, standard("/var/log/fail2ban.log")},
	{"allowipv6", str, standard("auto")},
	{"dbfile", str, standard("/var/lib/fail2ban/fail2ban.sqlite3")},
	{"dbmaxmatches", integer, nil},
	{"dbpurgeage", str, standard("1d")},
}

// mainOptions are those of fail2ban.conf.
func (t *tree) mainOptions() (thread, main *settings) {
	if t.main.Has("Thread") {
		thread = t.read(t.main, "Thread", []option{{"stacksize", integer, nil}}, newSettings(), true)
	}
	return thread, t.read(t.main, definitionSection, mainTable, newSettings(), true)
}

func (s *stream) main(thread, main *settings) {
	if thread != nil && len(thread.list) > 0 {
		s.begin("set", "thread")
		s.line = literal(append(s.line, ", {'stacksize': "...), &thread.list[0].setting)
		s.line = append(s.line, '}')
		s.end()
	}
	for i := range mainTable {
		if v, ok := main.get(mainTable[i].name); ok {
			s.begin("set", mainTable[i].name)
			s.value(&v)
			s.end()
		}
	}
}

// jail writes a jail's commands: what the jail says of its filter lies around what the filter itself says.
func (s *stream) jail(j *jail) {
	s.begin("add", j.name, j.opts.text("backend"))
	s.end()
	filter := j.merged
	if filter == nil {
		filter = newSettings()
	}
	s.first(j.name, j.opts)
	s.first(j.name, filter)
	s.regexes(j.name, filter)
	s.regexes(j.name, j.opts)
	s.options(j)
	for _, a := range j.actions {
		s.action(j, a)
	}
}

// first writes what the commands for the regexes depend on.
func (s *stream) first(jail string, opts *settings) {
	if v, ok := opts.get("usedns"); ok && v.kind != void {
		s.set(jail, "usedns", &v)
	}
	for i := range opts.list {
		if o := &opts.list[i]; (o.name == "maxlines" || o.name == "prefregex") && o.kind != void {
			s.set(jail, o.name, &o.setting)
		}
	}
}

func (s *stream) regexes(jail string, opts *settings) {
	for i := range opts.list {
		o := &opts.list[i]
		switch {
		case o.kind == void:
		case o.name == "failregex" || o.name == "ignoreregex":
			s.add(jail, o.name, o.value)
		case o.name == "journalmatch":
			s.matches(jail, o.value)
		// fail2ban looks the name up in the word, so that an option "date" or "p" is sent too.
		case strings.Contains("datepattern", o.name):
			s.set(jail, o.name, &o.setting)
		}
	}
}

// add writes the regexes of an option, one a line.
func (s *stream) add(jail, option, value string) {
	value = strings.Trim(value, "\n")
	if value == "" {
		return
	}
	if !strings.Contains(value, "\n") {
		s.begin("set", jail, "add"+option, value)
		s.end()
		return
	}
	s.begin("multi-set", jail, "add"+option)
	between := ", ["
	for regex := range strings.SplitSeq(value, "\n") {
		if regex != "" {
			s.line = stringLiteral(append(s.line, between...), regex)
			between = ", "
		}
	}
	s.line = append(s.line, ']')
	s.end()
}

func (s *stream) matches(jail, value string) {
	for line := range strings.SplitSeq(value, "\n") {
		if line == "" {
			continue
		}
		s.begin("set", jail, "addjournalmatch")
		words, _ := splitShell(line)
		for _, w := range words {
			s.word(w)
		}
		s.end()
	}
}

// options are the jail's own, the files it reads last.
func (s *stream) options(j *jail) {
	for i := range j.opts.list {
		o := &j.opts.list[i]
		switch o.name {
		case "backend", "action", "filter", "enabled", "logpath":
		case "ignoreip":
			s.begin("set", j.name, "addignoreip")
			for _, w := range splitWords(o.text()) {
				s.word(w)
			}
			s.end()
		default:
			if !isOneOf(filterOptions, o.name) {
				s.set(j.name, o.name, &o.setting)
			}
		}
	}
	if j.opts.has("logpath") && !strings.HasPrefix(j.opts.text("backend"), "systemd") {
		s.logFiles(j)
	}
}

// logFiles are the files that logpath's globs find now.
func (s *stream) logFiles(j *jail) {
	for line := range strings.SplitSeq(j.opts.text("logpath"), "\n") {
		glob, tail := line, "head"
		if i := strings.LastIndexByte(line, ' '); i >= 0 {
			glob, tail = line[:i], line[i+1:]
		}
		for _, f := range s.glob(glob) {
			s.begin("set", j.name, "addlogpath", "/"+f, tail)
			s.end()
		}
	}
}

// glob is the files that a glob finds. Jails share many.
func (s *stream) glob(glob string) []string {
	files, ok := s.found[glob]
	if ok || glob == "" {
		return files
	}
	all, _ := fs.Glob(s.fsys, path.Clean(strings.ReplaceAll(strings.TrimLeft(glob, "/"), "[!", "[^")))
	for _, f := range all {
		if _, err := fs.Stat(s.fsys, f); err == nil {
			files = append(files, f)
		}
	}
	s.found[glob] = files
	return files
}

func (s *stream) action(j *jail, a *action) {
	if a.combined == nil {
		s.program(j, a)
		return
	}
	s.begin("set", j.name, "addaction", a.actname)
	s.end()
	options := a.options()
	switch len(options) {
	case 0:
	case 1:
		s.begin("set", j.name, "action", a.actname, options[0].name)
		s.value(&options[0].setting)
		s.end()
	default:
		s.begin("multi-set", j.name, "action", a.actname)
		between := ", [["
		for _, o := range options {
			s.line = stringLiteral(append(s.line, between...), o.name)
			s.value(&o.setting)
			between = "], ["
		}
		s.line = append(s.line, "]]"...)
		s.end()
	}
}

// program writes an action that is a Python module.
func (s *stream) program(j *jail, a *action) {
	params := newSettings()
	for _, o := range a.params.list {
		if o.name != "actname" {
			params.set(o.name, o.setting)
		}
	}
	name := cmp.Or(a.params.text("actname"), strings.TrimSuffix(a.name, path.Ext(a.name)))
	s.begin("set", j.name, "addaction", name, s.dir+"/action.d/"+a.name, jsonObject(params))
	s.end()
}

// options are what fail2ban's server is told of the action.
func (a *action) options() []*named {
	all := make([]*named, 0, len(a.combined.list))
	for i := range a.combined.list {
		if o := &a.combined.list[i]; isOneOf(actionOptions, o.name) {
			all = append(all, o)
		}
	}
	for _, params := range [...][]named{a.params.list, a.extra} {
		for i := range params {
			if o := &params[i]; !isOneOf(actionOptions, o.name) && !strings.HasPrefix(o.name, knownPrefix) {
				all = append(all, o)
			}
		}
	}
	return all
}

func isOneOf(table []option, name string) bool {
	for i := range table {
		if table[i].name == name {
			return true
		}
	}
	return false
}
