package control

import (
	"context"
	"net"
	"net/http"

	"golang.org/x/sys/unix"
)

// An access decides whether a peer may use a route. The peer is nil when it could not be known.
type access func(peer *unix.Ucred) bool

func anyone(*unix.Ucred) bool        { return true }
func rootOnly(peer *unix.Ucred) bool { return peer != nil && peer.Uid == 0 }

// guard lets through only the peers that may.
func guard(may access, a answer) answer {
	return func(r *http.Request) (any, error) {
		peer, _ := r.Context().Value(peerKey{}).(*unix.Ucred)
		if !may(peer) {
			return nil, &Error{Forbidden, "only root may change anything", "run the command as root, for example with sudo"}
		}
		return a(r)
	}
}

// peerKey is the context key of a connection's *unix.Ucred.
type peerKey struct{}

// rememberPeer asks the kernel once, as the connection is accepted, who is at the other end: the credentials are those
// of the moment of connect(2), so a socket passed on to others keeps the rights of who opened it.
func rememberPeer(ctx context.Context, c net.Conn) context.Context {
	return context.WithValue(ctx, peerKey{}, peerOf(c))
}

func peerOf(c net.Conn) *unix.Ucred {
	conn, ok := c.(*net.UnixConn)
	if !ok {
		return nil
	}
	raw, err := conn.SyscallConn()
	if err != nil {
		return nil
	}
	var peer *unix.Ucred
	if raw.Control(func(fd uintptr) { peer, err = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED) }) != nil || err != nil {
		return nil
	}
	return peer
}
