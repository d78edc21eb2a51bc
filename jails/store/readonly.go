package store

import (
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
)

// OpenReadOnly opens a database that cannot be written to, as on a disk that is full or read-only: what it holds can be
// read all the same. Where SQLite would have to write for that, what is read is a copy in the directory scratch, until the
// store is closed.
func OpenReadOnly(path, scratch string) (s *Store, err error) {
	if s, err = openReadOnly(path, scratch); err != nil {
		return nil, fmt.Errorf("read store %s: %w", path, err)
	}
	return s, nil
}

func openReadOnly(path, scratch string) (*Store, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	s := &Store{path: abs}
	u := url.URL{Scheme: "file", Path: abs, RawQuery: "mode=ro&immutable=1"}
	if _, err := os.Stat(abs + "-wal"); !errors.Is(err, fs.ErrNotExist) { // what is in there, SQLite reads by writing beside it
		if s.copy, err = copyStore(abs, scratch); err != nil {
			return nil, err
		}
		u.Path, u.RawQuery = filepath.Join(s.copy, filepath.Base(abs)), ""
	}
	if s.db, err = sql.Open("sqlite", u.String()); err != nil {
		return nil, err
	}
	s.db.SetMaxOpenConns(1)
	if err = check(s.db); err == nil {
		err = isCurrent(s.db)
	}
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// copyStore copies a database and its WAL into a new directory.
func copyStore(path, scratch string) (dir string, err error) {
	if dir, err = os.MkdirTemp(scratch, "bailiff-store-"); err != nil {
		return "", err
	}
	for _, suffix := range []string{"", "-wal"} {
		if err := copyFile(path+suffix, filepath.Join(dir, filepath.Base(path)+suffix)); err != nil {
			return "", errors.Join(err, os.RemoveAll(dir))
		}
	}
	return dir, nil
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}
