package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"bailiff/jails/event"
	"bailiff/jails/store"
)

// unsaved are the unbans that the store could not be told of, in a file: a daemon that starts with the
// store as it is would ban these subjects again. The zero value with a path is ready to be used; it is safe for concurrent
// use.
type unsaved struct {
	path string

	mu      sync.Mutex
	written []store.Lifted // what the file holds
}

// read returns what an earlier daemon has left.
func (u *unsaved) read() (all []store.Lifted, err error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	text, err := os.ReadFile(u.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err == nil {
		err = json.Unmarshal(text, &all)
	}
	u.written = all
	return all, err
}

// write has the file hold just these, and not be there where there are none.
func (u *unsaved) write(all []store.Lifted) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	if slices.Equal(all, u.written) {
		return nil
	}
	if len(all) == 0 {
		u.written = nil
		return os.Remove(u.path)
	}
	text, err := json.Marshal(all)
	if err != nil {
		return err
	}
	fresh := filepath.Join(filepath.Dir(u.path), "."+filepath.Base(u.path))
	if err := os.WriteFile(fresh, text, 0o600); err != nil {
		return err
	}
	if err := os.Rename(fresh, u.path); err != nil {
		return err
	}
	u.written = all
	return nil
}

// runtimeDir is the directory that systemd keeps for the daemon over restarts, else that of the socket: in memory, as the
// kernel's sets are, and on another disk than the store.
func (d *daemon) runtimeDir() string {
	dir, _, _ := strings.Cut(os.Getenv("RUNTIME_DIRECTORY"), ":")
	return cmp.Or(dir, filepath.Dir(d.socket()))
}

// noteUnsaved keeps the unbans that the store has not taken, and forgets those that it has.
func (d *daemon) noteUnsaved() {
	if d.unsaved.path == "" {
		return
	}
	if err := d.unsaved.write(d.stored.queue.Lifted()); err != nil {
		d.log.Warn("an unban that the store could not save is not kept for the next start", "err", err)
	}
}

// withoutUnsaved leaves out the bans that were lifted when the store could not be told, and has it told.
func (d *daemon) withoutUnsaved(bans []event.Ban) []event.Ban {
	if d.unsaved.path == "" {
		return bans
	}
	lifted, err := d.unsaved.read()
	if err != nil {
		d.log.Warn("unbans that the store was not told of cannot be read", "path", d.unsaved.path, "err", err)
	}
	type key struct{ jail, subject string }
	of := map[key]store.Lifted{}
	for _, l := range lifted {
		of[key{l.Jail, l.Subject}] = l
	}
	d.pardon(lifted)
	bans = slices.DeleteFunc(bans, func(b event.Ban) bool {
		k := key{b.Jail, b.Subject.String()}
		l, ok := of[k]
		if !ok {
			return false
		}
		delete(of, k)
		if b.At.After(l.At) {
			return false
		}
		d.stored.queue.Lift(b.Jail, b.Subject)
		return true
	})
	for _, l := range of { // which a store that cannot be read yet may hold
		d.stored.queue.Lift(l.Jail, named(l.Subject))
	}
	return bans
}

// pardon has what these subjects did before they were unbanned not count: where unbans were not saved, the positions in
// logs were not saved either.
func (d *daemon) pardon(lifted []store.Lifted) {
	_, running := d.state()
	for _, l := range lifted {
		for _, j := range running {
			if j.Name == l.Jail {
				j.Pardon(named(l.Subject), l.At)
			}
		}
	}
}
