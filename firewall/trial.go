package firewall

import (
	"context"
	"crypto/rand"
	"errors"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// trialMark is in the names of what a trial makes: bailiff~try-TOKEN and bailiff4~try-TOKEN.
const trialMark = "~try-"

// cleanUpLimit bounds how long a trial takes to remove what it has made, also when its context has
// ended.
const cleanUpLimit = 2 * time.Second

// A trial is a backend being tried. What it makes in the kernel bears its token. While it is at
// work it holds a socket of that name, which the kernel closes with the process: so another process
// can tell what a dead one has left. The names of such sockets belong to the network namespace, as
// sets and chains do. A process id would not do: it may be in use again, and means nothing to
// another container.
type trial struct {
	token  string
	socket int // -1: none could be had
}

func beginTrial() trial {
	token := strings.ToLower(rand.Text()[:10])
	socket, err := holdToken(token)
	if err != nil {
		socket = -1 // the worst is that another one who starts meanwhile removes what we try
	}
	return trial{token, socket}
}

func (t trial) end() {
	if t.socket >= 0 {
		unix.Close(t.socket)
	}
}

// holdToken binds the socket that stands for a token.
func holdToken(token string) (int, error) {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, err
	}
	if err := unix.Bind(fd, &unix.SockaddrUnix{Name: "@bailiff/try/" + token}); err != nil { // @: no file
		unix.Close(fd)
		return -1, err
	}
	return fd, nil
}

// abandoned reports whether a name is of something that a trial has made whose process is no more.
func abandoned(name string) bool {
	_, token, ok := strings.Cut(name, trialMark)
	if !ok {
		return false
	}
	fd, err := holdToken(token)
	if err == nil {
		unix.Close(fd)
	}
	return !errors.Is(err, unix.EADDRINUSE)
}

// isTrial reports whether a name is of something that a trial has made.
func isTrial(name string) bool {
	return strings.HasPrefix(name, chainName+trialMark) || strings.HasPrefix(name, chainName+"4"+trialMark) ||
		strings.HasPrefix(name, chainName+"6"+trialMark)
}

// cleanUp is a context for removing what a trial has made. It goes on when ctx has ended.
func cleanUp(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), cleanUpLimit)
}
