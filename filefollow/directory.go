package filefollow

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// A directory is the list of a directory's names, as it was at some time.
type directory struct {
	path  string
	time  unix.Timespec // when it had last been changed
	names []string      // sorted
}

// settled is how long a directory must not have been changed for its list to be trusted later: the clock of older
// kernels' file systems ticks every 4 or 10 ms.
const settled = 50 * time.Millisecond

// list lists the regular files of a directory whose names have a prefix and are wanted. It lists again when the
// directory was changed meanwhile: a file that is renamed may be missed, or be seen twice.
func (r *run) list(dir, prefix string, want func(name string) (generation, bool)) (found []generation) {
	for range 5 {
		d := r.readDir(dir)
		found = found[:0]
		at, _ := slices.BinarySearch(d.names, prefix)
		for _, name := range d.names[at:] {
			if !strings.HasPrefix(name, prefix) {
				break
			}
			g, ok := want(name)
			if !ok {
				continue
			}
			g.path = filepath.Join(dir, name)
			if st, err := stat(g.path); err == nil && regular(&st) {
				g.id, g.time = ident(&st), st.Mtim.Nano()
				found = append(found, g)
			}
		}
		if after, err := stat(dir); err != nil || after.Mtim == d.time {
			break
		}
	}
	return found
}

// readDir reads a directory's names. The last list is used again when it still holds: many logs may be rotated at once.
func (r *run) readDir(path string) directory {
	st, err := stat(path)
	if err != nil {
		return directory{}
	}
	if r.dir.path == path && r.dir.time == st.Mtim {
		return r.dir
	}
	d := directory{path: path, time: st.Mtim}
	quiet := time.Since(time.Unix(st.Mtim.Unix())) > settled
	if f, err := os.Open(path); err == nil {
		d.names, _ = f.Readdirnames(-1)
		_ = f.Close()
		slices.Sort(d.names)
	}
	r.dir = directory{}
	if quiet {
		r.dir = d
	}
	return d
}
