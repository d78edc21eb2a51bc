package firewall

import (
	"context"
	"net/netip"
	"time"
)

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
