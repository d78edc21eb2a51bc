package jails

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/netip"
	"slices"
	"sync"
	"time"

	"bailiff/jails/event"
	"bailiff/metrics"
)

const (
	sweepEvery = time.Second // how late the end of a ban may be told; the kernel itself is on time
	retryEvery = time.Second // how often it is looked what is to be tried again, at least

	// storePatience is how long a ban waits for the store before it goes to the kernel all the same.
	storePatience = 100 * time.Millisecond
)

// An Enforcer carries verdicts out: store, then kernel, then log and metrics. A store that takes its time is not waited
// for: the kernel bans meanwhile, and the store saves when it can, in the same order. Whatever arrives while the Enforcer
// works is done together, on the goroutine of Run. Orders of very many bans wait for all others.
type Enforcer struct {
	Store     Store
	Blocklist Blocklist
	Log       *slog.Logger
	Metrics   *metrics.Metrics
	Beat      func()       // called at least once a second while all is well; nil: nobody listens
	DryRun    bool         // the blocklist blocks nobody: the log says what would be done
	Problem   func(string) // told what the kernel does not take, "" when it takes all; nil: nobody listens

	wake    chan struct{} // there is something in the backlog
	stopped chan struct{} // closed when Run has ended

	working sync.Mutex      // held while orders are carried out; guards what follows. Taken before mu
	behind  <-chan struct{} // closed when the store has saved what it took too long for; nil: it is up to date
	refused retries
	told    map[string]bool // whom a refusal was logged of

	mu      sync.Mutex // guards what follows. What is judged, stored and ordered under it is in one order everywhere
	jails   map[string]*Jail
	backlog backlog
	over    releases
}

// errStopped is the outcome of what was asked of an enforcer that has ended.
var errStopped = errors.New("bailiff is stopping")

// NewEnforcer returns an enforcer without jails.
func NewEnforcer(s Store, b Blocklist, log *slog.Logger, m *metrics.Metrics) *Enforcer {
	return &Enforcer{Store: s, Blocklist: b, Log: log, Metrics: m,
		wake: make(chan struct{}, 1), stopped: make(chan struct{}),
		jails: map[string]*Jail{}, refused: retries{}, over: releases{}, told: map[string]bool{}}
}

// Jails sets the jails whose bans it looks after.
func (e *Enforcer) Jails(jails []*Jail) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.jails = map[string]*Jail{}
	for _, j := range jails {
		e.jails[j.Name] = j
	}
}

func (e *Enforcer) jail(name string) *Jail {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.jails[name]
}

func (e *Enforcer) all() []*Jail {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Collect(maps.Values(e.jails))
}

// Submit has verdicts carried out and returns at once. A position that is saved afterwards is saved behind them. Bans that
// were lifted meanwhile are left out.
func (e *Enforcer) Submit(bans []event.Ban) { e.submit(&order{bans: bans}) }

// Enforce returns when the kernel has answered. The error joins a *NotEnforced for each ban that it has not taken.
func (e *Enforcer) Enforce(bans []event.Ban) error {
	o := &order{bans: bans, done: make(chan struct{})}
	e.submit(o)
	return e.await(o)
}

// Settle returns when the kernel has answered to all that was submitted before.
func (e *Enforcer) Settle() {
	for range 2 { // bulky orders and small ones take turns
		o := &order{done: make(chan struct{})}
		e.mu.Lock()
		e.backlog.last(o)
		e.signal()
		e.mu.Unlock()
		_ = e.await(o) // it has ended, else
	}
}

func (e *Enforcer) submit(o *order) {
	e.mu.Lock()
	defer e.mu.Unlock()
	now := time.Now()
	bans := o.bans
	o.bans = make([]event.Ban, 0, len(bans))
	for _, b := range bans {
		j := e.jails[b.Jail]
		if j == nil {
			continue
		}
		if until, stands := j.holds(b, now); stands {
			b.Until = until // a later prolongation may have been submitted earlier
			o.bans = append(o.bans, b)
		}
	}
	possible := slices.DeleteFunc(slices.Clone(o.bans), e.isImpossible)
	if len(possible) > 0 {
		o.saved = e.Store.Save(possible)
	}
	e.put(o)
}

// isImpossible reports whether there is nothing that the kernel could block. The mutex is held.
func (e *Enforcer) isImpossible(b event.Ban) bool {
	_, ok := b.Network()
	j := e.jails[b.Jail]
	return !ok && j != nil && j.blocks()
}

