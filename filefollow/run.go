package filefollow

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"time"

	"github.com/fsnotify/fsnotify"
)

const (
	turnBytes = 1 << 20                // how much of one source is read before the others get their turn
	breathe   = 500 * time.Millisecond // how often Idle is called, to stay well under a second
	share     = 400                    // looking at all files may take one part in so many of the time
	pipePause = 100 * time.Millisecond // how often FIFOs are looked at: writing into one makes no event
	lookCost  = 12 * time.Microsecond  // of looking at one file that did not change, on a machine that has other work
)

// A run is what Run keeps while it runs. All of it belongs to the goroutine that called Run.
type run struct {
	*Follower
	log      *slog.Logger
	counters *Counters
	yield    func(Chunk) error
	decoder  *decoder
	seeker   *decoder // for lines that are only looked at; it counts for nobody
	watch    *watch
	patterns []pattern

	sources map[string]*source // by path
	targets map[string]*source // by the path that links lead to
	open    map[id]*file
	pipes   map[*file]bool // the FIFOs among the open files
	dir     directory      // the one that was listed last
	queue   []*source      // those to look at
	raw     []byte         // the one read buffer
	head    []byte         // for the first bytes of a file
	first   bool           // the files found now were there before us
	polled  time.Time      // when all files are looked at next
	scanned time.Time      // when the globs are expanded next
	piped   time.Time      // when FIFOs are looked at next
	breath  time.Time      // when Idle was called last
}

func newRun(f *Follower, yield func(Chunk) error) (*run, error) {
	r := &run{Follower: f, yield: yield, log: f.Log, counters: f.Counters, first: true, breath: time.Now(),
		sources: map[string]*source{}, targets: map[string]*source{}, open: map[id]*file{}, pipes: map[*file]bool{}}
	if r.log == nil {
		r.log = slog.Default()
	}
	if r.counters == nil {
		r.counters = new(Counters)
	}
	for _, g := range f.Globs {
		p, err := parsePattern(g.Pattern)
		if err != nil {
			return nil, fmt.Errorf("follow %q: %w", g.Pattern, err)
		}
		r.patterns = append(r.patterns, p)
	}
	d, err := newDecoder(f.Encoding, r.counters)
	if err != nil {
		return nil, err
	}
	r.decoder, r.raw, r.head = d, make([]byte, tailLen+chunkSize), make([]byte, headLen)
	r.seeker, _ = newDecoder(f.Encoding, new(Counters))
	if !f.Polling {
		r.watch = newWatch(r.log)
	}
	return r, nil
}

func (r *run) close() {
	r.watch.close()
	for _, f := range r.open {
		r.shut(f)
	}
}

func (r *run) loop(ctx context.Context) error {
	r.scan()
	if err := r.begin(ctx); err != nil {
		return err
	}
	for ctx.Err() == nil {
		r.idle()
		r.hear()
		r.due(time.Now())
		if len(r.queue) == 0 {
			if r.CaughtUp != nil {
				r.CaughtUp()
			}
			r.wait(ctx)
			continue
		}
		if err := r.next(); err != nil {
			return err
		}
	}
	return nil
}

// begin looks at the files that are there when Run begins: first at those that were followed before, so that the others
// can be told from files that were only renamed.
func (r *run) begin(ctx context.Context) error {
	var known, others []*source
	for _, s := range r.queue {
		if r.known(s.path) {
			known = append(known, s)
		} else {
			others = append(others, s)
		}
	}
	r.queue = append(known, others...)
	for n := len(r.queue); n > 0 && ctx.Err() == nil; n-- {
		if err := r.next(); err != nil {
			return err
		}
	}
	r.first, r.breath = false, time.Time{}
	return nil
}

// known tells whether a path was followed before.
func (r *run) known(path string) bool {
	_, ok := r.position(path)
	return ok
}

func (r *run) position(path string) (Position, bool) {
	if r.Positions == nil {
		return Position{}, false
	}
	return r.Positions(path)
}

// next gives the first source in the queue its turn.
func (r *run) next() error {
	r.idle()
	s := r.queue[0]
	r.queue = r.queue[1:]
	s.queued = false
	more, err := r.turn(s)
	if more {
		r.look(s)
	}
	return err
}

// look puts a source into the queue.
func (r *run) look(s *source) {
	if !s.queued {
		s.queued = true
		r.queue = append(r.queue, s)
	}
}

func (r *run) idle() {
	if now := time.Now(); r.Idle != nil && now.Sub(r.breath) >= breathe {
		r.breath = now
		r.Idle()
	}
}

