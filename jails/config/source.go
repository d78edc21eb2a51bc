package config

import (
	"fmt"
	"slices"
	"strings"
)

// sources reads where the jail's lines come from.
func (s *section) sources(j *Jail) {
	s.backend(j)
	j.LogPaths = logPaths(s.text("logpath"))
	s.journal(j)
	if !strings.HasPrefix(j.Backend, "systemd") && len(j.LogPaths) == 0 && !j.HasJournalMatch {
		s.warn("logpath", 0, "the jail has neither a log file nor a journal match and reads nothing", "set logpath, unit or backend = systemd")
	}
}

// logPaths reads one glob a line, each perhaps with where reading begins behind it.
func logPaths(s string) []LogPath {
	var all []LogPath
	for _, line := range strings.Split(s, "\n") {
		p := LogPath{Glob: line}
		if i := strings.LastIndexByte(line, ' '); i >= 0 {
			switch strings.ToLower(line[i+1:]) {
			case "tail":
				p = LogPath{strings.TrimSpace(line[:i]), true}
			case "head":
				p.Glob = strings.TrimSpace(line[:i])
			}
		}
		if p.Glob != "" {
			all = append(all, p)
		}
	}
	return all
}

// backend reads a backend with its options: systemd[journalpath=/var/log/journal, journalflags=1].
func (s *section) backend(j *Jail) {
	name, opts, err := parseList(s.text("backend"))
	if err != nil {
		s.fault("backend", 0, err.Error(), "write backend = name[option=value]")
		return
	}
	j.Backend = strings.ToLower(name)
	switch j.Backend {
	case "auto", "polling", "pyinotify", "gamin", "systemd":
	default:
		s.fault("backend", 0, fmt.Sprintf("there is no backend %q", name), "write auto, systemd or polling")
	}
	for _, o := range opts.list {
		if err := j.journalOption(o.name, o.text()); err != nil {
			s.fault("backend", 0, err.Error(), "the options are journalpath, journalfiles, journalflags, namespace and rotated")
		}
	}
	s.checkJournal(j)
}

// checkJournal looks at what no journal can be opened with.
func (s *section) checkJournal(j *Jail) {
	const knownFlags = 1<<4 - 1
	named := slices.DeleteFunc([]string{j.JournalPath, strings.Join(j.JournalFiles, ""), j.Namespace}, func(s string) bool { return s == "" })
	if len(named) > 1 {
		s.warn("backend", 0, "of journalpath, journalfiles and namespace only one can be followed: the jail reads nothing",
			"keep one; a namespace's directory can be a journalpath")
	}
	if j.JournalFlags&^knownFlags != 0 {
		s.warn("backend", 0, fmt.Sprintf("journalflags=%d has flags that are not known and do nothing", j.JournalFlags),
			"add up 1 local, 2 runtime, 4 system and 8 current user; for namespaces write namespace=*")
	}
}

func (j *Jail) journalOption(name, value string) (err error) {
	switch name {
	case "journalpath":
		j.JournalPath = value
	case "journalfiles":
		j.JournalFiles = splitWords(value)
	case "journalflags":
		if j.JournalFlags, err = parseInt(value); err != nil {
			return fmt.Errorf("journalflags: %w", err)
		}
	case "namespace":
		j.Namespace = value
	case "rotated":
	default:
		return fmt.Errorf("there is no option %q", name)
	}
	return nil
}
