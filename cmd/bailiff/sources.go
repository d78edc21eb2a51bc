package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"bailiff/cmd/internal/logging"
	"bailiff/cmd/internal/sdnotify"
	"bailiff/filefollow"
	"bailiff/jails"
	"bailiff/jails/config"
	"bailiff/jails/event"
	"bailiff/jails/filter"
	"bailiff/jails/resolve"
	"bailiff/jails/source"
	"bailiff/journal"
	"bailiff/metrics"
)

const (
	planEvery  = 2 * time.Second  // how soon a log or a journal that appears is noticed
	graceTime  = 10 * time.Second // how long a log may be away, as in a rotation, before its jail turns to the journal
	retryFirst = time.Second      // after a source failed; doubled each time
	retryMost  = time.Minute
)

// sources runs a reader for each source that the jails need, and changes the readers when the jails or their logs do.
type sources struct {
	log      *slog.Logger
	lines    *logging.Log
	metrics  *metrics.Metrics
	marks    source.Positions
	enforcer *jails.Enforcer
	watchdog *sdnotify.Watchdog
	names    *resolve.Resolver
	journals journal.Counters
	files    filefollow.Counters
	rounds   atomic.Uint64 // made by all readers: what grows while a long history is read

	replan chan chan struct{} // closed by Run when it has planned anew, and readers that had to end have ended
	ended  chan struct{}      // has room for one: a reader that was to end has
	ready  chan struct{}      // closed when every reader of the first plan stands

	mu      sync.Mutex
	jails   []*jails.Jail
	reader  string             // journal.reader
	choices map[string]choice  // by jail
	places  map[string]*place  // by jail; Run's goroutine only
	readers map[string]*reader // by plan key; Run's goroutine only
	ending  map[string]*reader // by plan key, those that were told to end; Run's goroutine only
	waits   []string           // what Run waits for
}

// A choice is where a jail reads, and since when its logs are away.
type choice struct {
	source.Choice
	away time.Time
}

// A place is what runs of one jail at one source. It outlives its reader.
type place struct {
	key    string
	filter *filter.Filter
	post   jails.Post
}

// A reader is one running source.
type reader struct {
	plan   *plan
	watch  *jails.Watch
	cancel context.CancelFunc
	done   chan struct{} // closed when it has ended
	stands chan struct{} // closed when it has read what was there, or failed
	once   sync.Once
}

func (r *reader) stand() { r.once.Do(func() { close(r.stands) }) }

func newSources(log *slog.Logger, lines *logging.Log, m *metrics.Metrics, marks source.Positions, e *jails.Enforcer, names *resolve.Resolver, w *sdnotify.Watchdog) *sources {
	return &sources{log: log, lines: lines, metrics: m, marks: marks, enforcer: e, names: names, watchdog: w,
		replan: make(chan chan struct{}), ended: make(chan struct{}, 1), ready: make(chan struct{}),
		choices: map[string]choice{}, places: map[string]*place{}, readers: map[string]*reader{}, ending: map[string]*reader{}}
}

// follow sets the jails that sources are read for, from the next plan on.
func (s *sources) follow(js []*jails.Jail, journalReader string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.jails, s.reader = js, journalReader
}

// replanned returns when what runs is what the jails need now, or says what is still in its way after a time.
func (s *sources) replanned(ctx context.Context, limit time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	done := make(chan struct{})
	select {
	case s.replan <- done:
	case <-ctx.Done():
		return s.late(ctx, limit)
	}
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return s.late(ctx, limit)
	}
}

func (s *sources) late(ctx context.Context, limit time.Duration) error {
	if !errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return ctx.Err()
	}
	waits := s.waitsFor()
	if len(waits) == 0 {
		waits = []string{waitForReaders}
	}
	return fmt.Errorf("after %s still waiting for %s", limit, strings.Join(waits, ", "))
}

// waitsFor is what the readers that jails need wait for.
func (s *sources) waitsFor() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.waits
}

// wait notes what is waited for.
func (s *sources) wait(what ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.waits = what
}

// choice says where the jail reads now, and why.
func (s *sources) choice(jail string) source.Choice {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.choices[jail].Choice
}

// Run reads until ctx ends. A source that fails is tried again; the others go on.
func (s *sources) Run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	tick := time.NewTicker(planEvery)
	defer tick.Stop()
	s.apply(ctx, g, s.plans(time.Now()))
	first := s.standing()
	g.Go(func() error { s.awaitFirst(ctx, first); return nil })
	var asked []chan struct{}
	for {
		select {
		case <-ctx.Done():
			return g.Wait()
		case done := <-s.replan:
			asked = append(asked, done)
		case <-s.ended:
		case <-tick.C:
		}
		s.apply(ctx, g, s.plans(time.Now()))
		if len(s.ending) > 0 {
			continue
		}
		for _, done := range asked {
			close(done)
		}
		asked = nil
	}
}

