package filefollow

import (
	"errors"
	"path/filepath"
	"slices"
	"time"
)

// adopt opens the file at a source's path and finds where to read on. More tells that other files come first.
func (r *run) adopt(s *source) (more bool, err error) {
	f, err := openFile(s.path)
	if err != nil {
		r.fault(s, err)
		return false, nil
	}
	r.recovered(s)
	if known := r.open[f.mark.id()]; known != nil {
		f.close()
		return false, r.join(s, known)
	}
	r.own(s, f)
	rotated := len(s.old) > 0 || s.lost != nil
	if s.lost != nil {
		f.before = *s.lost
	}
	if rotated {
		switch some, again := r.comesLater(s, f); {
		case again:
			r.shut(f)
			return true, nil
		case some:
			s.current = f
			r.aim(s)
			return true, nil
		}
	}
	fresh := !rotated && !s.resumed
	s.current = f
	r.aim(s)
	switch {
	case s.stopped && s.last.Offset > 0 && f.holds(s.last.Mark):
		f.mark, _, _ = f.markAt(s.last.Offset)
	case fresh && r.first:
		r.start(s, f)
	}
	if fresh && !s.stopped {
		err = r.hand(s, f, f.mark.Offset, nil)
	}
	s.stopped = false
	return rotated, err
}

// comesLater takes up the files that have to be read before the one that is now at the path: those that were made and
// rotated away unseen. Again tells that there is no telling which they are. A file that is only a copy of the one before,
// as editors make them, is moved to where that one was read.
func (r *run) comesLater(s *source, f *file) (some, again bool) {
	if s.lost == nil {
		last := s.old[len(s.old)-1]
		if m := last.mark; m.Offset > 0 && f.holds(m) {
			f.mark, _, _ = f.markAt(m.Offset)
			r.drop(s, last)
			return false, false
		}
	}
	f.vetted = f.glanced.Offset > 0
	return r.catchUp(s, f)
}

// catchUp takes up the files that were made and rotated away unseen before one of the source's. Again tells that there
// is no telling yet, for files are being renamed.
func (r *run) catchUp(s *source, f *file) (some, again bool) {
	at := s.place(f)
	missed := r.unseen(s, at, f)
	st, err := stat(s.path)
	if again = at == len(s.old) && (err != nil || ident(&st) != f.mark.id()); !again {
		some, again = r.takeUp(s, missed, f)
	}
	if f.vetted = f.vetted && !again; f.vetted {
		s.lost = nil
	}
	return some, again
}

// unseen lists what came after the old file before a place, and before the file at that place, if there is one.
func (r *run) unseen(s *source, at int, f *file) []generation {
	switch {
	case f != nil && f.before.Time != 0:
		return r.sinceTime(s, f.before, f)
	case s.lost != nil:
		return r.sinceTime(s, *s.lost, f)
	case at > 0:
		return r.since(s, s.old[at-1].mark, f)
	}
	return nil
}

// catchUpWithout takes up files that were rotated away unseen while there is none at the path. It lists the directory
// only when that has changed.
func (r *run) catchUpWithout(s *source) (some bool) {
	st, err := stat(filepath.Dir(s.path))
	if err != nil || st.Mtim == s.listed {
		return false
	}
	some, again := r.takeUp(s, r.unseen(s, len(s.old), nil), nil)
	if !again {
		s.listed = st.Mtim
	}
	return some || again
}

// vet looks for unseen files once more when the first text stands in a file that was empty: it may have been copied and
// truncated before anything of it was read.
func (r *run) vet(s *source, f *file) (more bool) {
	if f.vetted {
		return false
	}
	if st, err := f.stat(); err != nil || st.Size == 0 {
		return false
	}
	f.vetted = true
	f.glance()
	some, again := r.catchUp(s, f)
	return some || again
}

// join makes a file that is already open the source's: one that came back to its path, one that was renamed to it, or
// one that is read under another path and stays so.
func (r *run) join(s *source, f *file) error {
	o := f.owner
	if o != s && o.current == f {
		if st, err := stat(o.path); err == nil && ident(&st) == f.mark.id() {
			r.share(s, o)
			return nil
		}
		o.current = nil
	}
	o.old = slices.DeleteFunc(o.old, func(g *file) bool { return g == f })
	if o.current == nil && len(o.old) == 0 {
		o.last, o.stopped = Position{Mark: f.reached()}, true
	}
	f.owner, f.drained, s.current, s.live = s, false, f, s.live || o.live
	r.aim(s)
	return r.hand(s, f, f.mark.Offset, nil)
}

// share lets another source read the file for this one too.
func (r *run) share(s, o *source) {
	s.alias, s.doubt = o, false
	r.log.Debug("two paths lead to one log", "path", s.path, "read", o.path)
	r.regroup(o)
}

// stillAlias tells whether the path still leads to the file that another source reads. That source looks first, so that
// a rotation of the file they have in common does not part them.
func (r *run) stillAlias(s *source) bool {
	o := s.alias
	if st, err := stat(s.path); err == nil && o.current != nil && ident(&st) == o.current.mark.id() {
		s.doubt = false
		r.look(o)
		return true
	}
	if !s.doubt {
		s.doubt = true
		r.look(o)
		r.look(s)
		return true
	}
	s.alias, s.doubt = nil, false
	r.regroup(o)
	return false
}

// regroup gathers the globs that want what a source reads.
func (r *run) regroup(o *source) {
	o.shared = nil
	for _, s := range r.sources {
		if s.alias == o {
			o.shared = append(o.shared, s.globs...)
		}
	}
	if o.shared != nil {
		o.shared = append(o.shared, o.globs...)
		slices.Sort(o.shared)
		o.shared = slices.Compact(o.shared)
	}
}

// aim follows the links of a source's path, and has the directory watched where they lead.
func (r *run) aim(s *source) {
	if r.targets[s.target] == s {
		delete(r.targets, s.target)
	}
	s.target = ""
	target, err := filepath.EvalSymlinks(s.path)
	if err != nil || target == s.path {
		return
	}
	s.target = target
	r.targets[target] = s
	r.watch.add(filepath.Dir(target))
}

// fault reports, once for each reason, that a source's path cannot be read, and puts off the next try.
func (r *run) fault(s *source, err error) {
	if isMissing(err) {
		s.retry, s.delay = time.Time{}, 0
		if len(s.old) > 0 {
			return // a rotation is under way
		}
	} else {
		s.delay = min(max(2*s.delay, time.Second), time.Minute)
		s.retry = time.Now().Add(s.delay)
	}
	if s.trouble == err.Error() || errors.Is(err, errKind) && !s.literal {
		return
	}
	s.trouble = err.Error()
	if isMissing(err) {
		if s.literal {
			r.log.Info("log does not exist, waiting for it", "path", s.path)
		} else {
			s.trouble = ""
		}
		return
	}
	r.counters.Errors.Add(1)
	r.log.Warn("log cannot be read, trying again", "path", s.path, "error", err)
}

// recovered reports that a source can be read again.
func (r *run) recovered(s *source) {
	if s.trouble != "" {
		r.log.Info("log can be read", "path", s.path)
	}
	s.trouble, s.delay, s.retry = "", 0, time.Time{}
}

// lose closes a source's files after a read of one failed. They are opened again later and go on where they were.
func (r *run) lose(s *source, err error) {
	r.fault(s, err)
	s.last, s.stopped, s.begun = s.position(), true, false
	for _, f := range s.old {
		r.shut(f)
	}
	if s.current != nil {
		r.shut(s.current)
	}
	s.old, s.current = nil, nil
}
