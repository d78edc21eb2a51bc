package journal

// A merge puts the entries of many files into one order.
type merge struct {
	first  *file     // whose entry comes next, for now; nil: not known
	second *file     // whose entry comes after that one
	held   *position // what comes after it is not read yet; nil: nothing is held back
}

// reset is for files whose entries have changed, or that are gone.
func (m *merge) reset() { m.first, m.second = nil, nil }

// hold keeps back what comes after an entry that is not complete: whoever saves
// a cursor behind it would never see it. Others write on when journald was
// killed before it was done with a user's journal.
func (m *merge) hold(p *position) {
	if p != nil && (m.held == nil || p.compare(m.held) < 0) {
		m.held = p
	}
}

// pick returns the file with the earliest entry, nil when all that may be read
// has been.
func (m *merge) pick(files []*file) *file {
	f := m.earliest(files)
	if f == nil || m.held != nil && f.at.compare(m.held) > 0 {
		return nil
	}
	return f
}

// earliest returns the file with the earliest entry, nil when all have been
// read up to their horizon.
func (m *merge) earliest(files []*file) *file {
	if f := m.first; f != nil && f.head != none &&
		(m.second == nil || f.at.compare(&m.second.at) <= 0) {
		return f
	}
	m.reset()
	for _, f := range files {
		switch {
		case f.head == none:
		case m.first == nil || f.at.compare(&m.first.at) < 0:
			m.first, m.second = f, m.first
		case m.second == nil || f.at.compare(&m.second.at) < 0:
			m.second = f
		}
	}
	return m.first
}
