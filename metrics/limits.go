package metrics

import (
	"bytes"
	"net"
	"net/http"
	"sync"
	"time"
)

const (
	// maxClients is how many connections are served at a time. Others wait to be accepted.
	maxClients = 16
	// maxPages is how many pages are made at a time, and pageWait how long a client waits for its turn.
	maxPages = 2
	pageWait = 5 * time.Second
	// firstWord is how long a client has to begin a request until it may have to give way.
	firstWord = 100 * time.Millisecond
)

// inMemory makes only so many pages at a time, in memory: a client that does not read its page keeps nobody else from
// getting one.
func inMemory(h http.Handler) http.Handler {
	turns := make(chan struct{}, maxPages)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		late := time.NewTimer(pageWait)
		defer late.Stop()
		select {
		case turns <- struct{}{}:
		case <-r.Context().Done():
			return
		case <-late.C:
			http.Error(w, "too many requests at a time", http.StatusServiceUnavailable)
			return
		}
		p := page{header: w.Header(), code: http.StatusOK}
		func() {
			defer func() { <-turns }()
			h.ServeHTTP(&p, r)
		}()
		w.WriteHeader(p.code)
		text := bytes.Clone(p.body.Bytes()) // without the room to grow: it stays until the client has read it
		p.body = bytes.Buffer{}
		w.Write(text) // a client that has gone needs none
	})
}

// A page is what a handler wrote.
type page struct {
	header http.Header
	code   int
	body   bytes.Buffer
}

func (p *page) Header() http.Header         { return p.header }
func (p *page) WriteHeader(code int)        { p.code = code }
func (p *page) Write(b []byte) (int, error) { return p.body.Write(b) }

// A crowd is the clients of a server, of which there is room for so many. Where it is full, one that asks for
// nothing just now gives way. It is safe for concurrent use.
type crowd struct {
	room chan struct{}

	mu   sync.Mutex
	idle map[net.Conn]time.Time // since when it may have to give way
}

func newCrowd(room int) *crowd {
	return &crowd{room: make(chan struct{}, room), idle: map[net.Conn]time.Time{}}
}

// note is told what the server's connections do.
func (c *crowd) note(conn net.Conn, state http.ConnState) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.idle, conn)
	switch state {
	case http.StateIdle:
		c.idle[conn] = time.Now()
	case http.StateNew:
		c.idle[conn] = time.Now().Add(firstWord)
	}
}

// enter waits for room until stop.
func (c *crowd) enter(stop <-chan struct{}) bool {
	for {
		select {
		case c.room <- struct{}{}:
			return true
		case <-stop:
			return false
		default:
		}
		c.evict()
		select {
		case c.room <- struct{}{}:
			return true
		case <-stop:
			return false
		case <-time.After(100 * time.Millisecond): // somebody may be idle now
		}
	}
}

// evict closes the connection that is idle for longest.
func (c *crowd) evict() {
	c.mu.Lock()
	defer c.mu.Unlock()
	var oldest net.Conn
	for conn, since := range c.idle {
		if time.Now().After(since) && (oldest == nil || since.Before(c.idle[oldest])) {
			oldest = conn
		}
	}
	if oldest != nil {
		delete(c.idle, oldest)
		oldest.Close()
	}
}

// limited is a listener that accepts whom there is room for.
type limited struct {
	net.Listener
	crowd *crowd
	once  sync.Once
	ended chan struct{}
}

// Accept waits for room, and then for a client.
func (l *limited) Accept() (net.Conn, error) {
	if !l.crowd.enter(l.ended) {
		return nil, net.ErrClosed
	}
	conn, err := l.Listener.Accept()
	if err != nil {
		<-l.crowd.room
		return nil, err
	}
	return &client{Conn: conn, crowd: l.crowd}, nil
}

// Close ends Accept, too.
func (l *limited) Close() error {
	l.once.Do(func() { close(l.ended) })
	return l.Listener.Close()
}

// A client is a connection that makes room when it is closed.
type client struct {
	net.Conn
	crowd *crowd
	once  sync.Once
}

// Close makes room for another client.
func (c *client) Close() error {
	err := c.Conn.Close()
	c.once.Do(func() { <-c.crowd.room })
	return err
}
