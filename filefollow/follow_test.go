package filefollow

import (
	"context"
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
	gate      func() // called, once, when a chunk with text comes

	unprivileged bool // run as nobody
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
	go func() { done <- f.run(ctx) }()
	f.stop = func() {
		cancel()
		if err := <-done; err != nil {
			f.t.Errorf("Run: %v", err)
		}
		f.Idle, f.stop = old, nil
		if len(f.lines) > 0 {
			f.t.Errorf("also got %q", f.lines)
		}
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
	gate := f.gate
	if len(c.Text) > 0 {
		f.gate = nil
	}
	f.mu.Unlock()
	if gate != nil && len(c.Text) > 0 {
		gate()
	}
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

// until waits for a condition that no chunk tells of.
func (f *tail) until(what string, ok func() bool) {
	f.t.Helper()
	tick, deadline := time.NewTicker(5*time.Millisecond), time.After(10*time.Second)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-deadline:
			f.t.Fatalf("after 10 s still not: %s", what)
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

// A behaviour is what happens to a log, and what a Follower must make of it.
type behaviour struct {
	name string
	test func(f *tail)
}

// try runs behaviours, each with inotify and with polling alone.
func try(t *testing.T, all []behaviour) {
	for _, b := range all {
		for _, how := range []string{"inotify", "polling"} {
			t.Run(b.name+"/"+how, func(t *testing.T) {
				t.Parallel()
				f := newTail(t, "log")
				f.Polling, f.PollInterval = how == "polling", 20*time.Millisecond
				if !f.Polling {
					f.PollInterval = time.Minute // inotify alone must do
				}
				b.test(f)
			})
		}
	}
}

func (f *tail) rename(from, to string) {
	f.t.Helper()
	f.do(os.Rename(f.path(from), f.path(to)))
}

func (f *tail) truncate(name string) {
	f.t.Helper()
	f.do(os.Truncate(f.path(name), 0))
}

func (f *tail) remove(name string) {
	f.t.Helper()
	f.do(os.Remove(f.path(name)))
}

func (f *tail) link(target, name string) {
	f.t.Helper()
	f.do(os.Symlink(target, f.path(name)+".new"))
	f.rename(name+".new", name)
}

// copy copies a file, as copytruncate does.
func (f *tail) copy(from, to string) {
	f.t.Helper()
	text, err := os.ReadFile(f.path(from))
	f.do(err)
	f.do(os.WriteFile(f.path(to), text, 0o600))
}

// hold makes the next chunk wait in yield until the function is called that it returns, so that a test can be ahead of
// the Follower. The chunk has arrived when hold returns.
func (f *tail) hold(cause func()) (release func()) {
	f.t.Helper()
	arrived, gate := make(chan struct{}), make(chan struct{})
	f.mu.Lock()
	f.gate = func() { close(arrived); <-gate }
	f.mu.Unlock()
	cause()
	select {
	case <-arrived:
	case <-time.After(10 * time.Second):
		f.t.Fatal("no chunk came")
	}
	return func() { close(gate) }
}
