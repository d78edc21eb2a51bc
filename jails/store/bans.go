package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
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
	dropBan    = `DELETE FROM bans WHERE jail = ? AND family = ? AND subject = ? AND at = ?`
	lastBan    = `SELECT until, lifted FROM bans WHERE jail = ? AND family = ? AND subject = ? ORDER BY at DESC LIMIT 1`
	dropLatest = `DELETE FROM latest WHERE jail = ? AND family = ? AND subject = ?`
	purgeSome  = `DELETE FROM bans WHERE id IN (SELECT id FROM bans WHERE until < ?1 OR lifted < ?1 LIMIT ?2)`
)

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

// lift ends the ban of a subject, as an unban by hand does. The ban stays in the history. A subject that is not banned is
// no error.
func lift(ctx context.Context, tx *sql.Tx, jail string, subject event.Subject, at time.Time) error {
	family, name := subject.Family(), subject.String()
	if _, err := tx.ExecContext(ctx, liftBan, at.UnixMicro(), jail, family, name); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, dropLatest, jail, family, name)
	return err
}

// A Past is what became of the last ban of a subject in a jail.
type Past struct {
	Until  time.Time // when it ended or ends by itself; zero: never
	Lifted time.Time // when it was lifted; zero: it was not
}

// Past returns what became of the last ban of the subject in the jail; ok reports whether there was one.
func (s *Store) Past(ctx context.Context, jail string, subject event.Subject) (p Past, ok bool, err error) {
	var until, lifted sql.NullInt64
	err = s.db.QueryRowContext(ctx, lastBan, jail, subject.Family(), subject.String()).Scan(&until, &lifted)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return p, false, nil
	case err != nil:
		return p, false, fmt.Errorf("read the last ban of a subject: %w", err)
	}
	if until.Valid {
		p.Until = time.UnixMicro(until.Int64)
	}
	if lifted.Valid {
		p.Lifted = time.UnixMicro(lifted.Int64)
	}
	return p, true, nil
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

// purgeBatch is how many bans are forgotten at a time: some milliseconds' worth, since a new ban waits for them.
const purgeBatch = 500

// purge forgets some of the bans that ended before a time, by themselves or by hand, and reports whether there may be
// more. Permanent bans stay until they are lifted.
func purge(ctx context.Context, tx *sql.Tx, before time.Time) (more bool, err error) {
	r, err := tx.ExecContext(ctx, purgeSome, before.UnixMicro(), purgeBatch)
	if err != nil {
		return false, err
	}
	n, err := r.RowsAffected()
	return n == purgeBatch, err
}

// micros is t in microseconds, and NULL for the zero time.
func micros(t time.Time) sql.NullInt64 {
	return sql.NullInt64{Int64: t.UnixMicro(), Valid: !t.IsZero()}
}
