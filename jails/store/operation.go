package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"bailiff/jails/event"
)

// An operation is one thing that a Queue is to save.
type operation struct {
	kind   operationKind
	number uint64    // in the order in which the queue was told of them
	ban    event.Ban // of opLift and opPurge just its jail, subject and time
	mark   Mark
	again  bool // there is more to purge
}

// A subjectKey is a subject in a jail.
type subjectKey struct {
	jail    string
	subject event.Subject
}

func (o *operation) key() subjectKey { return subjectKey{o.ban.Jail, o.ban.Subject} }

type operationKind int

const (
	opNothing operationKind = iota // what a later operation has made needless
	opBan
	opLift
	opDrop
	opMark
	opForget
	opPurge
)

// carryOut does the operations in one transaction, in their order: all of them or none.
func (s *Store) carryOut(ctx context.Context, ops []*operation) error {
	err := s.transact(ctx, func(tx *sql.Tx) error {
		for rest := ops; len(rest) > 0; {
			n := 1
			for n < len(rest) && rest[n].kind == rest[0].kind {
				n++
			}
			if err := carryOutAlike(ctx, tx, rest[:n]); err != nil {
				return err
			}
			rest = rest[n:]
		}
		return nil
	})
	if err != nil {
		kinds := map[operationKind]int{}
		for _, o := range ops {
			kinds[o.kind]++
		}
		return fmt.Errorf("save %d bans and %d marks: %w", kinds[opBan], kinds[opMark], err)
	}
	return nil
}

// carryOutAlike does operations of one kind.
func carryOutAlike(ctx context.Context, tx *sql.Tx, ops []*operation) error {
	if ops[0].kind == opBan {
		bans := make([]event.Ban, len(ops))
		for i, o := range ops {
			bans[i] = o.ban
		}
		return saveBans(ctx, tx, bans)
	}
	for _, o := range ops {
		if err := o.carryOut(ctx, tx); err != nil {
			return err
		}
	}
	return nil
}

func (o *operation) carryOut(ctx context.Context, tx *sql.Tx) (err error) {
	b := &o.ban
	switch o.kind {
	case opLift:
		return lift(ctx, tx, b.Jail, b.Subject, b.At)
	case opDrop:
		_, err = tx.ExecContext(ctx, dropBan, b.Jail, b.Subject.Family(), b.Subject.String(), b.At.UnixMicro())
	case opMark:
		_, err = tx.ExecContext(ctx, setMark, o.mark.Source, o.mark.Value)
	case opForget:
		_, err = tx.ExecContext(ctx, dropMark, o.mark.Source, o.mark.Value)
	case opPurge:
		o.again, err = purge(ctx, tx, b.At)
	}
	return err
}

// compact keeps only the last operation of each subject in each jail, for a store that has not saved for long. The mutex is
// held.
func (q *Queue) compact(now time.Time) {
	settled := map[subjectKey]bool{} // what an earlier operation no longer matters for
	kept := make([]*operation, len(q.waiting))
	free := len(kept)
	for i := len(q.waiting) - 1; i >= 0; i-- {
		o := q.waiting[i]
		k := o.key()
		switch o.kind {
		case opNothing:
			continue
		case opBan, opLift:
			if settled[k] {
				continue
			}
			if o.kind == opBan && !o.ban.Active(now) {
				q.lost++
				continue // an unban before it still matters
			}
			settled[k] = true
		}
		free--
		kept[free] = o
	}
	q.waiting = append([]*operation(nil), kept[free:]...)
	q.limit = max(queueLimit, 2*len(q.waiting))
}
