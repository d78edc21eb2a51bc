package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"bailiff/filefollow"
)

// read tests the lines of a log as the daemon would read them. A last line without its end counts too.
func (t *regexTest) read(ctx context.Context, from io.Reader) error {
	if f, ok := from.(*os.File); ok {
		from = &patient{ctx, f}
	}
	c := &filefollow.Counters{}
	r, err := filefollow.NewReader(from, t.encoding, c)
	if err != nil {
		return err
	}
	n := 0
	for {
		text, err := r.Next()
		if errors.Is(err, io.EOF) {
			t.sayDamage(c)
			return nil
		}
		if err != nil {
			return err
		}
		for line := range bytes.Lines(text) {
			if n++; ctx.Err() != nil {
				return ctx.Err()
			}
			t.testText(n, line)
		}
	}
}

// sayDamage tells what of the log was not tested as it stands there. fail2ban-regex says nothing of it.
func (t *regexTest) sayDamage(c *filefollow.Counters) {
	if bad := c.BadBytes.Load(); bad > 0 && !t.fail2ban {
		t.say("Not in encoding %s: %s, each tested as U+FFFD; see --encoding", t.encoding, counted(int(bad), "place"))
	}
	if cut := c.CutLines.Load(); cut > 0 && !t.fail2ban {
		t.say("Too long: %s, tested up to 64 KB", counted(int(cut), "line"))
	}
}

// A patient file is read once there is something to read, or when its context has ended: a terminal or pipe may say
// nothing for long.
type patient struct {
	ctx context.Context
	*os.File
}

// Read reads from the file.
func (p *patient) Read(b []byte) (int, error) {
	for p.ctx.Err() == nil {
		fds := []unix.PollFd{{Fd: int32(p.Fd()), Events: unix.POLLIN}}
		n, err := unix.Poll(fds, int((200 * time.Millisecond).Milliseconds()))
		switch {
		case n > 0:
			return p.File.Read(b)
		case err != nil && err != unix.EINTR:
			return 0, fmt.Errorf("wait for %s: %w", p.Name(), err)
		}
	}
	return 0, p.ctx.Err()
}

// openLog opens a log; it does not wait for a FIFO's writer.
func openLog(path string) (*os.File, error) { return os.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK, 0) }

// isStream tells whether a path leads to a FIFO or terminal, as /dev/stdin may.
func isStream(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode()&(os.ModeNamedPipe|os.ModeCharDevice) != 0
}
