package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"time"

	"bailiff/cmd/internal/control"
	"bailiff/cmd/internal/sdnotify"
	"bailiff/jails"
	"bailiff/jails/config"
	"bailiff/jails/event"
)

// readersTime is how long a reload waits for readers that are to end or to take up other jails.
const readersTime = 20 * time.Second

// A reloadOrder asks for a reload, of one jail or of all.
type reloadOrder struct {
	jail string
	done chan reloadOutcome // has room for the answer
}

type reloadOutcome struct {
	report control.Reloaded
	err    error
}

// Reload answers bailiff reload. It is carried out to its end also when the asking command goes away.
func (d *daemon) Reload(ctx context.Context, r control.ReloadRequest) (control.Reloaded, error) {
	o := reloadOrder{r.Jail, make(chan reloadOutcome, 1)}
	select {
	case d.reloads <- o:
	case <-ctx.Done():
		return control.Reloaded{}, ctx.Err()
	}
	select {
	case out := <-o.done:
		return out.report, out.err
	case <-ctx.Done():
		return control.Reloaded{}, ctx.Err()
	}
}

// Reloading says what a reload waits for just now.
func (d *daemon) Reloading() control.Reloading {
	what, since := d.progress.now()
	if what == "" {
		return control.Reloading{}
	}
	if readers := d.sources.waitsFor(); what == waitForReaders && len(readers) > 0 {
		what = strings.Join(readers, ", ")
	}
	return control.Reloading{WaitingFor: what, Since: &since}
}

// reloadWhenAsked reloads at SIGHUP and when commands ask for it, one at a time, until ctx ends.
func (d *daemon) reloadWhenAsked(ctx context.Context, hup <-chan os.Signal) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-hup:
			_, _ = d.tryReload(ctx, "") // which logs what it did, or why it refuses
		case o := <-d.reloads:
			report, err := d.tryReload(ctx, o.jail)
			o.done <- reloadOutcome{report, err}
		}
	}
}

// tryReload reads the configuration again. With a fault in it the old one stays, whole. Failures and bans are kept; bans
// of jails that are gone are lifted.
func (d *daemon) tryReload(ctx context.Context, jail string) (control.Reloaded, error) {
	select {
	case <-d.sources.ready:
		d.tell(sdnotify.Reloading())
		defer func() { d.tell(sdnotify.Ready()) }()
	default: // systemd still waits for the start to end
	}
	defer d.progress.at("")
	d.lines.Reopen() // whoever renamed a log file and sends SIGHUP expects a new one
	report, err := d.reload(ctx, jail)
	d.metrics.Loaded(err == nil)
	if err != nil {
		d.log.Error("reload failed", "err", err)
		return report, err
	}
	d.logReload(report)
	return report, nil
}

// What a reload waits for, in the order in which it does.
const (
	waitForFiles    = "the files of the configuration"
	waitForNames    = "the names of ignoreip to be looked up"
	waitForFirewall = "the firewall"
	waitForReaders  = "the readers of journal and log files"
	waitForBans     = "the bans of jails that are gone to be lifted"
)

// reload does first what may fail: until then everything stays as it was.
func (d *daemon) reload(ctx context.Context, only string) (control.Reloaded, error) {
	d.progress.at(waitForFiles)
	read, err := unlessEnded(ctx, d.keeper.read)
	if ctx.Err() != nil {
		return control.Reloaded{}, ctx.Err()
	}
	if err != nil {
		return control.Reloaded{}, &control.Error{Kind: control.Invalid,
			Message: fmt.Sprintf("the configuration has faults, the old one stays:\n%v", err)}
	}
	next := read.Config
	current, running := d.state()
	if only != "" {
		if next, err = replaceOne(current, next, only); err != nil {
			return control.Reloaded{}, err
		}
	}
	keepFilters(current, next)
	t := d.newTransition(current, next, running)
	if err := d.prepare(ctx, t); err != nil {
		return control.Reloaded{}, errors.Join(err, d.firewall.Ensure(ctx, specs(current)))
	}
	d.putInForce(t)
	report := t.report()
	report.DryRun, report.Warnings = d.flags.dryRun, faultAnswers("warning", read.Warnings)
	report.Options, report.AtStart = changedOptions(current.Daemon, d.begun, next.Daemon)
	for _, err := range d.takeAway(ctx, t, &report) {
		report.Left = append(report.Left, err.Error())
	}
	d.level.Set(d.flags.logLevel(next.Daemon.LogLevel))
	if only == "" {
		d.allInForce()
	} else {
		d.tellProblem(leftOutOf(next))
	}
	d.keeper.keep(read)
	return report, nil
}

// takeAway ends what was of the old configuration only. It reports how many bans of each jail it has lifted, and returns
// what is left all the same.
func (d *daemon) takeAway(ctx context.Context, t *transition, report *control.Reloaded) (left []error) {
	d.progress.at(waitForReaders)
	if err := d.sources.replanned(ctx, readersTime); err != nil {
		left = append(left, err)
	}
	d.progress.at(waitForBans)
	for _, j := range t.gone {
		lifted, err := d.liftAll(j)
		report.Removed = append(report.Removed, control.RemovedJail{Name: j.Name, Lifted: lifted})
		if err != nil {
			left = append(left, fmt.Errorf("bans of %s: %w", j.Name, err))
		}
	}
	d.progress.at(waitForFirewall)
	if err := d.firewall.Ensure(ctx, specs(t.next)); err != nil {
		left = append(left, err)
	}
	return left
}

func (d *daemon) liftAll(j *jails.Jail) (lifted int, err error) {
	var subjects []event.Subject
	for _, b := range j.Bans() {
		subjects = append(subjects, b.Subject)
	}
	stood, err := d.enforcer.Lift(j, subjects)
	return len(stood), err
}

// logReload logs what bailiff reload prints.
func (d *daemon) logReload(r control.Reloaded) {
	for _, w := range r.Warnings {
		tellFaults(d.log, slog.LevelWarn, "", []config.Fault{answeredFault(w)})
	}
	for _, name := range r.Added {
		d.log.Info("jail is new", "jail", name)
	}
	for _, j := range r.Removed {
		d.log.Warn("jail is gone", "jail", j.Name, "lifted", j.Lifted)
	}
	for _, j := range r.Changed {
		d.log.Info("jail has changed", "jail", j.Name, "options", changeWords(j.Options))
	}
	if len(r.Options) > 0 {
		d.log.Info("options of the service have changed", "options", changeWords(r.Options))
	}
	for _, o := range r.AtStart {
		d.log.Warn(o.Option+" is read at the start only", "running", o.From, "configured", o.To, "hint", restartHint)
	}
	for _, what := range r.Left {
		d.log.Error("something of the old configuration is left", "err", what)
	}
	if r.Jails == 0 {
		d.log.Warn(nothingGuarded)
	}
	d.log.Info("reloaded", "jails", r.Jails)
}
