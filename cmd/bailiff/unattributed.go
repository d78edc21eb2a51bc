package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"bailiff/jails/config"
	"bailiff/jails/event"
	"bailiff/jails/source"
	"bailiff/journal"
)

const (
	unattributedEvery = 10 * time.Minute // how often journals are looked through, and how far back the first time
	mostLookedAt      = 20_000           // entries of a look
	mostSpeakers      = 32
)

// unattributed counts the entries that jails which read by unit miss: journald finds no unit for a process that has ended
// before it looks.
type unattributed struct {
	mu    sync.Mutex
	jails map[string]*missedEntries
}

// A speaker is who logs in a unit, as the journal knows him.
type speaker struct{ identifier, uid string }

// missedEntries are what one jail misses.
type missedEntries struct {
	config   *config.Jail
	speakers map[speaker]bool // who was heard in the jail's units
	entries  int              // that such a speaker logged and that name no unit
	last     speaker
	since    time.Time // what is older has been looked at
}

// note says what the jail misses, "" if nothing.
func (m *missedEntries) note() string {
	if m == nil || m.entries == 0 {
		return ""
	}
	return fmt.Sprintf("%s of %s passed by, for journald could not attribute them to a unit", entries(m.entries), m.last.identifier)
}

func entries(n int) string {
	if n == 1 {
		return "1 entry"
	}
	return fmt.Sprintf("%d entries", n)
}

// hint says how the jail can read them.
func (m *missedEntries) hint() string {
	return fmt.Sprintf("add an alternative to the jail's journalmatch: + _UID=%s SYSLOG_IDENTIFIER=%s", m.last.uid, m.last.identifier)
}

// note says what a jail misses.
func (u *unattributed) note(jail string) string {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.jails[jail].note()
}

// countUnattributed looks now and then what jails that read the journal by unit miss, until ctx ends.
func (d *daemon) countUnattributed(ctx context.Context) error {
	tick := time.NewTicker(unattributedEvery)
	defer tick.Stop()
	select {
	case <-d.sources.ready:
	case <-ctx.Done():
		return nil
	}
	for {
		c, running := d.state()
		current := map[string]*missedEntries{}
		for _, j := range running {
			j := j.Config()
			if d.sources.choice(j.Name).Kind != source.FromJournal || !readsByUnit(j.Journal) {
				continue
			}
			m := d.unattributed.of(j)
			before := m.entries
			if err := m.look(ctx, journalOptions(j, c.Daemon.JournalReader)); err != nil && ctx.Err() == nil {
				d.log.Debug("entries without a unit could not be counted", "jail", j.Name, "err", err)
			}
			if before == 0 && m.entries > 0 {
				d.log.Warn(m.note(), "jail", j.Name, "hint", m.hint())
			}
			current[j.Name] = m
		}
		d.unattributed.set(current)
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// of returns a copy of what is known of a jail.
func (u *unattributed) of(j *config.Jail) *missedEntries {
	u.mu.Lock()
	defer u.mu.Unlock()
	if m := u.jails[j.Name]; m != nil && m.config == j {
		known := *m
		known.speakers = maps.Clone(m.speakers)
		return &known
	}
	return &missedEntries{config: j, speakers: map[speaker]bool{}, since: time.Now().Add(-unattributedEvery)}
}

func (u *unattributed) set(jails map[string]*missedEntries) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.jails = jails
}

// readsByUnit reports whether a selector names units.
func readsByUnit(s event.Selector) bool {
	return slices.ContainsFunc(s, func(g event.Group) bool {
		return slices.ContainsFunc(g, func(t event.Term) bool { return t.Field == "_SYSTEMD_UNIT" })
	})
}

// errEnough ends a look.
var errEnough = errors.New("enough entries")

// look goes through what was logged since the last look: first for who speaks in the jail's units, then for what such a
// speaker logged without a unit.
func (m *missedEntries) look(ctx context.Context, o journal.Options) error {
	o.Since, m.since = m.since, time.Now()
	o.Fields = []string{"SYSLOG_IDENTIFIER", "_UID", "_SYSTEMD_UNIT"}
	for _, g := range m.config.Journal {
		for _, t := range g {
			if !slices.Contains(o.Fields, t.Field) {
				o.Fields = append(o.Fields, t.Field)
			}
		}
	}
	o.Match = source.Pushdown(m.config.Journal)
	err := readSome(ctx, o, func(fields []event.Field) {
		if who := speakerOf(fields); m.config.Journal.Holds(fields) && valueOf(fields, "_SYSTEMD_UNIT") != "" && len(m.speakers) < mostSpeakers {
			m.speakers[who] = true
		}
	})
	if err != nil || len(m.speakers) == 0 {
		return err
	}
	named := journal.Term{Field: "SYSLOG_IDENTIFIER"}
	for who := range m.speakers {
		named.Values = append(named.Values, who.identifier)
	}
	o.Match = journal.Match{{named}}
	return readSome(ctx, o, func(fields []event.Field) {
		if who := speakerOf(fields); m.speakers[who] && valueOf(fields, "_SYSTEMD_UNIT") == "" && !m.config.Journal.Holds(fields) {
			m.entries++
			m.last = who
		}
	})
}

func readSome(ctx context.Context, o journal.Options, see func([]event.Field)) error {
	n := 0
	err := journal.Read(ctx, o, func(e *journal.Entry) error {
		fields := make([]event.Field, len(e.Fields))
		for i, f := range e.Fields {
			fields[i] = event.Field{Name: f.Name, Value: f.Value}
		}
		see(fields)
		if n++; n >= mostLookedAt {
			return errEnough
		}
		return nil
	})
	if errors.Is(err, errEnough) {
		return nil
	}
	return err
}

func speakerOf(fields []event.Field) speaker {
	return speaker{valueOf(fields, "SYSLOG_IDENTIFIER"), valueOf(fields, "_UID")}
}

func valueOf(fields []event.Field, name string) string {
	for _, f := range fields {
		if f.Name == name {
			return string(f.Value)
		}
	}
	return ""
}
