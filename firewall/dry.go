package firewall

import (
	"context"
	"log/slog"
	"net/netip"
	"time"
)

// dry says what would be done and touches nothing. It remembers the bans, so that they can be listed.
type dry struct {
	log  *slog.Logger
	bans map[string]map[netip.Prefix]time.Time // by set; the zero time means for ever
}

func openDry(log *slog.Logger) *dry {
	return &dry{log: log, bans: map[string]map[netip.Prefix]time.Time{}}
}

func (d *dry) stand(_ context.Context, blocks []block) (repairs, error) {
	for _, b := range blocks {
		for _, f := range families() {
			if name := f.setName(b.jail); d.bans[name] == nil {
				d.bans[name] = map[netip.Prefix]time.Time{}
				d.log.Info("would make set", "set", name, "rules", b.setRules(f, b.chains[0]))
			}
		}
	}
	return repairs{}, nil
}

func (d *dry) lift(context.Context) (repairs, error) {
	clear(d.bans)
	return repairs{}, nil
}

func (d *dry) close() error { return nil }

func (d *dry) missing(context.Context, []block) ([]string, error) { return nil, nil }

func (d *dry) glance() bool { return false }

func (d *dry) has(string, family, netip.Prefix) (bool, error) { return true, nil }

func (d *dry) add(_ context.Context, jail string, f family, entries []entry) []error {
	for _, e := range entries {
		var until time.Time
		if e.timeout > 0 {
			until = time.Now().Add(e.timeout)
		}
		d.log.Info("would ban", "jail", jail, "prefix", e.prefix, "timeout", e.timeout)
		if set := d.bans[f.setName(jail)]; set != nil {
			set[e.prefix] = until
		}
	}
	return nil
}

func (d *dry) remove(_ context.Context, jail string, f family, prefixes []netip.Prefix) error {
	for _, p := range prefixes {
		d.log.Info("would unban", "jail", jail, "prefix", p)
		delete(d.bans[f.setName(jail)], p)
	}
	return nil
}

func (d *dry) list(_ context.Context, jail string, f family) (map[netip.Prefix]time.Duration, error) {
	bans := map[netip.Prefix]time.Duration{}
	for p, until := range d.bans[f.setName(jail)] {
		left := time.Until(until)
		switch {
		case until.IsZero():
			bans[p] = 0
		case left > 0:
			bans[p] = left
		}
	}
	return bans, nil
}
