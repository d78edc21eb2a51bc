package config

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// warnDoubles warns of a jail beside another that finds the same lines and bans the same: whoever
// fails counts in both, and the one that bans later has no effect of its own.
func (b *builder) warnDoubles() {
	at := map[string][]*section{} // where jails meet that may read the same: there are thousands of jails
	for _, s := range b.sections {
		double := func(before *section) bool { return same(before.made, s.made) }
		warned := false
		for _, place := range places(s.made) {
			if i := slices.IndexFunc(at[place], double); i >= 0 && !warned {
				warned = true
				b.warn(s.all.Header(s.jail.name).Fault(0, s.jail.name, "",
					fmt.Sprintf("the jail reads and bans the same as [%s]: every failure counts in both", at[place][i].jail.name),
					"disable one of the two: enabled = false"))
			}
			at[place] = append(at[place], s)
		}
	}
}

// places are the logs of a jail, or its journal. Two jails that read the same have one in common.
func places(j *Jail) (all []string) {
	if inJournal(j) || len(j.LogPaths) == 0 {
		return []string{"journal"}
	}
	for _, p := range j.LogPaths {
		all = append(all, "file:"+p.Glob)
	}
	return slices.Compact(all)
}

// inJournal reports whether the jail reads the journal wherever there is one.
func inJournal(j *Jail) bool {
	return strings.HasPrefix(j.Backend, "systemd") || j.Backend == "auto" && j.OwnMatch
}

// same reports whether two jails find the same lines and ban the same, so that one of them is idle.
// A jail that bans later and for longer is a second step and not meant.
func same(a, b *Jail) bool {
	x, y := a.Definition, b.Definition
	switch {
	case len(x.Failregex) == 0 || !slices.Equal(x.Failregex, y.Failregex) || x.Prefregex != y.Prefregex:
		return false
	case !slices.Equal(x.Ignoreregex, y.Ignoreregex):
		return false
	}
	return !steps(a, b) && !steps(b, a) && readTheSame(a, b) && banTheSame(a.Firewall, b.Firewall)
}

// steps reports whether jail b bans whom a has banned several times, for longer.
func steps(a, b *Jail) bool {
	return b.MaxRetry > a.MaxRetry && (b.BanTime < 0 || b.BanTime > a.BanTime) && a.BanTime >= 0
}

// readTheSame reports whether there is a source that both jails may read.
func readTheSame(a, b *Jail) bool {
	if inJournal(a) != inJournal(b) {
		return false
	}
	if inJournal(a) {
		return a.JournalPath == b.JournalPath && a.Namespace == b.Namespace && slices.Equal(a.JournalFiles, b.JournalFiles) &&
			(len(a.Journal) == 0 || len(b.Journal) == 0 || fmt.Sprint(a.Journal) == fmt.Sprint(b.Journal))
	}
	for _, p := range a.LogPaths {
		if slices.ContainsFunc(b.LogPaths, func(q LogPath) bool { return q.Glob == p.Glob }) {
			return true
		}
	}
	return len(a.LogPaths)+len(b.LogPaths) == 0 && len(a.Journal) > 0 && fmt.Sprint(a.Journal) == fmt.Sprint(b.Journal)
}

// banTheSame reports whether two bans close a port that both close.
func banTheSame(a, b Firewall) bool {
	switch {
	case a.Kind == none || b.Kind == none || a.Egress != b.Egress:
		return false
	case a.Kind == allports || b.Kind == allports:
		return true
	}
	for _, p := range a.Ports {
		for _, q := range b.Ports {
			from, to, ok := portRange(p)
			first, last, ok2 := portRange(q)
			if p == q || ok != ok2 || ok && from <= last && first <= to {
				return true // a name may be any number
			}
		}
	}
	return false
}

// portRange reads 22 or 6000:6010; ok is false for a name.
func portRange(s string) (from, to int, ok bool) {
	first, last, isRange := strings.Cut(s, ":")
	if !isRange {
		last = first
	}
	from, err := strconv.Atoi(first)
	to, err2 := strconv.Atoi(last)
	return from, to, err == nil && err2 == nil
}
