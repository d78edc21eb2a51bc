package filefollow

import (
	"errors"
	"math"
	"slices"
	"time"

	"golang.org/x/sys/unix"
)

// linger is how long a file that was renamed or deleted is still read after it last grew.
const linger = time.Minute

// maxOld is how many such files one source has at most.
const maxOld = 64

// A source is one path and the files behind it.
type source struct {
	path    string
	target  string // where links lead, when elsewhere
	globs   []int
	shared  []int // globs and those of the paths that lead to the same file; nil: only globs
	literal bool  // a glob names it without wildcards: it is waited for
	queued  bool
	gone    bool          // it is no source any more
	begun   bool          // it had its first turn
	resumed bool          // it was followed before, by its saved position
	listed  unix.Timespec // how old the list is of what was rotated away while no file was at the path
	lost    *Mark         // the file it was followed in last is gone; its successors are still to be found
	live    bool
	warned  bool     // of bytes that are not in the encoding
	current *file    // the one at path
	old     []*file  // those that were at path before, oldest first
	last    Position // where reading stopped when no file was left; see stopped
	stopped bool
	alias   *source // the one that reads the file for this one too, under another path
	doubt   bool    // the path may no longer lead to the alias's file

	trouble string    // the last fault that was reported
	retry   time.Time // not to be opened before
	delay   time.Duration
}

// newest is the youngest file of the source, nil when it has none.
func (s *source) newest() *file {
	if s.current != nil || len(s.old) == 0 {
		return s.current
	}
	return s.old[len(s.old)-1]
}

// place is where a file stands among the old ones; the current one comes after them.
func (s *source) place(f *file) int {
	if at := slices.Index(s.old, f); at >= 0 {
		return at
	}
	return len(s.old)
}

// position is how far the source was read. Files of which nothing was read yet are left out beside others: they are
// found again as what came after those.
func (s *source) position() (p Position) {
	newest := s.newest()
	if newest == nil {
		return s.last
	}
	p.Mark = newest.reached()
	for _, f := range slices.Backward(s.old) {
		m := f.reached()
		switch {
		case f == newest || m.Offset == 0 || f.doubt != nil:
		case p.Offset == 0:
			p.Mark = m
		default:
			p.Older = append(p.Older, m)
		}
	}
	slices.Reverse(p.Older)
	return p
}

// turn reads what is new in a source: first the rest of older files, then the one at its path. More tells that there is
// more to read at once.
func (r *run) turn(s *source) (more bool, err error) {
	if s.gone || !s.begun && time.Now().Before(s.retry) {
		return false, nil
	}
	if !s.begun {
		s.begun = true
		r.resume(s)
	}
	missing := r.compare(s)
	r.bound(s)
	budget := turnBytes
	for _, f := range slices.Clone(s.old) {
		if more, err := r.read(s, f, &budget); more || err != nil {
			return more, err
		}
	}
	switch {
	case s.alias != nil && r.stillAlias(s):
	case isMissing(missing) && r.catchUpWithout(s):
		return true, nil
	case missing != nil:
		r.fault(s, missing)
	case s.current == nil && !time.Now().Before(s.retry):
		if more, err := r.adopt(s); more || err != nil {
			return more, err
		}
	}
	if s.current != nil {
		if more, err := r.read(s, s.current, &budget); more || err != nil {
			return more, err
		}
	}
	r.letGo(s, time.Now())
	return false, nil
}

// bound keeps what is written to the current file from now on for the next turn while there are older files: what a
// writer wrote to those before must come first.
func (r *run) bound(s *source) {
	if s.current == nil {
		return
	}
	s.current.bound = math.MaxInt64
	if len(s.old) > 0 && !s.current.fifo {
		if st, err := s.current.stat(); err == nil {
			s.current.bound = st.Size
		}
	}
}

// compare retires the current file when the path leads to another one, or to none; then it says why.
func (r *run) compare(s *source) (missing error) {
	st, err := stat(s.path)
	if s.current == nil {
		return err
	}
	if isMissing(err) || err == nil && ident(&st) != s.current.mark.id() {
		s.current.grown, s.current.bound = time.Now(), math.MaxInt64
		s.old = append(s.old, s.current)
		s.current = nil
		r.counters.Rotations.Add(1)
		r.log.Debug("log was rotated", "path", s.path)
	}
	return err
}

func isMissing(err error) bool { return errors.Is(err, unix.ENOENT) || errors.Is(err, unix.ENOTDIR) }

// letGo closes the old files that have not grown for a while, and forgets a source that has no file left.
func (r *run) letGo(s *source, now time.Time) {
	for len(s.old) > 0 && (len(s.old) > maxOld || now.Sub(s.old[0].grown) > r.linger()) {
		if len(s.old) == 1 && s.current == nil {
			s.last, s.stopped = s.position(), true
		}
		if c := s.current; c != nil && c.before.Offset > 0 && s.old[0].mark.Offset > 0 {
			c.before = s.old[0].mark // which came after what stood before until now
		}
		r.drop(s, s.old[0])
	}
	if s.current == nil && len(s.old) == 0 && !s.literal && s.alias == nil && s.trouble == "" {
		s.gone = true
		delete(r.sources, s.path)
		delete(r.targets, s.target)
	}
}

func (r *run) linger() time.Duration {
	if r.Follower.linger > 0 {
		return r.Follower.linger
	}
	return linger
}

// own makes a file one of the source's.
func (r *run) own(s *source, f *file) {
	f.owner = s
	r.open[f.mark.id()] = f
	r.counters.Files.Add(1)
	if f.fifo {
		d := *r.decoder
		d.decoded, d.tidied = nil, nil
		f.pipe = &Reader{from: f, decoder: &d}
		r.pipes[f] = true
	}
}

// drop closes an old file.
func (r *run) drop(s *source, f *file) {
	r.shut(f)
	s.old = slices.DeleteFunc(s.old, func(o *file) bool { return o == f })
}

func (r *run) shut(f *file) {
	f.close()
	delete(r.open, f.mark.id())
	delete(r.pipes, f)
	r.counters.Files.Add(-1)
}
