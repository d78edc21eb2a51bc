package main

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"bailiff/cmd/internal/control"
	"bailiff/jails/config"
	"bailiff/jails/event"
)

// nothingGuarded is said where no jail runs.
const nothingGuarded = "no jail is enabled: nothing is guarded"

// tellFaults logs what is wrong or odd in the configuration, its hint as a word of its own.
func tellFaults(log *slog.Logger, level slog.Level, about string, faults []config.Fault) {
	for _, f := range faults {
		hint := []any{"hint", f.Hint}
		if f.Hint == "" {
			hint = nil
		}
		f.Hint = ""
		log.Log(context.Background(), level, about+f.Error(), hint...)
	}
}

// A shortfall is a part of the configuration that is not in force.
type shortfall struct {
	kind problemKind
	text string
	of   []config.LeftOut // why; without a name where it is no jail's
}

// shortfalls are what of a configuration is not in force.
func (r *reading) shortfalls() (all []shortfall) {
	if !r.since.IsZero() {
		text := fmt.Sprintf("the configuration in %s cannot be used: the last one that worked is in force, of %s", r.dir,
			r.since.Local().Format(time.DateTime))
		all = append(all, shortfall{oldConfiguration, text, []config.LeftOut{{Faults: r.why}}})
	}
	if len(r.LeftOut) > 0 {
		all = append(all, leftOutOf(r.Config))
	}
	if others := faultsOfAll(r.Config); len(others) > 0 {
		text := counted(len(others), "fault") + " in the configuration for which no jail is left out: " + others[0].Brief()
		all = append(all, shortfall{configFaults, text, []config.LeftOut{{Faults: others}}})
	}
	return all
}

// leftOutOf are the jails of a configuration that do not run.
func leftOutOf(c *config.Config) shortfall {
	var names []string
	for _, left := range c.LeftOut {
		names = append(names, left.Name)
	}
	return shortfall{jailsLeftOut, fmt.Sprintf("%s left out for faults: %s", counted(len(names), "jail"), someOf(names)), c.LeftOut}
}

// faultsOfAll are the faults that are those of no jail.
func faultsOfAll(c *config.Config) config.Faults {
	return slices.DeleteFunc(slices.Clone(c.Faults), func(f config.Fault) bool {
		return slices.ContainsFunc(c.LeftOut, func(l config.LeftOut) bool { return containsFault(l.Faults, f) })
	})
}

func containsFault(all config.Faults, f config.Fault) bool {
	return slices.ContainsFunc(all, func(g config.Fault) bool { return g.Error() == f.Error() })
}

// someOf lists names, the first of many.
func someOf(names []string) string {
	const enough = 5
	if len(names) <= enough {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:enough], ", "), len(names)-enough)
}

// tellShortfalls logs what of the configuration that a start found is not in force, and has everybody told who asks.
func (d *daemon) tellShortfalls(r reading) {
	if r.note != nil {
		d.log.Warn("the last configuration that worked cannot be used", "err", r.note)
	}
	for _, s := range r.shortfalls() {
		d.tellProblem(s)
		d.log.Error(s.text, "hint", "mend the files, then: bailiff reload")
		for _, left := range s.of {
			about := ""
			if left.Name != "" {
				about = "jail " + left.Name + " is left out: "
			}
			tellFaults(d.log, slog.LevelError, about, left.Faults)
		}
	}
}

// warnOfWaitingBans says which of the bans that stand are those of jails that are left out.
func (d *daemon) warnOfWaitingBans(bans []event.Ban) {
	for _, l := range d.config.LeftOut {
		n := 0
		for _, b := range bans {
			if b.Jail == l.Name {
				n++
			}
		}
		if n > 0 && l.Last == nil {
			d.log.Warn("bans of a jail that is left out are not in force until it runs", "jail", l.Name, "bans", n)
		}
	}
}

// tellProblem has everybody told who asks.
func (d *daemon) tellProblem(s shortfall) {
	if len(s.of) == 0 {
		d.problems.clear(s.kind)
		return
	}
	var details []string
	for _, left := range s.of {
		for _, f := range left.Faults {
			lines := strings.Split(f.Error(), "\n")
			if left.Name != "" {
				lines[0] = left.Name + ": " + lines[0]
			}
			details = append(details, lines...)
		}
	}
	d.problems.set(s.kind, s.text, details...)
}

// allInForce says that the configuration in the files is in force, whole.
func (d *daemon) allInForce() {
	for _, kind := range []problemKind{oldConfiguration, jailsLeftOut, configFaults} {
		d.problems.clear(kind)
	}
}

// leftOutAnswers are the jails that do not run, as bailiff status has them.
func leftOutAnswers(c *config.Config) (all []control.LeftOut) {
	for _, l := range c.LeftOut {
		all = append(all, control.LeftOut{Name: l.Name, Faults: faultAnswers("fault", l.Faults)})
	}
	return all
}

// faultAnswers are faults or warnings as commands print them with --json.
func faultAnswers(severity string, faults []config.Fault) []control.Fault {
	all := []control.Fault{}
	for _, f := range faults {
		all = append(all, control.Fault{Severity: severity, File: f.File, Line: f.Line, Section: f.Section, Key: f.Option,
			Message: f.Message, Hint: f.Hint, Includes: append([]string{}, f.Chain...)})
	}
	return all
}

// answeredFault is the fault that an answer is about.
func answeredFault(a control.Fault) config.Fault {
	return config.Fault{File: a.File, Line: a.Line, Section: a.Section, Option: a.Key, Message: a.Message, Hint: a.Hint, Chain: a.Includes}
}

// hasNoBans is why there are no bans of a jail, if it is one that does not run and of which nobody knows how it was.
func hasNoBans(c *config.Config, jail string) error {
	for _, l := range c.LeftOut {
		if l.Name == jail && l.Last != nil {
			return nil
		}
	}
	return isLeftOut(c, jail)
}

// isLeftOut is why there is no such jail, if it is one that does not run.
func isLeftOut(c *config.Config, jail string) error {
	for _, l := range c.LeftOut {
		if l.Name == jail {
			return &control.Error{Kind: control.NotFound, Message: fmt.Sprintf("the jail %s is left out for its faults:\n%v", jail, l.Faults),
				Hint: "mend the files, then: bailiff reload"}
		}
	}
	return nil
}
