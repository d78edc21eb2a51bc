package store

import (
	"context"
	"errors"
	"slices"
	"time"

	"bailiff/jails/event"
)

// transaction is how many operations are saved together. A ban that comes meanwhile waits for them.
const transaction = 1000

// write saves what is waiting until ctx ends, and then once more.
func (q *Queue) write(ctx context.Context) {
	check := time.NewTicker(checkEvery)
	defer check.Stop()
	for failures := 0; ; {
		wake, again := q.wake, (<-chan time.Time)(nil)
		before := failures
		if err := q.drain(); err == nil {
			failures = 0
		} else if failures++; failures%reopenAt == 0 {
			q.close()
		}
		if failures > 0 {
			wake, again = nil, time.After(retryEvery)
		}
		if failures > 0 || before > 0 {
			q.tellProblem()
		}
		select {
		case <-ctx.Done():
			q.drain() // what failed was told of, or is told by the next start
			q.close()
			return
		case <-wake:
		case <-again:
		case <-check.C:
		}
	}
}

// drain saves until nothing is waiting or the store fails.
func (q *Queue) drain() error {
	for {
		err := q.open()
		var ops []*operation
		if err == nil {
			if ops = q.take(); len(ops) > 0 {
				err = q.store.carryOut(context.Background(), ops)
			}
		}
		q.settle(ops, err)
		if err != nil || len(ops) == 0 {
			return err
		}
	}
}

// take takes the operations that come next.
func (q *Queue) take() []*operation {
	q.mu.Lock()
	defer q.mu.Unlock()
	n := min(len(q.waiting), transaction)
	ops := q.waiting[:n:n]
	q.waiting, q.writing = q.waiting[n:], ops
	for _, o := range ops {
		if o.kind == opMark && q.marks[o.mark.Source] == o {
			delete(q.marks, o.mark.Source)
		}
	}
	return ops
}

// settle notes what became of operations: those that were not saved are the first to be tried again.
func (q *Queue) settle(ops []*operation, err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.writing = nil
	if err != nil {
		q.putBack(ops)
		q.note(err)
		return
	}
	q.since = time.Now()
	for _, o := range ops {
		for len(q.receipts) > 0 && q.receipts[0].number <= o.number {
			close(q.receipts[0].saved)
			q.receipts = q.receipts[1:]
		}
		if o.again {
			q.waiting = append(q.waiting, &operation{kind: opPurge, ban: o.ban})
		}
	}
	if len(q.waiting) == 0 {
		q.note(nil)
	}
}

// putBack has operations wait again, before the others. The mutex is held.
func (q *Queue) putBack(ops []*operation) {
	for _, o := range ops {
		if o.kind != opMark {
			continue
		}
		if q.marks[o.mark.Source] != nil { // a newer one waits
			o.kind = opNothing
		} else {
			q.marks[o.mark.Source] = o
		}
	}
	ops = slices.DeleteFunc(slices.Clone(ops), func(o *operation) bool { return o.kind == opNothing })
	q.waiting = append(ops, q.waiting...)
}

// note logs the first failure, and that all is saved. The mutex is held.
func (q *Queue) note(err error) {
	before := q.failure
	q.failure = err
	switch {
	case err != nil && before == nil:
		q.Log.Error("the store cannot save: bans go to the kernel at once and wait in memory to be saved", "err", err)
	case err == nil && before != nil:
		q.Log.Info("the store saves again, and all that waited is saved")
		if q.lost > 0 {
			q.Log.Warn("bans that ended while the store could not save are left out of its history", "bans", q.lost)
			q.lost = 0
		}
		q.limit = queueLimit
	}
}

// open opens the store unless one is open and its file is still there.
func (q *Queue) open() error {
	if q.store != nil && q.store.there() {
		return nil
	}
	if q.store != nil {
		q.Log.Error("the store's file is gone, making it anew", "path", q.store.path)
		if err := q.store.abandon(); err != nil {
			q.Log.Warn("the store was not closed well", "err", err)
		}
		q.store = nil
	}
	s, err := q.Open()
	var damage *Damaged
	if err != nil && (s == nil || !errors.As(err, &damage)) {
		return err
	}
	if damage != nil {
		q.Log.Error("the store was damaged and begins anew", "err", err)
	}
	found, err := s.Active(context.Background(), time.Now())
	if err != nil {
		return errors.Join(err, s.Close())
	}
	q.store = s
	q.merge(q.withoutLifted(found))
	return nil
}

// merge has a store that was just opened learn what is in force: bans before all that waits, of which some may lift
// them, and positions behind it.
func (q *Queue) merge(found []event.Ban) {
	bans, marks := q.Merge(found)
	q.mu.Lock()
	defer q.mu.Unlock()
	first := make([]*operation, len(bans))
	for i := range bans {
		first[i] = &operation{kind: opBan, ban: bans[i]}
	}
	q.waiting = append(first, q.waiting...)
	for i := range marks {
		if q.marks[marks[i].Source] == nil { // else a newer one waits
			q.waiting = append(q.waiting, &operation{kind: opMark, mark: marks[i]})
		}
	}
}

// withoutLifted leaves out the bans of subjects that were unbanned while the store could not be told.
func (q *Queue) withoutLifted(bans []event.Ban) []event.Ban {
	q.mu.Lock()
	defer q.mu.Unlock()
	lifted := map[subjectKey]bool{}
	for _, o := range q.waiting {
		if o.kind == opLift {
			lifted[o.key()] = true
		}
	}
	return slices.DeleteFunc(bans, func(b event.Ban) bool { return lifted[subjectKey{b.Jail, b.Subject}] })
}

func (q *Queue) close() {
	if q.store == nil {
		return
	}
	if err := q.store.Close(); err != nil {
		q.Log.Warn("the store was not closed well", "err", err)
	}
	q.store = nil
}
