package firewall

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"
)

// candidates is how many bans are tried as a witness: the first of them may be on their way to the kernel.
const candidates = 100

// rewatch finds a new witness for each set that has lost its own, among what should be banned.
func (fw *Firewall) rewatch(ctx context.Context, keys []witnessKey) error {
	if fw.restore == nil {
		return nil // nobody could fill the sets again
	}
	var errs []error
	for _, key := range keys {
		fw.mu.Lock()
		taken := fw.taken
		fw.mu.Unlock()
		bans, err := fw.restore(ctx, key.jail)
		if err != nil {
			errs = append(errs, fmt.Errorf("watch bans of jail %s: %w", key.jail, err))
			continue
		}
		fw.appoint(key, longest(bans, key.f, time.Now()), taken)
	}
	return errors.Join(errs...)
}

// longest are the bans of a family that last longest, the longest first.
func longest(bans map[netip.Prefix]time.Duration, f family, now time.Time) []witness {
	var all []witness
	for prefix, left := range bans {
		p, err := normal(prefix)
		if err != nil || families()[familyOf(p)] != f {
			continue
		}
		w := witness{prefix: p}
		if left > 0 {
			w.until = now.Add(left)
		}
		all = append(all, w)
	}
	slices.SortFunc(all, func(a, b witness) int { return b.compare(a) })
	return all[:min(len(all), candidates)]
}

// appoint makes the first of the candidates that the kernel has a set's witness, or the first of all where it has none:
// then the set was emptied, as the next look will find. It waits for another check if bans were taken out meanwhile.
func (fw *Firewall) appoint(key witnessKey, from []witness, taken int) {
	fw.mu.Lock()
	defer fw.mu.Unlock()
	if fw.taken != taken || !named(fw.blocks, key.jail) {
		return
	}
	delete(fw.unwatched, key)
	if len(from) == 0 {
		return
	}
	chosen := from[0]
	for _, w := range from {
		if there, err := fw.watcher.has(key.jail, key.f, w.prefix); err == nil && there {
			chosen = w
			break
		}
	}
	if w, ok := fw.witnesses[key]; !ok || chosen.compare(w) > 0 {
		fw.witnesses[key] = chosen
	}
}
