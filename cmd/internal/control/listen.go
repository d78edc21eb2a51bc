package control

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/user"
	"strconv"
)

// Listen makes the socket at path, with mode 0660 and, if there is such a group, the group's. A socket that a dead
// daemon left behind is replaced; a path that is something else is never removed, nor a socket on which somebody
// listens. Its directory must exist. Closing the listener removes the socket. Where systemd has opened the socket at path
// for us, Listen returns that one, as it is.
func Listen(path, group string) (net.Listener, error) {
	if l, err := activated(path); l != nil || err != nil {
		return l, err
	}
	if err := dropStale(path); err != nil {
		return nil, fmt.Errorf("listen on %s: %w", path, err)
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, err
	}
	if err := share(path, group); err != nil {
		l.Close()
		return nil, fmt.Errorf("listen on %s: %w", path, err)
	}
	return l, nil
}

// dropStale removes a socket nobody listens on.
func dropStale(path string) error {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if info.Mode().Type() != fs.ModeSocket {
		return errors.New("it exists and is no socket")
	}
	if conn, err := net.Dial("unix", path); err == nil {
		conn.Close()
		return &Error{Invalid, "another daemon listens there", "bailiff status asks it; one beside it needs its own --socket and --state"}
	}
	return os.Remove(path)
}

// share sets mode and group. A daemon that may not give the socket away keeps it for itself.
func share(path, group string) error {
	if err := os.Chmod(path, 0o660); err != nil {
		return err
	}
	g, err := user.LookupGroup(group)
	if err != nil {
		return nil // no such group, then it stays root's
	}
	gid, err := strconv.Atoi(g.Gid)
	if err != nil {
		return err
	}
	if err := os.Lchown(path, -1, gid); !errors.Is(err, fs.ErrPermission) {
		return err
	}
	return nil
}
