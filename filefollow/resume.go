package filefollow

import (
	"log/slog"
	"slices"
)

// resume takes up the files of a saved position again, or of that before a failed read, so that the source is as it was
// when the position was made. What happened to the files since is then found like any rotation.
func (r *run) resume(s *source) {
	p, saved := s.last, false
	if !s.stopped {
		if p, saved = r.position(s.path); !saved {
			return
		}
	}
	s.resumed, s.stopped = true, false
	r.aim(s)
	for _, m := range p.Older {
		if f := r.locate(s, m); f != nil {
			r.own(s, f)
			s.old = append(s.old, f)
		}
	}
	f := r.locate(s, p.Mark)
	if f == nil {
		f = r.shortened(s, p.Mark)
	}
	if f == nil {
		f = r.shorterCopy(s, p.Mark)
	}
	if f == nil {
		r.log.Info("log was rotated away since it was last read, lines may be lost", slog.String("path", s.path),
			slog.Int64("offset", p.Offset))
		s.lost = &p.Mark
		return
	}
	r.own(s, f)
	s.current = f
	if f.mark.Offset == 0 {
		f.vetted, f.before, s.lost = false, p.Mark, &p.Mark // what tells whether it was written anew is only its time
	}
	if saved {
		r.lookBack(s, f)
	}
}

// shortened opens the file at the path if it is the mark's, but lost its end, as files do when the power fails.
func (r *run) shortened(s *source, m Mark) *file {
	f, err := openFile(s.path)
	if err != nil {
		return nil
	}
	if f.mark.id() != m.id() || r.open[m.id()] != nil {
		f.close()
		return nil
	}
	cut, ok := r.kept(f, m)
	if !ok {
		f.close()
		return nil
	}
	f.mark = cut
	return f
}

// kept tells whether a file that is now shorter than the mark still begins with what was read, and gives the mark right
// after its last line end. It must be longer than the head that is compared.
func (r *run) kept(f *file, m Mark) (Mark, bool) {
	st, err := f.stat()
	if err != nil || st.Size >= m.Offset || st.Size < headLen {
		return m, false
	}
	now, ok, err := f.markAt(headLen)
	if err != nil || !ok || now.Head != m.Head {
		return m, false
	}
	tail := r.raw[:min(st.Size, chunkSize)]
	from := r.decoder.aligned(st.Size - int64(len(tail)))
	n, err := f.readAt(tail, from)
	if err != nil {
		return m, false
	}
	end := r.decoder.lastEnd(tail[:n])
	if end == 0 {
		return m, false
	}
	cut, ok, err := f.markAt(from + int64(end))
	return cut, ok && err == nil
}

// rewritten goes on with a file that was cut or written anew in place: with the rest of it in the copy that copytruncate
// made, with what was rotated away since, then at its start.
func (r *run) rewritten(s *source, f *file) {
	defer r.counters.Truncations.Add(1)
	if f.drained {
		r.drop(s, f) // an old file that was read is not a log any more
		return
	}
	m := f.mark
	if m.Offset == 0 {
		m = f.glanced
	}
	copied := s.inTheMaking(f, m)
	if copied == nil {
		copied = r.copyOf(s, m)
	}
	if copied != nil && f.mark.Offset == 0 {
		copied.mark, _, _ = copied.markAt(0)
	}
	if copied == nil {
		if cut, ok := r.kept(f, m); ok {
			f.mark, f.looked = cut, 0
			r.log.Info("log lost its end", "path", s.path, "offset", cut.Offset)
			return
		}
		copied = r.shorterCopy(s, m)
	}
	r.log.Debug("log was truncated", "path", s.path, "copied", copied != nil)
	f.before = f.reached()
	f.mark, _, _ = f.markAt(0)
	f.seen, f.skips, f.looked, f.vetted = Mark{}, nil, 0, false
	f.glance()
	if copied == nil {
		s.lost = &m
		return
	}
	if copied.owner == nil {
		r.own(s, copied)
		s.old = slices.Insert(s.old, s.place(f), copied)
	}
}

// takeUp makes rotated files the source's that were never seen at its path, which leads to another file now, or to none.
// Again tells that this has changed meanwhile: nothing was taken up then.
func (r *run) takeUp(s *source, missed []generation, now *file) (some, again bool) {
	files, ok := r.openAll(missed)
	if now == nil && len(files) > 0 {
		_, err := stat(s.path)
		ok = ok && isMissing(err) // else there is a log again, which one of them may be a copy of
	}
	for _, f := range files {
		if !ok || now != nil && f.copies(now) {
			f.close()
			continue
		}
		f.suspect(now)
		s.recall(f, now)
		r.own(s, f)
		s.old = slices.Insert(s.old, s.place(now), f)
		r.counters.Rotations.Add(1)
		some = true
	}
	return some, !ok
}

// openAll opens rotated files; it is not ok when one of them has another name by now.
func (r *run) openAll(all []generation) (files []*file, ok bool) {
	for _, g := range all {
		f, err := openFile(g.path)
		switch {
		case isMissing(err):
			return files, false
		case err != nil:
			r.log.Warn("rotated log cannot be read", "path", g.path, "error", err)
			continue
		}
		files = append(files, f)
		if f.mark.id() != g.id {
			return files, false
		}
	}
	return files, true
}
