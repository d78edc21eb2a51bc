package firewall

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
)

const (
	retryEvery  = time.Second            // how often it is tried again to repair what could not be
	glanceEvery = 250 * time.Millisecond // how often what no notification tells of is looked at
	lookEvery   = 30 * time.Second       // how often everything is looked at all the same
	renewEvery  = time.Hour              // how often bans longer than the kernel's limit are renewed
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
}

// Status tells how the firewall does.
func (fw *Firewall) Status() Status {
	fw.mu.Lock()
	defer fw.mu.Unlock()
	return Status{fw.name, fw.reason, fw.Counters.Repairs.Load(), fw.lastRepair, fw.lastRepaired}
}

// Run watches over what Ensure has made and sets it right within a second when others have removed or moved it, until
// ctx ends; it then returns nil. Sets that were lost are filled again with what Options.Restore tells. It renews bans
// that are longer than the kernel's limit, and cuts the connections of the banned. It must run in the network namespace that Open was called in.
func (fw *Firewall) Run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	changes := make(chan struct{}, 1)
	if l, err := listen(); err != nil {
		fw.log.Info("firewall changes are not notified", "err", err)
	} else {
		group.Go(func() error { return l.run(ctx, changes) })
	}
	if c, err := openCutter(); err != nil {
		fw.log.Info("connections of the banned cannot be cut", "err", err)
	} else {
		defer c.close()
		due := fw.cutting(true)
		defer fw.cutting(false)
		group.Go(func() error { c.run(ctx, fw, due); return nil })
	}
	fw.watch(ctx, changes)
	return group.Wait()
}

// cutting turns on or off that Add wants connections cut, and tells where it says so.
func (fw *Firewall) cutting(on bool) <-chan struct{} {
	fw.mu.Lock()
	defer fw.mu.Unlock()
	fw.cutDue, fw.cuts = nil, nil
	if on {
		fw.cutDue = make(chan struct{}, 1)
	}
	return fw.cutDue
}

// wantCut has the connections of those who were banned cut.
func (fw *Firewall) wantCut(jail string, entries []entry) {
	i := slices.IndexFunc(fw.blocks, func(b block) bool { return b.jail == jail })
	if i < 0 || fw.cutDue == nil || fw.blocks[i].keep {
		return
	}
	c := cut{block: fw.blocks[i]}
	for _, e := range entries {
		c.prefixes = append(c.prefixes, e.prefix)
	}
	fw.cuts = append(fw.cuts, c)
	select {
	case fw.cutDue <- struct{}{}:
	default:
	}
}

func (fw *Firewall) watch(ctx context.Context, changes <-chan struct{}) {
	glance, look, renew := time.NewTicker(glanceEvery), time.NewTicker(lookEvery), time.NewTicker(renewEvery)
	defer glance.Stop()
	defer look.Stop()
	defer renew.Stop()
	told := ""
	for {
		full := true
		select {
		case <-ctx.Done():
			return
		case <-changes:
			wait(ctx, settle)
		case <-look.C:
		case <-glance.C:
			full = false
		case <-renew.C:
			fw.renew(ctx)
		}
		told = fw.tell(told, fw.check(ctx, full))
		if glance.Reset(glanceEvery); told != "" {
			glance.Reset(retryEvery)
		}
	}
}

// tell logs an error unless it is the one that was told before.
func (fw *Firewall) tell(told string, err error) string {
	if err == nil || errors.Is(err, context.Canceled) {
		return ""
	}
	if err.Error() != told {
		fw.log.Error("firewall cannot be repaired", "err", err)
	}
	return err.Error()
}

