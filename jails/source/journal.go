package source

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"bailiff/jails/event"
	"bailiff/jails/filter"
	"bailiff/journal"
)

const (
	blockEntries = 2048      // entries that are judged together while there is more to read
	blockBytes   = 256 << 10 // and the size of their lines
)

// lineFields are the fields that the line fail2ban makes of an entry is made of.
var lineFields = []string{"MESSAGE", "SYSLOG_IDENTIFIER", "SYSLOG_PID", "_COMM", "_HOSTNAME", "_PID",
	"_SOURCE_MONOTONIC_TIMESTAMP", "_SOURCE_REALTIME_TIMESTAMP"}

// A Journal reads one journal for all the jails that follow it.
type Journal struct {
	Options  journal.Options // which journal and which reader; the rest is filled in here
	Key      string          // what its mark is saved under
	Selector event.Selector  // the entries that some jail reads; nil: all
	Jails    []string        // the jails that follow it
	Back     time.Time       // how far jails that have forgotten want to look back; zero: not at all
	Marks    Marks
	Log      *slog.Logger
	Beat     func() // called at least once a second while reading goes on
	Caught   func() // called whenever all that is there has been judged; nil: nobody wants to know

	block  event.Block
	memory []byte          // what the block's fields refer to
	fields []event.Field   // what the block's entries refer to
	newest journal.Entry   // of the block, without its fields
	judged journal.Entry   // the newest that was judged
	after  <-chan struct{} // and when it may be saved; nil: now
	dirty  bool            // judged has not been saved
	saved  time.Time
}

// Run reads until ctx ends or the journal fails. First it reads again what lies between Back and the saved mark, for
// jails to remember; then it goes on exactly after the mark.
func (j *Journal) Run(ctx context.Context, see See) error {
	m := loadMark(j.Marks, j.Key, j.Log)
	if !m.empty() && !j.Back.IsZero() && j.Back.Before(m.Time) {
		if err := j.remember(ctx, m, see); err != nil {
			return err
		}
		m.Jails = j.Jails
		if err := m.save(ctx, j.Marks, j.Key, nil); err != nil {
			return err
		}
	}
	err := j.follow(ctx, m, see)
	if j.dirty {
		err = errors.Join(err, j.saveMark(context.WithoutCancel(ctx)))
	}
	return err
}

// follow reads on after the mark; without one from Back, and without that from now.
func (j *Journal) follow(ctx context.Context, m mark, see See) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	o := j.options()
	o.Cursor, o.Since = m.Cursor, j.Back
	if o.Since.IsZero() {
		o.Since = time.Now()
	}
	var failed error // what could not be judged is to be read again
	flush := func() error {
		failed = j.flush(ctx, see)
		return failed
	}
	var reached journal.Entry
	o.Reached = func(e *journal.Entry) { reached = *e }
	o.Idle = func() {
		if err := flush(); err != nil {
			cancel(err)
		} else {
			j.pass(&reached)
		}
		j.live()
		j.Beat()
		if j.Caught != nil {
			j.Caught()
		}
	}
	err := journal.Follow(ctx, o, func(e *journal.Entry) error {
		j.append(e)
		if !j.full() {
			return nil
		}
		return flush()
	})
	if failed == nil {
		j.pass(&reached)
	}
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return err
}

// pass notes how far the journal has been looked at without finding anything, once all that was found has been judged.
func (j *Journal) pass(reached *journal.Entry) {
	if len(j.block.Entries) == 0 && reached.Realtime().After(j.judged.Realtime()) {
		j.judged, j.dirty = *reached, true
	}
	*reached = journal.Entry{}
}

// live notes that from now on lines are judged as they are written: a few at a time, so that the memory for many is given
// back.
func (j *Journal) live() {
	if !j.block.Live {
		j.block.Text, j.block.Entries, j.memory, j.fields = nil, nil, nil, nil
		j.block.Live = true
	}
}

// errRemembered ends the reading of the past.
var errRemembered = errors.New("reached the mark")

// remember reads the entries from Back up to the mark.
func (j *Journal) remember(ctx context.Context, m mark, see See) error {
	o := j.options()
	o.Since, o.Counters, o.Log = j.Back, nil, nil // follow counts, and tells, what is there to be told
	j.block.Past, j.block.Known = true, m.Jails
	defer func() { j.block.Past, j.block.Known = false, nil }()
	err := journal.Read(ctx, o, func(e *journal.Entry) error {
		if e.Realtime().After(m.Time) {
			return errRemembered
		}
		j.append(e)
		if e.Realtime().Equal(m.Time) && e.Cursor() == m.Cursor {
			return errRemembered
		}
		if !j.full() {
			return nil
		}
		j.Beat()
		return j.seePast(ctx, m, see)
	})
	if err != nil && !errors.Is(err, errRemembered) {
		return fmt.Errorf("read the journal's past: %w", err)
	}
	return j.seePast(ctx, m, see)
}

