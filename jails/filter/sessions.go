package filter

import (
	"bytes"
	"hash/maphash"
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
	ends   session          // the ring's: the oldest is the one newer than it
	n      int              // how many are remembered
	spare  *session         // the last of those forgotten
}

// newSessions returns sessions without any.
func newSessions() *sessions {
	c := &sessions{seed: maphash.MakeSeed()}
	c.ends.older, c.ends.newer = &c.ends, &c.ends
	return c
}

// take returns an empty session, which is remembered once it is put.
func (c *sessions) take() *session {
	s := c.spare
	if s == nil {
		return &session{}
	}
	c.spare = s.next
	s.reset()
	return s
}

func (c *sessions) chain(hash uint64) **session { return &c.chains[hash%uint64(len(c.chains))] }

// hash is what get and put ask for beside an id.
func (c *sessions) hash(id []byte) uint64 { return maphash.Bytes(c.seed, id) }

// get returns the connection's session, nil if it is not remembered.
func (c *sessions) get(id []byte, hash uint64, now time.Time) *session {
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
	s.older.newer, s.newer.older = s.newer, s.older
	c.n--
	s.next, c.spare = c.spare, s
}

// put remembers the session of a connection that get does not know. Where there is no room, expired ones go and one that
// is not.
func (c *sessions) put(id []byte, hash uint64, s *session, now time.Time) {
	for c.n >= maxSessions || c.n > 0 && !c.ends.newer.expires.After(now) {
		c.drop(c.ends.newer)
	}
	s.id, s.hash, s.expires = append(s.id[:0], id...), hash, now.Add(sessionLife)
	link := c.chain(hash)
	s.next, *link = *link, s
	s.older, s.newer = c.ends.older, &c.ends
	s.older.newer, s.newer.older = s, s
	c.n++
}
