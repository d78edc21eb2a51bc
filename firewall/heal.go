package firewall

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"sync/atomic"
	"time"
)

const (
	retryEvery  = time.Second            // how often it is tried again to repair what could not be
	glanceEvery = 250 * time.Millisecond // how often what no notification tells of is looked at
	lookEvery   = 30 * time.Second       // how often everything is looked at all the same
	renewEvery  = 24 * time.Hour         // how often bans longer than the kernel's limit are renewed
	lookNoMore  = 150 * time.Millisecond // how often everything is looked at at most, while others change and change
	settle      = 50 * time.Millisecond  // how long others get to finish what they change
)

// Counters count what a Firewall does. They may be read at any time.
type Counters struct {
	Repairs     atomic.Int64 // how often something had to be set right
	Connections atomic.Int64 // connections cut
}

// A Status is how a Firewall does.
type Status struct {
	Backend, Reason string
	Repairs         int64
	LastRepair      time.Time // zero: never
	LastRepaired    []string  // what was set right then
	Waiting         []string  // chains that jails name and that do not exist, so that nothing is stopped there
}

// Status tells how the firewall does.
func (fw *Firewall) Status() Status {
	fw.mu.Lock()
	defer fw.mu.Unlock()
	return Status{fw.name, fw.reason, fw.Counters.Repairs.Load(), fw.lastRepair, fw.lastRepaired, fw.waiting}
}

// Check looks at everything at once and sets it right, as Run does by itself.
func (fw *Firewall) Check(ctx context.Context) error { return fw.check(ctx, true) }

func (fw *Firewall) check(ctx context.Context, full bool) error {
	_, err := fw.look(ctx, full)
	fw.mu.Lock()
	empty, unwatched := slices.Collect(maps.Keys(fw.empty)), slices.Collect(maps.Keys(fw.unwatched))
	fw.mu.Unlock()
	return errors.Join(err, fw.refill(ctx, empty), fw.rewatch(ctx, unwatched))
}

// look sets rules and sets right and finds the sets that others have emptied. It tells whether anything was amiss.
func (fw *Firewall) look(ctx context.Context, full bool) (amiss bool, err error) {
	fw.ruling.Lock()
	defer fw.ruling.Unlock()
	var made repairs
	if changed := fw.watcher.glance(); full || changed || fw.repaired {
		made, err = fw.stand(ctx, fw.blocks)
		fw.repaired = err != nil || len(made.done) > 0 // look again: somebody may have changed what we then glance at
	}
	fw.mu.Lock()
	defer fw.mu.Unlock()
	fw.refillLater(fw.askWitnesses(made))
	return len(made.done) > 0, err
}

// stand makes sets and rules stand, and tells of chains that they have to wait for.
func (fw *Firewall) stand(ctx context.Context, blocks []block) (repairs, error) {
	made, err := fw.rules.stand(ctx, blocks)
	fw.mu.Lock()
	defer fw.mu.Unlock()
	if err == nil && !slices.Equal(made.waiting, fw.waiting) {
		if fw.waiting = made.waiting; len(fw.waiting) > 0 {
			fw.log.Warn("nothing is stopped in chains that do not exist", "chains", fw.waiting)
		}
	}
	for _, note := range made.notes {
		if !slices.Contains(fw.notes, note) {
			fw.log.Warn(note)
		}
	}
	if err == nil {
		fw.notes = made.notes
	}
	return made, err
}

// tell logs what keeps rules from standing, unless it did so before, and passes it on, also when it is over.
func (fw *Firewall) tell(err error) {
	fault, words := "", ""
	if err != nil {
		fault, words = err.Error(), strings.Join(strings.Fields(whoWaits(err)), " ") // programs write several lines
	}
	fw.mu.Lock()
	before := fw.fault
	fw.fault = fault
	fw.mu.Unlock()
	if fault == before {
		return
	}
	text := "the rules of the firewall do not stand: " + words
	switch {
	case err == nil:
		text = ""
		fw.log.Info("the rules of the firewall stand again")
	case delayed(err):
		fw.log.Warn("rules of the firewall have to wait, and are tried again every second", "for", words)
	default:
		fw.log.Error("firewall cannot be repaired", "err", words)
	}
	if fw.options.Trouble != nil {
		fw.options.Trouble(text)
	}
}