// seePast has a block before the mark judged. What is judged later holds up the marks that follow.
func (j *Journal) seePast(ctx context.Context, m mark, see See) error {
	effects, err := j.see(ctx, see)
	if err != nil || effects.Judged == nil {
		return err
	}
	return m.save(ctx, j.Marks, j.Key, effects.Judged)
}

func (j *Journal) options() journal.Options {
	o := j.Options
	o.Match, o.Log = Pushdown(j.Selector), j.Log
	o.Fields = slices.Clone(lineFields)
	for _, g := range j.Selector {
		for _, t := range g {
			if !slices.Contains(o.Fields, t.Field) {
				o.Fields = append(o.Fields, t.Field)
			}
		}
	}
	o.Idle = j.Beat
	return o
}

// Pushdown is the part of a selector that the journal's own index can decide: every entry the selector holds for, and
// possibly more. Terms with globs are left to the selector.
func Pushdown(s event.Selector) journal.Match {
	var m journal.Match
	for _, g := range s {
		var terms []journal.Term
		for _, t := range g {
			if len(t.Globs) == 0 {
				terms = append(terms, journal.Term{Field: t.Field, Values: t.Values})
			}
		}
		if len(terms) == 0 {
			return nil
		}
		m = append(m, terms)
	}
	return m
}

// append adds the entry's line to the block.
func (j *Journal) append(e *journal.Entry) {
	fields := j.keepFields(e.Fields)
	j.block.Entries = append(j.block.Entries, event.Entry{
		Start: len(j.block.Text), Time: e.Sent(), Fields: fields,
	})
	j.block.Text = append(filter.Synthesise(j.block.Text, fields, e.Monotonic()), '\n')
	j.newest = *e
	j.newest.Fields = nil
}

// keepFields copies an entry's fields into the block's memory. When that has to grow, what was kept before stays where it is.
func (j *Journal) keepFields(fields []journal.Field) []event.Field {
	begin, end := len(j.fields), len(j.fields)+len(fields)
	if end > cap(j.fields) {
		begin, end = 0, len(fields)
		j.fields = make([]event.Field, 0, max(2*cap(j.fields), end, 1<<10))
	}
	j.fields = j.fields[:end]
	kept := j.fields[begin:end:end]
	for i := range fields { // part by part: see journal's add
		kept[i].Name, kept[i].Value = fields[i].Name, j.keep(fields[i].Value)
	}
	return kept
}

// full tells whether the block is to be judged before more is added.
func (j *Journal) full() bool {
	return len(j.block.Entries) >= blockEntries || len(j.block.Text) >= blockBytes
}

// keep copies a value into the block's memory. When the memory has to grow, what was kept before stays where it is.
func (j *Journal) keep(value []byte) []byte {
	if len(j.memory)+len(value) > cap(j.memory) {
		j.memory = make([]byte, 0, max(2*cap(j.memory), len(value), 64<<10))
	}
	n := len(j.memory)
	j.memory = append(j.memory, value...)
	return j.memory[n:len(j.memory):len(j.memory)]
}

// flush has the block judged and then saves where it ends: at once when the block had effects, else now and then.
func (j *Journal) flush(ctx context.Context, see See) error {
	effects, err := j.see(ctx, see)
	if err != nil {
		return err
	}
	if !j.dirty || !effects.Any && time.Since(j.saved) < markEvery {
		return nil
	}
	return j.saveMark(ctx)
}

func (j *Journal) saveMark(ctx context.Context) error {
	j.dirty, j.saved = false, time.Now()
	m := mark{Cursor: j.judged.Cursor(), Time: j.judged.Realtime(), Jails: j.Jails}
	after := j.after
	j.after = nil
	return m.save(ctx, j.Marks, j.Key, after)
}

func (j *Journal) see(ctx context.Context, see See) (effects event.Effects, err error) {
	if len(j.block.Entries) == 0 {
		return event.Effects{}, nil
	}
	j.block.Origin = "systemd-journal"
	effects, err = see(ctx, &j.block)
	if err == nil && !j.block.Past {
		j.judged, j.after, j.dirty = j.newest, effects.Judged, true
	}
	j.block.Text, j.block.Entries, j.memory = j.block.Text[:0], j.block.Entries[:0], j.memory[:0]
	j.fields = j.fields[:0]
	return effects, err
}
