package config

import (
	"cmp"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"bailiff/jails/event"
	"bailiff/jails/filter"
)

// What fail2ban and bailiff write of a ban, and of a failure, in the forms that a filter may read
// them in.
const (
	theirName  = "fail2ban.actions        [4711]: "
	ourName    = "bailiff[4711]: "
	fileDate   = "2026-11-22 06:51:38,049 "
	syslogDate = "Nov 22 06:51:38 host "
)

// ownEvents are what bailiff's log tells of, by the level that it is told at.
var ownEvents = []struct {
	level, message string
	weight         int
}{
	{"NOTICE ", "[another] Ban 192.0.2.1", 25},
	{"INFO   ", "[another] Found 192.0.2.1 - 2026-11-22 06:51:38", 20},
}

// ownWords are in every filter that reads bailiff's own log, or fail2ban's.
var ownWords = regexp.MustCompile(`(?i)\bBan\b|\bFound\b|fail2ban|bailiff`)

// warnOwnLog warns of jails such as recidive, which look for bans in bailiff's own log, where they
// can never find any.
func (b *builder) warnOwnLog(d *Daemon) {
	for _, s := range b.sections {
		regexes := strings.Join(s.made.Definition.Failregex, "\n")
		if s.made.Filter == nil || !ownWords.MatchString(regexes) {
			continue
		}
		for _, e := range ownEvents {
			ours, theirs := e.level+" "+e.message, e.level+" "+e.message
			inFile := s.made.finds(fileDate+ourName+ours, nil)
			if !inFile && !s.made.finds(fileDate+theirName+theirs, nil) && !s.made.findsEntry(e.message) {
				continue
			}
			if option, why, hint := s.blind(d, e.weight, ours, e.message, inFile); why != "" {
				s.warn(option, 0, "the jail looks for bans and can never find bailiff's: "+why, hint)
			}
			break
		}
	}
}

// ownEntry is the journal entry of a message that bailiff logs.
func ownEntry(message string) []event.Field {
	field := func(name, value string) event.Field {
		return event.Field{Name: name, Value: []byte(value)}
	}
	return []event.Field{field("_HOSTNAME", "host"),
		field("SYSLOG_IDENTIFIER", "bailiff"), field("_COMM", "bailiff"), field("_PID", "4711"),
		field("_UID", "0"), field("_TRANSPORT", "stdout"), field("_SYSTEMD_UNIT", "bailiff.service"),
		field("_SYSTEMD_SLICE", "system.slice"), field("PRIORITY", "5"), field("MESSAGE", message)}
}

// findsEntry reports whether the jail's filter finds somebody in the entry of a message.
func (j *Jail) findsEntry(message string) bool {
	fields := ownEntry(message)
	return j.finds(string(filter.Synthesise(nil, fields, 0)), fields)
}

// finds reports whether the jail's filter finds somebody in a line.
func (j *Jail) finds(line string, fields []event.Field) bool {
	at := time.Date(2026, 11, 22, 6, 51, 38, 0, time.Local)
	l := event.Line{Text: []byte(line), Fields: fields}
	if fields != nil {
		l.Time = at
	}
	return len(j.Filter.NewMatcher(filter.Options{}).Match(l, at)) > 0
}

// blind is why a jail that looks for bans finds none of bailiff's; why is "" when it may find them.
func (s *section) blind(d *Daemon, weight int, line, message string, inFile bool) (
	option, why, hint string,
) {
	j := s.made
	if level, ok := logWeight(d.LogLevel); ok && level > weight {
		return "filter", fmt.Sprintf("loglevel = %s leaves them out of the log", d.LogLevel),
			"set loglevel = INFO in bailiff.conf"
	}
	target, _, _ := strings.Cut(d.LogTarget, "[")
	word := strings.ToUpper(strings.TrimSpace(target))
	file := strings.HasPrefix(target, "/")
	advice := "set logtarget = /var/log/bailiff.log in bailiff.conf, " +
		"and in this jail backend = auto and that file as logpath"
	if file {
		advice = "set backend = auto and logpath = " + target + " in this jail"
	}
	fromJournal := s.needsJournal() || j.Backend == "auto" && j.HasJournalMatch && len(j.LogPaths) == 0
	switch {
	case fromJournal && !j.Journal.Holds(ownEntry(message)):
		return s.journalOption(), "its journal match does not take bailiff's entries", advice
	case fromJournal && j.findsEntry(message):
		return "", "", ""
	case fromJournal:
		why = fmt.Sprintf("in the journal they read %q, which the filter does not match", message)
		return s.journalOption(), why, advice
	case word == "SYSLOG":
		if !j.finds(syslogDate+ourName+line, nil) {
			return "filter", fmt.Sprintf("the filter does not match %q", syslogDate+ourName+line), advice
		}
		return "", "", ""
	case !file:
		why = fmt.Sprintf("with logtarget = %s it writes no log file", cmp.Or(word, "STDERR"))
		return "logpath", why, advice
	case !slices.ContainsFunc(j.LogPaths, func(p LogPath) bool { return covers(p.Glob, target) }):
		return "logpath", fmt.Sprintf("it logs to %s, which is not among the files", target), advice
	case !inFile:
		return "filter", fmt.Sprintf("the filter does not match %q", fileDate+ourName+line),
			"let the filter take bailiff for the program's name, too"
	}
	return "", "", ""
}

// journalOption is the option that has the jail read the journal.
func (s *section) journalOption() string {
	for _, option := range []string{"unit", "identifier", "journalmatch"} {
		if s.text(option) != "" {
			return option
		}
	}
	return "backend"
}

func covers(glob, file string) bool {
	ok, err := path.Match(glob, file)
	return ok && err == nil
}
