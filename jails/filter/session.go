package filter

import (
	"slices"
	"time"
)

// Fail2ban's limits of what it remembers of connections.
const (
	maxSessions = 100
	sessionLife = 5 * time.Minute
	maxKept     = 100 // ours: the lines and the users kept of one connection
)

// A session is what the lines of one connection (<F-MLFID>) said so far.
type session struct {
	groups  groups
	users   []string // every user that was tried
	lines   []string // of failures
	quiet   []string // of lines that are no failure, which a failure takes along
	expires time.Time
}

// sessions remembers the newest connections. The zero value is empty.
type sessions struct {
	byID  map[string]*session
	order []string // oldest first
}

func (c *sessions) get(id string, now time.Time) *session {
	s := c.byID[id]
	if s != nil && !s.expires.After(now) {
		c.drop(id)
		return nil
	}
	return s
}

func (c *sessions) drop(id string) {
	delete(c.byID, id)
	if i := slices.Index(c.order, id); i >= 0 {
		c.order = slices.Delete(c.order, i, i+1)
	}
}

// put remembers a connection that get does not know. Where there is no room, expired ones go and one that is not.
func (c *sessions) put(id string, s *session, now time.Time) {
	if c.byID == nil {
		c.byID = map[string]*session{}
	}
	for len(c.order) >= maxSessions || len(c.order) > 0 && !c.byID[c.order[0]].expires.After(now) {
		c.drop(c.order[0])
	}
	s.expires = now.Add(sessionLife)
	c.byID[id] = s
	c.order = append(c.order, id)
}

// addUser notes a user and returns how many were tried.
func (s *session) addUser(user string) int {
	if user != "" {
		if !slices.Contains(s.users, user) && len(s.users) < maxKept {
			s.users = append(s.users, user)
		}
		s.groups.set(Group{Name: "users", Value: setRepr(s.users), Kind: Literal})
	}
	return len(s.users)
}

// What a line says of its connection.
const (
	quiet    = 1 << iota // it is no failure
	forget               // the connection ended
	wasQuiet             // the line before was no failure
	gained               // access was gained: what failed before was a mistake
)

// merge joins a hit with what its connection said before and remembers the sum. The rules are fail2ban's.
func (m *Matcher) merge(id string, h *hit, now time.Time) *session {
	fresh := &session{groups: h.groups}
	flags := fresh.flags()
	s, users := m.sessions.get(id, now), 0
	if s != nil {
		user, _ := fresh.groups.get("user")
		users = s.addUser(user)
		flags |= s.join(fresh, flags)
		if flags&forget != 0 {
			m.sessions.drop(id)
		}
	} else if s = fresh; flags&forget == 0 {
		user, _ := fresh.groups.get("user")
		users = s.addUser(user)
		m.sessions.put(id, s, now)
	}
	pending := s.groups.holds("mlfpending")
	s.groups.drop("mlfpending")
	if pending || users > 1 {
		s.groups.drop("nofail")
		s.groups.drop("mlfgained")
		flags &^= gained | quiet
	}
	s.addLines(flags, h)
	return s
}

// flags reads and normalises the marks of a fresh hit.
func (s *session) flags() (flags int) {
	if v, _ := s.groups.get("mlfgained"); v != "" {
		flags |= gained | quiet
		if !s.groups.holds("nofail") {
			s.groups.set(Group{Name: "nofail", Value: v})
		}
	} else if s.groups.holds("nofail") {
		flags |= quiet
	}
	if s.groups.holds("mlfforget") {
		flags |= forget
	}
	s.groups.drop("mlfforget")
	return flags
}

// join lays a fresh hit over what is known and returns the flags this adds.
func (s *session) join(fresh *session, flags int) (more int) {
	for _, name := range []string{"nofail", "mlfgained"} {
		if s.groups.holds(name) {
			more = wasQuiet
		}
		s.groups.drop(name)
	}
	if flags&gained != 0 {
		s.groups.drop("mlfpending")
	}
	if more == 0 && !s.groups.holds("mlfpending") {
		s.lines = nil // they were reported
	}
	s.groups.overlay(fresh.groups)
	return more
}

// addLines files the hit's lines under failures or others.
func (s *session) addLines(flags int, h *hit) {
	if flags&quiet == 0 {
		lines := append(s.quiet, s.lines...)
		if flags&gained == 0 {
			lines = append(lines, wholes(h.matched)...)
		}
		s.quiet, s.lines = nil, newest(lines)
		return
	}
	if flags&forget == 0 {
		s.quiet = newest(append(s.quiet, wholes(h.matched)...))
	}
}

func newest(lines []string) []string { return lines[max(0, len(lines)-maxKept):] }
