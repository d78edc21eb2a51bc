package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"bailiff/cmd/internal/control"
	"bailiff/jails"
	"bailiff/jails/event"
)

func jailNames(running []*jails.Jail) (names []string) {
	for _, j := range running {
		names = append(names, j.Name)
	}
	return names
}

// answers are bans as they are told of.
func answers(bans []event.Ban) []control.Ban {
	all := make([]control.Ban, 0, len(bans))
	for _, b := range bans {
		a := control.Ban{Jail: b.Jail, Subject: b.Subject.String(), At: b.At.Local(), Failures: b.Failures}
		if !b.Permanent() {
			a.Until = new(b.Until.Local())
		}
		own, _ := b.Subject.Prefix()
		if p, ok := b.Network(); ok && p != own {
			a.Blocks = event.Network(p).String()
		}
		all = append(all, a)
	}
	return all
}

// jailFirst takes a first word that is a jail's name for the jail, as fail2ban's users write it. A banned id of the same
// name is what was meant instead.
func jailFirst(running []*jails.Jail, jail string, words []string) (string, []string) {
	if jail != "" || len(words) == 0 || !slices.Contains(jailNames(running), words[0]) {
		return jail, words
	}
	if bannedID(running, words[0]) {
		return "", words
	}
	return words[0], words[1:]
}

// Banned answers bailiff banned. A subject that lies in a banned network is banned too.
func (d *daemon) Banned(_ context.Context, r control.BannedRequest) (control.Banned, error) {
	c, running := d.state()
	r.Jail, r.Subjects = jailFirst(running, r.Jail, r.Subjects)
	all := control.Banned{Bans: []control.Ban{}, DryRun: d.flags.dryRun, Jail: r.Jail}
	if err := hasNoBans(c, r.Jail); err != nil {
		return all, err
	}
	names := jailNames(running)
	if r.Jail != "" && !slices.Contains(names, r.Jail) {
		return all, noJail(r.Jail, names)
	}
	asked := newAsked(r.Subjects)
	var found []event.Ban
	for _, j := range running {
		if r.Jail != "" && r.Jail != j.Name {
			continue
		}
		for _, b := range j.Bans() {
			if len(r.Subjects) == 0 || asked.stoppedBy(b) {
				found = append(found, b)
			}
		}
	}
	all.Bans = answers(found)
	all.NotBanned = notBanned(r.Subjects, found, names, r.Jail)
	return all, nil
}

// notBanned are the words that none of the bans answers, each with the reason.
func notBanned(words []string, bans []event.Ban, jails []string, jail string) (left []control.NotBanned) {
	answered := askedFor(bans)
	for _, w := range words {
		word := event.Ban{Subject: named(w)}
		if answered.stoppedBy(word) || answered.around(word) {
			continue
		}
		n := control.NotBanned{Subject: w, Reason: notBannedReason, Hint: "bailiff banned lists who is"}
		if jail != "" {
			n.Reason += " in " + jail
		}
		_, isNetwork := word.Subject.Prefix()
		switch meant := nearestJail(w, jails); {
		case isNetwork:
		case slices.Contains(jails, w):
			n.Reason, n.Hint = fmt.Sprintf("%q is a jail", w), fmt.Sprintf("the jail comes first; bailiff banned %s lists its bans", w)
		case meant != "":
			n.Reason, n.Hint = fmt.Sprintf("%q is neither banned nor a jail", w), fmt.Sprintf("is the jail %q meant?", meant)
		default:
			n.Reason, n.Hint = misread(w)
		}
		left = append(left, n)
	}
	return left
}

// notBannedReason is the reason for an address that could be banned.
const notBannedReason = "not banned"

// parseSubjects reads whom to ban.
func parseSubjects(words []string) (all []event.Subject, err error) {
	for _, w := range words {
		s, err := parseSubject(w)
		if err != nil || strings.Contains(w, "%") {
			reason, hint := misread(w)
			return nil, &control.Error{Kind: control.Invalid, Message: reason, Hint: hint}
		}
		if p, _ := s.Prefix(); p.Bits() == 0 {
			return nil, &control.Error{Kind: control.Invalid, Message: w + " is everybody", Hint: "name a smaller network"}
		}
		all = append(all, s)
	}
	return all, nil
}

