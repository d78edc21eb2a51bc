package filefollow

import (
	"errors"
	"fmt"
	"io"
	"math"
	"time"

	"golang.org/x/sys/unix"
)

// An id is what the kernel calls a file, whatever its name is.
type id struct{ device, inode uint64 }

// A file is an open log. Regular files are read at an offset, so that the descriptor carries no state.
type file struct {
	fd      int
	mark    Mark
	owner   *source
	fifo    bool
	pipe    *Reader   // not nil for a FIFO
	seen    Mark      // with an Offset: the position saved before the restart; text up to it was handed out then
	before  Mark      // where it, or the file before it, stood when that was last found to be gone or written anew
	glanced Mark      // how the file began when it was opened, to tell whether that was written anew before it was read
	skips   []skip    // which globs do not want the text up to some offset; nil: all want all
	looked  int64     // no line end lies between the mark and here
	bound   int64     // what stands after it is left to the next turn
	doubt   *doubt    // not nil while it may yet become a copy of the log
	vetted  bool      // no file was rotated away unseen before its first text was there
	drained bool      // it was read to its end after it had been replaced
	grown   time.Time // when it was last seen to grow, or to be replaced
}

// errRewritten says that what stands before the mark is no longer what was read.
var errRewritten = errors.New("written anew")

// errKind is about a path that leads to a directory, device or socket.
var errKind = errors.New("not a regular file or FIFO")

func ident(st *unix.Stat_t) id { return id{uint64(st.Dev), st.Ino} }

func stat(path string) (st unix.Stat_t, err error) {
	err = retry(func() error { return unix.Stat(path, &st) })
	return st, err
}

// openFile opens a regular file or a FIFO. It never waits, and never touches a device.
func openFile(path string) (*file, error) {
	st, err := stat(path)
	if err != nil {
		return nil, err
	}
	if !followable(&st) {
		return nil, errKind
	}
	fd := -1
	err = retry(func() (err error) {
		fd, err = unix.Open(path, unix.O_RDONLY|unix.O_NONBLOCK|unix.O_CLOEXEC|unix.O_NOCTTY, 0)
		return err
	})
	if err == nil {
		err = leavesRoom(fd)
	}
	if err != nil {
		return nil, err
	}
	f := &file{fd: fd, bound: math.MaxInt64, grown: time.Now()}
	if err := unix.Fstat(fd, &st); err != nil || !followable(&st) {
		f.close()
		return nil, errors.Join(errKind, err)
	}
	f.mark, f.fifo = ident(&st).start(), !regular(&st)
	f.mark.Time = st.Mtim.Nano()
	f.glance()
	return f, nil
}

// leavesRoom closes a descriptor that is one of the last that the process may have: the rest of the program needs some,
// for the programs that it runs and whoever connects. Descriptors are given out from the lowest on.
func leavesRoom(fd int) error {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return nil
	}
	most := limit.Cur - min(limit.Cur, max(16, min(limit.Cur/4, 64)))
	if uint64(fd) < most {
		return nil
	}
	_ = unix.Close(fd)
	return fmt.Errorf("%w: only %d may be open, of which some are kept for the firewall and for commands; raise the limit "+
		"(LimitNOFILE= of a unit, ulimit -n)", unix.EMFILE, limit.Cur)
}

func followable(st *unix.Stat_t) bool { return regular(st) || st.Mode&unix.S_IFMT == unix.S_IFIFO }
func regular(st *unix.Stat_t) bool    { return st.Mode&unix.S_IFMT == unix.S_IFREG }

// close closes the file. What is asked of it later fails, and touches no file that got its number.
func (f *file) close() {
	_ = unix.Close(f.fd)
	f.fd = -1
}

func (f *file) stat() (st unix.Stat_t, err error) {
	err = retry(func() error { return unix.Fstat(f.fd, &st) })
	return st, err
}

// readAt fills b from an offset on; less than all of b means that the file ends there.
func (f *file) readAt(b []byte, at int64) (n int, err error) {
	for n < len(b) {
		var k int
		err := retry(func() (err error) { k, err = unix.Pread(f.fd, b[n:], at+int64(n)); return err })
		if err != nil {
			return n, err
		}
		if k == 0 {
			break
		}
		n += k
	}
	return n, nil
}

// Read makes a FIFO an io.Reader: an unwritten FIFO gives EAGAIN, one whose writers are gone io.EOF.
func (f *file) Read(b []byte) (n int, err error) {
	err = retry(func() (err error) { n, err = unix.Read(f.fd, b); return err })
	if err == nil && n == 0 {
		return 0, io.EOF
	}
	return max(n, 0), err
}

// markAt is the mark at an offset of the file as it is now; false when the file is shorter.
func (f *file) markAt(offset int64) (Mark, bool, error) {
	m := f.mark.id().start()
	m.Time = f.mark.Time
	var b [headLen]byte
	head := b[:min(offset, headLen)]
	n, err := f.readAt(head, 0)
	if err != nil || n < len(head) {
		return m, false, err
	}
	m.Head = sum(fnvBase, head)
	tail := b[:min(offset, tailLen)]
	n, err = f.readAt(tail, offset-int64(len(tail)))
	if err != nil || n < len(tail) {
		return m, false, err
	}
	m.Tail, m.Offset = sum(fnvBase, tail), offset
	return m, true, nil
}

// glance remembers how the file begins.
func (f *file) glance() {
	f.glanced = f.mark.id().start()
	if st, err := f.stat(); err == nil && !f.fifo {
		if m, ok, err := f.markAt(min(st.Size, headLen)); ok && err == nil {
			f.glanced = m
		}
	}
}

// holds tells whether the file has, before the mark's offset, what was read there when the mark was made.
func (f *file) holds(m Mark) bool {
	now, ok, err := f.markAt(m.Offset)
	return err == nil && ok && now.Head == m.Head && now.Tail == m.Tail
}

// touch notes that the file has grown.
func (f *file) touch() {
	f.grown = time.Now()
	if st, err := f.stat(); err == nil {
		f.mark.Time = st.Mtim.Nano()
	}
}

// reached is how far the file's text was handed out, also in an earlier run.
func (f *file) reached() Mark {
	switch {
	case f.mark.Offset < f.seen.Offset:
		return f.seen
	case f.mark.Offset == 0 && f.before.Offset > 0:
		return f.before
	}
	return f.mark
}

// retry calls a system call again that a signal interrupted.
func retry(call func() error) error {
	for {
		if err := call(); err != unix.EINTR {
			return err
		}
	}
}
