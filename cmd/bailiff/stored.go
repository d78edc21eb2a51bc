package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"time"

	"bailiff/cmd/internal/control"
	"bailiff/jails/event"
	"bailiff/jails/store"
)

// stored is the store and what it held at the start. A store that cannot be used keeps nobody from being banned: the
// queue holds in memory what is to be saved, and opens the store when that can be done.
type stored struct {
	queue *store.Queue
	path  string
	marks map[string]string
	past  *store.Store // what is known of bans that have ended, until the start is over; nil: nothing
	log   *slog.Logger

	readOnly bool         // past is not the queue's
	attempt  chan opening // has room for its outcome; nil: none is under way

	dir     *os.File    // the directory of the store, locked; nil: none
	dirInfo os.FileInfo // of dir

	mu   sync.Mutex
	bans []event.Ban // in force, of jails that do not run
}

// openStore opens the database, in memory for a dry run. Only another daemon that works with it is an error.
func (d *daemon) openStore(ctx context.Context) (*stored, error) {
	s := &stored{log: d.log, marks: map[string]string{}, path: store.Memory}
	if !d.flags.dryRun {
		s.path = cmp.Or(d.config.Daemon.DBFile, filepath.Join(defaultState, "bailiff.db"))
		if d.flags.state != "" {
			s.path = filepath.Join(d.flags.state, "bailiff.db")
		}
	}
	opened, err := s.open()
	var taken *control.Error
	var damaged *store.Damaged
	switch {
	case errors.As(err, &taken):
		return nil, err
	case errors.As(err, &damaged) && opened != nil:
		d.log.Error("the store was damaged and begins anew", "err", err)
	case err != nil:
		d.log.Error("the store cannot be used, starting with what can be read and what the kernel holds; it is tried again", "err", err)
		d.storeIsNotSaved(err, 0)
	}
	s.queue = store.NewQueue(opened, s.open, d.log)
	s.past = opened
	if opened == nil {
		if s.past, err = store.OpenReadOnly(s.path, d.runtimeDir()); err != nil {
			d.log.Warn("nothing can be read of the store", "err", err)
			return s, nil
		}
		s.readOnly = true
	}
	s.read(ctx)
	return s, nil
}

// read reads what the store holds. What cannot be read is as if it were not there.
func (s *stored) read(ctx context.Context) {
	bans, err := s.past.Active(ctx, time.Now())
	marks, err2 := s.past.Marks(ctx)
	if err := errors.Join(err, err2); err != nil {
		s.log.Error("not all of the store can be read", "err", err)
	}
	if s.bans = bans; err2 == nil {
		s.marks = marks
	}
}

// An opening is what an attempt to open the store has come to.
type opening struct {
	store *store.Store
	err   error
}

// openTime is how long an attempt to open the store is waited for.
const openTime = 5 * time.Second

// open opens the store. A disk that does not answer is an error soon; the attempt goes on, and its outcome is the next one's.
func (s *stored) open() (*store.Store, error) {
	if s.attempt == nil {
		s.attempt = make(chan opening, 1)
		go func(done chan<- opening) { // which may hang for as long as the disk does
			opened, err := s.openNow()
			done <- opening{opened, err}
		}(s.attempt)
	}
	select {
	case o := <-s.attempt:
		s.attempt = nil
		return o.store, o.err
	case <-time.After(openTime):
		return nil, fmt.Errorf("open store %s: the disk does not answer", s.path)
	}
}

// openNow makes the directory of the store where there is none, and opens the store.
func (s *stored) openNow() (*store.Store, error) {
	if s.path == store.Memory {
		return store.Open(s.path)
	}
	dir := filepath.Dir(s.path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	if err := s.claim(dir); err != nil {
		return nil, err
	}
	return store.Open(s.path)
}

// claim keeps other daemons from the directory of the store until this process ends.
func (s *stored) claim(dir string) error {
	if now, err := os.Stat(dir); s.dir != nil && err == nil && os.SameFile(now, s.dirInfo) {
		return nil
	}
	if s.dir != nil { // it is another one by now
		s.dir.Close()
		s.dir = nil
	}
	f, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("open store: %w", err)
	}
	if errors.Is(syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB), syscall.EWOULDBLOCK) {
		f.Close()
		return &control.Error{Kind: control.Invalid, Message: "another daemon works with the store in " + dir,
			Hint: "stop it, or give this one another --state"}
	}
	if s.dirInfo, err = f.Stat(); err != nil {
		f.Close()
		return fmt.Errorf("open store: %w", err)
	}
	s.dir = f
	return nil
}

// endStart lets go of what only the start needs.
func (s *stored) endStart() {
	if s.readOnly {
		_ = s.past.Close() // nothing was written
	}
	s.past = nil
}

// close closes what was opened, when nobody works with it any more.
func (s *stored) close() error {
	s.queue.Close()
	if s.dir != nil {
		return s.dir.Close()
	}
	return nil
}

// of returns the bans of a jail that begins to run, of those that still stand.
func (s *stored) of(jail string, now time.Time) (mine []event.Ban) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, b := range s.bans {
		if b.Jail == jail && b.Active(now) {
			mine = append(mine, b)
		}
	}
	return mine
}

// forget lets go of the bans of a jail that runs by now.
func (s *stored) forget(jail string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.bans = slices.DeleteFunc(s.bans, func(b event.Ban) bool { return b.Jail == jail })
}

// left returns the bans of jails that do not run.
func (s *stored) left() []event.Ban {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.bans)
}

// leave keeps bans for jails that do not run.
func (s *stored) leave(bans []event.Ban) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.bans = append(s.bans, bans...)
}
