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
)

// nothingGuarded is said where no jail runs.
const nothingGuarded = "no jail is enabled: nothing is guarded"

// tellFaults logs what is wrong or odd in the configuration, its hint as a word of its own.
func tellFaults(log *slog.Logger, level slog.Level, faults []config.Fault) {
	for _, f := range faults {
		hint := []any{"hint", f.Hint}
		if f.Hint == "" {
			hint = nil
		}
		f.Hint = ""
		log.Log(context.Background(), level, f.Error(), hint...)
	}
}

// A shortfall is a part of the configuration that is not in force.
type shortfall struct {
	kind   problemKind
	text   string
	faults config.Faults
}

// shortfalls are what of a configuration is not in force.
func (r *reading) shortfalls() (all []shortfall) {
	if !r.since.IsZero() {
		text := fmt.Sprintf("the configuration in %s cannot be used: the last one that worked is in force, of %s", r.dir,
			r.since.Local().Format(time.DateTime))
		all = append(all, shortfall{oldConfiguration, text, r.why})
	}
	others := slices.Clone(r.Faults)
	if left := leftOutOf(r.Config); len(left.faults) > 0 {
		all = append(all, left)
		others = slices.DeleteFunc(others, func(f config.Fault) bool { return containsFault(left.faults, f) })
	}
	if len(others) > 0 {
		text := counted(len(others), "fault") + " in what all jails share: " + others[0].Brief()
		all = append(all, shortfall{configFaults, text, others})
	}
	return all
}

// leftOutOf are the jails of a configuration that do not run, without faults where there are none.
func leftOutOf(c *config.Config) shortfall {
	var names []string
	s := shortfall{kind: jailsLeftOut}
	for _, left := range c.LeftOut {
		names = append(names, left.Name)
		s.faults = append(s.faults, left.Faults...)
	}
	s.text = fmt.Sprintf("%s left out for faults: %s", counted(len(names), "jail"), someOf(names))
	return s
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
		tellFaults(d.log, slog.LevelError, s.faults)
	}
}

// tellProblem has everybody told who asks.
func (d *daemon) tellProblem(s shortfall) {
	if len(s.faults) == 0 {
		d.problems.clear(s.kind)
		return
	}
	var details []string
	for _, f := range s.faults {
		details = append(details, strings.Split(f.Error(), "\n")...)
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
