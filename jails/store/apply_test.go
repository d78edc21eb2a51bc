package store

import (
	"context"
	"time"

	"bailiff/jails/event"
)

// Save has bans and positions saved in one transaction.
func (s *Store) Save(ctx context.Context, bans []event.Ban, marks []Mark) error {
	var ops []*operation
	for _, b := range bans {
		ops = append(ops, &operation{kind: opBan, ban: b})
	}
	for _, m := range marks {
		ops = append(ops, &operation{kind: opMark, mark: m})
	}
	return s.carryOut(ctx, ops)
}

// Lift has bans lifted now.
func (s *Store) Lift(ctx context.Context, jail string, subjects ...event.Subject) error {
	var ops []*operation
	for _, subject := range subjects {
		ops = append(ops, &operation{kind: opLift, ban: event.Ban{Jail: jail, Subject: subject, At: time.Now()}})
	}
	return s.carryOut(ctx, ops)
}

// Forget has positions dropped.
func (s *Store) Forget(ctx context.Context, marks []Mark) error {
	var ops []*operation
	for _, m := range marks {
		ops = append(ops, &operation{kind: opForget, mark: m})
	}
	return s.carryOut(ctx, ops)
}

// Purge has all batches of a purge done.
func (s *Store) Purge(ctx context.Context, before time.Time) error {
	for o := (&operation{kind: opPurge, ban: event.Ban{At: before}, again: true}); o.again; {
		if err := s.carryOut(ctx, []*operation{o}); err != nil {
			return err
		}
	}
	return nil
}
