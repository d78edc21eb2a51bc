package jails

import (
	"net/netip"
	"time"

	"bailiff/jails/event"
)

// widen has a ban block as much around an address as the jail's action does. j.mu is held.
func (j *Jail) widen(b *event.Ban) {
	b.Wide4, b.Wide6 = uint8(j.config.Firewall.Wide4), uint8(j.config.Firewall.Wide6)
}

// lengthen has networks blocked for as long as the longest ban in them lasts, where one network stands for several
// addresses that are banned.
func (j *Jail) lengthen(networks map[netip.Prefix]time.Duration, now time.Time) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.config.Firewall.Wide4+j.config.Firewall.Wide6 == 0 {
		return
	}
	for _, b := range j.bans {
		p, _ := b.Network()
		left, ok := networks[p]
		switch {
		case !ok || left == 0 || !b.Active(now):
		case b.Permanent():
			networks[p] = 0
		default:
			networks[p] = max(left, b.Until.Sub(now))
		}
	}
}
