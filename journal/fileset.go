package journal

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"time"

	"golang.org/x/sys/unix"
)

// rescanAfter is how often directories are read of which nothing was heard.
const rescanAfter = 2 * time.Second

// A fileSet is the files that the options name: those that are open, and what
// is known of the others.
type fileSet struct {
	o      Options
	places places
	watch  *watcher
	unpack unpacker
	boot   id // the machine's; zero where other machines' journals may be read

	open    []*file
	opened  uint64           // how many files were opened so far
	closed  map[inode]record // files that need not be opened again
	bad     map[inode]string // files that were given up, by their paths
	refused error            // why one was, preferably because it is too new

	scanned time.Time // when the directories were last read
	unread  error     // why one could not be read then
	dirty   bool      // a file was there that could not be read yet: look again
	missed  bool      // because it was renamed or deleted meanwhile
	touched *file     // the file whose map is being read: it is to blame for a fault
}

// A record is what a directory says of a file.
type record struct {
	path  string
	size  int64
	mtime int64 // nanoseconds
}

// statFile returns what is known of a file without opening it.
func statFile(path string) (inode, record, error) {
	info, err := os.Stat(path)
	if err != nil {
		return inode{}, record{}, err
	}
	at, err := inodeOf(info) // of a regular file: to open a FIFO would wait for its writer
	return at, record{path, info.Size(), info.ModTime().UnixNano()}, err
}

// guard runs what reads the maps. A file that is cut off while it is mapped
// faults. Should a check of an offset ever be missing, that too is one file's
// end and not the program's.
func (s *fileSet) guard(read func()) (fault error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		r := recover()
		if r == nil {
			return
		}
		err, ok := r.(runtime.Error)
		if !ok || s.touched == nil {
			panic(r)
		}
		fault = fmt.Errorf("read %s: %w", s.touched.path, err)
	}()
	s.touched = nil
	read()
	return nil
}

// stale reports whether the directories should be read again.
func (s *fileSet) stale() bool {
	return s.watch.happened() || s.dirty || time.Since(s.scanned) >= rescanAfter
}

// rescan reads the directories. It opens and returns the files that are new,
// and notes which are gone.
func (s *fileSet) rescan() (came []*file, err error) {
	s.scanned = time.Now()
	paths, dirs, err := s.places.scan()
	s.dirty, s.missed = s.watch.add(dirs), false
	there := s.visit(paths, func(at inode, now record) {
		if f := s.meet(at, now); f != nil {
			came = append(came, f)
		}
	})
	maps.DeleteFunc(s.closed, func(at inode, _ record) bool { return !there[at] })
	maps.DeleteFunc(s.bad, func(at inode, _ string) bool { return !there[at] })
	return came, err
}

// visit calls meet for each file that is there, and notes since when no path
// leads to an open one.
func (s *fileSet) visit(paths []string, meet func(inode, record)) (there map[inode]bool) {
	there = map[inode]bool{}
	for _, path := range paths {
		at, now, err := statFile(path)
		if err != nil {
			s.miss(path, err)
			continue
		}
		there[at] = true
		meet(at, now)
	}
	for _, f := range s.open {
		if there[f.inode] {
			f.gone = time.Time{}
		} else if f.gone.IsZero() {
			f.gone = time.Now()
		}
	}
	return there
}

// miss notes that a file was not where it had been listed. A link that leads
// nowhere always is.
func (s *fileSet) miss(path string, err error) {
	if !errors.Is(err, fs.ErrNotExist) {
		return
	}
	if _, err := os.Lstat(path); err != nil {
		s.dirty, s.missed = true, true
	}
}

// meet opens a file that is there, if it is new or has changed since it was
// closed.
func (s *fileSet) meet(at inode, now record) *file {
	for _, f := range s.open {
		if f.inode == at {
			f.path = now.path
			return nil
		}
	}
	if was, ok := s.closed[at]; ok && was == now {
		return nil
	}
	delete(s.closed, at)
	f, err := openFile(now.path)
	young := time.Since(time.Unix(0, now.mtime)) < rescanAfter
	switch {
	case errors.Is(err, errNotYet) && (now.size < headerLeast || young):
		s.dirty = s.dirty || young
		return nil
	case errors.Is(err, fs.ErrNotExist):
		s.miss(now.path, err)
		return nil
	case err != nil:
		if no := unix.Errno(0); !errors.As(err, &no) { // a permission or memory may be wanting
			s.closed[at] = now
		}
		s.giveUp(at, now.path, err)
		return nil
	}
	s.opened++
	f.serial, f.boot, f.unpack = s.opened, s.boot, &s.unpack
	s.o.Counters.FilesOpened.Add(1)
	s.open = append(s.open, f)
	return f
}

// drop closes a file and remembers that it need not be opened again.
func (s *fileSet) drop(f *file) {
	if _, now, err := statFile(f.path); err == nil {
		s.closed[f.inode] = now
	}
	f.close()
	s.o.Counters.FilesClosed.Add(1)
	s.open = slices.DeleteFunc(s.open, func(g *file) bool { return g == f })
}

// giveUp notes, and logs once, that a file cannot be read.
func (s *fileSet) giveUp(at inode, path string, err error) {
	if s.refused == nil || errors.Is(err, errNewer) && !errors.Is(s.refused, errNewer) {
		s.refused = err
	}
	if was, ok := s.bad[at]; ok && was == path {
		return
	}
	s.bad[at] = path
	s.o.Log.Warn("journal file given up", "path", path, "err", err)
	s.o.Counters.BadFiles.Add(1)
}

// snapshot takes the number of entries of all files at one moment.
func (s *fileSet) snapshot() {
	for range 16 {
		changed := false
		for _, f := range s.open {
			s.touched = f
			if now := f.number(atEntries); now != f.now {
				f.now, changed = now, true
			}
		}
		if !changed {
			return
		}
	}
}

// rest gives back the memory of what has been read, so that it is not taken for
// ours. The page cache keeps it.
func (s *fileSet) rest() {
	for _, f := range s.open {
		unix.Madvise(f.b, unix.MADV_DONTNEED)
	}
}

func (s *fileSet) close() {
	for _, f := range s.open {
		f.close()
		s.o.Counters.FilesClosed.Add(1)
	}
	s.unpack.close()
	s.watch.close()
}
