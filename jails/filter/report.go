package filter

import "bailiff/jails/event"

// report turns a hit into matches. It returns whether the line is done.
func (m *Matcher) report() (done bool) {
	s := m.fresh
	id, joined := s.groups.get(mlfid)
	if joined {
		s = m.merge(id)
		if s.groups.holds(nofail) && !m.options.CheckAll {
			return true
		}
	} else {
		m.addWholes(&s.lines, m.hit.matched)
	}
	x, named := identity(&s.groups, m.raw)
	if !named && !joined {
		return false // a regex whose id took no part in the match
	}
	if m.options.FindTime > 0 && m.at.time.After(m.now) {
		m.at.time = m.now
	}
	if named {
		m.add(s, x)
		return !m.options.CheckAll
	}
	s.groups.set(mlfpending, Literal, []byte{'1'})
	if m.options.CheckAll || m.options.Report {
		m.match(s, who{}, false).Pending = true
	}
	return !m.options.CheckAll
}

// add returns a match with whom it is about to the caller; none where that is a host name which is not wanted. A host
// name has no subject yet: the caller looks it up.
func (m *Matcher) add(s *session, x who) {
	switch {
	case !x.subject.IsZero():
		m.match(s, x, m.whole)
	case len(x.host) > 0 && m.filter.usedns != "no":
		m.match(s, x, true)
	}
}

// match returns a match about somebody to the caller, with the text that named it where it is wanted, completed with what
// a session knows.
func (m *Matcher) match(s *session, w who, text bool) *Match {
	m.found = append(m.found, Match{})
	x := &m.found[len(m.found)-1]
	w.name(x, text)
	x.Time, x.Attempts, x.Regex = m.at.time, 1, m.hit.regex
	x.NoFail = s.groups.holds(nofail)
	if m.whole {
		x.Lines, x.Groups, x.Fields = s.lines.Strings(), s.named(m.filter.names), s.fields(m.filter.names, m.line.Fields)
	} else {
		m.evidence = evidence{session: s, names: m.filter.names, entry: m.line.Fields}
		x.Evidence = &m.evidence
	}
	return x
}

// evidence is what was found in the line at hand.
type evidence struct {
	session *session
	names   labels
	entry   []event.Field
}

// AddLines adds the lines that led to the failure.
func (e *evidence) AddLines(to *event.Lines) { to.AddAll(&e.session.lines) }

// Fields returns the captures.
func (e *evidence) Fields() map[string]string { return e.session.fields(e.names, e.entry) }

// reportIgnored returns what an ignoreregex took away, where the caller wants to know. h is nil where no failregex was
// tried.
func (m *Matcher) reportIgnored(h *hit, ignoreregex int) {
	if !m.options.Report {
		return
	}
	x := Match{Regex: -1}
	if h != nil {
		s := m.fresh
		groups, fields := s.named(m.filter.names), s.fields(m.filter.names, nil)
		if who, ok := identity(&s.groups, m.raw); ok {
			who.name(&x, true)
		}
		m.addWholes(&s.lines, h.matched)
		x.Regex, x.Lines, x.Groups, x.Fields = h.regex, s.lines.Strings(), groups, fields
		s.lines.Reset(mostSpare)
	}
	x.Ignored, x.Ignoreregex, x.Time, x.Attempts = true, ignoreregex, m.at.time, 1
	m.found = append(m.found, x)
}
