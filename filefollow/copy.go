package filefollow

// A doubt is that a rotated file may be copytruncate's copy of a log in the making: it was empty when it was taken up.
// Nothing of it is read before its first text has told.
type doubt struct {
	log   *file
	began Mark // how the log began once the file had been seen to be empty: a copy begins like that
}

// suspect doubts a file that was empty when it was opened, while another one is at the log's path.
func (f *file) suspect(log *file) {
	if log == nil || f.glanced.Offset > 0 {
		return
	}
	if log.glanced.Offset == 0 {
		log.glance() // else what is known of it may be gone by now, and must be missed
	}
	f.doubt = &doubt{log, log.glanced}
}

// settle tells whether a doubtful file is to be read, now that there is text in it. A copy is kept, unread, until the log
// has been truncated.
func (f *file) settle() (read bool) {
	st, err := f.stat()
	if err != nil || st.Size == 0 || f.isCopy() {
		return false
	}
	f.doubt = nil
	return true
}

// isCopy tells whether a doubtful file with text is a copy of the log. The log as it is comes first: when it has been
// truncated by then, the copy is complete, and what was known of the log before can be found in it.
func (f *file) isCopy() bool {
	log := f.doubt.log
	if f.copies(log) {
		return true
	}
	for _, m := range []Mark{f.doubt.began, log.glanced, log.mark, log.before} {
		if m.Offset > 0 && (f.holds(m) || f.endsBefore(m)) {
			return true
		}
	}
	return false
}

// copies tells whether a file with text is a copy of another one as it is, or of its beginning: copytruncate is at work
// and has not truncated the other one yet.
func (f *file) copies(other *file) bool {
	st, err := f.stat()
	if err != nil || st.Size == 0 {
		return false
	}
	m, ok, err := f.markAt(st.Size)
	return ok && err == nil && other.holds(m)
}

// endsBefore tells whether a file is shorter than what was read of another one, and begins like that: lines came into
// the log after it had been copied. Short files cannot be told.
func (f *file) endsBefore(m Mark) bool {
	st, err := f.stat()
	if err != nil || st.Size < headLen || st.Size >= m.Offset {
		return false
	}
	begin, ok, err := f.markAt(headLen)
	return ok && err == nil && begin.Head == m.Head
}

// inTheMaking is the doubtful file that has turned out to be the copy of a log that was truncated. It is moved to a mark
// in that log.
func (s *source) inTheMaking(log *file, m Mark) (copied *file) {
	for _, f := range s.old {
		if f.doubt != nil && f.doubt.log == log && m.Offset > 0 && (f.holds(m) || f.isCopy()) {
			f.doubt, copied = nil, f
			f.resume(m)
		}
	}
	return copied
}

// resume moves a file that is a copy of another one to where that was read, to its end if it ends before.
func (f *file) resume(m Mark) {
	at := m.Offset
	if !f.holds(m) {
		if st, err := f.stat(); err == nil {
			at = st.Size
		}
	}
	if now, ok, err := f.markAt(at); ok && err == nil {
		f.mark = now
	}
}

// recall moves a rotated file that is about to be read from its start to where its text was read before, when that stood
// in the log: it is a copy whose log was truncated.
func (s *source) recall(f, now *file) {
	var marks []Mark
	if s.lost != nil {
		marks = append(marks, *s.lost)
	}
	if now != nil {
		marks = append(marks, now.before)
	}
	for _, m := range marks {
		if m.Offset > 0 && (f.holds(m) || f.endsBefore(m)) {
			f.resume(m)
			return
		}
	}
}
