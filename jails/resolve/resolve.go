// Package resolve looks host names up for all who need them, with one memory of answers and goroutines of its own: who
// asks need not wait. A name server that is away costs a moment and not two seconds for each name.
package resolve

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

const (
	limit      = 2 * time.Second  // how long one look-up that was asked for may take
	late       = 30 * time.Second // who waits longer for his turn is given up: attackers' names may all be slow
	believed   = 5 * time.Minute  // how long an answer holds, also that there is no such name
	failedFor  = 30 * time.Second // how soon a name is looked up again that the name server failed at
	inParallel = 32               // look-ups at a time
	silence    = inParallel / 2   // so many look-ups in a row without any reply: the name server is away
)

// Room is how many names may wait for their turn, and about how many answers are remembered: it bounds what a flood of
// made-up names can occupy.
const Room = 10_000

// ErrGivenUp is the error of a name that was not looked up, for too many others were, or the name server is away.
var ErrGivenUp = errors.New("not looked up")

// ErrSilent is the error of a name for which no name server has replied in time.
var ErrSilent = errors.New("no name server replies in time")

// An Answer is what a look-up came to.
type Answer struct {
	Addrs []netip.Addr // IPv4 addresses never in their IPv6 form
	Err   error        // why it failed; nil also where there is no such name
}

// A Resolver looks host names up. It is safe for concurrent use.
type Resolver struct {
	lookup Lookup
	log    *slog.Logger
	queue  chan request

	mu      sync.Mutex
	answers memory
	waiting map[string][]func(Answer) // by name, who is told
	replied time.Time                 // when the last reply came
	silent  int                       // look-ups without a reply since then
	lost    int                       // names that were given up since then
}

// A request is a name that waits for its turn.
type request struct {
	host string
	at   time.Time
}

// A Lookup is a net.Resolver's LookupNetIP.
type Lookup func(ctx context.Context, network, host string) ([]netip.Addr, error)

// New returns a resolver that looks names up by l. Until Run nobody is answered who asks.
func New(l Lookup, log *slog.Logger) *Resolver {
	return &Resolver{lookup: l, log: log, queue: make(chan request, Room), waiting: map[string][]func(Answer){}}
}

// Ask returns the answer where it is known. Else Run calls done with it, later.
func (r *Resolver) Ask(host string, done func(Answer)) (a Answer, known bool) {
	now := time.Now()
	r.mu.Lock()
	defer r.mu.Unlock()
	if a, known = r.answers.get(host, now); known {
		return a, true
	}
	if others, asked := r.waiting[host]; asked {
		r.waiting[host] = append(others, done)
		return Answer{}, false
	}
	select {
	case r.queue <- request{host, now}:
		r.waiting[host] = []func(Answer){done}
		return Answer{}, false
	default:
		r.lose()
		return Answer{Err: ErrGivenUp}, true
	}
}

// Resolve returns the answer where it is known, else it looks the name up, waiting as long as ctx says.
func (r *Resolver) Resolve(ctx context.Context, host string) Answer {
	r.mu.Lock()
	a, known := r.answers.get(host, time.Now())
	r.mu.Unlock()
	if !known {
		a = r.look(ctx, host)
		r.remember(host, a)
	}
	return a
}

// Refresh looks the name up whatever is known of it, waiting as long as ctx says. What is known holds if that fails.
func (r *Resolver) Refresh(ctx context.Context, host string) Answer {
	a := r.look(ctx, host)
	if a.Err == nil {
		r.remember(host, a)
	}
	return a
}

func (r *Resolver) remember(host string, a Answer) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answers.put(host, a, time.Now())
}

func (r *Resolver) look(ctx context.Context, host string) Answer {
	addrs, err := r.lookup(ctx, "ip", host)
	var failed *net.DNSError
	if errors.As(err, &failed) && failed.IsNotFound {
		return Answer{}
	}
	if err != nil {
		return Answer{Err: err}
	}
	for i := range addrs {
		addrs[i] = addrs[i].Unmap()
	}
	return Answer{Addrs: addrs}
}

// Run answers those who ask until ctx ends.
func (r *Resolver) Run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	for range inParallel {
		g.Go(func() error { r.work(ctx); return nil })
	}
	return g.Wait()
}

func (r *Resolver) work(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case q := <-r.queue:
			r.answer(ctx, q)
		}
	}
}

// answer looks a name up and tells who waits for it.
func (r *Resolver) answer(ctx context.Context, q request) {
	if time.Since(q.at) > late {
		r.giveUp(q)
		return
	}
	within, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	a := r.look(within, q.host)
	if ctx.Err() != nil {
		return // nobody waits any more
	}
	if within.Err() != nil && a.Err != nil {
		a.Err = ErrSilent
	}
	r.remember(q.host, a)
	if r.isAway(a.Err) {
		r.giveUpQueue(ctx)
	}
	r.tell(q.host, a)
}

// isAway notes whether a look-up brought a reply. It reports whether the last ones did not, so that those which wait have
// none to hope for.
func (r *Resolver) isAway(err error) bool {
	var failed *net.DNSError
	timeout := errors.Is(err, ErrSilent) || errors.As(err, &failed) && failed.IsTimeout
	r.mu.Lock()
	defer r.mu.Unlock()
	if timeout {
		r.silent++
		return r.silent >= silence && time.Since(r.replied) >= limit
	}
	if r.lost > 0 {
		r.log.Warn("host names in logs are looked up again", "given up", r.lost)
	}
	r.silent, r.lost, r.replied = 0, 0, time.Now()
	return false
}

// giveUpQueue gives up all names that wait for their turn now.
func (r *Resolver) giveUpQueue(ctx context.Context) {
	for range len(r.queue) {
		select {
		case q := <-r.queue:
			r.giveUp(q)
		case <-ctx.Done():
			return
		default:
			return
		}
	}
}

func (r *Resolver) giveUp(q request) {
	r.mu.Lock()
	r.lose()
	r.mu.Unlock()
	r.tell(q.host, Answer{Err: ErrGivenUp})
}

// lose counts a name that is given up. r.mu is held.
func (r *Resolver) lose() {
	if r.lost++; r.lost == 1 {
		r.log.Warn("host names in logs are not looked up: the name server does not reply in time",
			"hint", "usedns = no does without names")
	}
}

// tell tells everybody who waits for the name.
func (r *Resolver) tell(host string, a Answer) {
	r.mu.Lock()
	waiting := r.waiting[host]
	delete(r.waiting, host)
	r.mu.Unlock()
	for _, done := range waiting {
		done(a)
	}
}
