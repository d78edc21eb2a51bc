package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"time"

	"bailiff/cmd/internal/snapshot"
	"bailiff/jails/config"
)

// A keeper reads the configuration that the flag names, and keeps a copy of the last one that worked.
type keeper struct {
	dir   string // as the flag names it
	state string // where copies are kept
	quiet bool   // keep none
	log   *slog.Logger
	work  chan reading // has room for the newest
}

func newKeeper(flags runFlags) *keeper {
	return &keeper{dir: flags.config, state: cmp.Or(flags.state, defaultState), quiet: flags.dryRun, work: make(chan reading, 1)}
}

// A reading is a configuration as it was read.
type reading struct {
	*config.Config
	dir   string
	copy  *snapshot.Copy // of its files; nil for the configuration in the program
	since time.Time      // when it worked, if it is not the one in the files
	why   config.Faults  // of the files, if it is not the one in them
	note  error          // why no other could be used
}

// read reads the files. The error is what is wrong in them; the rest can run all the same.
func (k *keeper) read() (reading, error) {
	root, dir := configRoot(k.dir)
	files := snapshot.Record(root)
	c, err := loadFrom(files, dir)
	c.Warnings = append(c.Warnings, unread(c)...)
	r := reading{Config: c, dir: dir}
	if !isEmbedded(k.dir) {
		r.copy = &snapshot.Copy{Dir: dir, Faults: len(c.Faults), Files: files.Files()}
	}
	return r, err
}

// unlessEnded reads a configuration. Files may hang with their file system: they are not waited for once ctx has ended.
func unlessEnded(ctx context.Context, read func() (reading, error)) (reading, error) {
	done := make(chan struct{})
	var got reading
	var failed error
	go func() {
		defer close(done)
		got, failed = read()
	}()
	select {
	case <-done:
		return got, failed
	case <-ctx.Done():
		return reading{}, ctx.Err()
	}
}

// usable reports whether nothing but single jails is missing, and not all of them.
func usable(c *config.Config) bool {
	return len(c.Shared) == 0 && (len(c.Jails) > 0 || len(c.LeftOut) == 0)
}

// choose reads what a daemon is to start with: what can run of the files or, where that is nothing or nobody knows what
// they would have said, the last configuration that worked. The error says that nothing can run.
func (k *keeper) choose() (reading, error) {
	r, err := k.read()
	if r.copy != nil && usable(r.Config) {
		k.findLast(r.LeftOut)
		return r, nil
	}
	last, note := k.last()
	if last != nil {
		last.why = r.Faults
		if r.copy == nil {
			last.why = config.Faults{{File: last.dir, Message: "there is no such directory any more",
				Hint: "bailiff reload takes the configuration that is built in"}}
		}
		return *last, nil
	}
	r.note = note
	if len(r.Jails) > 0 {
		err = nil
	}
	return r, err
}

// findLast finds out how the jails that are left out were when they could run.
func (k *keeper) findLast(out []config.LeftOut) {
	if len(out) == 0 {
		return
	}
	last, _ := k.last()
	if last == nil {
		return
	}
	for i := range out {
		for _, j := range last.Jails {
			if j.Name == out[i].Name {
				out[i].Last = j
			}
		}
	}
}

// place is the directory whose configuration is kept, and where.
func (k *keeper) place() (dir, path string) {
	dir = defaultConfig
	if !isEmbedded(k.dir) {
		_, dir = configRoot(k.dir)
	}
	return dir, snapshot.Path(k.state, dir)
}

// last is the last configuration that worked. It is nil when there is none, and when no jail of it can run.
func (k *keeper) last() (*reading, error) {
	dir, path := k.place()
	c, err := snapshot.Read(path, dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	kept, err := loadFrom(c.FS(), dir)
	if len(kept.Jails) == 0 {
		return nil, cmp.Or(err, errors.New("it has no jail"))
	}
	kept.Warnings = append(kept.Warnings, unread(kept)...)
	return &reading{Config: kept, dir: dir, copy: c, since: c.Made}, nil
}

// keep has Run keep a configuration that works. It does not wait for the disk.
func (k *keeper) keep(r reading) {
	for !k.quiet {
		select {
		case k.work <- r:
			return
		default:
		}
		select {
		case <-k.work: // an older one, of which there was no time to keep it
		default:
		}
	}
}

// keepAgain is how soon a configuration is kept that could not be kept at first, as on a full disk.
const keepAgain = time.Minute

// lastKeep is how long the end of Run waits for a disk that does not answer.
const lastKeep = time.Second

// Run keeps what it is given until ctx ends, and what it was given before, unless the disk hangs.
func (k *keeper) Run(ctx context.Context) error {
	done := make(chan struct{})
	go func() {
		defer close(done)
		k.run(ctx)
	}()
	<-ctx.Done()
	select {
	case <-done:
	case <-time.After(lastKeep):
	}
	return nil
}

func (k *keeper) run(ctx context.Context) {
	var failed *reading
	for {
		var again <-chan time.Time
		if failed != nil {
			again = time.After(keepAgain)
		}
		select {
		case r := <-k.work:
			failed = k.tryWrite(r, false)
			continue
		default:
		}
		select {
		case <-ctx.Done():
			return
		case r := <-k.work:
			failed = k.tryWrite(r, false)
		case <-again:
			failed = k.tryWrite(*failed, true)
		}
	}
}

// tryWrite returns the configuration that could not be kept, and says so the first time.
func (k *keeper) tryWrite(r reading, again bool) *reading {
	err := k.write(r, time.Now())
	switch {
	case err != nil && !again:
		k.log.Warn("the configuration is not kept for a start without a usable one, trying again", "err", err)
	case err == nil && again:
		k.log.Info("the configuration is kept for a start without a usable one")
	}
	if err != nil {
		return &r
	}
	return nil
}

// write keeps a configuration, unless it has faults and one without is kept, or nobody knows all of what it says. The one
// in the program needs no keeping: that another was used before it does not matter any more.
func (k *keeper) write(r reading, now time.Time) error {
	_, path := k.place()
	if !r.since.IsZero() || !usable(r.Config) {
		return nil
	}
	if r.copy == nil {
		if err := os.Remove(path); !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil
	}
	if r.copy.Faults > 0 {
		if before, err := snapshot.Read(path, r.dir); err == nil && before.Faults == 0 {
			return nil
		}
	}
	r.copy.Made = now
	if err := r.copy.Write(path); err != nil {
		return fmt.Errorf("keep %s: %w", r.dir, err)
	}
	return nil
}
