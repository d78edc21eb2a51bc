package firewall

import (
	"net/netip"
	"time"
)

// normal is a prefix without host bits, zone and IPv4 in IPv6's clothes. One that holds everybody is refused.
func normal(p netip.Prefix) (netip.Prefix, error) {
	addr, bits := p.Addr().WithZone(""), p.Bits()
	if addr.Is4In6() && bits >= 96 {
		addr, bits = addr.Unmap(), bits-96
	}
	p, err := addr.Prefix(bits)
	if err != nil {
		return p, &impossible{"not a network: " + err.Error()}
	}
	if bits == 0 {
		return p, &impossible{"would ban everybody"}
	}
	return p, nil
}

// familyOf is the prefix's place in families.
func familyOf(p netip.Prefix) int {
	if p.Addr().Is4() {
		return 0
	}
	return 1
}

// seconds is a timeout in whole seconds, rounded up.
func seconds(d time.Duration) int64 {
	return int64((max(d, 0) + time.Second - 1) / time.Second)
}
