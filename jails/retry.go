package jails

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"net/netip"
	"slices"
	"time"

	"bailiff/jails/event"
)

const (
	firstRetry = 250 * time.Millisecond // after the kernel refused something; doubled each time
	lastRetry  = 10 * time.Second
)

// A backoff says when something is tried again.
type backoff struct {
	delay time.Duration
	due   time.Time
	since time.Time
	tries int
	err   error // the first one
}

func newBackoff(err error, now time.Time) backoff {
	return backoff{delay: firstRetry, due: now.Add(firstRetry), since: now, tries: 1, err: err}
}

// failed puts the next try off.
func (b *backoff) failed(now time.Time) {
	b.tries++
	b.delay = min(2*b.delay, lastRetry)
	b.due = now.Add(b.delay)
}

// A retry is the bans of a jail that the kernel refused.
type retry struct {
	backoff
	bans map[event.Subject]event.Ban
}

// retries are all those bans, by jail.
type retries map[string]*retry

// note keeps a ban that is to be tried again. Only the first of a jail is logged.
func (r retries) note(f NotEnforced, now time.Time, log *slog.Logger) {
	if r[f.Ban.Jail] == nil {
		r[f.Ban.Jail] = &retry{newBackoff(f.Err, now), map[event.Subject]event.Ban{}}
		log.Error("ban refused by the firewall, trying again", "jail", f.Ban.Jail, "err", f.Err)
	}
	kept := r[f.Ban.Jail].bans
	if old, ok := kept[f.Ban.Subject]; !ok || !old.At.Equal(f.Ban.At) { // a prolongation is no news
		kept[f.Ban.Subject] = f.Ban
	}
}

// A release is the networks of a jail that are to be taken out of the kernel unless a ban needs them, and the bans whose
// end is told when that is done.
type release struct {
	backoff
	networks map[netip.Prefix]bool
	untold   []event.Ban
}

// releases are all those networks, by jail.
type releases map[string]*release

// add has networks taken out soon.
func (r releases) add(jail string, networks []netip.Prefix) *release {
	if r[jail] == nil {
		r[jail] = &release{networks: map[netip.Prefix]bool{}}
	}
	for _, p := range networks {
		r[jail].networks[p] = true
	}
	return r[jail]
}

// note keeps what the kernel did not let go. Only the first of a jail is logged.
func (r releases) note(jail string, networks []netip.Prefix, lifted []event.Ban, err error, now time.Time, log *slog.Logger) {
	over := r.add(jail, networks)
	over.untold = append(over.untold, lifted...)
	if over.err == nil {
		over.backoff = newBackoff(err, now)
		log.Error("unban refused by the firewall, trying again", "jail", jail, "err", err)
		return
	}
	over.failed(now)
}

// Release has the kernel let networks of a jail go within a second or so, but for those that a ban needs.
func (e *Enforcer) Release(jail string, networks ...netip.Prefix) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(networks) > 0 {
		e.over.add(jail, networks)
	}
}

// untilRetry is when something is to be tried again.
func (e *Enforcer) untilRetry() time.Duration {
	e.working.Lock()
	defer e.working.Unlock()
	next := time.Now().Add(retryEvery)
	for _, r := range e.refused {
		if r.due.Before(next) {
			next = r.due
		}
	}
	return max(time.Until(next), time.Millisecond)
}

// retry tries again what is due, but for bans that were lifted or have ended since.
func (e *Enforcer) retry(ctx context.Context) {
	e.working.Lock()
	defer e.working.Unlock()
	now := time.Now()
	for name, r := range e.refused {
		if !now.Before(r.due) {
			e.retryBans(ctx, name, r, now)
		}
	}
	for name, r := range e.takeReleases(now) {
		e.letGo(ctx, name, r)
	}
	e.tellProblem()
}

func (e *Enforcer) retryBans(ctx context.Context, jail string, r *retry, now time.Time) {
	bans := e.standing(slices.Collect(maps.Values(r.bans)), now)
	r.bans = map[event.Subject]event.Ban{}
	e.block(ctx, bans, now, e.tellBan) // which puts back what is refused again
	if len(r.bans) > 0 {
		r.failed(now)
		return
	}
	delete(e.refused, jail)
	e.Log.Info("the firewall refuses no ban any more", "jail", jail, "tries", r.tries, "after", now.Sub(r.since).Round(time.Second).String())
}

// takeReleases takes the releases that are due.
func (e *Enforcer) takeReleases(now time.Time) releases {
	e.mu.Lock()
	defer e.mu.Unlock()
	due := releases{}
	for name, r := range e.over {
		if !now.Before(r.due) {
			due[name] = r
			delete(e.over, name)
		}
	}
	return due
}

// letGo takes out of the kernel what was released. Bans are not to wait for very many of them.
func (e *Enforcer) letGo(ctx context.Context, name string, r *release) {
	j := e.jail(name)
	if j == nil {
		return // its sets are gone too
	}
	networks := slices.Collect(maps.Keys(r.networks))
	if len(networks) > bulky {
		e.Release(name, networks[bulky:]...)
		networks = networks[:bulky]
	}
	err := e.remove(ctx, j, j.unneeded(networks))
	if err == nil {
		e.tellUnban(name, subjectsOf(r.untold))
		if r.err != nil {
			e.Log.Info("the firewall refuses no unban any more", "jail", name, "tries", r.tries)
		}
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	again := e.over.add(name, nil)
	again.backoff = r.backoff // its err is nil where this is the first try
	e.over.note(name, networks, r.untold, err, time.Now(), e.Log)
}

// tellProblem says what the kernel does not take.
func (e *Enforcer) tellProblem() {
	if e.Problem == nil {
		return
	}
	bans, text := 0, ""
	var jails []string
	for name, r := range e.refused {
		bans += len(r.bans)
		jails = append(jails, name)
	}
	if bans > 0 {
		slices.Sort(jails)
		text = fmt.Sprintf("the firewall refuses bans, which are tried again: %d of jail %s and others (%v)", bans, jails[0], e.refused[jails[0]].err)
	}
	e.Problem(text)
}
