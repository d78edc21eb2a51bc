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
