package jails

import (
	"bytes"
	"context"
	"slices"
	"sync"
	"time"

	"bailiff/jails/event"
	"bailiff/jails/filter"
	"bailiff/metrics"
)

// A Post is one jail's place at a source: the state of its filter there, and which lines are its business.
type Post struct {
	Jail     *Jail
	Matcher  *filter.Matcher
	Selector event.Selector // the journal entries it reads; meaningless for files
	Running  bool           // its counters are up to date: what it has read before it does not need again

	heard int // lines of the block at hand that were its business
}

// A Watch reads one source for all the jails that follow it. It runs on the goroutine of whoever calls See.
type Watch struct {
	Source   string // "journal" or "files", for metrics
	Enforcer *Enforcer
	Metrics  *metrics.Metrics

	mu     sync.Mutex
	posts  []*Post
	chosen []*Post // those that the block at hand is for
}

// Post sets the jails that follow the source, from the next block on.
func (w *Watch) Post(posts []*Post) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.posts = posts
}

// See judges every line of the block. When it returns nil, every ban the block led to is stored and in the kernel, and
// the source may save its position. effects tells whether there was any failure: the position is then worth saving at
// once.
func (w *Watch) See(ctx context.Context, b *event.Block) (effects bool, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	c := court{now: time.Now(), block: b, metrics: w.Metrics}
	posts, lines := w.choose(b), 0
	for _, p := range posts {
		p.heard = 0
	}
	for text := b.Text; len(text) > 0; lines++ {
		line := event.Line{Origin: b.Origin, Live: b.Live}
		line.Text, text, _ = bytes.Cut(text, []byte{'\n'})
		if b.Entries != nil {
			line.Time, line.Fields = b.Entries[lines].Time, b.Entries[lines].Fields
		}
		for _, p := range posts {
			if b.Entries == nil || p.Selector.Holds(line.Fields) {
				p.heard++
				c.hear(p, line)
			}
		}
	}
	for _, p := range posts {
		if !b.Past {
			w.Metrics.Lines(p.Jail.Name, w.Source, p.heard)
		}
	}
	if len(c.bans) == 0 {
		return c.failures > 0, nil
	}
	if err := w.Enforcer.Enforce(ctx, c.bans); err != nil {
		revoke(posts, c.bans) // the source will read the block again
		return true, err
	}
	return true, nil
}

// revoke takes back verdicts that could not be carried out.
func revoke(posts []*Post, bans []event.Ban) {
	for _, b := range bans {
		for _, p := range posts {
			if p.Jail.Name == b.Jail {
				p.Jail.release([]event.Subject{b.Subject})
			}
		}
	}
}

// choose returns the posts that the block is for.
func (w *Watch) choose(b *event.Block) []*Post {
	if b.Jails == nil {
		return w.posts
	}
	w.chosen = w.chosen[:0]
	for _, p := range w.posts {
		if slices.Contains(b.Jails, p.Jail.Name) {
			w.chosen = append(w.chosen, p)
		}
	}
	return w.chosen
}

// A court hears the lines of one block.
type court struct {
	now      time.Time
	block    *event.Block
	metrics  *metrics.Metrics
	failures int
	bans     []event.Ban
}

func (c *court) hear(p *Post, line event.Line) {
	known := c.block.Past && slices.Contains(c.block.Known, p.Jail.Name)
	if known && p.Running {
		return
	}
	for _, m := range p.Matcher.Match(line, c.now) {
		if m.NoFail || m.Ignored {
			continue
		}
		if !known {
			c.metrics.Match(p.Jail.Name)
		}
		if m.Subject.IsZero() {
			continue
		}
		c.failures++
		if b, ok := p.Jail.judge(m.Failure, c.now, known); ok {
			c.bans = append(c.bans, b)
		}
	}
}