// loudness is how loud a choice is told: a path may be misspelt where nothing is.
func loudness(c choice) slog.Level {
	if c.Empty {
		return slog.LevelWarn
	}
	return slog.LevelInfo
}

// standing lists what awaitFirst waits for.
func (s *sources) standing() (all []chan struct{}) {
	for _, r := range s.readers {
		all = append(all, r.stands)
	}
	return all
}

func (s *sources) awaitFirst(ctx context.Context, stands []chan struct{}) {
	for _, c := range stands {
		select {
		case <-c:
		case <-ctx.Done():
			return
		}
	}
	close(s.ready)
}

// plans decides where each jail reads now. Who wants to know meanwhile does not wait: a log's directory may be slow, and
// a journal large.
func (s *sources) plans(now time.Time) map[string]*plan {
	s.mu.Lock()
	jails, reader, before := s.jails, s.reader, s.choices
	s.mu.Unlock()
	plans, choices := map[string]*plan{}, map[string]choice{}
	journals := openJournals{reader: reader, running: s.readers, errs: map[string]error{}}
	for _, j := range jails {
		c := j.Config()
		chosen := choose(c, before[j.Name], func() error { return journals.err(c) }, now)
		if was, known := before[j.Name]; !known || was.Choice != chosen.Choice {
			s.log.Log(context.Background(), loudness(chosen), "source chosen", "jail", j.Name, "source", string(chosen.Kind), "reason", chosen.Why)
		}
		choices[j.Name] = chosen
		if chosen.Kind == source.FromNowhere {
			continue
		}
		key := planKey(c, chosen.Kind)
		if plans[key] == nil {
			plans[key] = &plan{key: key, kind: chosen.Kind}
		}
		plans[key].add(j, c, reader, now)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.choices = choices
	return plans
}

// choose decides where one jail reads. A log that is away for a moment is waited for.
func choose(c *config.Jail, before choice, journal func() error, now time.Time) choice {
	chosen := choice{Choice: wish(c).Choose(journal)}
	if before.Kind != source.FromFiles || chosen.Kind != source.FromJournal {
		return chosen
	}
	if before.away.IsZero() {
		before.away = now
	}
	if now.Sub(before.away) < graceTime {
		return before
	}
	return chosen
}

// openJournals finds out, once for each, which journals can be read.
type openJournals struct {
	reader  string             // journal.reader
	running map[string]*reader // a running reader is proof
	errs    map[string]error   // by plan key
}

// err is why the jail's journal cannot be read.
func (o *openJournals) err(c *config.Jail) error {
	key := planKey(c, source.FromJournal)
	err, known := o.errs[key]
	if !known && o.running[key] == nil {
		err = journal.Available(journalOptions(c, o.reader))
		o.errs[key] = err
	}
	return err
}

// apply has the readers end that no plan wants as they are, and starts those that are missing. It waits for none to end:
// whatever is to take the place of one is started by the apply after that.
func (s *sources) apply(ctx context.Context, g *errgroup.Group, plans map[string]*plan) {
	for key, r := range s.readers {
		if p := plans[key]; p == nil || p.shape != r.plan.shape {
			r.cancel()
			s.ending[key] = r
			delete(s.readers, key)
		}
	}
	s.reap()
	kept := map[string]bool{}
	for key, p := range plans {
		if s.hindered(p) {
			for _, j := range p.jails {
				kept[j.Name] = true
			}
			continue
		}
		posts, back := s.post(p, kept)
		if r := s.readers[key]; r != nil {
			s.wait("the reader of " + key + " to finish what it is at")
			r.watch.Post(posts)
			continue
		}
		p.journal.Back = back
		s.start(ctx, g, p, posts)
	}
	for jail := range s.places {
		if !kept[jail] {
			delete(s.places, jail)
		}
	}
	s.wait(s.reap()...)
}

// hindered reports whether a plan has to wait for a reader to end: for the one at its source, and for those that its jails
// come from, so that a jail is read for by one at a time.
func (s *sources) hindered(p *plan) bool {
	return s.ending[p.key] != nil || slices.ContainsFunc(p.jails, func(j *jails.Jail) bool {
		was := s.places[j.Name]
		return was != nil && s.ending[was.key] != nil
	})
}

// reap forgets the readers that have ended, and says for which it waits.
func (s *sources) reap() (waits []string) {
	for key, r := range s.ending {
		select {
		case <-r.done:
			delete(s.ending, key)
		default:
			waits = append(waits, "the reader of "+key+" to end")
		}
	}
	return waits
}

// post makes a place at the source for each of its jails, keeping what is there. back is how far jails that are new
// there want to look back, zero when none is.
func (s *sources) post(p *plan, kept map[string]bool) (posts []*jails.Post, back time.Time) {
	now := time.Now()
	for _, j := range p.jails {
		c := j.Config()
		kept[j.Name] = true
		old, fresh := s.places[j.Name], &place{key: p.key, filter: c.Filter, post: jails.Post{Jail: j, Selector: c.Journal}}
		same := old != nil && old.key == p.key
		fresh.post.Running = old != nil
		var kept *filter.Matcher
		if same && old.filter == c.Filter {
			kept = old.post.Matcher
		}
		fresh.post.Matcher = s.matcher(j, c, kept, posts)
		if old != nil && !same {
			j.Moved()
		}
		if begin := now.Add(-c.FindTime); !same && (back.IsZero() || begin.Before(back)) {
			back = begin
		}
		s.places[j.Name] = fresh
		posts = append(posts, &fresh.post)
	}
	return posts, back
}

// matcher returns the jail's matcher: the one it had unless another jail has that, else that of a jail alike, else a new
// one.
func (s *sources) matcher(j *jails.Jail, c *config.Jail, had *filter.Matcher, posts []*jails.Post) *filter.Matcher {
	if had != nil && !slices.ContainsFunc(posts, func(p *jails.Post) bool { return p.Matcher == had }) {
		return had
	}
	for _, p := range posts {
		if alike(p.Jail.Config(), c) {
			return p.Matcher
		}
	}
	return c.Filter.NewMatcher(filter.Options{FindTime: c.FindTime,
		GaveUp: func() { s.metrics.GaveUp(j.Name) }, Log: s.log.With("jail", j.Name)})
}

// alike tells whether two jails of one source find the same in the same lines.
func alike(a, b *config.Jail) bool {
	return a.FindTime == b.FindTime && reflect.DeepEqual(a.Definition, b.Definition) &&
		reflect.DeepEqual(a.Journal, b.Journal) && slices.Equal(a.LogPaths, b.LogPaths)
}

// tellEnd says that a reader has ended.
func (s *sources) tellEnd(r *reader) {
	close(r.done)
	select {
	case s.ended <- struct{}{}:
	default:
	}
}

// start runs a reader for the plan. A reader that fails is tried again with growing delay.
func (s *sources) start(ctx context.Context, g *errgroup.Group, p *plan, posts []*jails.Post) {
	r := &reader{plan: p, done: make(chan struct{}), stands: make(chan struct{})}
	beat := s.watchdog.Part("reader of " + p.key)
	round := func() {
		s.rounds.Add(1)
		beat.Round()
	}
	r.watch = &jails.Watch{Source: string(p.kind), Enforcer: s.enforcer, Names: s.names, Metrics: s.metrics, Beat: round,
		Gather: s.lines.Gather}
	r.watch.Post(posts)
	ctx, r.cancel = context.WithCancel(ctx)
	s.readers[p.key] = r
	g.Go(func() error {
		defer s.tellEnd(r)
		defer s.watchdog.Retire(beat)
		defer r.stand()
		for delay := time.Duration(0); ; {
			begun := time.Now()
			err := s.read(ctx, r, round)
			if ctx.Err() != nil {
				return nil
			}
			delay = nextDelay(delay, time.Since(begun))
			s.log.Error("source failed, trying again", "source", p.key, "delay", delay.String(), "err", err)
			r.stand()
			r.watch.Rerun()
			pause(ctx, delay, beat.Round)
		}
	})
}

// nextDelay is how long to wait before a source is read again that has failed: longer after each failure, and as after the
// first one when the source was well for a while.
func nextDelay(last, ran time.Duration) time.Duration {
	if last == 0 || ran > retryMost {
		return retryFirst
	}
	return min(2*last, retryMost)
}

// read runs the plan's source once. The reader stands once it has read what was there.
func (s *sources) read(ctx context.Context, r *reader, beat func()) error {
	see := func(ctx context.Context, b *event.Block) (event.Effects, error) {
		s.rounds.Add(1)
		return r.watch.See(ctx, b)
	}
	if r.plan.kind == source.FromJournal {
		j := r.plan.journal
		j.Positions, j.Log, j.Beat, j.Caught, j.Options.Counters = s.marks, s.log, beat, r.stand, &s.journals
		if err := j.Run(ctx, see); err != nil {
			return err
		}
		return fmt.Errorf("the journal ended")
	}
	f := r.plan.files
	f.Positions, f.Log, f.Beat, f.Caught, f.Counters = s.marks, s.log, beat, r.stand, &s.files
	return f.Run(ctx, see)
}

// pause waits for d or the end of ctx, beating every second.
func pause(ctx context.Context, d time.Duration, beat func()) {
	for end := time.Now().Add(d); time.Now().Before(end) && ctx.Err() == nil; beat() {
		select {
		case <-ctx.Done():
		case <-time.After(min(time.Second, time.Until(end))):
		}
	}
}
