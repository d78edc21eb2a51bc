package filefollow

import (
	"errors"
	"log/slog"
	"path/filepath"

	"github.com/fsnotify/fsnotify"
	"golang.org/x/sys/unix"
)

// A watch hears what happens in directories. A nil watch hears nothing.
type watch struct {
	inotify *fsnotify.Watcher
	log     *slog.Logger
	dirs    map[id]*watched
	paths   map[string]id
	full    bool // the kernel's limit was reached and reported
	round   int  // of expanding the globs
}

// A watched directory may be reached by several paths; the kernel reports what happens in it under one of them.
type watched struct {
	name  string
	paths []string
	round int // the last one in which it was wanted
}

// newWatch gives nil, and says why, when inotify cannot be had.
func newWatch(log *slog.Logger) *watch {
	w, err := fsnotify.NewBufferedWatcher(1024)
	if err != nil {
		log.Warn("inotify cannot be used, files are polled; raise fs.inotify.max_user_instances", "error", err)
		return nil
	}
	return &watch{inotify: w, log: log, dirs: map[id]*watched{}, paths: map[string]id{}}
}

func (w *watch) close() {
	if w != nil {
		_ = w.inotify.Close()
	}
}

func (w *watch) events() <-chan fsnotify.Event {
	if w == nil {
		return nil
	}
	return w.inotify.Events
}

func (w *watch) errors() <-chan error {
	if w == nil {
		return nil
	}
	return w.inotify.Errors
}

// add watches a directory; it tells whether it was not watched before. What cannot be watched is left to polling.
func (w *watch) add(dir string) bool {
	if w == nil {
		return false
	}
	st, err := stat(dir)
	if err != nil {
		return false
	}
	i := ident(&st)
	if old, ok := w.paths[dir]; ok {
		if old == i {
			w.dirs[i].round = w.round
			return false
		}
		w.forget(dir)
	}
	if d := w.dirs[i]; d != nil {
		d.paths, d.round = append(d.paths, dir), w.round
		w.paths[dir] = i
		return true
	}
	if err := w.inotify.Add(dir); err != nil {
		w.refused(dir, err)
		return false
	}
	w.dirs[i] = &watched{name: dir, paths: []string{dir}, round: w.round}
	w.paths[dir] = i
	return true
}

// renew begins a round of adding every directory that is wanted.
func (w *watch) renew() {
	if w != nil {
		w.round++
	}
}

// prune ends a round: directories that are no longer wanted are not watched any more.
func (w *watch) prune() {
	if w == nil {
		return
	}
	for _, d := range w.dirs {
		if d.round != w.round {
			w.forget(d.name)
		}
	}
}

func (w *watch) refused(dir string, err error) {
	if !errors.Is(err, unix.ENOSPC) {
		w.log.Debug("directory is polled", "dir", dir, "error", err)
		return
	}
	if !w.full {
		w.full = true
		w.log.Warn("inotify watch limit reached, the other directories are polled; raise fs.inotify.max_user_watches", "dir", dir)
	}
}

// forget drops a directory that is gone, moved or replaced.
func (w *watch) forget(dir string) {
	i, ok := w.paths[dir]
	if !ok {
		return
	}
	d := w.dirs[i]
	_ = w.inotify.Remove(d.name)
	delete(w.dirs, i)
	for _, p := range d.paths {
		delete(w.paths, p)
	}
}

// places are the paths by which the file of an event may be known; self tells that it is a watched directory itself.
func (w *watch) places(name string) (paths []string, self bool) {
	if _, ok := w.paths[name]; ok {
		self = true
	}
	dir, base := filepath.Split(name)
	i, ok := w.paths[filepath.Clean(dir)]
	if !ok {
		return []string{name}, self
	}
	for _, p := range w.dirs[i].paths {
		paths = append(paths, filepath.Join(p, base))
	}
	return paths, self
}
