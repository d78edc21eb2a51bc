package firewall

import (
	"encoding/binary"
	"net/netip"
	"slices"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// victims are the banned of several jails, to be looked up by address.
type victims struct {
	blocks  map[netip.Prefix][]block
	lengths []int
}

func newVictims(cuts []cut) *victims {
	v := &victims{blocks: map[netip.Prefix][]block{}}
	for _, c := range cuts {
		for _, p := range c.prefixes {
			v.blocks[p] = append(v.blocks[p], c.block)
			if !slices.Contains(v.lengths, p.Bits()) {
				v.lengths = append(v.lengths, p.Bits())
			}
		}
	}
	return v
}

// has tells whether packets to a port are stopped of a peer that bans of one direction are about.
func (v *victims) has(peer netip.Addr, egress bool, protocol uint8, port uint16) bool {
	for _, bits := range v.lengths {
		prefix, err := peer.Unmap().Prefix(bits)
		if err != nil {
			continue // of the other family
		}
		for _, b := range v.blocks[prefix] {
			if b.outward() == egress && b.covers(protocol, port) {
				return true
			}
		}
	}
	return false
}

// hasSocket looks at a struct inet_diag_sockid: ports and addresses, ours first. Here a jail's ports are ours, or the
// peer's where the jail is about what goes out.
func (v *victims) hasSocket(id []byte, af uint8) bool {
	here, there := binary.BigEndian.Uint16(id), binary.BigEndian.Uint16(id[2:])
	address := id[20:36]
	if af == unix.AF_INET {
		address = id[20:24]
	}
	peer, _ := netip.AddrFromSlice(address)
	return v.has(peer, false, unix.IPPROTO_TCP, here) || v.has(peer, true, unix.IPPROTO_TCP, there)
}

// MatchConntrackFlow tells whether a tracked connection is one of the banned's.
func (v *victims) MatchConntrackFlow(flow *netlink.ConntrackFlow) bool {
	src, _ := netip.AddrFromSlice(flow.Forward.SrcIP)
	dst, _ := netip.AddrFromSlice(flow.Forward.DstIP)
	protocol, port := flow.Forward.Protocol, flow.Forward.DstPort
	return v.has(src, false, protocol, port) || v.has(dst, true, protocol, port)
}

// outward tells whether the jail is about packets to the banned.
func (b block) outward() bool { return b.egress || slices.Equal(b.chains, []string{"OUTPUT"}) }

// covers tells whether the jail stops packets of a protocol to a port.
func (b block) covers(protocol uint8, port uint16) bool {
	of := func(name string) bool {
		return name == "all" || protocolNumber(name, family{}) == protocol || protocolNumber(name, family{v6: true}) == protocol
	}
	in := func(r portRange) bool { return r.first <= port && port <= r.last }
	return slices.ContainsFunc(b.protocols, of) && (b.ports == nil || slices.ContainsFunc(b.ports, in))
}