// askWitnesses adds to what was repaired the sets that others have emptied.
func (fw *Firewall) askWitnesses(made repairs) repairs {
	for key, w := range fw.witnesses {
		switch {
		case w.over():
			fw.forget(key.jail, key.f, []netip.Prefix{w.prefix})
		case fw.isGone(key, w):
			made.lost(key)
		}
	}
	fw.askSamples(&made)
	return made
}

// askWitness finds out whether others have emptied a set, before a ban that is about to be added becomes its witness.
func (fw *Firewall) askWitness(key witnessKey) {
	if w, ok := fw.witnesses[key]; ok && !w.over() && fw.isGone(key, w) {
		var made repairs
		made.lost(key)
		fw.refillLater(made)
	}
}

// isGone tells whether the kernel does not hold a witness.
func (fw *Firewall) isGone(key witnessKey, w witness) bool {
	there, err := fw.watcher.has(key.jail, key.f, w.prefix)
	return err == nil && !there
}

// lost notes that bans of a set are gone, unless its jail is to be filled anyway.
func (r *repairs) lost(key witnessKey) {
	if slices.Contains(r.empty, key.jail) {
		return
	}
	r.empty = append(r.empty, key.jail)
	r.done = append(r.done, "bans in set "+key.f.setName(key.jail))
}

// refillLater has the next check fill the sets that were lost, and notes what was repaired.
func (fw *Firewall) refillLater(made repairs) {
	for _, jail := range made.empty {
		fw.empty[jail] = true
		maps.DeleteFunc(fw.witnesses, func(k witnessKey, _ witness) bool { return k.jail == jail })
		fw.unsample(func(one string) bool { return one == jail })
	}
	fw.note(made)
}

// note logs and counts what was set right.
func (fw *Firewall) note(made repairs) {
	if len(made.done) == 0 {
		return
	}
	fw.log.Warn("firewall repaired", "backend", fw.name, "what", made.done)
	fw.Counters.Repairs.Add(1)
	fw.lastRepair, fw.lastRepaired = time.Now(), made.done
}

// Refill has Run fill a jail's sets again, of which bans were found missing.
func (fw *Firewall) Refill(jail string) {
	fw.mu.Lock()
	defer fw.mu.Unlock()
	if named(fw.blocks, jail) {
		fw.empty[jail] = true
	}
}

// refill bans again whoever was in the sets that were lost. What fails is tried again at the next check, and so is what is
// lost once more meanwhile.
func (fw *Firewall) refill(ctx context.Context, jails []string) error {
	var errs []error
	for _, jail := range jails {
		fw.mu.Lock()
		delete(fw.empty, jail)
		fw.mu.Unlock()
		if err := fw.refillJail(ctx, jail); err != nil {
			errs = append(errs, fmt.Errorf("restore bans of jail %s: %w", jail, err))
			fw.Refill(jail)
		}
	}
	return errors.Join(errs...)
}

// refillBatch is how many bans are put back before others have their turn: what is to be banned is asked for each time.
const refillBatch = 5 * batch

// refillJail leaves out what can never be banned.
func (fw *Firewall) refillJail(ctx context.Context, jail string) error {
	if fw.restore == nil {
		return nil
	}
	bans, err := fw.restore(ctx, jail)
	if err != nil {
		return err
	}
	for part := range slices.Chunk(slices.Collect(maps.Keys(bans)), refillBatch) {
		if err := fw.refillPart(ctx, jail, part); err != nil {
			_, _ = fw.look(ctx, true) // the next check says what it could not repair
			return err
		}
	}
	return nil
}

// refillPart puts back those of the networks that are still to be banned, for as long as they are by now: whoever is banned
// longer, or unbanned, comes before it or after it, and never in the middle.
func (fw *Firewall) refillPart(ctx context.Context, jail string, part []netip.Prefix) error {
	fw.mu.Lock()
	defer fw.mu.Unlock()
	bans, err := fw.restore(ctx, jail)
	if err != nil {
		return err
	}
	var all [2][]entry
	for _, prefix := range part {
		left, still := bans[prefix]
		if p, err := normal(prefix); err == nil && still {
			i := familyOf(p)
			all[i] = append(all[i], entry{p, left})
		}
	}
	var errs []error
	for i, f := range families() {
		for some := range slices.Chunk(all[i], batch) {
			errs = append(errs, fw.putNow(ctx, jail, f, some)...)
		}
	}
	return errors.Join(errs...)
}
