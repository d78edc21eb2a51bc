package source

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"bailiff/jails/event"
	"bailiff/journal"
)

// lineFields are the fields that the line fail2ban makes of an entry is made of.
var lineFields = []string{"MESSAGE", "SYSLOG_IDENTIFIER", "SYSLOG_PID", "_COMM", "_HOSTNAME",
	"_PID", "_SOURCE_MONOTONIC_TIMESTAMP", "_SOURCE_REALTIME_TIMESTAMP"}

// A Journal reads one journal for all the jails that follow it.
type Journal struct {
	Options   journal.Options // which journal and reader; the rest is filled in here
	Key       string          // what its position is saved under
	Selector  event.Selector  // the entries that some jail reads; nil: all
	Jails     []string        // the jails that follow it
	Back      time.Time       // how far back a jail that has forgotten reads; zero: not at all
	Positions Positions
	Log       *slog.Logger
	Beat      func() // called at least once a second while reading goes on
	Caught    func() // called whenever all that is there has been judged; may be nil

	block  block
	saver  *saver
	judged time.Time // of the newest entry that was judged
}

// Run reads until ctx ends or the journal fails. First it reads again what lies
// between Back and the saved position, for jails to remember. Then it goes on
// exactly behind that.
func (j *Journal) Run(ctx context.Context, see See) error {
	j.saver = newSaver(j.Positions)
	saved := load(j.Positions, j.Key, j.Log)
	if !saved.empty() && !j.Back.IsZero() && j.Back.Before(saved.Time) {
		if err := j.remember(ctx, saved, see); err != nil {
			return err
		}
		saved.Jails = j.Jails
		if err := saved.save(ctx, j.Positions, j.Key, nil); err != nil {
			return err
		}
	}
	err := j.follow(ctx, saved, see)
	return errors.Join(err, j.saver.save(context.WithoutCancel(ctx), true))
}

// follow reads on behind the saved position; without one from Back, and without
// that from now.
func (j *Journal) follow(ctx context.Context, saved position, see See) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	o := j.options()
	o.Cursor, o.Since = saved.Cursor, j.Back
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
		j.block.append(e)
		if !j.block.full() {
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

// pass notes how far the journal has been looked at without finding anything,
// once all that was found has been judged.
func (j *Journal) pass(reached *journal.Entry) {
	if len(j.block.Entries) == 0 && reached.Realtime().After(j.judged) {
		j.judged = reached.Realtime()
		j.saver.unsaved[j.Key] = j.position(reached)
	}
	*reached = journal.Entry{}
}

// live notes that lines are judged as they are written from now on, a few at a
// time. The memory for many is given back.
func (j *Journal) live() {
	if !j.block.Live {
		j.block = block{}
		j.block.Live = true
	}
}

// errRemembered ends the reading of the past.
var errRemembered = errors.New("reached the saved position")

// remember reads the entries from Back up to the saved position.
func (j *Journal) remember(ctx context.Context, saved position, see See) error {
	o := j.options()
	o.Since, o.Counters, o.Log = j.Back, nil, nil // follow counts and logs these entries
	j.block.Past, j.block.Known = true, saved.Jails
	defer func() { j.block.Past, j.block.Known = false, nil }()
	err := journal.Read(ctx, o, func(e *journal.Entry) error {
		if e.Realtime().After(saved.Time) {
			return errRemembered
		}
		j.block.append(e)
		if e.Realtime().Equal(saved.Time) && e.Cursor() == saved.Cursor {
			return errRemembered
		}
		if !j.block.full() {
			return nil
		}
		j.Beat()
		return j.seePast(ctx, saved, see)
	})
	if err != nil && !errors.Is(err, errRemembered) {
		return fmt.Errorf("read the journal's past: %w", err)
	}
	return j.seePast(ctx, saved, see)
}

// seePast has a block before the saved position judged. What is judged later
// holds up the positions that follow.
func (j *Journal) seePast(ctx context.Context, saved position, see See) error {
	effects, err := j.see(ctx, see)
	if err != nil || effects.Judged == nil {
		return err
	}
	return saved.save(ctx, j.Positions, j.Key, effects.Judged)
}

// flush has the block judged and then saves where it ends.
func (j *Journal) flush(ctx context.Context, see See) error {
	if len(j.block.Entries) == 0 {
		return j.saver.save(ctx, false)
	}
	effects, err := j.see(ctx, see)
	if err != nil {
		return err
	}
	j.judged = j.block.newest.Realtime()
	return j.saver.move(ctx, j.Key, j.position(&j.block.newest), effects)
}

// see has the block judged, and empties it.
func (j *Journal) see(ctx context.Context, see See) (effects event.Effects, err error) {
	if len(j.block.Entries) > 0 {
		j.block.Origin = "systemd-journal"
		effects, err = see(ctx, &j.block.Block)
		j.block.reset()
	}
	return effects, err
}

func (j *Journal) position(e *journal.Entry) position {
	return position{Cursor: e.Cursor(), Time: e.Realtime(), Jails: j.Jails}
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

// Pushdown is the part of a selector that the journal's own index can decide:
// every entry the selector holds for, and possibly more. Terms with globs are
// left to the selector.
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
