// Package logging writes the daemon's log, to standard error and wherever logtarget says. Whoever logs never waits for
// whoever reads the log: lines are queued, and written by Run. A queue that is full drops lines, those of failures first
// and those of bans last, and says how many once it is written again.
package logging

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

const (
	// maxGathered is how many bytes of lines may wait to be written together.
	maxGathered = 32 << 10
	// flushWait is how long Flush waits for an output, and flushPause how long it does not after one that took longer.
	flushWait  = 100 * time.Millisecond
	flushPause = 10 * time.Second
	// watchEvery is how often outputs are looked at, and stuckAfter how long one may take for a write.
	watchEvery = time.Second
	stuckAfter = 2 * time.Second
	// lastWords is how long Run waits for what was logged when it ends.
	lastWords = time.Second
)

// A Log takes lines and has them written by all its outputs. It is safe for concurrent use. Until Run is called lines are
// kept.
type Log struct {
	// Trouble is called when an output cannot be written, with why, and with nil when it can again; nil: nobody is told.
	Trouble func(output string, err error)

	queues  []*queue
	changed chan struct{} // an output failed or works again

	mu        sync.Mutex
	words     []byte // the line that is being made
	gatherers int
}

func newLog(queues ...*queue) *Log {
	l := &Log{queues: queues, changed: make(chan struct{}, 1)}
	for _, q := range queues {
		q.changed = l.changed
	}
	return l
}

// add queues a line. l.mu is held.
func (l *Log) add(at time.Time, level slog.Level, message []byte) {
	for _, q := range l.queues {
		if waiting := q.add(at, level, message); l.gatherers == 0 || waiting >= maxGathered {
			q.poke()
		}
	}
}

// Gather runs work. Lines that are logged meanwhile, by anybody, are written together when it has ended, or when there
// are many. They are written when Gather returns, unless an output does not take them.
func (l *Log) Gather(work func()) {
	l.mu.Lock()
	l.gatherers++
	l.mu.Unlock()
	defer func() {
		l.mu.Lock()
		l.gatherers--
		l.mu.Unlock()
		l.Flush()
	}()
	work()
}

// Flush has written what was logged so far when it returns. For an output that is slow it waits a tenth of a second,
// and not at all for the next ten.
func (l *Log) Flush() {
	var timer *time.Timer
	for _, q := range l.queues {
		done := q.flushed()
		if done == nil {
			continue
		}
		if timer == nil {
			timer = time.NewTimer(flushWait)
			defer timer.Stop()
		}
		select {
		case <-done:
		case <-timer.C:
			q.tooSlow()
			timer.Reset(0) // the others have had their time too
		}
	}
}

// Reopen has a log file looked for under its path again.
func (l *Log) Reopen() {
	for _, q := range l.queues {
		q.reopen.Store(true)
		q.poke()
	}
}

// Dropped is how many lines were dropped, by all outputs.
func (l *Log) Dropped() (n uint64) {
	for _, q := range l.queues {
		n += q.dropped()
	}
	return n
}

// Err is which outputs cannot be written now, and why.
func (l *Log) Err() error {
	var errs []error
	for _, q := range l.queues {
		if err := q.trouble(time.Now()); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", q.name, err))
		}
	}
	return errors.Join(errs...)
}

// Run writes until ctx ends, and then what was logged before. An output that still does not take its lines a second later
// is left alone, even with a write that goes on.
func (l *Log) Run(ctx context.Context) error {
	var writers errgroup.Group
	for _, q := range l.queues {
		writers.Go(func() error { q.run(ctx); return nil })
	}
	l.watch(ctx)
	ended := make(chan struct{})
	go func() {
		writers.Wait()
		close(ended)
	}()
	select {
	case <-ended:
	case <-time.After(lastWords):
	}
	return nil
}

// Finish writes what was logged, where Run is not.
func (l *Log) Finish() error {
	ctx, end := context.WithCancel(context.Background())
	end()
	return l.Run(ctx)
}

// watch tells of outputs that cannot be written, and that can again, until ctx ends.
func (l *Log) watch(ctx context.Context) {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	told := make([]string, len(l.queues))
	for {
		for i, q := range l.queues {
			err := q.trouble(time.Now())
			text := ""
			if err != nil {
				text = err.Error()
			}
			if text != told[i] && l.Trouble != nil {
				l.Trouble(q.name, err)
			}
			told[i] = text
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-l.changed:
		}
	}
}
