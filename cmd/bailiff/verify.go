package main

import (
	"context"
	"maps"
	"net/netip"
	"slices"
	"sync"
	"time"

	"bailiff/firewall"
	"bailiff/jails"
)

const (
	compareEvery = time.Minute
	compareLimit = 1000                   // bans of a jail that are looked at then, at some 10 µs each
	underway     = 300 * time.Millisecond // how long a ban may be on its way between jail and kernel
)

// divergences are what the last comparison of jails and kernel found, by jail.
type divergences struct {
	mu    sync.Mutex
	sizes map[string]int
}

func (d *divergences) set(sizes map[string]int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.sizes = sizes
}

func (d *divergences) of(jail string) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.sizes[jail]
}

// compare looks again and again, slowly, whether the kernel holds what is banned. It ends with ctx.
func (d *daemon) compare(ctx context.Context) error {
	tick := time.NewTicker(compareEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		d.compareOnce(ctx)
	}
}

func (d *daemon) compareOnce(ctx context.Context) {
	sizes := map[string]int{}
	_, running := d.state()
	for _, j := range running {
		if j.Config().Firewall.Kind == "none" {
			continue
		}
		found, err := d.diverges(ctx, j, compareLimit)
		if err != nil {
			if ctx.Err() == nil {
				d.log.Warn("bans not compared with the kernel", "jail", j.Name, "err", err)
			}
			continue
		}
		if sizes[j.Name] = found.Size(); found.Size() > 0 {
			d.log.Warn("the kernel does not hold what is banned", "jail", j.Name, "missing", len(found.Missing), "extra", len(found.Extra))
		}
		if len(found.Missing) > 0 {
			d.firewall.Refill(j.Name)
		}
	}
	d.diverged.set(sizes)
}

// diverges compares a jail's bans with the kernel, as firewall.Compare does. What differs is looked at again a little
// later, for bans come and go meanwhile.
func (d *daemon) diverges(ctx context.Context, j *jails.Jail, limit int) (firewall.Divergence, error) {
	first, err := d.firewall.Compare(ctx, j.Name, j.Remaining(time.Now()), limit)
	if err != nil || first.Size() == 0 {
		return first, err
	}
	select {
	case <-ctx.Done():
		return first, ctx.Err()
	case <-time.After(underway):
	}
	want := j.Remaining(time.Now())
	if limit > 0 { // the same ones
		maps.DeleteFunc(want, func(p netip.Prefix, _ time.Duration) bool { return !slices.Contains(first.Missing, p) })
	}
	again, err := d.firewall.Compare(ctx, j.Name, want, limit)
	return firewall.Divergence{Missing: both(first.Missing, again.Missing), Extra: both(first.Extra, again.Extra)}, err
}

// both are the prefixes that stand in both lists.
func both(a, b []netip.Prefix) (in []netip.Prefix) {
	known := map[netip.Prefix]bool{}
	for _, p := range a {
		known[p] = true
	}
	return slices.DeleteFunc(b, func(p netip.Prefix) bool { return !known[p] })
}
