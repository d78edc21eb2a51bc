package firewall

import (
	"context"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"time"
)

// A Divergence is how the kernel differs from what should be banned in a jail.
type Divergence struct {
	Missing []netip.Prefix // should be banned and is not
	Extra   []netip.Prefix // is banned and should not be; found only when everything is looked at
}

// Size is how many bans differ.
func (d Divergence) Size() int { return len(d.Missing) + len(d.Extra) }

// grace is how much time a ban must have left to count: the kernel and the store round, and bans come and go meanwhile.
const grace = 5 * time.Second

// Compare looks whether what should be banned in a jail, with the time each ban still has (0 for ever), is banned. With
// a limit above 0 it asks the kernel about that many of them, chosen at random, at some 10 µs each; other calls get
// their turn between any 1000. With 0 it reads the whole set, as List does.
func (fw *Firewall) Compare(ctx context.Context, jail string, want map[netip.Prefix]time.Duration, limit int) (Divergence, error) {
	lasting := map[netip.Prefix]bool{}
	for p, left := range want {
		if n, err := normal(p); err == nil && (left <= 0 || left > grace) {
			lasting[n] = true
		}
	}
	if limit <= 0 || !fw.askable {
		return fw.compareAll(ctx, jail, want, lasting)
	}
	var sample []netip.Prefix
	for p := range lasting { // a map's order is random enough
		if sample = append(sample, p); len(sample) == limit {
			break
		}
	}
	var d Divergence
	for part := range slices.Chunk(sample, batch) {
		missing, err := fw.ask(ctx, jail, part)
		if err != nil {
			return d, fmt.Errorf("compare bans of jail %s: %w", jail, err)
		}
		d.Missing = append(d.Missing, missing...)
	}
	return d, nil
}

// ask asks the kernel about bans one by one and tells those that do not stand.
func (fw *Firewall) ask(ctx context.Context, jail string, prefixes []netip.Prefix) ([]netip.Prefix, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	fw.mu.Lock()
	defer fw.mu.Unlock()
	var missing []netip.Prefix
	for _, p := range prefixes {
		there, err := fw.watcher.has(jail, families()[familyOf(p)], p)
		if err != nil {
			return nil, err
		}
		if !there {
			missing = append(missing, p)
		}
	}
	return missing, nil
}

func (fw *Firewall) compareAll(ctx context.Context, jail string, want map[netip.Prefix]time.Duration, lasting map[netip.Prefix]bool) (Divergence, error) {
	got, err := fw.List(ctx, jail)
	if err != nil {
		return Divergence{}, err
	}
	wanted := map[netip.Prefix]bool{}
	for p := range maps.Keys(want) {
		if n, err := normal(p); err == nil {
			wanted[n] = true
		}
	}
	var d Divergence
	for p := range lasting {
		if _, ok := got[p]; !ok {
			d.Missing = append(d.Missing, p)
		}
	}
	for p, left := range got {
		if !wanted[p] && (left <= 0 || left > grace) {
			d.Extra = append(d.Extra, p)
		}
	}
	return d, nil
}
