package config

import (
	"fmt"
	"os"
	"path"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"bailiff/jails/event"
)

// journal makes the jail's journal match: of unit, user-unit, identifier, priority, boot and journalmatch of the jail, or
// else of the filter's journalmatch. Where the jail's journalmatch is the filter's, a unit comes in its place.
func (s *section) journal(j *Jail) {
	match, own := s.journalMatch()
	ofFilter := s.filterMatch()
	named := own && !reflect.DeepEqual(match, ofFilter)
	for _, o := range []string{"unit", "user-unit", "identifier", "priority", "boot"} {
		if s.text(o) == "" || o == "boot" && !s.truth(o, false) {
			continue
		}
		if !own || !named && (o == "unit" || o == "user-unit") {
			match = nil
		}
		if o == "unit" && !named && trustsRoot(ofFilter) {
			match = s.unitOrFilter(ofFilter)
		} else {
			match = s.narrow(match, o)
		}
		own, named = true, true
	}
	if !own && j.Backend == "auto" && !s.truth("systemd_if_nologs", true) {
		match = nil
	}
	j.Journal, j.OwnMatch, j.HasJournalMatch = match, own, len(match) > 0
}

// journalMatch is the jail's journalmatch, or the filter's when the jail has none.
func (s *section) journalMatch() (match event.Selector, own bool) {
	v, own := s.get("journalmatch")
	if !own {
		v, _ = s.ofFilter("journalmatch")
	}
	match = parseMatches(v, func(line int, text string, err error) {
		message, hint := explained(text, err.Error(),
			"write FIELD=value, with + between alternatives: _SYSTEMD_UNIT=ssh.service + _COMM=sshd")
		s.report.fault(v.from.Fault(line, s.jail.name, "journalmatch", message, hint))
	})
	return match, own && len(match) > 0
}

// filterMatch is the filter's journalmatch, also where the jail has one. What is wrong in it is reported where it counts.
func (s *section) filterMatch() event.Selector {
	v, ok, _ := s.all.Get(s.jail.name, knownPrefix+"journalmatch", nil)
	if !ok {
		return nil
	}
	return parseMatches(fromValue(v), func(int, string, error) {})
}

// parseMatches reads a journalmatch, whose lines are alternatives.
func parseMatches(v setting, fault func(line int, text string, err error)) (match event.Selector) {
	if v.kind == void {
		return nil
	}
	for i, line := range strings.Split(v.text(), "\n") {
		groups, err := ParseMatch(line)
		if err != nil {
			fault(i, line, err)
		}
		match = append(match, groups...)
	}
	return match
}

// trustsRoot reports whether the filter's match also takes root's word for an identifier, whatever the unit: journald
// finds no unit for a process that has ended before it looks.
func trustsRoot(match event.Selector) bool {
	return slices.ContainsFunc(match, func(g event.Group) bool {
		uid := slices.IndexFunc(g, func(t event.Term) bool { return t.Field == "_UID" })
		named := slices.ContainsFunc(g, func(t event.Term) bool { return t.Field == "SYSLOG_IDENTIFIER" })
		return named && uid >= 0 && slices.Equal(g[uid].Values, []string{"0"}) && len(unitsOf(event.Selector{g})) == 0
	})
}

// unitsOf are the units that a match names.
func unitsOf(match event.Selector) (units []string) {
	for _, g := range match {
		for _, t := range g {
			if t.Field == "_SYSTEMD_UNIT" {
				units = append(units, t.Values...)
			}
		}
	}
	return units
}

// unitOrFilter is the match for the jail's units, where the filter has a match that trusts root. For a unit which that
// match names it is the whole of it, so that no entry is missed which journald could not attribute to the unit.
func (s *section) unitOrFilter(ofFilter event.Selector) event.Selector {
	units, known := s.narrow(nil, "unit"), unitsOf(ofFilter)
	meant := false
	for i, g := range units {
		for k, t := range g {
			others := slices.DeleteFunc(slices.Clone(t.Values), func(u string) bool { return slices.Contains(known, u) })
			meant = meant || len(others) < len(t.Values)
			units[i][k].Values = others
		}
	}
	if !meant {
		return units
	}
	units = slices.DeleteFunc(units, func(g event.Group) bool { return slices.ContainsFunc(g, empty) })
	return append(slices.Clone(ofFilter), units...)
}

// ParseMatch reads one line of a journalmatch: terms of one field are alternatives, those of different fields must all
// hold, and + begins another alternative.
func ParseMatch(line string) (event.Selector, error) {
	words, err := splitShell(line)
	if err != nil {
		return nil, err
	}
	var match event.Selector
	var group event.Group
	for i, w := range words {
		if w == "+" {
			if len(group) == 0 || i == len(words)-1 {
				return nil, fmt.Errorf("a term is missing beside +")
			}
			match, group = append(match, group), nil
			continue
		}
		field, value, ok := strings.Cut(w, "=")
		if !ok || field == "" {
			return nil, fmt.Errorf("%q is not FIELD=value", w)
		}
		group = with(group, field, value)
	}
	if len(group) > 0 {
		match = append(match, group)
	}
	return match, nil
}

