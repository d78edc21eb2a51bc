// Package firewall keeps bans in the kernel: for each jail a set of addresses for IPv4 and one for IPv6, whose entries
// expire by themselves, and the rules that stop packets from whoever is in them.
//
// The kernel holds the bans. They outlive this process, and a new one adopts what stands. What belongs to others is
// never touched: all rules are in chains of our own (named bailiff, or bailiff-HOOK) or in a table of our own.
package firewall

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
)

// batch is how many bans go to the kernel at once. Other calls get their turn between two batches.
const batch = 1000

// A Firewall holds the kernel's packet filter. Its methods may be called from several goroutines; each call waits its
// turn, and a long Add or Remove lets others in after every 1000 entries, so that a single ban waits for milliseconds.
// Bans do not wait for rules: those of iptables may have to wait seconds for the lock that others hold.
type Firewall struct {
	Counters Counters

	name    string
	reason  string
	options Options
	rules   rulebook
	sets    keeper
	watcher watcher
	changes chan struct{} // tells Run to look at everything; has room for one

	// mendSets makes sets stand without waiting for rules; nil where they are not apart.
	mendSets func(context.Context, []block) (repairs, error)

	limit   time.Duration // the longest timeout that the sets hold; 0: no limit
	askable bool          // the kernel can be asked about one ban
	restore func(context.Context, string) (map[netip.Prefix]time.Duration, error)
	log     *slog.Logger

	ruling   sync.Mutex // held while rules are looked at or changed; guards the rulebook and what follows. Taken before mu
	closed   bool
	repaired bool // the last look had something to set right

	mu           sync.Mutex // guards all below
	blocks       []block    // changed with ruling held too
	witnesses    map[witnessKey]witness
	unwatched    map[witnessKey]bool                     // sets whose witness is gone, and that may hold others
	samples      map[witnessKey]map[netip.Prefix]witness // further bans that must be there
	round        []sampled                               // those that are still to be looked for in this round
	taken        int                                     // how often bans were taken out
	long         map[string]map[netip.Prefix]time.Time   // by jail: bans beyond the limit, and when they end
	empty        map[string]bool                         // jails with a set that was lost and is not filled again
	watched      bool                                    // Run is at work
	late         context.Context                         // ends some time after Run is to; then so do programs that bans still wait for
	cuts         []cut
	cutDue       chan struct{} // told of new cuts; nil while nobody cuts
	lastRepair   time.Time
	lastRepaired []string
	waiting      []string // chains that do not exist
	fault        string   // why rules do not stand, "" when they do
	notes        []string // what of others is in the way and left as it is
}

// Open chooses a backend, tries whether it works, and touches nothing yet. ctx bounds the trying. The error says what
// is missing.
func Open(ctx context.Context, o Options) (*Firewall, error) {
	fw := &Firewall{
		options:   o,
		log:       o.logger(),
		restore:   o.Restore,
		changes:   make(chan struct{}, 1),
		witnesses: map[witnessKey]witness{},
		unwatched: map[witnessKey]bool{},
		samples:   map[witnessKey]map[netip.Prefix]witness{},
		empty:     map[string]bool{},
		late:      context.Background(),
		long:      map[string]map[netip.Prefix]time.Time{},
	}
	if err := fw.choose(ctx, o); err != nil {
		return nil, fmt.Errorf("open firewall: %w", err)
	}
	fw.log.Info("firewall chosen", "backend", fw.name, "reason", fw.reason)
	return fw, nil
}