func wait(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// Check looks at everything at once and sets it right, as Run does by itself.
func (fw *Firewall) Check(ctx context.Context) error { return fw.check(ctx, true) }

func (fw *Firewall) check(ctx context.Context, full bool) error {
	fw.mu.Lock()
	_, err := fw.look(ctx, full)
	empty := slices.Collect(maps.Keys(fw.empty))
	fw.mu.Unlock()
	return errors.Join(err, fw.refill(ctx, empty))
}

// look sets rules and sets right and finds the sets that others have emptied. It tells whether anything was amiss.
func (fw *Firewall) look(ctx context.Context, full bool) (amiss bool, err error) {
	var made repairs
	if changed := fw.watcher.glance(); full || changed || fw.repaired {
		made, err = fw.rules.stand(ctx, fw.blocks)
		fw.repaired = err != nil || len(made.done) > 0 // look again: somebody may have changed what we then glance at
	}
	for key, w := range fw.witnesses {
		switch there, err := fw.watcher.has(key.jail, key.f, w.prefix); {
		case w.over():
			delete(fw.witnesses, key)
		case err == nil && !there && !slices.Contains(made.empty, key.jail):
			made.empty = append(made.empty, key.jail)
			made.done = append(made.done, "bans in set "+key.f.setName(key.jail))
		}
	}
	for _, jail := range made.empty {
		fw.empty[jail] = true
		maps.DeleteFunc(fw.witnesses, func(k witnessKey, _ witness) bool { return k.jail == jail })
	}
	fw.note(made)
	return len(made.done) > 0, err
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

// refill bans again whoever was in the sets that were lost. What fails is tried again at the next check.
func (fw *Firewall) refill(ctx context.Context, jails []string) error {
	var errs []error
	for _, jail := range jails {
		if err := fw.refillJail(ctx, jail); err != nil {
			errs = append(errs, fmt.Errorf("restore bans of jail %s: %w", jail, err))
			continue
		}
		fw.mu.Lock()
		delete(fw.empty, jail)
		fw.mu.Unlock()
	}
	return errors.Join(errs...)
}

func (fw *Firewall) refillJail(ctx context.Context, jail string) error {
	if fw.restore == nil {
		return nil
	}
	bans, err := fw.restore(ctx, jail)
	if err != nil {
		return err
	}
	return fw.Add(ctx, jail, bans)
}

// A witness is a ban that must be in a set: when it is not, somebody has emptied the set. It is the one that lasts
// longest of those that were added.
type witness struct {
	prefix netip.Prefix
	until  time.Time // zero: for ever
}

type witnessKey struct {
	jail string
	f    family
}

// over tells whether the kernel may have let the ban expire.
func (w witness) over() bool { return !w.until.IsZero() && time.Until(w.until) < 2*time.Second }

// remember chooses the witness of a set anew after bans were added.
func (fw *Firewall) remember(jail string, f family, entries []entry) {
	now := time.Now()
	key := witnessKey{jail, f}
	best, ok := fw.witnesses[key]
	for _, e := range entries {
		until := now.Add(e.timeout)
		if e.timeout <= 0 {
			until = time.Time{}
		}
		if !ok || !best.until.IsZero() && (until.IsZero() || until.After(best.until)) || best.prefix == e.prefix {
			best, ok = witness{e.prefix, until}, true
		}
		fw.noteLong(jail, e, until)
	}
	if ok {
		fw.witnesses[key] = best
	}
}

// noteLong keeps the bans that last longer than the backend can hold, so that they can be renewed.
func (fw *Firewall) noteLong(jail string, e entry, until time.Time) {
	delete(fw.long[jail], e.prefix)
	if fw.limit == 0 || e.timeout <= fw.limit {
		return
	}
	if fw.long[jail] == nil {
		fw.long[jail] = map[netip.Prefix]time.Time{}
	}
	fw.long[jail][e.prefix] = until
}

// renew gives bans that are longer than the limit their full time again, as far as the limit goes.
func (fw *Firewall) renew(ctx context.Context) {
	fw.mu.Lock()
	due := map[string]map[netip.Prefix]time.Duration{}
	for jail, bans := range fw.long {
		due[jail] = map[netip.Prefix]time.Duration{}
		for p, until := range bans {
			due[jail][p] = time.Until(until)
		}
	}
	fw.mu.Unlock()
	for jail, bans := range due {
		if err := fw.Add(ctx, jail, bans); err != nil {
			fw.log.Error("long bans not renewed", "jail", jail, "err", err)
		}
	}
}
