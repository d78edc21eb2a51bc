// Package sdnotify tells systemd how the daemon is: ready, reloading, stopping, or stuck. Where NOTIFY_SOCKET is not
// set, nobody listens and every function does nothing. None waits for long: a
// supervisor that does not read is an error.
package sdnotify

import (
	"fmt"
	"net"
	"os"
	"strings"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
)

// Ready says that everything stands: the end of a start or of a reload.
func Ready() error { return send(daemon.SdNotifyReady) }

// Reloading says that a reload has begun; Ready must follow, also when it failed. systemd from 253 on wants the time.
func Reloading() error {
	return send(daemon.SdNotifyReloading + "\n" + strings.TrimSuffix(daemon.SdNotifyMonotonicUsec(), "\n"))
}

// Stopping says that the daemon is on its way out.
func Stopping() error { return send(daemon.SdNotifyStopping) }

// Status is the one line that systemctl status shows.
func Status(line string) error { return send("STATUS=" + strings.ReplaceAll(line, "\n", " ")) }

// Extend asks for at least d more, from now, before a start or stop counts as failed. Say it again while it takes.
func Extend(d time.Duration) error {
	return send(fmt.Sprintf("EXTEND_TIMEOUT_USEC=%d", d.Microseconds()))
}

// patience is how long systemd may take to read what it was told before.
const patience = 200 * time.Millisecond

func send(state string) error {
	path := os.Getenv("NOTIFY_SOCKET")
	if path == "" {
		return nil
	}
	conn, err := net.Dial("unixgram", path)
	if err == nil {
		defer conn.Close()
		_ = conn.SetWriteDeadline(time.Now().Add(patience)) // a socket that is open knows deadlines
		_, err = conn.Write([]byte(state))
	}
	if err != nil {
		return fmt.Errorf("notify systemd: %w", err)
	}
	return nil
}
