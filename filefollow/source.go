package filefollow

import (
	"errors"
	"io/fs"
	"path/filepath"
	"slices"
	"time"
)

// linger is how long a file that was renamed or deleted is still read after it last grew.
const linger = time.Minute

// A source is one path and the files behind it.
type source struct {
	path    string
	target  string // where links lead, when elsewhere
	globs   []int
	literal bool // a glob names it without wildcards: it is waited for
	queued  bool
	live    bool
	known   bool     // last holds where reading stopped when no file was left
	last    Position // see known
	current *file    // the one at path
	old     []*file  // those that were at path before, oldest first
	trouble string   // the last fault that was reported
	retry   time.Time
	delay   time.Duration
}

// files are all files of the source, oldest first.
func (s *source) files() []*file {
	if s.current == nil {
		return s.old
	}
	return append(s.old[:len(s.old):len(s.old)], s.current)
}

// position is how far the source was read.
func (s *source) position() Position {
	if len(s.old) == 0 && s.current != nil {
		return Position{Mark: s.current.reached()}
	}
	var p Position
	for i, f := range s.files() {
		if i > 0 {
			p.Older = append(p.Older, p.Mark)
		}
		p.Mark = f.reached()
	}
	return p
}

// reached is how far the file's text was handed out, also in an earlier run.
func (f *file) reached() Mark {
	if f.mark.Offset < f.seen.Offset {
		return f.seen
	}
	return f.mark
}

// turn reads what is new in a source: first the rest of older files, then the one at its path. More tells that there is
// more to read at once.
func (r *run) turn(s *source) (more bool, err error) {
	st, missing := stat(s.path)
	if s.current != nil && (missing != nil || ident(&st) != s.current.mark.id()) {
		r.retire(s)
	}
	budget := turnBytes
	for _, f := range slices.Clone(s.old) {
		if more, err := r.read(s, f, &budget); more || err != nil {
			return more, err
		}
	}
	switch {
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
	r.letGo(s)
	return false, nil
}

// retire makes the current file an old one.
func (r *run) retire(s *source) {
	s.current.grown = time.Now()
	s.old = append(s.old, s.current)
	s.current = nil
	r.counters.Rotations.Add(1)
	r.log.Debug("log was rotated", "path", s.path)
}

// letGo closes the old files that have not grown for a while, and forgets a source that has no file left.
func (r *run) letGo(s *source) {
	now := time.Now()
	for len(s.old) > 0 && now.Sub(s.old[0].grown) > linger {
		if len(s.old) == 1 && s.current == nil {
			s.last, s.known = s.position(), true
		}
		r.shut(s.old[0])
		s.old = slices.Delete(s.old, 0, 1)
	}
	if s.current == nil && len(s.old) == 0 && !s.literal {
		delete(r.sources, s.path)
		delete(r.targets, s.target)
	}
}

func (r *run) shut(f *file) {
	f.close()
	delete(r.open, f.mark.id())
	r.counters.Files.Add(-1)
}

// fault reports, once for each reason, that a source's path cannot be read, and puts off the next try.
func (r *run) fault(s *source, err error) {
	if errors.Is(err, fs.ErrNotExist) {
		s.retry, s.delay = time.Time{}, 0
	} else {
		s.delay = min(max(2*s.delay, time.Second), time.Minute)
		s.retry = time.Now().Add(s.delay)
	}
	if s.trouble == err.Error() || s.current != nil || len(s.old) > 0 {
		return
	}
	s.trouble = err.Error()
	if errors.Is(err, fs.ErrNotExist) {
		r.log.Info("log does not exist, waiting for it", "path", s.path)
		return
	}
	r.counters.Errors.Add(1)
	r.log.Warn("log cannot be read, trying again", "path", s.path, "error", err)
}

// adopt opens the file at a source's path and finds where to read on.
func (r *run) adopt(s *source) (more bool, err error) {
	f, err := openFile(s.path)
	if err != nil {
		r.fault(s, err)
		return false, nil
	}
	if mine := r.open[f.mark.id()]; mine != nil {
		f.close()
		f = mine
		s.old = slices.DeleteFunc(s.old, func(o *file) bool { return o == mine })
	} else {
		r.open[f.mark.id()] = f
		r.counters.Files.Add(1)
	}
	rotated := len(s.old) > 0
	f.owner, s.current = s, f
	if s.trouble != "" {
		r.log.Info("log is read", "path", s.path)
		s.trouble, s.delay, s.retry = "", 0, time.Time{}
	}
	r.aim(s)
	if rotated {
		return false, nil
	}
	r.place(s, f)
	return false, r.hand(s, f, nil)
}

// place puts the reading position of a file that was not followed until now.
func (r *run) place(s *source, f *file) {
	p, ok := s.last, s.known
	if !ok {
		p, ok = r.position(s.path)
	}
	s.known = false
	if ok && f.holds(p.Mark) {
		f.mark, _, _ = f.markAt(p.Offset)
	}
}

// aim follows the links of a source's path, and has the directory watched where they lead.
func (r *run) aim(s *source) {
	delete(r.targets, s.target)
	s.target = ""
	target, err := filepath.EvalSymlinks(s.path)
	if err != nil || target == s.path {
		return
	}
	s.target = target
	r.targets[target] = s
	r.watch.add(filepath.Dir(target))
}

// read hands out what is new in a file, as far as the budget goes.
func (r *run) read(s *source, f *file, budget *int) (more bool, err error) {
	for {
		raw, whole, err := r.fetch(f)
		if errors.Is(err, errRewritten) {
			return true, r.rewritten(s, f)
		}
		if err != nil {
			r.fault(s, err)
			return false, nil
		}
		if len(raw) > 0 {
			if err := r.hand(s, f, raw); err != nil {
				return false, err
			}
		}
		if !whole {
			s.live = s.live || f == s.current
			return false, nil
		}
		if *budget -= len(raw); *budget <= 0 {
			return true, nil
		}
	}
}

// fetch reads the next complete lines of a file and moves its mark over them. Whole tells that the read was a full one,
// so that there may be more.
func (r *run) fetch(f *file) (raw []byte, whole bool, err error) {
	before := int(min(f.mark.Offset, tailLen))
	n, err := f.readAt(r.raw[:before+chunkSize], f.mark.Offset-int64(before))
	if err != nil {
		return nil, false, err
	}
	if n < before || n > before && sum(fnvBase, r.raw[:before]) != f.mark.Tail {
		return nil, false, errRewritten
	}
	raw, whole = r.raw[before:n], n == before+chunkSize
	raw = raw[:r.decoder.lastEnd(raw)]
	if len(raw) > 0 {
		f.grown = time.Now()
		f.mark.advance(r.raw[:before+len(raw)], before)
	}
	return raw, whole, nil
}

// rewritten goes on at the start of a file that was cut or written anew in place.
func (r *run) rewritten(s *source, f *file) error {
	f.mark = f.mark.id().start()
	r.counters.Truncations.Add(1)
	r.log.Debug("log was truncated", "path", s.path)
	return nil
}

// hand hands out raw lines of a file, or with none of them its position.
func (r *run) hand(s *source, f *file, raw []byte) error {
	c := Chunk{Path: s.path, Text: r.decoder.text(raw), Globs: s.globs, End: s.position(), Live: s.live}
	r.counters.Bytes.Add(int64(len(raw)))
	r.counters.Lines.Add(countLines(c.Text))
	if err := r.yield(c); err != nil {
		return err
	}
	r.idle()
	return nil
}
