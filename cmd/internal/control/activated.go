package control

import (
	"errors"
	"fmt"
	"net"

	"github.com/coreos/go-systemd/v22/activation"
)

// Activated returns the listener that systemd opened for the daemon, and nil when it opened none. Its mode and group are
// the socket unit's, and closing it leaves the socket where it is. LISTEN_FDS is read once: children never see it.
func Activated() (net.Listener, error) {
	listeners, err := activation.Listeners()
	if err != nil {
		return nil, fmt.Errorf("take the socket from systemd: %w", err)
	}
	if len(listeners) == 0 {
		return nil, nil
	}
	if len(listeners) > 1 || listeners[0] == nil || listeners[0].Addr().Network() != "unix" {
		for _, l := range listeners {
			if l != nil {
				l.Close()
			}
		}
		return nil, errors.New("take the socket from systemd: want one stream socket of the unix kind")
	}
	return listeners[0], nil
}