// put has an order carried out. The mutex is held.
func (e *Enforcer) put(o *order) {
	e.backlog.add(o)
	e.signal()
}

func (e *Enforcer) signal() {
	select {
	case e.wake <- struct{}{}:
	default:
	}
}

// await returns what became of an order.
func (e *Enforcer) await(o *order) error {
	select {
	case <-o.done:
		return o.err
	case <-e.stopped:
	}
	select {
	case <-o.done: // the last thing that was done
		return o.err
	default:
		return errStopped
	}
}

// Lift ends the jail's bans of the subjects and returns those that were banned. An error says that the kernel holds some
// of them still; it is asked again.
func (e *Enforcer) Lift(j *Jail, subjects []event.Subject) ([]event.Subject, error) {
	e.mu.Lock()
	lifted := j.release(subjects)
	if len(lifted) == 0 {
		e.mu.Unlock()
		return nil, nil
	}
	stood := subjectsOf(lifted)
	o := &order{jail: j, lifted: lifted, saved: e.Store.Lift(j.Name, stood...), done: make(chan struct{})}
	e.put(o)
	e.mu.Unlock()
	return stood, e.await(o)
}

// LetGo has the kernel let go of bans that the jail does not know of, unless a ban needs their networks.
func (e *Enforcer) LetGo(j *Jail, bans []event.Ban) error {
	e.mu.Lock()
	bans = j.missing(slices.Clone(bans))
	if len(bans) == 0 {
		e.mu.Unlock()
		return nil
	}
	o := &order{jail: j, lifted: bans, saved: e.Store.Lift(j.Name, subjectsOf(bans)...), done: make(chan struct{})}
	e.put(o)
	e.mu.Unlock()
	return e.await(o)
}

func subjectsOf(bans []event.Ban) (all []event.Subject) {
	for _, b := range bans {
		all = append(all, b.Subject)
	}
	return all
}

// Run carries out orders until ctx ends, and then those that wait still: what was decided is blocked and told before the
// daemon ends. Bans stay in the kernel then.
func (e *Enforcer) Run(ctx context.Context) error {
	defer close(e.stopped)
	again := time.NewTimer(retryEvery)
	defer again.Stop()
	for {
		select {
		case <-ctx.Done():
			e.work(context.WithoutCancel(ctx))
			return nil
		case <-e.wake:
			e.work(ctx)
		case <-again.C:
			e.retry(ctx)
		}
		again.Reset(e.untilRetry())
		if e.Beat != nil {
			e.Beat()
		}
	}
}

// work carries out what is waiting until all is done or, with some never begun, ctx ends.
func (e *Enforcer) work(ctx context.Context) {
	e.working.Lock()
	defer e.working.Unlock()
	for ctx.Err() == nil {
		e.mu.Lock()
		orders := e.backlog.take()
		e.mu.Unlock()
		if len(orders) == 0 {
			return
		}
		e.carryOut(context.WithoutCancel(ctx), orders)
	}
}

// carryOut does the orders as they came, the bans between two lifts in one batch.
func (e *Enforcer) carryOut(ctx context.Context, orders []*order) {
	e.awaitStore(orders)
	isLift := func(o *order) bool { return o.jail != nil }
	for len(orders) > 0 {
		n := slices.IndexFunc(orders, isLift)
		if n < 0 {
			n = len(orders)
		}
		e.banAll(ctx, orders[:n])
		if orders = orders[n:]; len(orders) > 0 {
			orders[0].finish(e.lift(ctx, orders[0].jail, orders[0].lifted))
			orders = orders[1:]
		}
	}
}

// awaitStore waits for the orders to be saved, but never long: while the store is late, not at all.
func (e *Enforcer) awaitStore(orders []*order) {
	if e.behind != nil {
		select {
		case <-e.behind:
			e.behind = nil
		default:
			return
		}
	}
	var saved <-chan struct{}
	for _, o := range orders {
		if o.saved != nil { // the store saves in the order of submission
			saved = o.saved
		}
	}
	if saved == nil {
		return
	}
	select {
	case <-saved:
	case <-time.After(storePatience):
		e.behind = saved
	}
}

