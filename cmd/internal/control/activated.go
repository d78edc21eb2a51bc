package control

import (
	"fmt"
	"net"

	"github.com/coreos/go-systemd/v22/activation"
)

// activated returns the listener that systemd opened for the daemon at path, and nil when it opened none there. Its mode
// and group are the socket unit's, and closing it leaves the socket where it is. LISTEN_FDS is read once: children never
// see it.
func activated(path string) (net.Listener, error) {
	listeners, err := activation.Listeners()
	if err != nil {
		return nil, fmt.Errorf("take the socket from systemd: %w", err)
	}
	var ours net.Listener
	for _, l := range listeners {
		switch {
		case l == nil: // no stream socket
		case ours == nil && l.Addr().Network() == "unix" && l.Addr().String() == path:
			ours = l
		default:
			l.Close()
		}
	}
	return ours, nil
}
