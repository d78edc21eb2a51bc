package main

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"time"

	"bailiff/cmd/internal/control"
	"bailiff/jails"
	"bailiff/jails/config"
)

// A transition is what becomes of the jails that run when a configuration follows another.
type transition struct {
	current, next *config.Config
	kept          []*jails.Jail // those of the next configuration, in its order, and behind them those that only hold bans
	fresh         []*jails.Jail // of these, those that did not run before
	filled        []*jails.Jail // of these, those whose sets in the kernel are new
	gone          []*jails.Jail // those that run and are not in the next configuration
}

// newTransition makes the jails that are new. Those that run are not touched.
func (d *daemon) newTransition(current, next *config.Config, running []*jails.Jail) *transition {
	s := &transition{current: current, next: next}
	byName := map[string]*jails.Jail{}
	for _, j := range running {
		byName[j.Name] = j
	}
	for _, c := range next.Jails {
		j, known := byName[c.Name]
		if !known {
			j = jails.NewJail(c, d.ignored, d.log, d.metrics)
			s.fresh = append(s.fresh, j)
		}
		delete(byName, c.Name)
		s.kept = append(s.kept, j)
		blocked := known && j.Config().Firewall.Kind != "none"
		if !blocked && c.Firewall.Kind != "none" {
			s.filled = append(s.filled, j)
		}
	}
	for _, left := range next.LeftOut {
		if j := byName[left.Name]; j != nil {
			delete(byName, left.Name)
			s.kept = append(s.kept, j)
		}
	}
	for _, j := range running {
		if byName[j.Name] != nil {
			s.gone = append(s.gone, j)
		}
	}
	return s
}

// prepare does what may fail before anything changes: it makes room in the firewall, gives jails that are new the bans
// that stood at the start, as a restart does, and fills the sets that are new.
func (d *daemon) prepare(ctx context.Context, t *transition) error {
	d.progress.at(waitForFirewall)
	if err := d.firewall.Ensure(ctx, specs(union(t.current, t.next))); err != nil {
		return err
	}
	d.progress.at(waitForNames)
	d.ignored.Learn(ctx, t.next.Jails)
	now := time.Now()
	for _, j := range t.fresh {
		j.Restore(d.stored.of(j.Name, now), now)
	}
	d.progress.at(waitForFirewall)
	for _, j := range t.filled {
		if err := d.firewall.Add(ctx, j.Name, j.Remaining(now)); err != nil {
			return fmt.Errorf("jail %s: %w", j.Name, err)
		}
	}
	return nil
}

// putInForce puts the next configuration in force. Nothing in it can fail.
func (d *daemon) putInForce(t *transition) {
	for i, c := range t.next.Jails {
		d.metrics.Jail(c.Name)
		t.kept[i].Configure(c)
	}
	d.become(t.next, t.kept)
	for _, j := range t.fresh {
		d.stored.forget(j.Name)
	}
	d.ignored.Keep(t.next.Jails)
	for _, j := range t.filled {
		d.firewall.Refill(j.Name) // who was banned since prepare
	}
}

// report says what changes, but for what becomes of the jails that are gone.
func (t *transition) report() control.Reloaded {
	r := control.Reloaded{Jails: len(t.next.Jails), Added: []string{}, Removed: []control.RemovedJail{},
		Changed: changedJails(t.current, t.next)}
	ran := jailNamesOf(t.current)
	for _, j := range t.next.Jails {
		if !slices.Contains(ran, j.Name) {
			r.Added = append(r.Added, j.Name)
		}
	}
	return r
}

// replaceOne is the current configuration with one jail as the next one has it.
func replaceOne(current, next *config.Config, name string) (*config.Config, error) {
	named := func(j *config.Jail) bool { return j.Name == name }
	c := *current
	c.Jails = slices.Clone(current.Jails)
	was, is := slices.IndexFunc(current.Jails, named), slices.IndexFunc(next.Jails, named)
	leftOut := slices.ContainsFunc(current.LeftOut, func(l config.LeftOut) bool { return l.Name == name })
	switch {
	case was < 0 && is < 0 && leftOut: // it is not enabled any more
	case was < 0 && is < 0:
		return nil, noJail(name, jailNamesOf(current, next))
	case was < 0:
		c.Jails = append(c.Jails, next.Jails[is])
	case is < 0:
		c.Jails = slices.Delete(c.Jails, was, was+1)
	default:
		c.Jails[was] = next.Jails[is]
	}
	c.LeftOut = slices.DeleteFunc(slices.Clone(current.LeftOut), func(l config.LeftOut) bool { return l.Name == name })
	for _, l := range current.LeftOut {
		if l.Name == name {
			c.Faults = slices.DeleteFunc(slices.Clone(c.Faults), func(f config.Fault) bool { return containsFault(l.Faults, f) })
		}
	}
	return &c, nil
}

// jailNamesOf are the jails of configurations.
func jailNamesOf(all ...*config.Config) (names []string) {
	for _, c := range all {
		for _, j := range c.Jails {
			names = append(names, j.Name)
		}
	}
	return names
}

// keepFilters gives jails whose filter has not changed the filter they had, and with it its state.
func keepFilters(current, next *config.Config) {
	for _, j := range next.Jails {
		for _, old := range current.Jails {
			if old.Name == j.Name && reflect.DeepEqual(old.Definition, j.Definition) {
				j.Filter = old.Filter
			}
		}
	}
}

// union has the jails of both configurations, as the next one has them where it does: while jails change, those that go
// still hold their bans.
func union(current, next *config.Config) *config.Config {
	c := *next
	c.Jails, c.LeftOut = next.Holding(), nil
	for _, old := range current.Holding() {
		if !slices.ContainsFunc(c.Jails, func(j *config.Jail) bool { return j.Name == old.Name }) {
			c.Jails = append(c.Jails, old)
		}
	}
	return &c
}
