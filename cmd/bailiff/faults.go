package main

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

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
	var names []string
	var faults config.Faults
	for _, left := range r.LeftOut {
		names = append(names, left.Name)
		faults = append(faults, left.Faults...)
		others = slices.DeleteFunc(others, func(f config.Fault) bool { return containsFault(left.Faults, f) })
	}
	switch len(names) {
	case 0:
	case 1:
		all = append(all, shortfall{jailsLeftOut, "1 jail is left out for its faults: " + names[0], faults})
	default:
		text := fmt.Sprintf("%d jails are left out for their faults: %s", len(names), someOf(names))
		all = append(all, shortfall{jailsLeftOut, text, faults})
	}
	if len(others) > 0 {
		text := "what has a fault in the configuration is not in force: " + others[0].Brief()
		if more := len(others) - 1; more > 0 {
			text += fmt.Sprintf(" and %d more", more)
		}
		all = append(all, shortfall{configFaults, text, others})
	}
	return all
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
		var details []string
		for _, f := range s.faults {
			details = append(details, strings.Split(f.Error(), "\n")...)
		}
		d.problems.set(s.kind, s.text, details...)
		d.log.Error(s.text, "hint", "mend the files, then: bailiff reload")
		tellFaults(d.log, slog.LevelError, s.faults)
	}
}

// allInForce says that the configuration in the files is in force, whole.
func (d *daemon) allInForce() {
	for _, kind := range []problemKind{oldConfiguration, jailsLeftOut, configFaults} {
		d.problems.clear(kind)
	}
}
