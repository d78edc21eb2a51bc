package main

import (
	"slices"
	"strings"

	"bailiff/jails/event"
	"bailiff/jails/filter"
)

// shownNames is how many names without an address are told.
const shownNames = 5

// A nameless counts lines in which a regex finds a host name that stands for no address: the daemon bans nobody for them.
type nameless struct {
	lines int
	names []string        // the first of them
	twin  *filter.Matcher // takes names as they are, where usedns = no leaves them out; else nil
}

func (n *nameless) note(hosts []string) {
	if len(hosts) == 0 {
		return
	}
	n.lines++
	for _, h := range hosts {
		if !slices.Contains(n.names, h) && len(n.names) <= shownNames {
			n.names = append(n.names, h)
		}
	}
}

// watchNames makes the twin. fail2ban-regex does not tell such lines from others that are missed.
func (t *regexTest) watchNames() error {
	if t.fail2ban || t.json || t.template != "" || t.definition.UseDNS != "no" {
		return nil
	}
	d := t.definition
	d.UseDNS = "raw"
	f, err := filter.Compile(d)
	if err != nil {
		return explain(err)
	}
	t.nameless.twin = f.NewMatcher(filter.Options{AllYears: true, Report: true})
	return nil
}

// noteNames notes the names in a line that was missed for them alone.
func (t *regexTest) noteNames(l event.Line, found []filter.Match) {
	if t.nameless.twin == nil {
		return
	}
	var hosts []string
	for _, x := range t.nameless.twin.Match(l, t.clock()) {
		if _, isAddress := x.Subject.Prefix(); len(found) == 0 && !isAddress && !x.Ignored && !x.NoFail {
			hosts = append(hosts, x.Host)
		}
	}
	t.nameless.note(hosts)
}

// explainMisses says of lines that are missed what fail2ban-regex does not.
func (t *regexTest) explainMisses(log string) {
	if t.fail2ban {
		return
	}
	if n := &t.nameless; n.lines > 0 {
		why, names := "names have no address", strings.Join(n.names[:min(len(n.names), shownNames)], ", ")
		if n.twin != nil {
			why = "names are not looked up (usedns = no)"
		}
		if len(n.names) > shownNames {
			names += " and others"
		}
		t.say("Matched, but nobody is banned for it: %s whose %s: %s", counted(n.lines, "line"), why, names)
	}
	if t.stats.tested > 0 && !t.undated && t.datesFound() == 0 {
		switch patterns := t.definition.Datepattern; {
		case len(patterns) > 0:
			t.say("No line has a date as datepattern has it: %s", strings.Join(patterns, " | "))
		case isFile(log) || log == "-":
			t.say("No line has a date that is known; --datepattern, or datepattern in the filter, says how one is written")
		}
	}
	for _, w := range t.warnings {
		t.say("warning: %s", w)
	}
	if len(t.definition.Failregex) == 0 {
		t.say("warning: the filter has no failregex and finds nothing")
	}
}

// datesFound is how many dates were found in the lines.
func (t *regexTest) datesFound() (n int) {
	for _, d := range t.matcher.Templates() {
		n += int(d.Hits)
	}
	return n
}
