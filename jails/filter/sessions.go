package filter

import (
	"bytes"
	"hash/maphash"
	"slices"
	"time"
)

// Fail2ban's limits of what it remembers of connections.
const (
	maxSessions = 100
	sessionLife = 5 * time.Minute
)

// sessions remembers the newest connections, by id.
type sessions struct {
	seed   maphash.Seed
	chains [1 << 7]*session // by the hashes of their ids
	order  []*session       // oldest first
	spare  []*session       // those forgotten
}

// take returns an empty session, which is remembered once it is put.
func (c *sessions) take() *session {
	n := len(c.spare)
	if n == 0 {
		return &session{}
	}
	s := c.spare[n-1]
	c.spare = c.spare[:n-1]
	s.reset()
	return s
}

func (c *sessions) chain(hash uint64) **session { return &c.chains[hash%uint64(len(c.chains))] }

// get returns the connection's session, nil if it is not remembered.
func (c *sessions) get(id []byte, now time.Time) *session {
	hash := maphash.Bytes(c.seed, id)
	s := *c.chain(hash)
	for s != nil && !(s.hash == hash && bytes.Equal(s.id, id)) {
		s = s.next
	}
	if s != nil && !s.expires.After(now) {
		c.drop(s)
		return nil
	}
	return s
}

// drop forgets a session, which stays as it is until take returns it.
func (c *sessions) drop(s *session) {
	link := c.chain(s.hash)
	for *link != s {
		link = &(*link).next
	}
	*link = s.next
	i := slices.Index(c.order, s)
	c.order = slices.Delete(c.order, i, i+1)
	c.spare = append(c.spare, s)
}

// put remembers the session of a connection that get does not know. Where there is no room, expired ones go and one that
// is not.
func (c *sessions) put(id []byte, s *session, now time.Time) {
	for len(c.order) >= maxSessions || len(c.order) > 0 && !c.order[0].expires.After(now) {
		c.drop(c.order[0])
	}
	s.id, s.hash, s.expires = append(s.id[:0], id...), maphash.Bytes(c.seed, id), now.Add(sessionLife)
	link := c.chain(s.hash)
	s.next, *link = *link, s
	c.order = append(c.order, s)
}
