package main

import (
	"context"
	"fmt"
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
	s := control.Status{Version: version, Started: d.started, Firewall: fw.Backend, Repairs: repairs(fw), Waiting: fw.Waiting, Metrics: d.served(),
		Problems: d.problems.answers(), Jails: []control.Jail{}}
	_, running := d.state()
	for _, j := range running {
		if r.Jail != "" && r.Jail != j.Name {
			continue
		}
		status, err := d.jailStatus(ctx, j, r.Verify)
		if err != nil {
			return s, err
		}
		s.Jails = append(s.Jails, status)
	}
	if r.Jail != "" && len(s.Jails) == 0 {
		return s, noJail(r.Jail)
	}
	slices.SortFunc(s.Jails, func(a, b control.Jail) int { return strings.Compare(a.Name, b.Name) })
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

func noJail(name string) error {
	return &control.Error{Kind: control.NotFound, Message: fmt.Sprintf("there is no jail %q", name),
		Hint: "bailiff status lists the jails"}
}

func (d *daemon) jailStatus(ctx context.Context, j *jails.Jail, verify bool) (control.Jail, error) {
	c, n, choice := j.Config(), j.Status(), d.sources.choice(j.Name)
	s := control.Jail{Name: j.Name, Filter: c.Definition.Name, Source: string(choice.Kind),
		CurrentlyFailed: n.Failing, TotalFailed: n.Failed, CurrentlyBanned: n.Banned, TotalBanned: n.Bans}
	s.Banned = answers(j.Bans())
	switch choice.Kind {
	case source.FromJournal:
		s.JournalMatches = journalMatches(c.Journal)
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
		if err != nil {
			return s, err
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

func answers(bans []event.Ban) []control.Ban {
	all := make([]control.Ban, 0, len(bans))
	for _, b := range bans {
		a := control.Ban{Jail: b.Jail, Subject: b.Subject.String(), At: b.At, Failures: b.Failures}
		if !b.Permanent() {
			a.Until = &b.Until
		}
		all = append(all, a)
	}
	return all
}

// Banned answers bailiff banned. A subject that lies in a banned network is banned too.
func (d *daemon) Banned(_ context.Context, subjects []string) ([]control.Ban, error) {
	asked := newAsked(subjects)
	all := []control.Ban{}
	_, running := d.state()
	for _, j := range running {
		bans := slices.DeleteFunc(j.Bans(), func(b event.Ban) bool { return len(subjects) > 0 && !asked.stoppedBy(b) })
		all = append(all, answers(bans)...)
	}
	return all, nil
}

func parseSubjects(words []string) (all []event.Subject, err error) {
	for _, w := range words {
		s, err := event.ParseSubject(w)
		if err != nil {
			return nil, &control.Error{Kind: control.Invalid, Message: err.Error(), Hint: "write 192.0.2.1, 2001:db8::1 or 192.0.2.0/24"}
		}
		if p, _ := s.Prefix(); p.Bits() == 0 {
			return nil, &control.Error{Kind: control.Invalid, Message: w + " is everybody", Hint: "name a smaller network"}
		}
		all = append(all, s)
	}
	return all, nil
}

// Ban answers bailiff ban.
func (d *daemon) Ban(_ context.Context, r control.BanRequest) (int, error) {
	subjects, err := parseSubjects(r.Subjects)
	if err != nil {
		return 0, err
	}
	_, running := d.state()
	i := slices.IndexFunc(running, func(j *jails.Jail) bool { return j.Name == r.Jail })
	if i < 0 {
		return 0, noJail(r.Jail)
	}
	var bans []event.Ban
	for _, s := range subjects {
		bans = append(bans, running[i].Ban(s, time.Now()))
	}
	if err := d.enforcer.Enforce(bans); err != nil {
		d.enforcer.Revoke(bans)
		return 0, err
	}
	return len(bans), nil
}

// Unban answers bailiff unban. A network lifts the bans of all that lies in it. Bans of wider networks stand: they are
// of others, too.
func (d *daemon) Unban(_ context.Context, r control.UnbanRequest) (control.Changed, error) {
	var done control.Changed
	asked := newAsked(r.Subjects)
	_, running := d.state()
	for _, j := range running {
		var mine []event.Subject
		var wider []event.Ban
		for _, b := range j.Bans() {
			switch {
			case r.All || asked.around(b):
				mine = append(mine, b.Subject)
			case asked.stoppedBy(b):
				wider = append(wider, b)
			}
		}
		stood, err := d.enforcer.Lift(j, mine)
		if err != nil {
			return done, err
		}
		done.Count += len(stood)
		done.Still = append(done.Still, answers(wider)...)
	}
	if done.Count+len(done.Still) == 0 && !r.All {
		for _, j := range running { // a daemon that was killed may have left it in the kernel
			d.enforcer.Release(j.Name, asked.networks...)
		}
		return done, &control.Error{Kind: control.NotFound, Message: "not banned: " + strings.Join(r.Subjects, " "),
			Hint: "bailiff banned lists who is"}
	}
	return done, nil
}