// Ensure makes sets and rules stand for these jails and no others. It adopts the sets that are there, with their
// timeouts, and never leaves a moment in which a ban does not hold. A jail with a fault is told of in the error; the
// others stand. Rules that have to wait, for a lock that others hold or a program that hangs, are no fault: bans are put
// into their sets meanwhile, and Run makes the rules. What of others is in the way of a removal is logged and left.
func (fw *Firewall) Ensure(ctx context.Context, specs []Spec) error {
	good, fault := blocks(specs)
	fw.ruling.Lock()
	defer fw.ruling.Unlock()
	made, err := fw.stand(ctx, good)
	fw.repaired = err != nil // then Run tries again
	if ctx.Err() == nil && (err == nil || delayed(err)) {
		fw.tell(err)
		err = nil
	}
	if err != nil {
		err = fmt.Errorf("set up firewall: %w", err)
	}
	fw.mu.Lock()
	defer fw.mu.Unlock()
	for _, jail := range made.empty {
		if named(fw.blocks, jail) { // it had a set, which was lost: Run fills it again
			fw.empty[jail] = true
		}
	}
	fw.forgetOthers(good)
	fw.blocks = good
	return errors.Join(fault, err)
}

// forgetOthers drops what is remembered of jails that are no more.
func (fw *Firewall) forgetOthers(blocks []block) {
	maps.DeleteFunc(fw.witnesses, func(k witnessKey, _ witness) bool { return !named(blocks, k.jail) })
	maps.DeleteFunc(fw.unwatched, func(k witnessKey, _ bool) bool { return !named(blocks, k.jail) })
	fw.unsample(func(jail string) bool { return !named(blocks, jail) })
	maps.DeleteFunc(fw.empty, func(jail string, _ bool) bool { return !named(blocks, jail) })
	maps.DeleteFunc(fw.long, func(jail string, _ map[netip.Prefix]time.Time) bool { return !named(blocks, jail) })
}

func named(blocks []block, jail string) bool {
	return slices.ContainsFunc(blocks, func(b block) bool { return b.jail == jail })
}

// Add puts bans into a jail's sets, with the time each still has, rounded up to whole seconds; 0 or less means for ever.
// An entry that is there gets the new time. The error joins a *BanError for each ban that the kernel did not take; the
// others hold. When Add returns the kernel has acknowledged them.
func (fw *Firewall) Add(ctx context.Context, jail string, bans map[netip.Prefix]time.Duration) error {
	var errs []error
	var all [2][]entry
	seen := map[netip.Prefix]bool{}
	for prefix, timeout := range bans {
		p, err := normal(prefix)
		if err != nil {
			errs = append(errs, &BanError{jail, prefix, err})
			continue
		}
		if p != prefix { // two prefixes may mean one network
			if _, ok := bans[p]; ok || seen[p] {
				continue
			}
			seen[p] = true
		}
		i := familyOf(p)
		all[i] = append(all[i], entry{p, timeout})
	}
	for i, f := range families() {
		for part := range slices.Chunk(all[i], batch) {
			errs = append(errs, fw.add(ctx, jail, f, part)...)
		}
	}
	return errors.Join(errs...)
}

func (fw *Firewall) add(ctx context.Context, jail string, f family, entries []entry) []error {
	ctx, done := fw.untilLate(ctx)
	defer done()
	if err := ctx.Err(); err != nil {
		return []error{err}
	}
	errs := fw.put(ctx, jail, f, entries)
	if slices.ContainsFunc(errs, mayPass) && fw.mend(ctx) {
		errs = fw.put(ctx, jail, f, entries)
	}
	return errs
}

// mend sets right what may be amiss when a set did not take something, and reports whether anything was. Where Run is at
// work it is left to it to look at the rules, which may take long, while others wait for this.
func (fw *Firewall) mend(ctx context.Context) bool {
	fw.mu.Lock()
	if fw.mendSets == nil || !fw.watched {
		fw.mu.Unlock()
		amiss, _ := fw.look(ctx, true) // what it could not repair shows when the same is tried again
		return amiss
	}
	defer fw.mu.Unlock()
	made, _ := fw.mendSets(ctx, fw.blocks) // likewise
	fw.refillLater(fw.askWitnesses(made))
	fw.lookSoon()
	return len(made.done) > 0
}

// lookSoon has Run look at everything.
func (fw *Firewall) lookSoon() {
	select {
	case fw.changes <- struct{}{}:
	default:
	}
}

// put adds entries and remembers those that hold.
func (fw *Firewall) put(ctx context.Context, jail string, f family, entries []entry) []error {
	fw.mu.Lock()
	defer fw.mu.Unlock()
	return fw.putNow(ctx, jail, f, entries)
}