func (e *Enforcer) banAll(ctx context.Context, orders []*order) {
	now := time.Now()
	var fresh, back []event.Ban
	for _, o := range orders {
		if o.restored {
			back = append(back, o.bans...)
		} else {
			fresh = append(fresh, o.bans...)
		}
	}
	failed := e.block(ctx, e.standing(fresh, now), now, e.tellBan)
	failed = append(failed, e.block(ctx, e.standing(back, now), now, e.tellRestored)...)
	for _, o := range orders {
		o.finish(o.failed(failed))
	}
}

// standing are those of the bans that have neither been lifted nor ended.
func (e *Enforcer) standing(bans []event.Ban, now time.Time) (still []event.Ban) {
	for _, b := range bans {
		j := e.jail(b.Jail)
		if j == nil {
			continue
		}
		if until, ok := j.holds(b, now); ok {
			b.Until = until
			still = append(still, b)
		}
	}
	return still
}

func byJail(bans []event.Ban) map[string][]event.Ban {
	m := map[string][]event.Ban{}
	for _, b := range bans {
		m[b.Jail] = append(m[b.Jail], b)
	}
	return m
}

// block puts bans into the kernel and tells of those that hold. The others are tried again, or, when they never can be
// made, taken back.
func (e *Enforcer) block(ctx context.Context, bans []event.Ban, now time.Time, tell func(event.Ban, time.Time)) (failed []NotEnforced) {
	for jail, bans := range byJail(bans) {
		outcome := e.add(ctx, jail, bans, now)
		acknowledged := time.Now()
		for _, b := range bans {
			switch f := outcome.of(b); {
			case f.Err == nil:
				tell(b, acknowledged)
			case f.Final:
				e.takeBack(f)
				failed = append(failed, f)
			default:
				e.refused.note(f, acknowledged, e.Log)
				e.Metrics.Refused(jail)
				failed = append(failed, f)
			}
		}
	}
	return failed
}

// add puts a jail's bans into the kernel, unless its bans are none of the kernel's business.
func (e *Enforcer) add(ctx context.Context, jail string, bans []event.Ban, now time.Time) outcome {
	j := e.jail(jail)
	if j != nil && !j.blocks() {
		return outcome{}
	}
	networks := durations(bans, now)
	if j != nil {
		j.lengthen(networks, now)
	}
	a := outcome{asked: true}
	if len(networks) > 0 {
		a.read(e.Blocklist.Add(ctx, jail, networks))
	}
	return a
}

// takeBack forgets a ban that never can be made, and what stood before it stands again.
func (e *Enforcer) takeBack(f NotEnforced) {
	e.mu.Lock()
	if j := e.jails[f.Ban.Jail]; j != nil {
		e.Store.Drop([]event.Ban{f.Ban})
		if before := j.refuse(f.Ban); before != nil {
			e.Store.Save([]event.Ban{*before})
		}
	}
	e.mu.Unlock()
	e.tellRefused(f)
}

// lift has the kernel let go of bans.
func (e *Enforcer) lift(ctx context.Context, j *Jail, lifted []event.Ban) error {
	networks := j.unneeded(networksOf(lifted))
	if err := e.remove(ctx, j, networks); err != nil {
		e.mu.Lock()
		defer e.mu.Unlock()
		e.over.note(j.Name, networks, lifted, err, time.Now(), e.Log)
		return fmt.Errorf("lift %d bans, trying again: %w", len(lifted), err)
	}
	e.tellUnban(j.Name, subjectsOf(lifted))
	return nil
}

// remove takes bans out of the kernel, where add has put them. What never can be blocked is not there.
func (e *Enforcer) remove(ctx context.Context, j *Jail, networks []netip.Prefix) error {
	if !j.blocks() || len(networks) == 0 {
		return nil
	}
	var a outcome
	a.read(e.Blocklist.Remove(ctx, j.Name, networks...))
	return a.passing()
}

// networksOf are what the kernel blocks for the bans.
func networksOf(bans []event.Ban) (all []netip.Prefix) {
	for _, b := range bans {
		if p, ok := b.Network(); ok {
			all = append(all, p)
		}
	}
	return all
}

// durations says how much longer each network is banned at now.
func durations(bans []event.Ban, now time.Time) map[netip.Prefix]time.Duration {
	m := make(map[netip.Prefix]time.Duration, len(bans))
	for _, b := range bans {
		p, ok := b.Network()
		switch {
		case !ok:
		case b.Permanent():
			m[p] = 0
		case b.Active(now):
			left := b.Until.Sub(now)
			if longest, ok := m[p]; !ok || longest != 0 && longest < left { // two ids may stand for one address
				m[p] = left
			}
		}
	}
	return m
}
