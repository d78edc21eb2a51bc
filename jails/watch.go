package jails

import (
	"bytes"
	"context"
	"reflect"
	"slices"
	"sync"
	"time"

	"bailiff/jails/event"
	"bailiff/jails/filter"
	"bailiff/jails/resolve"
	"bailiff/metrics"
)

// A Post is one jail's place at a source: the state of its filter there, and which lines are its business.
type Post struct {
	Jail     *Jail
	Matcher  *filter.Matcher
	Selector event.Selector // the journal entries it reads; meaningless for files
	Running  bool           // its counters are up to date: what it has read before it does not need again

	selector int  // which of the watch's selectors
	chosen   bool // the block at hand is for it
	matches  int  // in the block at hand, of those that are news
}

// A Watch reads one source for all the jails that follow it. It runs on the goroutine of whoever calls See.
type Watch struct {
	Source   string // "journal" or "files", for metrics
	Enforcer *Enforcer
	Names    *resolve.Resolver // looks up host names of filters that want it
	Metrics  *metrics.Metrics
	Beat     func() // called while See works on what may take long; nil: nobody listens
	// Gather runs work, and may write together what is logged meanwhile, but before it returns; nil: work is just run.
	Gather func(work func())

	mu        sync.Mutex
	posts     []*Post
	selectors []event.Selector // of the posts, each once
	choice    *choice          // by the selectors
	scan      *scan            // nil: with the choice to be planned with the next block
	kinds     []*kind          // of the entries of the block at hand
}

// Post sets the jails that follow the source, from the next block on. A jail that followed it before goes on as it was:
// what it still has to read of the past it reads. Posting the same jails again changes nothing but their findtime.
func (w *Watch) Post(posts []*Post) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, p := range posts {
		p.Matcher.SetFindTime(p.Jail.Config().FindTime)
	}
	if slices.EqualFunc(w.posts, posts, (*Post).equal) {
		return
	}
	for _, p := range posts {
		if i := slices.IndexFunc(w.posts, func(q *Post) bool { return q.Jail == p.Jail }); i >= 0 {
			p.Running = w.posts[i].Running
		}
	}
	w.posts, w.selectors, w.scan = posts, nil, nil
	for _, p := range posts {
		p.selector = slices.IndexFunc(w.selectors, func(s event.Selector) bool { return reflect.DeepEqual(s, p.Selector) })
		if p.selector < 0 {
			p.selector = len(w.selectors)
			w.selectors = append(w.selectors, p.Selector)
		}
	}
}

// equal tells whether both are the same jail's, with the same filter on the same lines.
func (p *Post) equal(q *Post) bool {
	return p.Jail == q.Jail && p.Matcher == q.Matcher && reflect.DeepEqual(p.Selector, q.Selector)
}

// Rerun says that the source begins again: what its jails have read before it they do not need once more.
func (w *Watch) Rerun() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, p := range w.posts {
		p.Running = true
	}
}

// See judges every line of the block and submits the bans that it led to. A position that is saved once it has returned,
// and once the effects are judged, is saved behind them; nobody waits for the store, the kernel or a name server.
func (w *Watch) See(_ context.Context, b *event.Block) (event.Effects, error) {
	c := w.hear(b)
	if len(c.bans) > 0 {
		w.Enforcer.Submit(c.bans)
	}
	for _, h := range c.heard {
		h.done()
	}
	e := event.Effects{Any: c.failures > 0}
	if c.hearing != nil {
		e.Judged = c.hearing.judged
		c.hearing.done()
	}
	return e, nil
}

// hear judges every line of the block.
func (w *Watch) hear(b *event.Block) *court {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.scan == nil {
		w.scan, w.choice = newScan(w.posts, b.Entries != nil, b.Text), newChoice(w.selectors)
	}
	w.choose(b)
	c := &court{now: time.Now(), watch: w, block: b}
	w.gather(func() { w.scan.run(b, c) })
	w.tellMetrics()
	return c
}

func (w *Watch) gather(work func()) {
	if w.Gather == nil {
		work()
		return
	}
	w.Gather(work)
}

func (w *Watch) beat() {
	if w.Beat != nil {
		w.Beat()
	}
}

// choose finds out which posts the block is for and, of the journal's entries, which selectors hold for each. It counts
// what each jail reads.
func (w *Watch) choose(b *event.Block) {
	w.choice.begin()
	w.kinds = w.kinds[:0]
	for i := range b.Entries {
		w.kinds = append(w.kinds, w.choice.count(b.Entries[i].Fields))
	}
	held := w.choice.held()
	if b.Entries == nil { // a log file's lines are everybody's
		held = slices.Repeat([]int{bytes.Count(b.Text, []byte{'\n'})}, len(w.selectors))
	}
	for _, p := range w.posts {
		p.chosen = b.Jails == nil || slices.Contains(b.Jails, p.Jail.Name)
		if p.chosen && !b.Past {
			w.Metrics.Lines(p.Jail.Name, w.Source, held[p.selector])
		}
	}
}

// tellMetrics counts what was found in the block at hand. A flood asks for no counter at each line.
func (w *Watch) tellMetrics() {
	for _, p := range w.posts {
		if p.matches > 0 {
			w.Metrics.Matches(p.Jail.Name, p.matches)
			p.Jail.tellMetrics()
			p.matches = 0
		}
	}
}

// A court hears the lines of one block.
type court struct {
	now      time.Time
	watch    *Watch
	block    *event.Block
	failures int
	bans     []event.Ban
	hearing  *hearing   // the failures that wait; nil: none does
	heard    []*hearing // failures that waited and were judged now
}

// waits returns the hearing of the failures of the block that wait.
func (c *court) waits() *hearing {
	if c.hearing == nil {
		c.hearing = newHearing()
	}
	return c.hearing
}

// concerned tells whether the line of an entry is the business of any of the team's posts.
func (c *court) concerned(t *team, entry int) bool {
	for _, p := range t.posts {
		if c.concerns(p, entry) {
			return true
		}
	}
	return false
}

// hear judges a line that the team's filter may match.
func (c *court) hear(t *team, line *event.Line, keep bool) {
	found := t.match(line, keep, c.now)
	for i := range found {
		if m := &found[i]; m.NoFail || m.Ignored {
			continue
		}
		for _, p := range t.posts {
			if c.concerns(p, line.Entry) {
				c.judge(p, &found[i].Failure)
			}
		}
	}
	c.watch.beat() // a slow search may have taken seconds
}

// concerns tells whether the line of an entry is the post's business.
func (c *court) concerns(p *Post, entry int) bool {
	if !p.chosen || p.Running && c.known(p) {
		return false
	}
	return c.block.Entries == nil || c.watch.kinds[entry].held[p.selector]
}

// known tells whether the post's jail has read the block before.
func (c *court) known(p *Post) bool {
	return c.block.Past && slices.Contains(c.block.Known, p.Jail.Name)
}

func (c *court) judge(p *Post, f *event.Failure) {
	c.failures++
	v := p.Jail.hear(f, c.now, c.known(p), c)
	p.matches += v.matched
	c.bans = append(c.bans, v.bans...)
	c.heard = append(c.heard, v.heard...)
}
