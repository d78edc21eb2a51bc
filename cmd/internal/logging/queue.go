package logging

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"bailiff/jails"
)

// How many bytes of lines may wait for an output: a line of a failure is dropped where more wait than the first, any other
// but that of a ban where more wait than the second.
const (
	roomForFailures = 4 << 20
	roomForOthers   = 6 << 20
	roomForBans     = 16 << 20
	lineCost        = 40      // what a line takes besides its words
	roomKept        = 1 << 18 // what is kept for the next lines
)

// retryEvery is how soon an output that failed is tried again.
const retryEvery = time.Second

// A batch is lines in order, each without its end.
type batch struct {
	lines []line
	text  []byte
}

// A line is one of a batch's: its words end at end.
type line struct {
	at    time.Time
	level slog.Level
	end   int
}

func (b *batch) add(at time.Time, level slog.Level, message []byte) {
	b.text = append(b.text, message...)
	b.lines = append(b.lines, line{at, level, len(b.text)})
}

// addAll adds the lines of another batch from the first on.
func (b *batch) addAll(other *batch, first int) {
	for i := first; i < len(other.lines); i++ {
		b.add(other.lines[i].at, other.lines[i].level, other.message(i))
	}
}

// message is the words of line i.
func (b *batch) message(i int) []byte {
	if i == 0 {
		return b.text[:b.lines[0].end]
	}
	return b.text[b.lines[i-1].end:b.lines[i].end]
}

func (b *batch) size() int { return len(b.text) + lineCost*len(b.lines) }

// An output writes lines. Its methods are called by one goroutine.
type output interface {
	// write writes the lines of the batch from the first on, and says how many of the batch are written, also when it fails.
	write(b *batch, first int) (written int, err error)
	// reopen has the output opened anew.
	reopen()
}

// A queue holds the lines that wait for an output.
type queue struct {
	name   string
	out    output
	wake   chan struct{}
	reopen atomic.Bool

	changed chan<- struct{} // told when writes begin to fail, and when they no longer do

	mu      sync.Mutex
	waiting batch
	spare   batch           // room for the next waiting
	busy    int             // the size of what is being written
	since   time.Time       // when that began
	failed  error           // of the last write
	flushes []chan struct{} // closed when what waits is written
	patient time.Time       // until when no flush waits
	lost    loss            // since the output worked last
	total   uint64          // how many lines were ever dropped
}

// A loss is lines that were dropped.
type loss struct {
	lines, bans int
	from        time.Time
}

func newQueue(name string, out output) *queue {
	return &queue{name: name, out: out, wake: make(chan struct{}, 1)}
}

// room is how much may wait for a line of the level to be taken.
func room(level slog.Level) int {
	switch {
	case level == jails.LevelNotice:
		return roomForBans
	case level > jails.LevelNotice:
		return roomForOthers
	}
	return roomForFailures
}

// add takes a line, or drops it, and returns how much waits.
func (q *queue) add(at time.Time, level slog.Level, message []byte) int {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.waiting.size()+q.busy > room(level) {
		q.total++
		q.lost.lines++
		if level == jails.LevelNotice {
			q.lost.bans++
		}
		if q.lost.from.IsZero() {
			q.lost.from = at
		}
		return 0
	}
	q.waiting.add(at, level, message)
	return q.waiting.size()
}

// poke has the queue written.
func (q *queue) poke() { wake(q.wake) }

// wake puts a word into a channel that has room for one.
func wake(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// flushed returns a channel that is closed when all lines so far are written, nil when nobody should wait for that.
func (q *queue) flushed() <-chan struct{} {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.waiting.size()+q.busy == 0 || q.failed != nil || time.Now().Before(q.patient) {
		q.poke()
		return nil
	}
	done := make(chan struct{})
	q.flushes = append(q.flushes, done)
	q.poke()
	return done
}

// tooSlow has nobody wait for the output for a while.
func (q *queue) tooSlow() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.patient = time.Now().Add(flushPause)
}

func (q *queue) dropped() uint64 {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.total
}

// trouble is why lines cannot be written now.
func (q *queue) trouble(now time.Time) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case q.failed != nil:
		return q.failed
	case q.busy > 0 && now.Sub(q.since) > stuckAfter:
		return errors.New("nobody reads it")
	}
	return nil
}

// run writes what waits until ctx ends, and then what is left.
func (q *queue) run(ctx context.Context) {
	var retry <-chan time.Time
	for {
		ending := ctx.Err() != nil // what is logged after this need not be written
		if retry == nil || ending {
			retry = nil
			if !q.write(ending) {
				retry = time.After(retryEvery)
			}
		}
		if ending {
			return
		}
		select {
		case <-q.wake:
		case <-retry:
			retry = nil
		case <-ctx.Done():
		}
	}
}

// write writes what waits, and reports whether it could. What cannot be written waits on. What comes meanwhile is written
// only where it is to be all: else whoever has logged it says when, as lines may be gathered.
func (q *queue) write(all bool) bool {
	if q.reopen.Swap(false) {
		q.out.reopen()
	}
	for {
		b, flushes := q.take()
		if len(b.lines) == 0 {
			q.finish(b, 0, nil, flushes)
			return true
		}
		n, err := q.out.write(&b, 0)
		q.finish(b, n, err, flushes)
		if err != nil || !all {
			return err == nil
		}
	}
}

// take takes all lines that wait, and who waits for them.
func (q *queue) take() (batch, []chan struct{}) {
	q.mu.Lock()
	defer q.mu.Unlock()
	b, flushes := q.waiting, q.flushes
	q.waiting, q.spare, q.flushes = q.spare, batch{}, nil
	q.busy, q.since = b.size(), time.Now()
	return b, flushes
}

// finish gives back what was taken, of which n lines are written.
func (q *queue) finish(b batch, n int, err error, flushes []chan struct{}) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if (err == nil) != (q.failed == nil) {
		wake(q.changed)
	}
	q.busy, q.failed = 0, err
	if n < len(b.lines) {
		later := q.waiting
		q.waiting = batch{}
		q.waiting.addAll(&b, n)
		q.waiting.addAll(&later, 0)
	} else if cap(b.text) <= roomKept { // else a flood's memory would be kept for ever
		q.spare = batch{b.lines[:0], b.text[:0]}
	}
	if err == nil {
		q.tellOfLoss()
	}
	for _, f := range flushes {
		close(f)
	}
}

// tellOfLoss logs, where lines are taken again, how many were not. q.mu is held.
func (q *queue) tellOfLoss() {
	if q.lost.lines == 0 || q.waiting.size() > roomForFailures/2 {
		return
	}
	q.waiting.add(time.Now(), slog.LevelWarn, fmt.Appendf(nil, "%d lines of the log were dropped here since %s, %d of them of bans: the log was not taken",
		q.lost.lines, q.lost.from.Format("2006-01-02 15:04:05"), q.lost.bans))
	q.lost = loss{}
	q.poke()
}