// hear takes the events that have come in, but not for ever when they come without end.
func (r *run) hear() {
	for range 1000 {
		select {
		case e, ok := <-r.watch.events():
			if !ok {
				r.deaf()
				return
			}
			r.event(e)
		case err := <-r.watch.errors():
			r.missed(err)
		default:
			return
		}
	}
}

// wait sleeps until something happens or is due.
func (r *run) wait(ctx context.Context) {
	until := min(time.Until(r.polled), time.Until(r.scanned), breathe)
	if len(r.pipes) > 0 {
		until = min(until, pipePause)
	}
	t := time.NewTimer(until)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	case e, ok := <-r.watch.events():
		if !ok {
			r.deaf()
			return
		}
		r.event(e)
	case err := <-r.watch.errors():
		r.missed(err)
	}
}

// missed is called when inotify lost events: everything is looked at anew.
func (r *run) missed(err error) {
	if err != nil {
		r.log.Debug("inotify lost events, looking at every file", "error", err)
	}
	r.polled, r.scanned = time.Time{}, time.Time{}
}

// deaf goes on without inotify.
func (r *run) deaf() {
	r.log.Warn("inotify ended, files are polled")
	r.watch.close()
	r.watch = nil
}

// due looks at every file and expands the globs when it is time to.
func (r *run) due(now time.Time) {
	if now.After(r.scanned) {
		r.scan()
	}
	if len(r.pipes) > 0 && now.After(r.piped) {
		for f := range r.pipes {
			r.look(f.owner)
		}
		r.piped = now.Add(pipePause)
	}
	if !now.After(r.polled) {
		return
	}
	for _, s := range r.sources {
		r.look(s)
	}
	r.polled = now.Add(max(r.interval(), share*lookCost*time.Duration(len(r.sources))))
}

func (r *run) interval() time.Duration {
	if r.PollInterval > 0 {
		return r.PollInterval
	}
	return time.Second
}

// scan expands the globs: new paths become sources, new directories are watched. What was written into a directory
// before it was watched made no event, so every file is looked at then.
func (r *run) scan() {
	begun := time.Now()
	watch := func(dir string) {
		if r.watch.add(dir) && !r.first {
			r.polled = time.Time{}
		}
	}
	r.watch.renew()
	for i, p := range r.patterns {
		p.expand(func(path string) { r.found(path, i) }, watch)
	}
	for target := range r.targets {
		watch(filepath.Dir(target))
	}
	r.watch.prune()
	r.scanned = begun.Add(max(r.interval(), share*time.Since(begun)))
}

// found makes a path that a glob matches a source.
func (r *run) found(path string, glob int) {
	s := r.sources[path]
	if s == nil && r.patterns[glob].wild && r.leftOut(path, glob) {
		return
	}
	if s == nil {
		s = &source{path: path}
		r.sources[path] = s
		r.look(s)
	}
	if !slices.Contains(s.globs, glob) {
		s.globs = append(s.globs, glob)
		s.literal = s.literal || !r.patterns[glob].wild
	}
}

// event puts the sources into the queue that an event is about.
func (r *run) event(e fsnotify.Event) {
	paths, self := r.watch.places(e.Name)
	if self && (e.Has(fsnotify.Remove) || e.Has(fsnotify.Rename)) {
		r.watch.forget(e.Name)
		r.scanned = time.Time{}
	}
	for _, path := range paths {
		r.touched(path, e)
	}
}

func (r *run) touched(path string, e fsnotify.Event) {
	s := r.sources[path]
	if s == nil {
		s = r.targets[path]
	}
	switch {
	case s != nil:
		if !e.Has(fsnotify.Write) {
			s.retry = time.Time{}
		}
		r.look(s)
	case e.Has(fsnotify.Create):
		r.appeared(path)
	case e.Has(fsnotify.Write):
		r.renamed(path)
	}
}

// appeared looks whether a new path is to be followed, or may lead to one that is.
func (r *run) appeared(path string) {
	names := split(path)
	for i, p := range r.patterns {
		at, below := p.match(names)
		if at {
			r.found(path, i)
		}
		if below {
			r.scanned = time.Time{}
		}
	}
	r.renamed(path)
}

// renamed looks whether a path that is not followed is a file of ours under a new name.
func (r *run) renamed(path string) {
	if st, err := stat(path); err == nil {
		if f := r.open[ident(&st)]; f != nil {
			r.look(f.owner)
		}
	}
}
