package filefollow

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// A tail is a Follower under test: it keeps what was handed out and the last position of each path.
type tail struct {
	t   *testing.T
	dir string
	Follower

	mu        sync.Mutex
	more      chan struct{} // closed when something was handed out
	chunks    []Chunk
	lines     []string
	positions map[string]Position
	stop      func()
}

// newTail makes a Follower of patterns in a new directory.
func newTail(t *testing.T, patterns ...string) *tail {
	f := &tail{t: t, dir: t.TempDir(), more: make(chan struct{}), positions: map[string]Position{}}
	f.Counters = new(Counters)
	f.Log = slog.New(slog.NewTextHandler(io.Discard, nil))
	f.Follower.Positions = func(path string) (Position, bool) { p, ok := f.positions[path]; return p, ok }
	for _, p := range patterns {
		f.Globs = append(f.Globs, Glob{Pattern: filepath.Join(f.dir, p)})
	}
	t.Cleanup(func() { f.end() })
	return f
}

// begin starts Run; the files that are there have been looked at when it returns.
func (f *tail) begin() *tail {
	f.t.Helper()
	ctx, cancel := context.WithCancel(f.t.Context())
	idle, done := make(chan struct{}), make(chan error, 1)
	var once sync.Once
	old := f.Idle
	f.Idle = func() {
		once.Do(func() { close(idle) })
		if old != nil {
			old()
		}
	}
	go func() { done <- f.Run(ctx, f.see) }()
	f.stop = func() {
		cancel()
		if err := <-done; err != nil {
			f.t.Errorf("Run: %v", err)
		}
		f.Idle, f.stop = old, nil
	}
	select {
	case <-idle:
	case <-time.After(10 * time.Second):
		f.t.Fatal("Idle was never called")
	}
	return f
}

func (f *tail) end() {
	if f.stop != nil {
		f.stop()
	}
}

func (f *tail) see(c Chunk) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.positions[c.Path] = c.End
	text := string(c.Text)
	if text != "" && !strings.HasSuffix(text, "\n") {
		f.t.Errorf("chunk ends in the middle of a line: %q", text)
	}
	for line := range strings.Lines(text) {
		f.lines = append(f.lines, strings.TrimSuffix(line, "\n"))
	}
	c.Text = []byte(text)
	f.chunks = append(f.chunks, c)
	close(f.more)
	f.more = make(chan struct{})
	return nil
}

// want waits until exactly these lines, blank-separated, were handed out since the last want.
func (f *tail) want(lines string) {
	f.t.Helper()
	words := strings.Fields(lines)
	deadline := time.After(10 * time.Second)
	for {
		f.mu.Lock()
		got, more := f.lines, f.more
		if len(got) >= len(words) {
			f.lines = nil
			f.mu.Unlock()
			if strings.Join(got, " ") != strings.Join(words, " ") {
				f.t.Fatalf("got %q, want %q", got, words)
			}
			return
		}
		f.mu.Unlock()
		select {
		case <-more:
		case <-deadline:
			f.t.Fatalf("got %q after 10 s, want %q", got, words)
		}
	}
}

func (f *tail) path(name string) string { return filepath.Join(f.dir, name) }

// write appends text to a file of the test's directory; blanks become line ends.
func (f *tail) write(name, text string) {
	f.t.Helper()
	w, err := os.OpenFile(f.path(name), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		f.t.Fatal(err)
	}
	defer w.Close()
	if _, err := io.WriteString(w, strings.ReplaceAll(text, " ", "\n")); err != nil {
		f.t.Fatal(err)
	}
}

func (f *tail) do(err error) {
	f.t.Helper()
	if err != nil {
		f.t.Fatal(err)
	}
}

// both runs a test with inotify and with polling alone.
func both(t *testing.T, test func(t *testing.T, start func(patterns ...string) *tail)) {
	for _, polling := range []bool{false, true} {
		t.Run(fmt.Sprintf("polling=%v", polling), func(t *testing.T) {
			t.Parallel()
			test(t, func(patterns ...string) *tail {
				f := newTail(t, patterns...)
				f.Polling = polling
				f.PollInterval = 20 * time.Millisecond
				return f
			})
		})
	}
}

func TestAppend(t *testing.T) {
	both(t, func(t *testing.T, start func(...string) *tail) {
		f := start("log")
		f.write("log", "a b ")
		f.begin()
		f.want("a b")
		f.write("log", "c d ")
		f.want("c d")
	})
}

func TestPartialLine(t *testing.T) {
	both(t, func(t *testing.T, start func(...string) *tail) {
		f := start("log").begin()
		f.write("log", "a b")
		f.want("a")
		f.write("log", "c d")
		f.want("bc")
		f.write("log", " ")
		f.want("d")
	})
}

func TestRename(t *testing.T) {
	both(t, func(t *testing.T, start func(...string) *tail) {
		f := start("log")
		f.write("log", "a ")
		f.begin().want("a")
		f.do(os.Rename(f.path("log"), f.path("log.1")))
		f.write("log.1", "b ")
		f.write("log", "c ")
		f.want("b c")
	})
}

func TestCopytruncate(t *testing.T) {
	both(t, func(t *testing.T, start func(...string) *tail) {
		f := start("log")
		f.write("log", "a b ")
		f.begin().want("a b")
		f.write("log.1", "a b ")
		f.do(os.Truncate(f.path("log"), 0))
		f.write("log", "c ")
		f.want("c")
	})
}

func TestDelete(t *testing.T) {
	both(t, func(t *testing.T, start func(...string) *tail) {
		f := start("log")
		f.write("log", "a ")
		f.begin().want("a")
		f.do(os.Remove(f.path("log")))
		f.write("log", "b ")
		f.want("b")
	})
}

func TestGlobNewFile(t *testing.T) {
	both(t, func(t *testing.T, start func(...string) *tail) {
		f := start("*/site*.log").begin()
		f.do(os.Mkdir(f.path("www"), 0o700))
		f.write("www/site1.log", "a ")
		f.want("a")
		f.write("www/site2.log", "b ")
		f.want("b")
	})
}

func TestRestartFromPosition(t *testing.T) {
	both(t, func(t *testing.T, start func(...string) *tail) {
		f := start("log")
		f.write("log", "a b")
		f.begin().want("a")
		f.end()
		f.write("log", " c ")
		f.begin().want("b c")
	})
}
