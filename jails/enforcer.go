package jails

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"bailiff/jails/event"
	"bailiff/metrics"
)

const (
	sweepEvery = time.Second // how late the end of a ban may be told; the kernel itself is on time
	retryEvery = time.Second // how soon a ban that the kernel refused is tried again
)

// An Enforcer carries verdicts out: store, then kernel, then log and metrics. Whatever arrives while it works is done
// together, in one transaction each, on the goroutine of Run. Orders of very many bans wait for all others.
type Enforcer struct {
	Store     Store
	Blocklist Blocklist
	Log       *slog.Logger
	Metrics   *metrics.Metrics
	Beat      func() // called at least once a second while all is well; nil: nobody listens
	DryRun    bool   // the blocklist blocks nobody: the log says what would be done

	orders  chan *order
	stopped chan struct{}          // closed when Run has ended
	unsure  map[string][]event.Ban // bans that the kernel refused, to be tried again; Run's goroutine only
	bulk    []*order               // orders of very many bans that others have overtaken; Run's goroutine only

	mu    sync.Mutex // guards what follows
	jails map[string]*Jail
	over  map[string][]netip.Prefix // by jail: what is to be taken out of the kernel unless a ban needs it
}

// An order is something to carry out and where to answer: bans, or subjects that a jail is to let go.
type order struct {
	bans []event.Ban
	jail *Jail // nil for bans
	lift []event.Subject
	done chan outcome // has room for one
}

// An outcome is what became of an order.
type outcome struct {
	lifted []event.Subject
	err    error
}

// errStopped is the outcome of what was asked of an enforcer that has ended.
var errStopped = errors.New("bailiff is stopping")

// NewEnforcer returns an enforcer without jails.
func NewEnforcer(s Store, b Blocklist, log *slog.Logger, m *metrics.Metrics) *Enforcer {
	return &Enforcer{Store: s, Blocklist: b, Log: log, Metrics: m,
		orders: make(chan *order, 64), stopped: make(chan struct{}),
		jails: map[string]*Jail{}, unsure: map[string][]event.Ban{}, over: map[string][]netip.Prefix{}}
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

// Enforce returns when the bans are stored and in the kernel. A ban that the kernel refuses is logged and tried again;
// an error means that the store could not remember them. It cannot be broken off, for then nobody would know whether
// the bans stand. Bans that were lifted before their turn came are left out.
func (e *Enforcer) Enforce(bans []event.Ban) error {
	return e.submit(&order{bans: bans}).err
}

// Revoke takes back verdicts that Enforce could not carry out.
func (e *Enforcer) Revoke(bans []event.Ban) {
	for _, b := range slices.Backward(bans) {
		if j := e.jail(b.Jail); j != nil {
			j.revoke(b)
		}
	}
}

// Release has the kernel let networks of a jail go within a second or so, but for those that a ban needs.
func (e *Enforcer) Release(jail string, networks ...netip.Prefix) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(networks) > 0 {
		e.over[jail] = append(e.over[jail], networks...)
	}
}

func (e *Enforcer) release(bans []event.Ban) {
	for jail, bans := range byJail(bans) {
		e.Release(jail, networksOf(bans)...)
	}
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

// Lift ends the jail's bans of the subjects and returns those that were banned.
func (e *Enforcer) Lift(j *Jail, subjects []event.Subject) ([]event.Subject, error) {
	out := e.submit(&order{jail: j, lift: subjects})
	return out.lifted, out.err
}

func (e *Enforcer) submit(o *order) outcome {
	o.done = make(chan outcome, 1)
	select {
	case e.orders <- o:
	case <-e.stopped:
		return outcome{err: errStopped}
	}
	select {
	case out := <-o.done:
		return out
	case <-e.stopped:
	}
	select {
	case out := <-o.done: // the last thing that was done
		return out
	default:
		return outcome{err: errStopped}
	}
}

// Run carries out orders until ctx ends, and finishes those it has begun. Bans stay in the kernel then.
func (e *Enforcer) Run(ctx context.Context) error {
	defer close(e.stopped)
	tick := time.NewTicker(retryEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case o := <-e.orders:
			e.work(ctx, o)
		case <-tick.C:
			e.retry(ctx)
		}
		if e.Beat != nil {
			e.Beat()
		}
	}
}

// work carries out an order and what else is waiting: small orders together, then a bulky one, and again, until all is
// done or, with some never begun, ctx ends.
func (e *Enforcer) work(ctx context.Context, first *order) {
	whole := context.WithoutCancel(ctx)
	e.carryOut(whole, e.gather(first))
	for len(e.bulk) > 0 && ctx.Err() == nil {
		next := e.bulk[0]
		e.bulk = e.bulk[1:]
		e.carryOut(whole, []*order{next})
		e.carryOut(whole, e.gather())
	}
}