// putNow is put for who holds mu.
func (fw *Firewall) putNow(ctx context.Context, jail string, f family, entries []entry) []error {
	fw.askWitness(witnessKey{jail, f})
	errs := fw.sets.add(ctx, jail, f, entries)
	held := without(entries, errs)
	fw.remember(jail, f, held)
	fw.wantCut(jail, held)
	return errs
}

// without are the entries that no error is about.
func without(entries []entry, errs []error) []entry {
	failed := map[netip.Prefix]bool{}
	for _, err := range errs {
		var bad *BanError
		if errors.As(err, &bad) {
			failed[bad.Prefix] = true
		}
	}
	return slices.DeleteFunc(slices.Clone(entries), func(e entry) bool { return failed[e.prefix] })
}

// Remove takes bans out of a jail's sets. Those that are not there, or never can be, do not matter.
func (fw *Firewall) Remove(ctx context.Context, jail string, prefixes ...netip.Prefix) error {
	var errs []error
	var all [2][]netip.Prefix
	for _, prefix := range prefixes {
		if p, err := normal(prefix); err == nil {
			i := familyOf(p)
			all[i] = append(all[i], p)
		}
	}
	for i, f := range families() {
		for part := range slices.Chunk(all[i], batch) {
			errs = append(errs, fw.remove(ctx, jail, f, part))
		}
	}
	return errors.Join(errs...)
}

func (fw *Firewall) remove(ctx context.Context, jail string, f family, prefixes []netip.Prefix) error {
	ctx, done := fw.untilLate(ctx)
	defer done()
	if err := ctx.Err(); err != nil {
		return err
	}
	err := fw.take(ctx, jail, f, prefixes)
	if err != nil && fw.mend(ctx) {
		err = fw.take(ctx, jail, f, prefixes)
	}
	if err != nil {
		return fmt.Errorf("unban in jail %s: %w", jail, err)
	}
	return nil
}

// take removes entries and forgets them.
func (fw *Firewall) take(ctx context.Context, jail string, f family, prefixes []netip.Prefix) error {
	fw.mu.Lock()
	defer fw.mu.Unlock()
	for _, p := range prefixes {
		delete(fw.long[jail], p)
	}
	fw.forget(jail, f, prefixes)
	return fw.sets.remove(ctx, jail, f, prefixes)
}

// List tells what the kernel holds for a jail, with the time each ban still has; 0 means for ever. It reads the whole
// set: 100,000 entries take up to a second.
func (fw *Firewall) List(ctx context.Context, jail string) (map[netip.Prefix]time.Duration, error) {
	fw.mu.Lock()
	defer fw.mu.Unlock()
	all := map[netip.Prefix]time.Duration{}
	for _, f := range families() {
		bans, err := fw.sets.list(ctx, jail, f)
		if err != nil {
			return nil, fmt.Errorf("list bans of jail %s: %w", jail, err)
		}
		for p, timeout := range bans {
			all[p] = timeout
		}
	}
	for p, until := range fw.long[jail] {
		if _, ok := all[p]; ok {
			all[p] = time.Until(until)
		}
	}
	return all, nil
}

// Lift removes every set, chain and rule of ours, with all bans. What others' rules name is emptied and left.
func (fw *Firewall) Lift(ctx context.Context) error {
	fw.ruling.Lock()
	defer fw.ruling.Unlock()
	fw.mu.Lock()
	fw.blocks = nil
	fw.forgetOthers(nil)
	fw.mu.Unlock()
	made, err := fw.rules.lift(ctx)
	for _, note := range made.notes {
		fw.log.Warn(note)
	}
	if err != nil {
		return fmt.Errorf("lift firewall: %w", err)
	}
	return nil
}

// Close lets go of the kernel's handles, once Run has returned. All bans go on. Nothing may be called after it but Close,
// which then does nothing.
func (fw *Firewall) Close() error {
	fw.ruling.Lock()
	defer fw.ruling.Unlock()
	if fw.closed {
		return nil
	}
	fw.closed = true
	return fw.rules.close()
}