// Ban answers bailiff ban. A word that cannot be understood has nobody banned; whom the jail spares is left out.
func (d *daemon) Ban(ctx context.Context, r control.BanRequest) (control.Changed, error) {
	done := control.Changed{DryRun: d.flags.dryRun}
	c, running := d.state()
	if err := isLeftOut(c, r.Jail); err != nil {
		return done, err
	}
	i := slices.IndexFunc(running, func(j *jails.Jail) bool { return j.Name == r.Jail })
	if i < 0 {
		return done, noJailToBanIn(r, jailNames(running))
	}
	if r.Seconds != nil && *r.Seconds == 0 {
		return done, &control.Error{Kind: control.Invalid, Message: "a ban of no time bans nobody", Hint: "below zero is for ever"}
	}
	subjects, err := parseSubjects(r.Subjects)
	if err != nil {
		return done, err
	}
	now, j := time.Now(), running[i]
	if j.Config().Firewall.Kind == "none" {
		done.Note = fmt.Sprintf("jail %s blocks nobody: none of its actions is a ban", j.Name)
	}
	var bans []event.Ban
	for i, s := range subjects {
		if why := j.Spares(s); why != "" && !r.Force {
			done.NotBanned = append(done.NotBanned, control.NotBanned{Subject: r.Subjects[i], Reason: s.String() + " is " + why,
				Hint: "--force bans it all the same"})
			continue
		}
		b := banFor(j, s, now, r.Seconds)
		bans = append(bans, b)
		done.Changes = append(done.Changes, change(b, r.Subjects[i]))
	}
	err = d.enforcer.Enforce(bans)
	if done, err = withoutRefused(done, err); err != nil {
		return control.Changed{}, err
	}
	d.tellProlonged(ctx, bans)
	for _, c := range done.Changes {
		if c.Outcome == control.Made {
			done.Count++
		}
	}
	return done, nil
}

// withoutRefused moves the bans that an error of Enforce names to those that were not made. What else it says is an error.
func withoutRefused(done control.Changed, err error) (control.Changed, error) {
	if err == nil {
		return done, nil
	}
	all := []error{err}
	if many, ok := err.(interface{ Unwrap() []error }); ok {
		all = many.Unwrap()
	}
	for _, one := range all {
		var n *jails.NotEnforced
		if !errors.As(one, &n) {
			return done, one
		}
		is := func(c control.Change) bool { return c.Subject == n.Ban.Subject.String() }
		i := slices.IndexFunc(done.Changes, is)
		if i < 0 {
			continue
		}
		refused := control.NotBanned{Subject: cmp.Or(done.Changes[i].Asked, done.Changes[i].Subject), Reason: n.Error()}
		if !n.Final {
			refused.Hint = "bailiff status says when the firewall takes it"
		}
		done.NotBanned = append(done.NotBanned, refused)
		done.Changes = slices.DeleteFunc(done.Changes, is)
	}
	return done, nil
}

// noJailToBanIn says that there is no such jail, and that the jail comes first where it came last.
func noJailToBanIn(r control.BanRequest, jails []string) error {
	for _, w := range r.Subjects {
		if _, isNetwork := named(r.Jail).Prefix(); isNetwork && slices.Contains(jails, w) {
			return &control.Error{Kind: control.Invalid, Message: fmt.Sprintf("%q is no jail", r.Jail),
				Hint: fmt.Sprintf("the jail comes first: bailiff ban %s %s", w, r.Jail)}
		}
	}
	return noJail(r.Jail, jails)
}

// longestBan is the seconds of nearly 300 years, about what a time.Duration holds.
const longestBan = int64(math.MaxInt64 / time.Second)

// banFor makes a ban that lasts so many seconds, below zero for ever; nil: for the jail's bantime.
func banFor(j *jails.Jail, s event.Subject, now time.Time, seconds *int64) event.Ban {
	switch {
	case seconds == nil:
		return j.Ban(s, now)
	case *seconds < 0:
		return j.BanUntil(s, now, time.Time{})
	}
	return j.BanUntil(s, now, now.Add(time.Duration(min(*seconds, longestBan))*time.Second))
}

// change says what became of a ban that was asked for with a word.
func change(b event.Ban, word string) control.Change {
	c := control.Change{Ban: answers([]event.Ban{b})[0], Outcome: control.Made}
	if c.Subject != word {
		c.Asked = word
	}
	switch {
	case b.Before == nil:
	case b.Until.Equal(b.Before.Until):
		c.Outcome = control.Unchanged
	default:
		c.Outcome, c.Before = control.Prolonged, new(b.Before.Until.Local())
	}
	return c
}

// tellProlonged logs which bans end later now, of which the enforcer says nothing.
func (d *daemon) tellProlonged(ctx context.Context, bans []event.Ban) {
	for _, b := range bans {
		if b.Prolonged() && !b.Until.Equal(b.Before.Until) {
			what := "Prolong"
			if d.flags.dryRun {
				what = "would prolong"
			}
			d.log.Log(ctx, jails.LevelNotice, fmt.Sprintf("[%s] %s %s", b.Jail, what, b.Subject.Word()))
		}
	}
}