// bulky is the size of an order that others overtake. Those below it are done within some 50 ms.
const bulky = 1000

// gather takes the orders that are waiting. Bulky ones are put off.
func (e *Enforcer) gather(orders ...*order) []*order {
	for len(orders) < cap(e.orders) {
		select {
		case o := <-e.orders:
			orders = append(orders, o)
			continue
		default:
		}
		break
	}
	return slices.DeleteFunc(orders, func(o *order) bool {
		if len(o.bans) < bulky {
			return false
		}
		e.bulk = append(e.bulk, o)
		return true
	})
}

// carryOut does the orders as they came, the bans between two lifts in one batch.
func (e *Enforcer) carryOut(ctx context.Context, orders []*order) {
	isLift := func(o *order) bool { return o.jail != nil }
	for len(orders) > 0 {
		n := slices.IndexFunc(orders, isLift)
		if n < 0 {
			n = len(orders)
		}
		e.banAll(ctx, orders[:n])
		if orders = orders[n:]; len(orders) > 0 {
			lifted, err := e.lift(ctx, orders[0].jail, orders[0].lift)
			orders[0].done <- outcome{lifted, err}
			orders = orders[1:]
		}
	}
}

func (e *Enforcer) banAll(ctx context.Context, orders []*order) {
	var bans []event.Ban
	for _, o := range orders {
		bans = append(bans, o.bans...)
	}
	err := e.ban(ctx, e.standing(bans, time.Now()))
	for _, o := range orders {
		o.done <- outcome{err: err}
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

func (e *Enforcer) ban(ctx context.Context, bans []event.Ban) error {
	if len(bans) == 0 {
		return nil
	}
	if err := e.Store.Save(ctx, bans); err != nil {
		return fmt.Errorf("save %d bans: %w", len(bans), err)
	}
	e.block(ctx, byJail(bans), time.Now())
	return nil
}

func byJail(bans []event.Ban) map[string][]event.Ban {
	m := map[string][]event.Ban{}
	for _, b := range bans {
		m[b.Jail] = append(m[b.Jail], b)
	}
	return m
}

// block puts the bans into the kernel and tells of them. Those that the kernel refuses are kept to be tried again.
func (e *Enforcer) block(ctx context.Context, bans map[string][]event.Ban, now time.Time) {
	for jail, bans := range bans {
		err := e.add(ctx, jail, bans, now)
		acknowledged := time.Now()
		if err != nil {
			e.Log.Error("ban refused by the firewall, trying again", "jail", jail, "err", err)
		}
		for _, b := range bans {
			if refused(err, b) {
				e.unsure[jail] = append(e.unsure[jail], b)
				continue
			}
			e.tellBan(b, acknowledged)
		}
	}
}

// add puts a jail's bans into the kernel, unless its bans are none of the kernel's business.
func (e *Enforcer) add(ctx context.Context, jail string, bans []event.Ban, now time.Time) error {
	if j := e.jail(jail); j != nil && !j.blocks() {
		return nil
	}
	until := durations(bans, now)
	if j := e.jail(jail); j != nil {
		j.lengthen(until, now)
	}
	return e.Blocklist.Add(ctx, jail, until)
}

// refused tells whether the error is about the ban. One that names no network is about all of them.
func refused(err error, b event.Ban) bool {
	if err == nil {
		return false
	}
	var many interface{ Unwrap() []error }
	if !errors.As(err, &many) {
		return true
	}
	for _, one := range many.Unwrap() {
		var entry interface{ Network() netip.Prefix }
		if p, _ := b.Network(); !errors.As(one, &entry) || entry.Network() == p {
			return true
		}
	}
	return false
}

func (e *Enforcer) tellBan(b event.Ban, acknowledged time.Time) {
	if b.Prolonged() {
		return
	}
	e.notice(b.Jail, "Ban", b.Subject)
	if _, ok := b.Network(); !ok {
		if j := e.jail(b.Jail); j == nil || j.blocks() {
			e.Log.Warn("nothing is blocked: who is banned has no address", "jail", b.Jail, "subject", b.Subject)
		}
	}
	e.Metrics.Ban(b.Jail, b.Subject.Family())
	if b.Failures > 0 {
		e.Metrics.TimeToBan(b.Jail, acknowledged.Sub(b.At))
	}
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

// Restore puts the bans of the jails back into the kernel, as one batch for each jail, and lifts those of whom ignoreip
// spares by now. It is to be called before Run. What the kernel refuses is tried again by Run.
func (e *Enforcer) Restore(ctx context.Context, bans []event.Ban, now time.Time) error {
	for name, bans := range byJail(bans) {
		j := e.jail(name)
		if j == nil {
			continue // the jail is gone; its bans end by themselves
		}
		stand, spared := j.Restore(bans, now)
		if err := e.spare(ctx, j, spared); err != nil {
			e.Log.Error("whoever is spared by now is still in the store", "jail", name, "err", err)
		}
		if err := e.add(ctx, name, stand, now); err != nil {
			e.Log.Error("ban refused by the firewall, trying again", "jail", name, "err", err)
			e.unsure[name] = stand
		}
		for _, b := range stand {
			e.Log.Log(ctx, LevelNotice, fmt.Sprintf("[%s] Restore Ban %s", name, b.Subject))
		}
	}
	return nil
}

// spare lets those go whose bans are not restored: the kernel may hold them still.
func (e *Enforcer) spare(ctx context.Context, j *Jail, bans []event.Ban) error {
	if len(bans) == 0 {
		return nil
	}
	var subjects []event.Subject
	for _, b := range bans {
		subjects = append(subjects, b.Subject)
	}
	if err := errors.Join(e.Store.Lift(ctx, j.Name, subjects...), e.remove(ctx, j, networksOf(bans))); err != nil {
		return fmt.Errorf("lift %d bans: %w", len(bans), err)
	}
	return nil
}

// retry tries again what the kernel refused, but for what has been lifted or has ended since.
func (e *Enforcer) retry(ctx context.Context) {
	e.letGo(ctx)
	if len(e.unsure) == 0 {
		return
	}
	var bans []event.Ban
	for _, unsure := range e.unsure {
		bans = append(bans, unsure...)
	}
	clear(e.unsure)
	now := time.Now()
	e.block(ctx, byJail(e.standing(bans, now)), now)
}

// letGo takes out of the kernel what was released.
func (e *Enforcer) letGo(ctx context.Context) {
	e.mu.Lock()
	over := e.over
	e.over = map[string][]netip.Prefix{}
	e.mu.Unlock()
	for name, networks := range over {
		j := e.jail(name)
		if j == nil {
			continue // its sets are gone too
		}
		if len(networks) > bulky { // bans are not to wait for all of them
			e.Release(name, networks[bulky:]...)
			networks = networks[:bulky]
		}
		if networks = j.unneeded(networks); len(networks) == 0 {
			continue
		}
		if err := e.remove(ctx, j, networks); err != nil {
			e.Log.Error("unban refused by the firewall, trying again", "jail", name, "err", err)
			e.Release(name, networks...)
		}
	}
}

func (e *Enforcer) jail(name string) *Jail {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.jails[name]
}

// lift has store, jail and kernel let the subjects go.
func (e *Enforcer) lift(ctx context.Context, j *Jail, subjects []event.Subject) ([]event.Subject, error) {
	stand := j.among(subjects)
	if len(stand) == 0 {
		return nil, nil
	}
	if err := e.Store.Lift(ctx, j.Name, stand...); err != nil {
		return nil, fmt.Errorf("lift %d bans: %w", len(stand), err)
	}
	networks := j.networks(stand)
	j.release(stand)
	networks = j.unneeded(networks)
	e.tellUnban(j.Name, stand)
	if err := e.remove(ctx, j, networks); err != nil {
		e.Release(j.Name, networks...)
		return stand, fmt.Errorf("lift %d bans, trying again: %w", len(stand), err)
	}
	return stand, nil
}

// remove takes bans out of the kernel, where add has put them.
func (e *Enforcer) remove(ctx context.Context, j *Jail, networks []netip.Prefix) error {
	if !j.blocks() {
		return nil
	}
	return e.Blocklist.Remove(ctx, j.Name, networks...)
}

// Sweep tells of bans that end and has the jails forget old failures, until ctx ends. The kernel lets bans go by itself, but
// knows nothing of a clock that was set: it is asked all the same. beat is called after each round.
func (e *Enforcer) Sweep(ctx context.Context, beat func()) error {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case now := <-tick.C:
			for _, j := range e.all() {
				ended := j.sweep(now)
				e.release(ended)
				subjects := make([]event.Subject, len(ended))
				for i, b := range ended {
					subjects[i] = b.Subject
				}
				e.tellUnban(j.Name, subjects)
			}
			beat()
		}
	}
}

func (e *Enforcer) all() []*Jail {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Collect(maps.Values(e.jails))
}

func (e *Enforcer) tellUnban(jail string, subjects []event.Subject) {
	for _, s := range subjects {
		e.notice(jail, "Unban", s)
		e.Metrics.Unban(jail, s.Family())
	}
}

// notice logs what was done to a subject, or what would be.
func (e *Enforcer) notice(jail, what string, s event.Subject) {
	if e.DryRun {
		what = "would " + strings.ToLower(what)
	}
	e.Log.Log(context.Background(), LevelNotice, fmt.Sprintf("[%s] %s %s", jail, what, s))
}
