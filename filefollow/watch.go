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
}

// A watched directory may be reached by several paths; the kernel reports what happens in it under one of them.
type watched struct {
	name  string
	paths []string
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
			return false
		}
		w.forget(dir)
	}
	if d := w.dirs[i]; d != nil {
		d.paths = append(d.paths, dir)
		w.paths[dir] = i
		return true
	}
	if err := w.inotify.Add(dir); err != nil {
		w.refused(dir, err)
		return false
	}
	w.dirs[i] = &watched{name: dir, paths: []string{dir}}
	w.paths[dir] = i
	return true
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
