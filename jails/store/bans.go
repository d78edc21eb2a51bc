package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"bailiff/jails/event"
)

// A Mark tells how far a source has been read.
type Mark struct {
	Source string // whose position: the key Marks returns it under
	Value  string // the position in the source's own notation
}

// data is what of a ban is kept as JSON.
type data struct {
	Lines  []string          `json:"lines,omitempty"`
	Fields map[string]string `json:"fields,omitempty"`
}

const (
	insertBan = `INSERT INTO bans (jail, family, subject, at, until, failures, data) VALUES (?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (jail, family, subject, at) DO UPDATE SET
		until = excluded.until, lifted = NULL, failures = excluded.failures, data = excluded.data
		RETURNING id`
	setLatest  = `INSERT OR REPLACE INTO latest (jail, family, subject, ban) VALUES (?, ?, ?, ?)`
	dropMark   = `DELETE FROM marks WHERE source = ? AND value = ?`
	setMark    = `INSERT OR REPLACE INTO marks (source, value) VALUES (?, ?)`
	activeBans = `SELECT jail, family, subject, at, until, failures, data FROM bans
		WHERE id IN (SELECT ban FROM latest) AND (until IS NULL OR until > ?) ORDER BY at, id`
	liftBan = `UPDATE bans SET lifted = ? WHERE id IN
		(SELECT ban FROM latest WHERE jail = ? AND family = ? AND subject = ?)`
	dropLatest = `DELETE FROM latest WHERE jail = ? AND family = ? AND subject = ?`
	purgeSome  = `DELETE FROM bans WHERE id IN (SELECT id FROM bans WHERE until < ?1 OR lifted < ?1 LIMIT ?2)`
)

// Save remembers bans and marks in one transaction: all of them or none. Saving the same ban twice is one ban; of
// several bans of one subject in one jail the last saved is the one in force.
func (s *Store) Save(ctx context.Context, bans []event.Ban, marks []Mark) error {
	err := s.transact(ctx, func(tx *sql.Tx) error {
		if err := saveBans(ctx, tx, bans); err != nil {
			return err
		}
		for _, m := range marks {
			if _, err := tx.ExecContext(ctx, setMark, m.Source, m.Value); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("save %d bans and %d marks: %w", len(bans), len(marks), err)
	}
	return nil
}

func saveBans(ctx context.Context, tx *sql.Tx, bans []event.Ban) error {
	if len(bans) == 0 {
		return nil
	}
	insert, err := tx.PrepareContext(ctx, insertBan)
	if err != nil {
		return err
	}
	defer insert.Close()
	latest, err := tx.PrepareContext(ctx, setLatest)
	if err != nil {
		return err
	}
	defer latest.Close()
	for _, b := range bans {
		detail, err := json.Marshal(data{b.Lines, b.Fields})
		if err != nil {
			return err
		}
		var id int64
		family, subject := b.Subject.Family(), b.Subject.String()
		row := insert.QueryRowContext(ctx, b.Jail, family, subject, b.At.UnixMicro(), micros(b.Until), b.Failures, string(detail))
		if err := row.Scan(&id); err != nil {
			return err
		}
		if _, err := latest.ExecContext(ctx, b.Jail, family, subject, id); err != nil {
			return err
		}
	}
	return nil
}

// Active returns the bans in force at now, of all jails, oldest first. Times are UTC in whole microseconds.
func (s *Store) Active(ctx context.Context, now time.Time) ([]event.Ban, error) {
	rows, err := s.db.QueryContext(ctx, activeBans, now.UnixMicro())
	if err != nil {
		return nil, fmt.Errorf("read active bans: %w", err)
	}
	defer rows.Close()
	var bans []event.Ban
	for rows.Next() {
		b, err := scan(rows)
		if err != nil {
			return nil, fmt.Errorf("read active bans: %w", err)
		}
		bans = append(bans, b)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read active bans: %w", err)
	}
	return bans, nil
}

func scan(rows *sql.Rows) (event.Ban, error) {
	var (
		b                       event.Ban
		family, subject, detail string
		at                      int64
		until                   sql.NullInt64
		d                       data
	)
	if err := rows.Scan(&b.Jail, &family, &subject, &at, &until, &b.Failures, &detail); err != nil {
		return b, err
	}
	if err := json.Unmarshal([]byte(detail), &d); err != nil {
		return b, fmt.Errorf("ban of %s: %w", subject, err)
	}
	b.At, b.Lines, b.Fields, b.Subject = time.UnixMicro(at).UTC(), d.Lines, d.Fields, event.ID(subject)
	if until.Valid {
		b.Until = time.UnixMicro(until.Int64).UTC()
	}
	if family == "" {
		return b, nil
	}
	var err error
	b.Subject, err = event.ParseSubject(subject)
	return b, err
}

// Lift ends the bans of subjects in jail, as an unban by hand does. The bans stay in the history. Subjects that are not
// banned are no error.
func (s *Store) Lift(ctx context.Context, jail string, subjects ...event.Subject) error {
	now := time.Now().UnixMicro()
	err := s.transact(ctx, func(tx *sql.Tx) error {
		for _, subject := range subjects {
			family, name := subject.Family(), subject.String()
			if _, err := tx.ExecContext(ctx, liftBan, now, jail, family, name); err != nil {
				return err
			}
			if _, err := tx.ExecContext(ctx, dropLatest, jail, family, name); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("lift %d bans of %s: %w", len(subjects), jail, err)
	}
	return nil
}

// Marks returns the position of every source.
func (s *Store) Marks(ctx context.Context) (map[string]string, error) {
	rows, err := s.db.QueryContext(ctx, "SELECT source, value FROM marks")
	if err != nil {
		return nil, fmt.Errorf("read marks: %w", err)
	}
	defer rows.Close()
	marks := map[string]string{}
	for rows.Next() {
		var source, value string
		if err := rows.Scan(&source, &value); err != nil {
			return nil, fmt.Errorf("read marks: %w", err)
		}
		marks[source] = value
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read marks: %w", err)
	}
	return marks, nil
}

// Forget drops marks, except those that have been saved anew meanwhile.
func (s *Store) Forget(ctx context.Context, marks []Mark) error {
	err := s.transact(ctx, func(tx *sql.Tx) error {
		for _, m := range marks {
			if _, err := tx.ExecContext(ctx, dropMark, m.Source, m.Value); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("forget %d marks: %w", len(marks), err)
	}
	return nil
}

// purgeBatch is how many bans Purge forgets at a time: some milliseconds' worth, since a new ban waits for them.
const purgeBatch = 500

// Purge forgets the bans that ended before a time, by themselves or by hand. Permanent bans stay until they are lifted.
// It works in small transactions, so that others get their turn.
func (s *Store) Purge(ctx context.Context, before time.Time) error {
	for {
		r, err := s.db.ExecContext(ctx, purgeSome, before.UnixMicro(), purgeBatch)
		if err != nil {
			return fmt.Errorf("purge bans: %w", err)
		}
		if n, err := r.RowsAffected(); n < purgeBatch || err != nil {
			return err
		}
	}
}

// micros is t in microseconds, and NULL for the zero time.
func micros(t time.Time) sql.NullInt64 {
	return sql.NullInt64{Int64: t.UnixMicro(), Valid: !t.IsZero()}
}
