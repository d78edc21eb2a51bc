package store

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"bailiff/jails/event"
)

const (
	retryEvery = 500 * time.Millisecond // how soon a store that failed is tried again
	slowAfter  = 2 * time.Second        // how long a store may take before that is a problem
	lastWait   = 5 * time.Second        // how long the end of Run waits for a store that does not answer
	checkEvery = time.Second            // how often it is looked whether the file is still there
	reopenAt   = 10                     // after so many failures on end the store is opened anew

	// queueLimit is how many operations wait as they came. Beyond it only the last one of each subject is kept.
	queueLimit = 20000
)

// A Queue saves bans, unbans and positions in the background, in the order in which it is told of them: a position is
// never saved before the bans that were made on the way to it. Its methods return at once, however long the disk takes.
// While the store fails, everything waits in memory and is tried again twice a second.
//
// Memory is bounded: of each source only the last position waits, and when more than 20,000 operations wait, only the last
// one of each subject in each jail. Bans that have ended by then are left out.
type Queue struct {
	// Open opens the store, when there is none yet or the file of the one there was is gone.
	Open func() (*Store, error)
	// Merge is told of the bans in a store that was opened after the start, but for those that are to be lifted. It
	// returns what is to be saved there first of all.
	Merge func(found []event.Ban) ([]event.Ban, []Mark)
	// Problem is told what is wrong, nil when all is well, and how many operations wait: at once when that changes, and
	// else once a second, and at the end of Run. It may be called by two goroutines at a time.
	Problem func(err error, waiting int)
	Log     *slog.Logger

	wake  chan struct{}
	store *Store // nil: none is open; the writer's goroutine only

	mu       sync.Mutex // guards what follows
	waiting  []*operation
	writing  []*operation          // those that are being saved; they come before those that wait
	since    time.Time             // when the oldest of all these came, or the last ones were saved
	marks    map[string]*operation // the position that waits, by source
	receipts []receipt             // in order
	count    uint64                // operations ever told of
	limit    int                   // how many may wait until they are compacted
	lost     int                   // bans left out of the history
	failure  error                 // what the last try ended with
}

// A receipt is closed when the operations up to a number have been saved.
type receipt struct {
	number uint64
	saved  chan struct{}
}

// NewQueue returns a queue for the store, which may be nil: then it is opened later. It closes the store at the end of Run.
func NewQueue(s *Store, open func() (*Store, error), log *slog.Logger) *Queue {
	return &Queue{Open: open, Log: log, store: s, wake: make(chan struct{}, 1), marks: map[string]*operation{}, limit: queueLimit,
		Merge:   func([]event.Ban) ([]event.Ban, []Mark) { return nil, nil },
		Problem: func(error, int) {}}
}

// Save remembers bans. The channel is closed when they are saved.
func (q *Queue) Save(bans []event.Ban) (saved <-chan struct{}) {
	ops := make([]*operation, len(bans))
	for i := range bans {
		ops[i] = &operation{kind: opBan, ban: bans[i]}
	}
	return q.append(ops)
}

// Lift ends the jail's bans of the subjects. The channel is closed when that is saved.
func (q *Queue) Lift(jail string, subjects ...event.Subject) (saved <-chan struct{}) {
	now := time.Now()
	ops := make([]*operation, len(subjects))
	for i, s := range subjects {
		ops[i] = &operation{kind: opLift, ban: event.Ban{Jail: jail, Subject: s, At: now}}
	}
	return q.append(ops)
}

// Drop forgets bans, as if they had never been made.
func (q *Queue) Drop(bans []event.Ban) {
	ops := make([]*operation, len(bans))
	for i := range bans {
		ops[i] = &operation{kind: opDrop, ban: bans[i]}
	}
	q.append(ops)
}

// SetMark remembers a source's position, behind all that came before.
func (q *Queue) SetMark(m Mark) {
	q.append([]*operation{{kind: opMark, mark: m}})
}

// Forget drops positions, but those that have been saved anew by then.
func (q *Queue) Forget(marks []Mark) {
	ops := make([]*operation, len(marks))
	for i := range marks {
		ops[i] = &operation{kind: opForget, mark: marks[i]}
	}
	q.append(ops)
}

// Purge forgets the bans that ended before a time.
func (q *Queue) Purge(before time.Time) {
	q.append([]*operation{{kind: opPurge, ban: event.Ban{At: before}}})
}

// A Lifted is an unban that is not saved yet.
type Lifted struct {
	Jail, Subject string
	At            time.Time
}

// Lifted are the unbans that are not saved yet. Whoever starts with the store as it is would ban these subjects again.
func (q *Queue) Lifted() (all []Lifted) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, ops := range [][]*operation{q.writing, q.waiting} {
		for _, o := range ops {
			if o.kind == opLift {
				all = append(all, Lifted{o.ban.Jail, o.ban.Subject.String(), o.ban.At})
			}
		}
	}
	return all
}

// Close closes the store of a queue that was never run.
func (q *Queue) Close() { q.close() }

// Waiting is how many operations are not saved yet.
func (q *Queue) Waiting() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.waiting) + len(q.writing)
}

func (q *Queue) append(ops []*operation) <-chan struct{} {
	q.mu.Lock()
	defer q.mu.Unlock()
	r := receipt{saved: make(chan struct{})}
	if len(ops) == 0 {
		close(r.saved)
		return r.saved
	}
	if len(q.waiting)+len(q.writing) == 0 {
		q.since = time.Now()
	}
	for _, o := range ops {
		q.count++
		o.number = q.count
		if o.kind == opMark {
			if old := q.marks[o.mark.Source]; old != nil {
				old.kind = opNothing
			}
			q.marks[o.mark.Source] = o
		}
	}
	q.waiting = append(q.waiting, ops...)
	if len(q.waiting) > q.limit {
		q.compact(time.Now())
	}
	r.number = q.count
	q.receipts = append(q.receipts, r)
	q.signal()
	return r.saved
}

func (q *Queue) signal() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// errSlow is the problem of a store that does not answer.
var errSlow = errors.New("the disk does not answer")

// Run saves until ctx ends, and then what still waits, if that can be done at once. A store that does not answer by then
// is left alone: what its disk has not taken is read again from the sources.
func (q *Queue) Run(ctx context.Context) error {
	done := make(chan struct{})
	go func() {
		defer close(done)
		q.write(ctx)
	}()
	tick := time.NewTicker(checkEvery)
	defer tick.Stop()
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-tick.C:
			q.tellProblem()
		}
	}
	select {
	case <-done:
	case <-time.After(lastWait):
		q.Log.Error("the store does not answer, ended without it", "unsaved", q.Waiting())
	}
	q.tellEnd()
	return nil
}

// tellEnd tells what is left unsaved: somebody else may keep it.
func (q *Queue) tellEnd() {
	q.mu.Lock()
	waiting, err := len(q.waiting)+len(q.writing), q.failure
	q.mu.Unlock()
	if waiting > 0 {
		err = cmp.Or(err, errSlow)
	}
	q.Problem(err, waiting)
}

// tellProblem tells what is wrong, again and again while it lasts.
func (q *Queue) tellProblem() {
	q.mu.Lock()
	waiting, err := len(q.waiting)+len(q.writing), q.failure
	if err == nil && waiting > 0 && time.Since(q.since) > slowAfter {
		err = errSlow
	}
	q.mu.Unlock()
	q.Problem(err, waiting)
}
