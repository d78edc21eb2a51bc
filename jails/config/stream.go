package config

import (
	"cmp"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// stream is the configuration as the commands that fail2ban-client would send to its server, in its order.
func (t *tree) stream() []command {
	all := t.mainCommands()
	for _, j := range t.jails {
		all = append(all, t.jailCommands(j)...)
	}
	for _, j := range t.jails {
		if j.broken == "" {
			all = append(all, command{"start", j.name})
		}
	}
	return all
}

// mainTable is what fail2ban.conf is asked for, with the standards of 1.0.2, in the order of the commands.
var mainTable = []option{
	{"syslogsocket", str, "auto"},
	{"loglevel", str, "INFO"},
	{"logtarget", str, "/var/log/fail2ban.log"},
	{"allowipv6", str, "auto"},
	{"dbfile", str, "/var/lib/fail2ban/fail2ban.sqlite3"},
	{"dbmaxmatches", integer, nil},
	{"dbpurgeage", str, "1d"},
}

// mainCommands are those of fail2ban.conf.
func (t *tree) mainCommands() []command {
	var all []command
	if thread := t.read(t.main, "Thread", []option{{"stacksize", integer, nil}}, newSettings(), true); t.main.Has("Thread") && thread.has("stacksize") {
		all = append(all, command{"set", "thread", dictionary{"stacksize", thread.list[0].value}})
	}
	opts := t.read(t.main, definitionSection, mainTable, newSettings(), true)
	for _, o := range mainTable {
		if v, ok := opts.get(o.name); ok {
			all = append(all, command{"set", o.name, v.value})
		}
	}
	return all
}

// A dictionary of one entry.
type dictionary struct {
	key   string
	value any
}

func (t *tree) jailCommands(j *jail) []command {
	if j.broken != "" {
		return []command{{"config-error", "Jail '" + j.name + "' skipped, because of wrong configuration: " + j.broken}}
	}
	var s filterStream
	if j.merged != nil {
		s.fill(j.name, j.merged)
	}
	s.first = 0
	s.fill(j.name, j.opts)
	all := append(s.commands, t.options(j)...)
	for _, a := range j.actions {
		all = append(all, t.actionCommands(j, a)...)
	}
	return append([]command{{"add", j.name, j.opts.text("backend")}}, all...)
}

// A filterStream is commands about a filter. Those that the others depend on come first.
type filterStream struct {
	commands []command
	first    int
}

func (s *filterStream) fill(jail string, opts *settings) {
	for _, o := range opts.list {
		n, v := o.name, o.value
		if v == nil {
			continue
		}
		switch {
		case n == "failregex" || n == "ignoreregex":
			s.regexes(jail, n, opts.text(n))
		case n == "usedns":
			s.insert(0, command{"set", jail, n, v})
		case n == "maxlines" || n == "prefregex":
			s.insert(s.first, command{"set", jail, n, v})
		case n == "journalmatch":
			s.matches(jail, opts.text(n))
		// fail2ban looks the name up in the word, so that an option "date" or "p" is sent too.
		case strings.Contains("datepattern", n):
			s.commands = append(s.commands, command{"set", jail, n, v})
		}
	}
}

func (s *filterStream) insert(at int, c command) {
	s.commands = slices.Insert(s.commands, at, c)
	s.first++
}

func (s *filterStream) regexes(jail, option, value string) {
	var all []string
	for r := range strings.SplitSeq(value, "\n") {
		if r != "" {
			all = append(all, r)
		}
	}
	switch len(all) {
	case 0:
	case 1:
		s.commands = append(s.commands, command{"set", jail, "add" + option, all[0]})
	default:
		s.commands = append(s.commands, command{"multi-set", jail, "add" + option, all})
	}
}

func (s *filterStream) matches(jail, value string) {
	for _, line := range strings.Split(value, "\n") {
		if line == "" {
			continue
		}
		c := command{"set", jail, "addjournalmatch"}
		words, _ := splitShell(line)
		for _, w := range words {
			c = append(c, w)
		}
		s.commands = append(s.commands, c)
	}
}

// options are the jail's own, the files it reads last.
func (t *tree) options(j *jail) []command {
	var all, files []command
	for _, o := range j.opts.list {
		n, v := o.name, o.value
		switch {
		case n == "logpath":
			if !strings.HasPrefix(j.opts.text("backend"), "systemd") {
				files = t.logFiles(j)
			}
		case n == "ignoreip":
			c := command{"set", j.name, "addignoreip"}
			for _, w := range splitWords(j.opts.text(n)) {
				c = append(c, w)
			}
			all = append(all, c)
		case n == "backend" || n == "action" || n == "filter" || n == "enabled" || isFilterOption(n):
		default:
			all = append(all, command{"set", j.name, n, v})
		}
	}
	return append(all, files...)
}

func isFilterOption(name string) bool {
	return slices.ContainsFunc(filterOptions, func(o option) bool { return o.name == name })
}

// logFiles are the files that logpath's globs find now.
func (t *tree) logFiles(j *jail) []command {
	var all []command
	for _, line := range strings.Split(j.opts.text("logpath"), "\n") {
		glob, tail := line, "head"
		if i := strings.LastIndexByte(line, ' '); i >= 0 {
			glob, tail = line[:i], line[i+1:]
		}
		pattern := strings.ReplaceAll(strings.TrimLeft(glob, "/"), "[!", "[^")
		found, _ := fs.Glob(t.fsys, path.Clean(pattern))
		for _, f := range found {
			if _, err := fs.Stat(t.fsys, f); err == nil && glob != "" {
				all = append(all, command{"set", j.name, "addlogpath", "/" + f, tail})
			}
		}
	}
	return all
}

func (t *tree) actionCommands(j *jail, a *action) []command {
	if a.def == nil {
		params := newSettings()
		for _, o := range a.params.list {
			if o.name != "actname" {
				params.set(o.name, o.setting)
			}
		}
		name := a.params.text("actname")
		name = cmp.Or(name, strings.TrimSuffix(a.name, path.Ext(a.name)))
		return []command{{"set", j.name, "addaction", name, t.dir + "/action.d/" + a.name, jsonObject(params)}}
	}
	all := []command{{"set", j.name, "addaction", a.actname}}
	pairs := make([]named, 0, len(a.combined.list))
	for _, o := range a.combined.list {
		if isActionOption(o.name) {
			pairs = append(pairs, o)
		}
	}
	for _, o := range a.params.list {
		if !isActionOption(o.name) && !strings.HasPrefix(o.name, knownPrefix) {
			pairs = append(pairs, o)
		}
	}
	switch len(pairs) {
	case 0:
		return all
	case 1:
		return append(all, command{"set", j.name, "action", a.actname, pairs[0].name, pairs[0].value})
	}
	return append(all, command{"multi-set", j.name, "action", a.actname, pairs})
}

func isActionOption(name string) bool {
	return slices.ContainsFunc(actionOptions, func(o option) bool { return o.name == name })
}
