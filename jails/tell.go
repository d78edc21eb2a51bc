package jails

import (
	"context"
	"fmt"
	"strings"
	"time"

	"bailiff/jails/event"
)

func (e *Enforcer) tellBan(b event.Ban, acknowledged time.Time) {
	if b.Prolonged() {
		return
	}
	e.notice(b.Jail, "Ban", b.Subject)
	e.Metrics.Ban(b.Jail, b.Subject.Family())
	if b.Failures > 0 {
		e.Metrics.TimeToBan(b.Jail, acknowledged.Sub(b.At))
	}
}

// tellRestored tells of a ban that stood before the start.
func (e *Enforcer) tellRestored(b event.Ban, _ time.Time) {
	e.notice(b.Jail, "Restore Ban", b.Subject)
}

// toldLimit is how many refused subjects are remembered so that each is logged once.
const toldLimit = 10000

// tellRefused tells, once, that somebody cannot be banned.
func (e *Enforcer) tellRefused(f NotEnforced) {
	e.Metrics.Refused(f.Ban.Jail)
	key := f.Ban.Jail + " " + f.Ban.Subject.String()
	if e.told[key] {
		return
	}
	if len(e.told) >= toldLimit {
		clear(e.told)
	}
	e.told[key] = true
	e.Log.Error("not banned, for that cannot be done", "jail", f.Ban.Jail, "subject", f.Ban.Subject, "err", f.Err)
}

func (e *Enforcer) tellUnban(jail string, subjects []event.Subject) {
	for _, s := range subjects {
		e.notice(jail, "Unban", s)
		e.Metrics.Unban(jail, s.Family())
	}
}

// notice logs what was done to a subject, or what would be.
func (e *Enforcer) notice(jail, what string, s event.Subject) {
	if e.DryRun {
		what = "would " + strings.ToLower(what)
	}
	e.Log.Log(context.Background(), LevelNotice, fmt.Sprintf("[%s] %s %s", jail, what, s.Word()))
}
