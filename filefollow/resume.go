package filefollow

import "log/slog"

// resume takes up the files of a saved position again, so that the source is as it was when the position was made. What
// happened to the files since is then found like any rotation.
func (r *run) resume(s *source) {
	p, ok := r.position(s.path)
	if !ok {
		return
	}
	s.resumed = true
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
		r.log.Info("log was rotated away since it was last read, lines may be lost", slog.String("path", s.path),
			slog.Int64("offset", p.Offset))
		return
	}
	r.own(s, f)
	s.current = f
	r.lookBack(s, f)
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
	from := st.Size - int64(len(tail))
	if r.decoder.width != 1 {
		from &^= 1
	}
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
// made, then at its start.
func (r *run) rewritten(s *source, f *file) {
	defer r.counters.Truncations.Add(1)
	if f != s.current {
		r.drop(s, f)
		return
	}
	m := f.mark
	f.seen, f.skips, f.looked = Mark{}, nil, 0
	copied := r.copyOf(s, m)
	if copied == nil {
		if cut, ok := r.kept(f, m); ok {
			f.mark = cut
			r.log.Info("log lost its end", "path", s.path, "offset", cut.Offset)
			return
		}
	}
	f.mark = m.id().start()
	r.log.Debug("log was truncated", "path", s.path, "copied", copied != nil)
	if copied == nil {
		return
	}
	r.own(s, copied)
	s.old = append(s.old, copied)
	r.missedSince(s, copied)
}

// missedSince takes up the files that were rotated away after one of the source's without having been seen.
func (r *run) missedSince(s *source, anchor *file) (some bool) {
	for _, g := range r.since(s, anchor) {
		f, err := openFile(g.path)
		if err != nil {
			continue
		}
		if f.mark.id() != g.id || s.current != nil && g.id == s.current.mark.id() {
			f.close()
			continue
		}
		r.own(s, f)
		s.old = append(s.old, f)
		r.counters.Rotations.Add(1)
		some = true
	}
	return some
}
