package firewall

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"slices"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netlink/nl"
	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"
)

// A cutter ends the connections that somebody had when he was banned: rules alone would leave them to time out, and
// those of containers may be let through by what connection tracking knows.
type cutter struct {
	handle *netlink.Handle
	diag   map[int]*nl.SocketHandle
}

// openCutter opens the sockets in the network namespace of the calling thread.
func openCutter() (*cutter, error) {
	handle, err := netlink.NewHandle(unix.NETLINK_NETFILTER)
	if err != nil {
		return nil, fmt.Errorf("open connection tracking: %w", err)
	}
	socket, err := nl.GetNetlinkSocketAt(netns.None(), netns.None(), unix.NETLINK_INET_DIAG)
	if err != nil {
		handle.Close()
		return nil, fmt.Errorf("open socket diagnosis: %w", err)
	}
	return &cutter{handle, map[int]*nl.SocketHandle{unix.NETLINK_INET_DIAG: {Socket: socket}}}, nil
}

func (c *cutter) close() {
	c.handle.Close()
	for _, socket := range c.diag {
		socket.Close()
	}
}

// A cut is bans of a jail whose connections are to end.
type cut struct {
	block    block
	prefixes []netip.Prefix
}

// run ends the connections of those who are banned, as they are, until ctx ends.
func (c *cutter) run(ctx context.Context, fw *Firewall, due <-chan struct{}) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-due:
		}
		fw.mu.Lock()
		cuts := fw.cuts
		fw.cuts = nil
		fw.mu.Unlock()
		n, err := c.cut(cuts)
		fw.Counters.Connections.Add(int64(n))
		if err != nil {
			fw.log.Warn("connections of the banned not cut", "err", err)
		}
	}
}

// cut looks once at all connections. It tells how many TCP sockets it has closed.
func (c *cutter) cut(cuts []cut) (int, error) {
	v := newVictims(cuts)
	closed := 0
	var errs []error
	for _, f := range []uint8{unix.AF_INET, unix.AF_INET6} {
		n, err := c.closeSockets(f, v)
		closed += n
		errs = append(errs, err)
		_, err = c.handle.ConntrackDeleteFilters(netlink.ConntrackTable, netlink.InetFamily(f), v)
		if err != nil && !errors.Is(err, unix.EINVAL) { // EINVAL: there is no connection tracking
			errs = append(errs, fmt.Errorf("delete tracked connections: %w", err))
		}
	}
	return closed, errors.Join(errs...)
}

const sockID = 48 // bytes of struct inet_diag_sockid of linux/inet_diag.h

// closeSockets closes TCP sockets as "ss -K" does: the peer gets a reset.
func (c *cutter) closeSockets(af uint8, v *victims) (int, error) {
	const connected = 0xfff &^ (1<<6 | 1<<10) // all states but TIME_WAIT and LISTEN, by net/tcp_states.h
	var found [][]byte
	dump := c.request(nl.SOCK_DIAG_BY_FAMILY, unix.NLM_F_DUMP, af, connected, make([]byte, sockID))
	err := dump.ExecuteIter(unix.NETLINK_INET_DIAG, nl.SOCK_DIAG_BY_FAMILY, func(msg []byte) bool {
		if len(msg) >= 4+sockID && v.hasSocket(msg[4:4+sockID], af) {
			found = append(found, slices.Clone(msg[4:4+sockID]))
		}
		return true
	})
	if err != nil && !errors.Is(err, nl.ErrDumpInterrupted) {
		return 0, fmt.Errorf("list TCP sockets: %w", err)
	}
	closed := 0
	var errs []error
	for _, id := range found {
		_, err := c.request(nl.SOCK_DESTROY, unix.NLM_F_ACK, af, 0xffffffff, id).Execute(unix.NETLINK_INET_DIAG, 0)
		switch {
		case err == nil:
			closed++
		case !errors.Is(err, unix.ENOENT):
			errs = append(errs, fmt.Errorf("close TCP socket: %w", err))
		}
	}
	return closed, errors.Join(errs...)
}

// request is a struct inet_diag_req_v2.
func (c *cutter) request(command, flags int, af uint8, states uint32, id []byte) *nl.NetlinkRequest {
	req := nl.NewNetlinkRequest(command, flags)
	req.Sockets = c.diag
	body := binary.NativeEndian.AppendUint32([]byte{af, unix.IPPROTO_TCP, 0, 0}, states)
	req.AddRawData(append(body, id...))
	return req
}

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
