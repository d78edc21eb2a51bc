package journal

import (
	"time"

	"golang.org/x/sys/unix"
)

// A watcher hears of files that come, go and are renamed in directories. Where
// the kernel has no more watches to give it hears nothing, and its user has to
// look from time to time. To close one that watches something takes the kernel
// ten milliseconds.
type watcher struct {
	fd   int          // -1: it hears nothing
	seen map[int]bool // its watches, by the kernel's numbers
	buf  [4096]byte
}

func newWatcher() *watcher {
	w := &watcher{fd: -1, seen: map[int]bool{}}
	if fd, err := unix.InotifyInit1(unix.IN_CLOEXEC | unix.IN_NONBLOCK); err == nil {
		w.fd = fd
	}
	return w
}

// add watches directories. It may be called for the same ones again, which may
// have been replaced meanwhile. It reports whether one of them was not watched
// before: something may have happened there.
func (w *watcher) add(dirs []string) (some bool) {
	const events = unix.IN_CREATE | unix.IN_MOVED_TO | unix.IN_MOVED_FROM | unix.IN_DELETE |
		unix.IN_ATTRIB | unix.IN_ONLYDIR
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

// happened reports whether anything has since the last call.
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

// wait returns after d, or earlier when something happens. It blocks its
// thread: that wakes one processor a time, where a timer of the runtime often
// wakes two.
func (w *watcher) wait(d time.Duration) {
	fds := []unix.PollFd{{Fd: int32(w.fd), Events: unix.POLLIN}} // -1 is passed over
	unix.Poll(fds, int(d.Milliseconds()))                        // a signal ends it early
}

func (w *watcher) close() {
	if w.fd >= 0 {
		unix.Close(w.fd)
	}
}