// Unban answers bailiff unban. A network lifts the bans of all that lies in it. Bans of wider networks stand: they are
// of others, too.
func (d *daemon) Unban(ctx context.Context, r control.UnbanRequest) (control.Changed, error) {
	done := control.Changed{DryRun: d.flags.dryRun}
	c, running := d.state()
	r.Jail, r.Subjects = jailFirst(running, r.Jail, r.Subjects)
	if err := cmp.Or(hasNoBans(c, r.Jail), checkUnban(r, running)); err != nil {
		return done, err
	}
	asked := newAsked(r.Subjects)
	var met []event.Ban // bans that answer a word of the request
	for _, j := range running {
		all, wider := asked.among(j.Bans(), r.All)
		if r.Jail != "" && r.Jail != j.Name {
			if !r.All {
				done.Elsewhere = append(done.Elsewhere, answers(append(all, wider...))...)
			}
			continue
		}
		met = append(append(met, all...), wider...)
		lifted, err := d.lift(j, all)
		if err != nil {
			return done, err
		}
		done.Changes = append(done.Changes, lifted...)
		done.Still = append(done.Still, answers(wider)...)
	}
	done.NotBanned = notBanned(r.Subjects, met, jailNames(running), r.Jail)
	for _, j := range running {
		if cmp.Or(r.Jail, j.Name) != j.Name {
			continue
		}
		found, wider, err := d.liftUnknown(ctx, j, newAsked(subjectsOf(done.NotBanned)), r.All)
		if err != nil {
			return done, err
		}
		met = append(append(met, found...), wider...)
		for _, c := range answers(found) {
			done.Changes = append(done.Changes, control.Change{Ban: c, Outcome: control.Lifted, KernelOnly: true})
		}
		done.Still = append(done.Still, answers(wider)...)
	}
	done.Count = len(done.Changes)
	done.NotBanned = notBanned(r.Subjects, met, jailNames(running), r.Jail)
	if d.problems.has(storeNotSaved) {
		d.noteUnsaved()
	}
	return done, nil
}

// liftUnknown lifts what the kernel holds of a jail and the jail does not know of: others have put it there. It returns what
// was there, and the wider networks that stand.
func (d *daemon) liftUnknown(ctx context.Context, j *jails.Jail, asked asked, all bool) (found, wider []event.Ban, err error) {
	if j.Config().Firewall.Kind == "none" || !all && len(asked.networks) == 0 {
		return nil, nil, nil
	}
	held, err := d.firewall.List(ctx, j.Name)
	if err != nil {
		return nil, nil, err
	}
	now := time.Now()
	for p := range j.Remaining(now) {
		delete(held, p)
	}
	found, wider = asked.among(kernelBans(j.Name, held, now), all)
	return found, wider, d.enforcer.LetGo(j, found)
}

// checkUnban refuses what is about a jail that there is not, or names a jail and nobody in it.
func checkUnban(r control.UnbanRequest, running []*jails.Jail) error {
	names := jailNames(running)
	switch {
	case r.Jail != "" && !slices.Contains(names, r.Jail):
		return noJail(r.Jail, names)
	case r.Jail != "" && !r.All && len(r.Subjects) == 0:
		return &control.Error{Kind: control.Invalid, Message: fmt.Sprintf("%q is a jail: whose ban in it is to be lifted?", r.Jail),
			Hint: fmt.Sprintf("bailiff unban %s IP... lifts some, bailiff unban --jail %s --all every one", r.Jail, r.Jail)}
	case r.Jail == "" && len(r.Subjects) > 1 && nearestJail(r.Subjects[0], names) != "" && !bannedID(running, r.Subjects[0]):
		return noJail(r.Subjects[0], names) // or the others would be lifted in every jail
	}
	return nil
}

// bannedID reports whether somebody is banned who is known by an opaque id.
func bannedID(running []*jails.Jail, word string) bool {
	for _, j := range running {
		if slices.ContainsFunc(j.Bans(), func(b event.Ban) bool { return b.Subject == named(word) }) {
			return true
		}
	}
	return false
}

// lift ends bans of a jail and returns those that stood.
func (d *daemon) lift(j *jails.Jail, bans []event.Ban) (lifted []control.Change, err error) {
	of := map[event.Subject]event.Ban{}
	var subjects []event.Subject
	for _, b := range bans {
		of[b.Subject] = b
		subjects = append(subjects, b.Subject)
	}
	stood, err := d.enforcer.Lift(j, subjects)
	if err != nil {
		return nil, err
	}
	for _, s := range stood {
		lifted = append(lifted, control.Change{Ban: answers([]event.Ban{of[s]})[0], Outcome: control.Lifted})
	}
	return lifted, nil
}

func subjectsOf(words []control.NotBanned) (subjects []string) {
	for _, w := range words {
		subjects = append(subjects, w.Subject)
	}
	return subjects
}