// narrow demands that one of the option's words holds too, in every alternative there is.
func (s *section) narrow(match event.Selector, option string) event.Selector {
	alternatives, err := terms(option, s.text(option))
	if err != nil {
		s.fault(option, 0, err.Error(), hints[option])
		return match
	}
	if len(match) == 0 {
		match = event.Selector{nil}
	}
	var all event.Selector
	for _, group := range match {
		for _, t := range alternatives {
			if g, ok := and(group, t); ok {
				all = append(all, g)
			}
		}
	}
	if len(all) == 0 {
		s.fault(option, 0, fmt.Sprintf("%q and journalmatch exclude each other", s.text(option)), "drop one of the two")
	}
	return all
}

var hints = map[string]string{
	"unit":       "write units as journalctl -u takes them: ssh, nginx.service, php*-fpm.service",
	"user-unit":  "write units as journalctl --user-unit takes them: podman, syncthing.service",
	"boot":       "leave it out: the kernel does not say which boot this is",
	"identifier": "write identifiers as journalctl -t takes them: sshd sudo",
	"priority":   "write emerg, alert, crit, err, warning, notice, info, debug or 0 to 7, or a range such as err..info",
}

// terms are an option's words as alternatives of the journal's fields.
func terms(option, words string) ([]event.Term, error) {
	switch option {
	case "unit":
		return unitTerms(strings.Fields(words), "_SYSTEMD_UNIT", "_SYSTEMD_SLICE")
	case "user-unit":
		return unitTerms(strings.Fields(words), "_SYSTEMD_USER_UNIT", "_SYSTEMD_USER_SLICE")
	case "boot":
		return thisBoot()
	case "identifier":
		return []event.Term{{Field: "SYSLOG_IDENTIFIER", Values: strings.Fields(words)}}, nil
	}
	levels, err := priorities(strings.Fields(words))
	return []event.Term{{Field: "PRIORITY", Values: levels}}, err
}

// thisBoot holds for what was logged since the machine was started, as journalctl -b shows it.
func thisBoot() ([]event.Term, error) {
	text, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return nil, err
	}
	id := strings.ReplaceAll(strings.TrimSpace(string(text)), "-", "")
	return []event.Term{{Field: "_BOOT_ID", Values: []string{id}}}, nil
}

// unitTerms are units by the fields that only the journal itself sets: what the manager says of a unit, others can forge.
func unitTerms(words []string, unitField, sliceField string) ([]event.Term, error) {
	unit, slice := event.Term{Field: unitField}, event.Term{Field: sliceField}
	for _, w := range words {
		to := &unit
		if strings.HasSuffix(w, ".slice") {
			to = &slice
		}
		if strings.ContainsAny(w, "*?[") {
			if _, err := path.Match(w, ""); err != nil {
				return nil, fmt.Errorf("%q is not a pattern", w)
			}
			to.Globs = append(to.Globs, w)
			continue
		}
		if !unitSuffixes[path.Ext(w)] {
			w += ".service"
		}
		to.Values = append(to.Values, w)
	}
	return slices.DeleteFunc([]event.Term{unit, slice}, empty), nil
}

var unitSuffixes = map[string]bool{".service": true, ".socket": true, ".device": true, ".mount": true, ".automount": true,
	".swap": true, ".target": true, ".path": true, ".timer": true, ".slice": true, ".scope": true}

func empty(t event.Term) bool { return len(t.Values)+len(t.Globs) == 0 }

var levelNames = []string{"emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"}

// priorities are the values of the levels: a level means it and worse, a..b all from one to the other.
func priorities(words []string) ([]string, error) {
	wanted := map[int]bool{}
	for _, w := range words {
		from, to, isRange := strings.Cut(w, "..")
		a, err := level(from)
		if err != nil {
			return nil, err
		}
		b := 0
		if isRange {
			if b, err = level(to); err != nil {
				return nil, err
			}
		}
		for l := min(a, b); l <= max(a, b); l++ {
			wanted[l] = true
		}
	}
	var values []string
	for l := range levelNames {
		if wanted[l] {
			values = append(values, strconv.Itoa(l))
		}
	}
	return values, nil
}

func level(s string) (int, error) {
	if l := slices.Index(levelNames, strings.ToLower(s)); l >= 0 {
		return l, nil
	}
	if l, err := strconv.Atoi(s); err == nil && l >= 0 && l < len(levelNames) {
		return l, nil
	}
	return 0, fmt.Errorf("%q is no priority", s)
}
