package firewall

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"syscall"

	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"
)

// A listener hears of every change to nftables, and so to iptables-nft. It hears nothing of iptables-legacy or ipset.
type listener struct{ conn *netlink.Conn }

// listen begins to listen in the network namespace of the calling thread.
func listen() (*listener, error) {
	const group = 7 // NFNLGRP_NFTABLES of linux/netfilter/nfnetlink.h
	conn, err := netlink.Dial(unix.NETLINK_NETFILTER, &netlink.Config{Groups: 1 << (group - 1)})
	if err != nil {
		return nil, fmt.Errorf("listen to nftables: %w", err)
	}
	return &listener{conn}, nil
}

// run tells of changes to tables, chains, rules and sets, but not of bans, until ctx ends. When more is changed than
// the socket holds, that is told of as a change too.
func (l *listener) run(ctx context.Context, changes chan<- struct{}) error {
	stop := context.AfterFunc(ctx, func() { l.conn.Close() })
	defer stop()
	raw, err := l.conn.SyscallConn()
	if err != nil {
		return fmt.Errorf("listen to nftables: %w", err)
	}
	buffer := make([]byte, 1<<16)
	for {
		changed, err := receive(raw, buffer)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil && !errors.Is(err, unix.ENOBUFS) {
			return fmt.Errorf("listen to nftables: %w", err)
		}
		if changed || err != nil {
			select {
			case changes <- struct{}{}:
			default:
			}
		}
	}
}

// receive reads one datagram, without the cost of taking all its messages apart.
func receive(raw syscall.RawConn, buffer []byte) (changed bool, err error) {
	var n int
	failed := raw.Read(func(fd uintptr) bool {
		n, _, err = unix.Recvfrom(int(fd), buffer, 0)
		return !errors.Is(err, unix.EAGAIN)
	})
	if failed != nil || err != nil {
		return false, errors.Join(failed, err)
	}
	for data := buffer[:n]; len(data) >= unix.NLMSG_HDRLEN; {
		size := binary.NativeEndian.Uint32(data)
		if telling(binary.NativeEndian.Uint16(data[4:])) {
			return true, nil
		}
		data = data[min(uint64(len(data)), (max(uint64(size), unix.NLMSG_HDRLEN)+3)&^3):]
	}
	return false, nil
}

// telling tells whether a kind of message is about more than the elements of sets.
func telling(kind uint16) bool {
	switch kind & 0xff {
	case unix.NFT_MSG_NEWSETELEM, unix.NFT_MSG_DELSETELEM, unix.NFT_MSG_NEWGEN:
		return false
	}
	return kind>>8 == unix.NFNL_SUBSYS_NFTABLES
}
