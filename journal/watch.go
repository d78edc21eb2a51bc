package journal

import (
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// A watcher hears of files that come, go and are renamed in directories. Where the kernel has no more watches to give it
// hears nothing, and its user has to look from time to time. To close one that watches something takes the kernel ten
// milliseconds.
type watcher struct {
	fd   int
	file *os.File     // the same, for waiting; nil when there is none
	seen map[int]bool // its watches, by the kernel's numbers
	buf  [4096]byte
}

func newWatcher() *watcher {
	w := &watcher{fd: -1, seen: map[int]bool{}}
	if fd, err := unix.InotifyInit1(unix.IN_CLOEXEC | unix.IN_NONBLOCK); err == nil {
		w.fd, w.file = fd, os.NewFile(uintptr(fd), "inotify")
	}
	return w
}

// add watches directories. It may be called for the same ones again, which may have been replaced meanwhile. It tells
// whether one of them was not watched before: something may have happened there.
func (w *watcher) add(dirs []string) (some bool) {
	const events = unix.IN_CREATE | unix.IN_MOVED_TO | unix.IN_MOVED_FROM | unix.IN_DELETE | unix.IN_ATTRIB | unix.IN_ONLYDIR
	if w.fd < 0 {
		return false
	}
	for _, dir := range dirs {
		watch, err := unix.InotifyAddWatch(w.fd, dir, events)
		if err == nil && !w.seen[watch] { // one that is not there is looked for again later
			w.seen[watch], some = true, true
		}
	}
	return some
}

// happened tells whether anything has since it was last asked.
func (w *watcher) happened() bool {
	if w.fd < 0 {
		return false
	}
	some := false
	for {
		n, err := unix.Read(w.fd, w.buf[:])
		if n <= 0 || err != nil {
			return some
		}
		some = true
	}
}

// wait returns after d, or earlier when something happens.
func (w *watcher) wait(d time.Duration) {
	if w.file == nil || w.file.SetReadDeadline(time.Now().Add(d)) != nil {
		time.Sleep(d)
		return
	}
	conn, err := w.file.SyscallConn()
	if err != nil {
		time.Sleep(d)
		return
	}
	tried := false
	conn.Read(func(uintptr) bool { // its error only says that the time is over
		was := tried
		tried = true
		return was
	})
}

func (w *watcher) close() {
	if w.file != nil {
		w.file.Close()
	}
}
