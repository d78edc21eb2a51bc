package jails

import (
	"errors"
	"sync/atomic"
	"time"

	"bailiff/jails/event"
	"bailiff/jails/resolve"
)

// What may wait of one jail.
const (
	mostWaiting  = 10_000   // failures
	waitingBytes = 16 << 20 // and the size of their lines
)

// A waiting is a failure that is judged later: it names a host that is being looked up, or it came after one that does.
// Others of its jail are never judged before it.
type waiting struct {
	failure event.Failure // it owns its memory
	known   bool
	size    int
	hearing *hearing

	named  bool           // the failure's host is to be looked up
	answer resolve.Answer // of the resolver, once it is there
	ready  bool
}

// A hearing is the part of a block that is judged later.
type hearing struct {
	left   atomic.Int64  // failures, and one more until the block has been read
	judged chan struct{} // closed when none is left
}

func newHearing() *hearing {
	h := &hearing{judged: make(chan struct{})}
	h.left.Store(1)
	return h
}

func (h *hearing) done() {
	if h.left.Add(-1) == 0 {
		close(h.judged)
	}
}

// A queue is the failures of a jail that wait, oldest first.
type queue struct {
	list  []*waiting
	bytes int
}

// add has a failure wait. f's Evidence is valid only until the caller returns.
func (q *queue) add(w *waiting, f *event.Failure, keepLines bool) {
	w.failure = *f
	var lines event.Lines
	if keepLines {
		f.AddLines(&lines)
	}
	w.failure.Evidence, w.failure.Lines, w.failure.Fields = nil, lines.Strings(), f.Captures()
	w.size = lines.Size()
	w.hearing.left.Add(1)
	q.bytes += w.size
	q.list = append(q.list, w)
}

// next takes the first failure out of the queue, if it waits for nothing.
func (q *queue) next() *waiting {
	if len(q.list) == 0 || q.list[0].named && !q.list[0].ready {
		return nil
	}
	w := q.list[0]
	q.list[0] = nil
	if q.list = q.list[1:]; len(q.list) == 0 {
		q.list = nil
	}
	q.bytes -= w.size
	return w
}

// full reports whether something has to go.
func (q *queue) full() bool { return len(q.list) > mostWaiting || q.bytes > waitingBytes }

// A verdict is what became of failures.
type verdict struct {
	bans    []event.Ban
	matched int        // addresses that failed and were not known before
	heard   []*hearing // one for each failure that waited: to be done with when the bans have been submitted
}

// hear judges a failure unless it has to wait; it is judged later then, and submit is called with its bans.
func (j *Jail) hear(f *event.Failure, now time.Time, known bool, c *court) (v verdict) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if !f.Subject.IsZero() && len(j.queue.list) == 0 {
		j.judgeOne(f, now, known, &v)
		return v
	}
	if f.Time.IsZero() || f.Time.After(now) {
		f.Time = now
	}
	w := &waiting{known: known, named: f.Subject.IsZero()}
	if w.named {
		submit := c.watch.Enforcer.Submit
		w.answer, w.ready = c.watch.Names.Ask(f.Host, func(a resolve.Answer) { j.answered(w, a, submit) })
	}
	if w.ready && len(j.queue.list) == 0 {
		j.judgeNamed(f, w, now, &v)
		return v
	}
	w.hearing = c.waits()
	j.queue.add(w, f, j.config.MaxMatches > 0)
	for j.queue.full() {
		first := j.queue.list[0] // a name: all others were judged
		first.answer, first.ready = resolve.Answer{Err: errOverflow}, true
		j.drain(now, &v)
	}
	return v
}

// errOverflow is the error of a name that is given up for those that came after it.
var errOverflow = errors.New("too many failures wait for names")

// judgeOne judges a failure of a subject that is known. j.mu is held.
func (j *Jail) judgeOne(f *event.Failure, now time.Time, known bool, v *verdict) {
	if !known {
		v.matched++
	}
	if b, banned := j.judge(f, now, known); banned {
		v.bans = append(v.bans, b)
	}
}

// judgeNamed judges a failure of a host whose name has been looked up: one for each of its addresses. j.mu is held.
func (j *Jail) judgeNamed(f *event.Failure, w *waiting, now time.Time, v *verdict) {
	addrs := w.answer.Addrs
	if mode := j.config.Definition.UseDNS; len(addrs) > 0 && (mode == "warn" || mode == "") {
		j.log.Warn("determined address by looking up a host name", "jail", j.Name, "host", f.Host, "addresses", addrs)
	}
	if w.answer.Err != nil && !w.known {
		j.nameless.note(f.Host, w.answer.Err)
		j.metrics.Unresolved(j.Name)
	}
	for _, a := range addrs {
		one := *f
		one.Subject = event.Address(a)
		j.judgeOne(&one, now, w.known, v)
	}
}

// drain judges what waits for nothing any more. j.mu is held.
func (j *Jail) drain(now time.Time, v *verdict) {
	for w := j.queue.next(); w != nil; w = j.queue.next() {
		if w.named {
			j.judgeNamed(&w.failure, w, now, v)
		} else {
			j.judgeOne(&w.failure, now, w.known, v)
		}
		v.heard = append(v.heard, w.hearing)
	}
}

// answered is called when a name has been looked up.
func (j *Jail) answered(w *waiting, a resolve.Answer, submit func([]event.Ban)) {
	var v verdict
	j.mu.Lock()
	w.answer, w.ready = a, true
	j.drain(time.Now(), &v)
	j.mu.Unlock()
	j.metrics.Matches(j.Name, v.matched)
	j.tellMetrics()
	if len(v.bans) > 0 {
		submit(v.bans)
	}
	for _, h := range v.heard {
		h.done()
	}
}

// A nameless counts failures that nobody is blamed for, since the name of a host could not be looked up.
type nameless struct {
	failures int
	host     string // of the last
	err      error
	told     time.Time
}

func (n *nameless) note(host string, err error) {
	n.failures++
	n.host, n.err = host, err
}

// tell says so in the log, once a minute. j.mu is held.
func (j *Jail) tellNameless(now time.Time) {
	n := &j.nameless
	if n.failures == 0 || now.Sub(n.told) < time.Minute {
		return
	}
	j.log.Warn("host names could not be looked up; their failures do not count", "jail", j.Name, "failures", n.failures,
		"last", n.host, "err", n.err)
	*n = nameless{told: now}
}
