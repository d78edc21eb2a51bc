package main

import (
	"context"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"time"

	"bailiff/cmd/internal/control"
	"bailiff/firewall"
	"bailiff/jails"
	"bailiff/jails/event"
	"bailiff/jails/source"
)

// Status answers bailiff status.
func (d *daemon) Status(ctx context.Context, r control.StatusRequest) (control.Status, error) {
	fw := d.firewall.Status()
	s := control.Status{Version: version, Started: d.started, DryRun: d.flags.dryRun, Firewall: fw.Backend, Repairs: repairs(fw), Waiting: fw.Waiting,
		Metrics: d.served(), Problems: d.problems.answers(), Jails: []control.Jail{}}
	c, running := d.state()
	s.LeftOut = leftOutAnswers(c)
	for _, j := range running {
		if r.Jail != "" && r.Jail != j.Name {
			continue
		}
		status, err := d.jailStatus(ctx, j, r.Verify)
		if err != nil {
			return s, err
		}
		if isLeftOut(c, j.Name) != nil {
			status.Source, status.Note = string(source.FromNowhere), "left out for its faults; its bans stand"
		}
		s.Jails = append(s.Jails, status)
	}
	if r.Jail != "" && len(s.Jails) == 0 {
		if err := isLeftOut(c, r.Jail); err != nil {
			return s, err
		}
		return s, noJail(r.Jail, jailNames(running))
	}
	slices.SortFunc(s.Jails, func(a, b control.Jail) int { return strings.Compare(a.Name, b.Name) })
	if r.Verify {
		var err error
		if s.Missing, err = d.firewall.Verify(ctx); err != nil {
			s.Unverified = err.Error()
		}
	}
	return s, nil
}

func repairs(s firewall.Status) control.Repairs {
	r := control.Repairs{Count: s.Repairs, What: s.LastRepaired}
	if !s.LastRepair.IsZero() {
		r.Last = &s.LastRepair
	}
	return r
}

// served says where metrics are, and why not just now.
func (d *daemon) served() control.Metrics {
	m := control.Metrics{Address: d.server.Addr}
	if err := d.server.Err(); err != nil {
		m.Error = err.Error()
	}
	return m
}

func (d *daemon) jailStatus(ctx context.Context, j *jails.Jail, verify bool) (control.Jail, error) {
	c, n, choice := j.Config(), j.Status(), d.sources.choice(j.Name)
	s := control.Jail{Name: j.Name, Filter: c.Definition.Name, Source: string(choice.Kind),
		CurrentlyFailed: n.Failing, TotalFailed: n.Failed, CurrentlyBanned: n.Banned, TotalBanned: n.Bans}
	s.Banned = answers(j.Bans())
	switch choice.Kind {
	case source.FromJournal:
		s.JournalMatches = journalMatches(c.Journal)
		s.Note = d.unattributed.note(j.Name)
	case source.FromFiles:
		s.Files = followed(c)
		if len(s.Files) == 0 {
			s.Note = choice.Why
		}
	default:
		s.Note = choice.Why
	}
	if c.Firewall.Kind == "none" {
		s.Note = strings.TrimPrefix(s.Note+"; bans nothing: none of its actions is a ban", "; ")
	} else if verify {
		found, err := d.diverges(ctx, j, 0)
		if err != nil { // as where there is no set: nobody is banned who should be
			found.Missing = slices.Collect(maps.Keys(j.Remaining(time.Now())))
		}
		s.Missing, s.Extra = subjects(found.Missing), subjects(found.Extra)
	}
	return s, nil
}

// subjects are networks in order, as words.
func subjects(networks []netip.Prefix) (words []string) {
	slices.SortFunc(networks, netip.Prefix.Compare)
	for _, p := range networks {
		words = append(words, event.Network(p).String())
	}
	return words
}
