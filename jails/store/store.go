// Package store remembers bans and reading positions in one SQLite file, so that a restart neither forgets a ban nor
// reads a line twice. It is the only package that speaks SQL.
//
// A Queue saves in the background, so that nobody waits for a disk. What it has saved survives a crash of the program; after
// a crash of the machine the last moments may be missing (WAL with synchronous=NORMAL), never half a transaction.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"time"

	sqlite "modernc.org/sqlite" // registers the driver "sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// Memory is the path of a store that lives in memory and is gone when it is closed.
const Memory = ":memory:"

// A Store is one open database. It has one connection, so calls wait for each other; it is safe for concurrent use.
type Store struct {
	db   *sql.DB
	path string
	file os.FileInfo // of the database when it was opened; nil: it lives in memory
	wal  os.FileInfo // of its WAL then; nil: there was none
	copy string      // the directory of the copy that was opened; "": it is none
}

// Damaged is the error of an Open that found an unreadable database. The file was moved aside and the store that came
// with the error is open and empty: what was banned is no longer known, but nothing keeps the daemon from running.
type Damaged struct {
	Path  string // where the database should be
	Aside string // where the damaged file now is
	Err   error  // what SQLite said
}

// Error names both files and SQLite's complaint.
func (d *Damaged) Error() string {
	return fmt.Sprintf("open store %s: damaged (%v): moved to %s, starting empty", d.Path, d.Err, d.Aside)
}

// Unwrap is SQLite's complaint.
func (d *Damaged) Unwrap() error { return d.Err }

// Open opens the database at path, makes it if it is missing, and brings its schema up to date. Its directory must
// exist. When the error is a *Damaged the store is usable all the same; with any other error it is nil.
func Open(path string) (*Store, error) {
	s, err := open(path)
	if err == nil {
		return s, nil
	}
	if !damaged(err) || path == Memory {
		return nil, fmt.Errorf("open store %s: %w", path, err)
	}
	aside, moveErr := moveAside(path)
	if moveErr != nil {
		return nil, fmt.Errorf("open store %s: %w; move it aside: %w", path, err, moveErr)
	}
	s, again := open(path)
	if again != nil {
		return nil, fmt.Errorf("open store %s: %w", path, again)
	}
	return s, &Damaged{Path: path, Aside: aside, Err: err}
}

// Close writes what is pending into the file and closes it.
func (s *Store) Close() error {
	err := s.db.Close()
	if s.copy != "" {
		err = errors.Join(err, os.RemoveAll(s.copy))
	}
	return err
}

func open(path string) (*Store, error) {
	dsn, err := source(path)
	if err != nil {
		return nil, err
	}
	db, err := sql.Open("sqlite", dsn)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1) // one writer; and every further connection to :memory: would be a database of its own
	err = check(db)
	if err == nil {
		err = migrate(db)
	}
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	s := &Store{db: db, path: path}
	if path == Memory {
		return s, nil
	}
	if s.file, err = os.Stat(path); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	if wal, err := os.Stat(path + "-wal"); err == nil {
		s.wal = wal
	}
	return s, nil
}

// abandon closes a store whose file is gone. Its WAL must not be taken for that of a file in its place.
func (s *Store) abandon() error {
	err := s.Close()
	if now, failed := os.Stat(s.path + "-wal"); failed == nil && s.wal != nil && os.SameFile(now, s.wal) {
		err = errors.Join(err, os.Remove(s.path+"-wal"))
	}
	return err
}

// there reports whether the file that was opened is still the one at the path: SQLite goes on writing into one that is
// gone.
func (s *Store) there() bool {
	if s.file == nil {
		return true
	}
	now, err := os.Stat(s.path)
	return err == nil && os.SameFile(now, s.file)
}

// source makes the driver's data source name. The file is made here because SQLite would let everybody read it, and it
// holds log lines. Only this process may open it: what processes share, SQLite keeps in memory that is a file's, and a
// disk that hangs while it is written to would stop the whole program, as Go's runtime waits for no such thread.
func source(path string) (string, error) {
	const pragmas = "_txlock=immediate&_pragma=busy_timeout(5000)&_pragma=locking_mode(EXCLUSIVE)" + // these first
		"&_foreign_keys=1&_journal_mode=WAL&_synchronous=NORMAL"
	if path == Memory {
		return path + "?" + pragmas, nil
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	f, err := os.OpenFile(abs, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return "", err
	}
	u := url.URL{Scheme: "file", Path: abs, RawQuery: pragmas}
	return u.String(), f.Close()
}

// errCheck is the error of a database that opens but fails SQLite's own check.
var errCheck = errors.New("check found faults")

func check(db *sql.DB) error {
	var verdict string
	if err := db.QueryRow("PRAGMA quick_check(1)").Scan(&verdict); err != nil {
		return err
	}
	if verdict != "ok" {
		return fmt.Errorf("%w: %s", errCheck, verdict)
	}
	return nil
}

func damaged(err error) bool {
	var e *sqlite.Error
	if errors.As(err, &e) {
		primary := e.Code() & 0xff // the rest of the code is detail
		return primary == sqlite3.SQLITE_CORRUPT || primary == sqlite3.SQLITE_NOTADB
	}
	return errors.Is(err, errCheck)
}

// moveAside renames the database and what SQLite keeps beside it, and returns the new name.
func moveAside(path string) (string, error) {
	aside := path + ".damaged-" + time.Now().UTC().Format("20060102T150405Z")
	if err := os.Rename(path, aside); err != nil {
		return "", err
	}
	for _, suffix := range []string{"-wal", "-shm"} {
		if err := os.Rename(path+suffix, aside+suffix); err != nil && !errors.Is(err, os.ErrNotExist) {
			return "", err
		}
	}
	return aside, nil
}

// transact runs do in one transaction, which is committed when do returns nil.
func (s *Store) transact(ctx context.Context, do func(*sql.Tx) error) error {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := do(tx); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	return tx.Commit()
}
