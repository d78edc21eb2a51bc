package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"reflect"
	"slices"
	"time"

	"bailiff/cmd/internal/control"
	"bailiff/cmd/internal/sdnotify"
	"bailiff/jails"
	"bailiff/jails/config"
	"bailiff/jails/event"
)

// A reloadOrder asks for a reload, of one jail or of all.
type reloadOrder struct {
	jail string
	done chan error // has room for the answer
}

// Reload answers bailiff reload. It is carried out to its end also when the asking command goes away.
func (d *daemon) Reload(ctx context.Context, r control.ReloadRequest) error {
	o := reloadOrder{r.Jail, make(chan error, 1)}
	select {
	case d.reloads <- o:
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case err := <-o.done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// reloadWhenAsked reloads at SIGHUP and when commands ask for it, one at a time, until ctx ends.
func (d *daemon) reloadWhenAsked(ctx context.Context, hup <-chan os.Signal) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-hup:
			_ = d.tryReload(ctx, "") // which logs why it refuses
		case o := <-d.reloads:
			o.done <- d.tryReload(ctx, o.jail)
		}
	}
}

// tryReload reads the configuration again. With a fault in it the old one stays, whole. Failures and bans are kept; bans
// of jails that are gone are lifted.
func (d *daemon) tryReload(ctx context.Context, jail string) error {
	select {
	case <-d.sources.ready:
		d.tell(sdnotify.Reloading())
		defer func() { d.tell(sdnotify.Ready()) }()
	default: // systemd still waits for the start to end
	}
	d.reopenLog()
	err := d.reload(ctx, jail)
	d.metrics.Loaded(err == nil)
	if err != nil {
		d.log.Error("reload failed", "err", err)
	}
	return err
}

func (d *daemon) reload(ctx context.Context, only string) error {
	read, err := d.keeper.read()
	if err != nil {
		return &control.Error{Kind: control.Invalid, Message: fmt.Sprintf("the configuration has faults, the old one stays:\n%v", err)}
	}
	next := read.Config
	current, running := d.state()
	if only != "" {
		if next, err = replaceOne(current, next, only); err != nil {
			return err
		}
	}
	keepFilters(current, next)
	if err := d.firewall.Ensure(ctx, specs(union(current, next))); err != nil {
		return errors.Join(err, d.firewall.Ensure(ctx, specs(current)))
	}
	d.ignored.Learn(ctx, next.Jails)
	kept, gone := d.match(next, running)
	if err := d.takeBack(ctx, current, kept); err != nil {
		return errors.Join(err, d.firewall.Ensure(ctx, specs(current)))
	}
	d.become(next, kept)
	d.ignored.Keep(next.Jails)
	if err := d.sources.replanned(ctx); err != nil {
		return err
	}
	var left error // what is in force all the same
	for _, j := range gone {
		left = errors.Join(left, d.liftAll(j))
	}
	left = errors.Join(left, d.firewall.Ensure(ctx, specs(next)))
	d.level.Set(d.flags.logLevel(next.Daemon.LogLevel))
	tellFaults(d.log, slog.LevelWarn, next.Warnings)
	d.warnOfOptionsOfTheStart(next.Daemon)
	d.log.Info("reloaded", "jails", len(kept))
	d.allInForce()
	d.keeper.keep(read)
	if left != nil {
		return fmt.Errorf("the new configuration is in force, but something of the old one is left: %w", left)
	}
	return nil
}

// reopenLog has a log file that was renamed made anew, as whoever sends SIGHUP to a daemon may expect.
func (d *daemon) reopenLog() {
	if t, ok := d.out.(*logTee); ok {
		if err := t.reopen(); err != nil {
			d.log.Error("the log file could not be opened again", "err", err)
		}
	}
}

// warnOfOptionsOfTheStart says which changes a reload does not put in force.
func (d *daemon) warnOfOptionsOfTheStart(next config.Daemon) {
	metrics := func(c config.Daemon) string { return *cmp.Or(c.Metrics, new(defaultListen)) }
	for _, o := range []struct{ name, was, is string }{
		{"logtarget", d.begun.LogTarget, next.LogTarget},
		{"socket", d.begun.Socket, next.Socket},
		{"dbfile", d.begun.DBFile, next.DBFile},
		{"metrics", metrics(d.begun), metrics(next)},
		{"firewall", d.begun.Firewall, next.Firewall},
	} {
		if o.was != o.is {
			d.log.Warn(o.name+" is read at the start only", "running", o.was, "configured", o.is, "hint", "systemctl restart bailiff; bans stay")
		}
	}
}

// replaceOne is the current configuration with one jail as the next one has it.
func replaceOne(current, next *config.Config, name string) (*config.Config, error) {
	named := func(j *config.Jail) bool { return j.Name == name }
	c := *current
	c.Jails = slices.Clone(current.Jails)
	was, is := slices.IndexFunc(current.Jails, named), slices.IndexFunc(next.Jails, named)
	switch {
	case was < 0 && is < 0:
		return nil, noJail(name, jailNamesOf(current, next))
	case was < 0:
		c.Jails = append(c.Jails, next.Jails[is])
	case is < 0:
		c.Jails = slices.Delete(c.Jails, was, was+1)
	default:
		c.Jails[was] = next.Jails[is]
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
	c.Jails = slices.Clone(next.Jails)
	for _, old := range current.Jails {
		if !slices.ContainsFunc(next.Jails, func(j *config.Jail) bool { return j.Name == old.Name }) {
			c.Jails = append(c.Jails, old)
		}
	}
	return &c
}

// match gives running jails their new settings, makes those that are new, and names those that are gone.
func (d *daemon) match(next *config.Config, running []*jails.Jail) (kept, gone []*jails.Jail) {
	byName := map[string]*jails.Jail{}
	for _, j := range running {
		byName[j.Name] = j
	}
	for _, c := range next.Jails {
		j := byName[c.Name]
		if j == nil {
			d.metrics.Jail(c.Name)
			j = jails.NewJail(c, d.ignored, d.log, d.metrics)
		} else {
			j.Configure(c)
		}
		delete(byName, c.Name)
		kept = append(kept, j)
	}
	for _, j := range running {
		if byName[j.Name] != nil {
			gone = append(gone, j)
		}
	}
	return kept, gone
}

// takeBack gives jails that were not there before the bans that stand in the store, as a restart does, and fills the new
// sets of those that had none.
func (d *daemon) takeBack(ctx context.Context, current *config.Config, kept []*jails.Jail) error {
	now := time.Now()
	active, err := d.store.Active(ctx, now)
	if err != nil {
		return err
	}
	for _, j := range kept {
		i := slices.IndexFunc(current.Jails, func(c *config.Jail) bool { return c.Name == j.Name })
		if i < 0 {
			j.Restore(slices.DeleteFunc(slices.Clone(active), func(b event.Ban) bool { return b.Jail != j.Name }), now)
		}
		had := i >= 0 && current.Jails[i].Firewall.Kind != "none"
		if had || j.Config().Firewall.Kind == "none" {
			continue
		}
		if err := d.firewall.Add(ctx, j.Name, j.Remaining(now)); err != nil {
			return err
		}
	}
	return nil
}

func (d *daemon) liftAll(j *jails.Jail) error {
	var subjects []event.Subject
	for _, b := range j.Bans() {
		subjects = append(subjects, b.Subject)
	}
	_, err := d.enforcer.Lift(j, subjects)
	return err
}
