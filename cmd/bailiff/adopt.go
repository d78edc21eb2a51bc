package main

import (
	"context"
	"fmt"
	"net/netip"
	"time"

	"bailiff/jails"
	"bailiff/jails/event"
	"bailiff/jails/store"
)

// storedBans are the bans of running jails that were stored. Those of others wait until their jail runs.
func (d *daemon) storedBans(now time.Time) (bans []event.Ban) {
	d.stored.bans = d.withoutUnsaved(d.stored.bans)
	_, running := d.state()
	for _, j := range running {
		bans = append(bans, d.stored.of(j.Name, now)...)
		d.stored.forget(j.Name)
	}
	return bans
}

// adopt takes over the bans that the kernel holds and of which the store does not know: an earlier daemon could not
// save them, or the store is older. The bans of the store are in force already.
func (d *daemon) adopt(ctx context.Context, now time.Time) (all []event.Ban) {
	_, running := d.state()
	for _, j := range running {
		if j.Config().Firewall.Kind == "none" {
			continue
		}
		held, err := d.firewall.List(ctx, j.Name)
		if err != nil {
			d.log.Warn("what the kernel holds cannot be listed", "jail", j.Name, "err", err)
			continue
		}
		for p := range j.Remaining(now) {
			delete(held, p)
		}
		all = append(all, d.adoptJail(ctx, j, held, now)...)
	}
	d.stored.queue.Save(all)
	return all
}

// adoptJail sorts what the kernel holds of a jail into bans to take over, which it returns, and what is to be let go.
func (d *daemon) adoptJail(ctx context.Context, j *jails.Jail, held map[netip.Prefix]time.Duration, now time.Time) (bans []event.Ban) {
	var over []netip.Prefix
	for _, b := range kernelBans(j.Name, held, now) {
		if d.stored.hasEnded(ctx, b) {
			p, _ := b.Network()
			over = append(over, p)
		} else {
			bans = append(bans, b)
		}
	}
	if len(bans) > 0 {
		d.log.Info("took over bans that the kernel holds and the store does not know", "jail", j.Name, "bans", len(bans))
	}
	if len(over) > 0 {
		d.log.Info("the kernel holds bans that have ended, which are lifted", "jail", j.Name, "bans", len(over))
		d.enforcer.Release(j.Name, over...)
	}
	return bans
}

// kernelBans are the bans that the kernel holds of a jail.
func kernelBans(jail string, held map[netip.Prefix]time.Duration, now time.Time) (bans []event.Ban) {
	for p, left := range held {
		b := event.Ban{Jail: jail, Subject: event.Network(p), At: now}
		if left > 0 {
			b.Until = now.Add(left)
		}
		bans = append(bans, b)
	}
	return bans
}

// sameEnd is how far the ends of one ban in kernel and store may be apart: the kernel counts whole seconds.
const sameEnd = 5 * time.Second

// hasEnded reports whether a ban of the kernel's is one that the store knows to be lifted or over. A ban that ends later than
// that is another one, of which the store was not told.
func (s *stored) hasEnded(ctx context.Context, b event.Ban) bool {
	if s.past == nil {
		return false
	}
	last, known, err := s.past.Past(ctx, b.Jail, b.Subject)
	switch {
	case err != nil || !known:
		return false
	case last.Lifted.IsZero() && (last.Until.IsZero() || last.Until.After(b.At)):
		return false
	case b.Permanent() || last.Until.IsZero():
		return b.Permanent() && last.Until.IsZero()
	}
	return !b.Until.After(last.Until.Add(sameEnd))
}

// merge has the jails know of the bans in a store that was opened late, and returns what is in force.
func (d *daemon) merge(found []event.Ban) (bans []event.Ban, marks []store.Mark) {
	now := time.Now()
	of := map[string][]event.Ban{}
	for _, b := range found {
		of[b.Jail] = append(of[b.Jail], b)
	}
	_, running := d.state()
	for _, j := range running {
		d.enforcer.Readmit(of[j.Name], now)
		delete(of, j.Name)
		bans = append(bans, j.Bans()...)
	}
	for _, others := range of {
		d.stored.leave(others)
	}
	return bans, d.marks.all()
}

// tellStore says that the store does not save, and how much waits.
func (d *daemon) tellStore(err error, waiting int) {
	if err != nil || waiting == 0 {
		d.noteUnsaved()
	}
	if err == nil {
		d.problems.clear(storeNotSaved)
		return
	}
	d.storeIsNotSaved(err, waiting)
}

func (d *daemon) storeIsNotSaved(err error, waiting int) {
	d.problems.set(storeNotSaved, fmt.Sprintf("the store does not save: bans are in the kernel, and wait in memory to be saved (%v)", err),
		fmt.Sprintf("%d bans, unbans and positions wait", waiting))
}
