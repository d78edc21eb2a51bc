package filter

import (
	"strings"
	"time"

	"bailiff/jails/event"
)

// Limits of ours: how many lines and users of one connection are kept, and how much memory for the next one.
const (
	maxKept   = 100
	mostSpare = 16 << 10
)

// A session is what the lines of one connection (<F-MLFID>) said so far, or a single line.
type session struct {
	groups groups
	users  event.Lines // every user that was tried
	lines  event.Lines // of failures
	quiet  event.Lines // of lines that are no failure, which a failure takes along

	id      []byte
	hash    uint64
	next    *session // with a hash alike, or forgotten before
	expires time.Time

	older, newer *session // in the order in which they were put
}

func (s *session) reset() {
	s.groups.reset(mostSpare)
	for _, l := range []*event.Lines{&s.users, &s.lines, &s.quiet} {
		l.Reset(mostSpare)
	}
}

// addUser notes the user of a fresh hit and returns how many were tried.
func (s *session) addUser(fresh *groups) int {
	if name, _ := fresh.get(user); len(name) > 0 {
		if s.users.Len() < maxKept && !s.users.Holds(name) {
			s.users.Add(name)
		}
		s.groups.put(entry{label: users, kind: Literal}) // named writes them
	}
	return s.users.Len()
}

// named returns the session's groups with their names, copied.
func (s *session) named(names labels) []Group {
	all := s.groups.named(names)
	if i := s.groups.index(users); i >= 0 && all[i].Kind == Literal && all[i].Value == "" {
		all[i].Value = setRepr(s.users.Strings())
	}
	return all
}

// fields are the captures of a failure: the filter's groups, and the journal entry's fields but its message under
// their lower-case names, where the filter has no group of that name.
func (s *session) fields(names labels, entry []event.Field) map[string]string {
	named := s.named(names)
	captures := make(map[string]string, len(entry)+len(named))
	for _, f := range entry {
		if f.Name != "MESSAGE" {
			captures[strings.ToLower(f.Name)] = string(f.Value)
		}
	}
	for _, g := range named {
		if g.Kind != Null {
			captures[g.Name] = g.Value
		}
	}
	return captures
}

// What a line says of its connection.
const (
	quiet    = 1 << iota // it is no failure
	forget               // the connection ended
	wasQuiet             // the line before was no failure
	gained               // access was gained: what failed before was a mistake
)

// merge joins a hit with what its connection said before and remembers the sum. The rules are fail2ban's.
func (m *Matcher) merge(id []byte) *session {
	hash, tried, flags := m.sessions.hash(id), 0, m.fresh.flags()
	s := m.sessions.get(id, hash, m.now)
	if s != nil {
		tried = s.addUser(&m.fresh.groups)
		flags |= s.join(m.fresh, flags)
		if flags&forget != 0 {
			m.sessions.drop(s)
		}
	} else if s = m.fresh; flags&forget == 0 {
		tried = s.addUser(&s.groups)
		m.sessions.put(id, hash, s, m.now)
		m.fresh = nil
	}
	pending := s.groups.holds(mlfpending)
	s.groups.drop(mlfpending)
	if pending || tried > 1 {
		s.groups.drop(nofail)
		s.groups.drop(mlfgained)
		flags &^= gained | quiet
	}
	m.addLines(s, flags)
	return s
}

// flags reads and normalises the marks of a fresh hit.
func (s *session) flags() (flags int) {
	if s.groups.holds(mlfgained) {
		flags |= gained | quiet
		if !s.groups.holds(nofail) {
			e := s.groups.list[s.groups.index(mlfgained)]
			s.groups.put(entry{start: e.start, end: e.end, label: nofail})
		}
	} else if s.groups.holds(nofail) {
		flags |= quiet
	}
	if s.groups.holds(mlfforget) {
		flags |= forget
	}
	s.groups.drop(mlfforget)
	return flags
}

// join lays a fresh hit over what is known and returns the flags this adds.
func (s *session) join(fresh *session, flags int) (more int) {
	for _, l := range [...]label{nofail, mlfgained} {
		if s.groups.holds(l) {
			more = wasQuiet
		}
		s.groups.drop(l)
	}
	if flags&gained != 0 {
		s.groups.drop(mlfpending)
	}
	if more == 0 && !s.groups.holds(mlfpending) {
		s.lines.Reset(mostSpare) // they were reported
	}
	s.groups.overlay(&fresh.groups)
	return more
}

// addLines files the hit's lines under failures or others.
func (m *Matcher) addLines(s *session, flags int) {
	if flags&quiet != 0 {
		if flags&forget == 0 {
			m.addWholes(&s.quiet, m.hit.matched)
			s.quiet.Newest(maxKept)
		}
		return
	}
	if s.quiet.Len() > 0 {
		s.quiet.AddAll(&s.lines)
		s.quiet, s.lines = s.lines, s.quiet
		s.quiet.Reset(mostSpare)
	}
	if flags&gained == 0 {
		m.addWholes(&s.lines, m.hit.matched)
	}
	s.lines.Newest(maxKept)
}
