package filefollow

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/sys/unix"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv("FILEFOLLOW_TORTURE"); dir != "" {
		tortured(dir)
		return
	}
	goleak.VerifyTestMain(m)
}

// A record keeps what is logged.
type record struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (r *record) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.b.Write(p)
}

func (r *record) count(what string) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return strings.Count(r.b.String(), what)
}

func (f *tail) logged() *record {
	r := new(record)
	f.Log = slog.New(slog.NewTextHandler(r, nil))
	return r
}

// TestTrouble is what may keep a log from being read.
func TestTrouble(t *testing.T) {
	try(t, []behaviour{
		{"permission_denied", func(f *tail) {
			f.unprivileged = true
			f.do(os.Chmod(f.dir, 0o755))
			f.do(os.Chmod(filepath.Dir(f.dir), 0o755))
			log := f.logged()
			f.write("log", "a ")
			f.begin()
			f.until("reported", func() bool { return log.count("permission denied") == 1 })
			f.write("log", "b ")
			f.do(os.Chmod(f.path("log"), 0o644))
			f.want("a b")
			f.do(os.Chmod(f.path("log"), 0o600))
			f.write("log", "c ")
			f.want("c") // it is open
			f.rename("log", "log.1")
			f.write("log", "d ")
			f.until("reported again", func() bool { return log.count("permission denied") == 2 })
			f.do(os.Chmod(f.path("log"), 0o644))
			f.want("d")
			if n := f.Counters.Errors.Load(); n != 2 {
				f.t.Errorf("%d errors were counted", n)
			}
		}},
		{"directory_in_its_place", func(f *tail) {
			log := f.logged()
			f.do(os.Mkdir(f.path("log"), 0o700))
			f.begin()
			f.until("reported", func() bool { return log.count("not a regular file") == 1 })
			f.remove("log")
			f.write("log", "a ")
			f.want("a")
		}},
		{"fifo", func(f *tail) {
			f.do(unix.Mkfifo(f.path("log"), 0o600))
			f.begin()
			w, err := os.OpenFile(f.path("log"), os.O_WRONLY, 0)
			f.do(err)
			_, err = io.WriteString(w, "a\nb")
			f.do(err)
			f.want("a")
			_, err = io.WriteString(w, "\n")
			f.do(err)
			f.want("b")
			_, err = io.WriteString(w, "c")
			f.do(err)
			f.do(w.Close())
			f.want("c")
			w, err = os.OpenFile(f.path("log"), os.O_WRONLY, 0)
			f.do(err)
			_, err = io.WriteString(w, strings.Repeat("d\n", 200000))
			f.do(err)
			f.do(w.Close())
			f.want(strings.Repeat("d ", 200000))
		}},
		{"fifo_becomes_a_file", func(f *tail) {
			f.do(unix.Mkfifo(f.path("log"), 0o600))
			f.begin()
			f.remove("log")
			f.write("log", "a ")
			f.want("a")
		}},
		{"vanish", func(f *tail) {
			f.Globs[0].Pattern = f.path("*.log")
			f.linger = 50 * time.Millisecond
			f.PollInterval = 20 * time.Millisecond
			f.write("one.log", "a ")
			f.write("two.log", "b ")
			f.begin().want("a b")
			f.remove("one.log")
			f.until("let go", func() bool { return f.Counters.Files.Load() == 1 })
			f.write("one.log", "c ")
			f.want("c")
		}},
		{"vanish_and_come_back", func(f *tail) {
			f.linger = 50 * time.Millisecond
			f.PollInterval = 20 * time.Millisecond
			f.write("log", "a ")
			f.begin().want("a")
			f.rename("log", "elsewhere")
			f.until("let go", func() bool { return f.Counters.Files.Load() == 0 })
			f.write("elsewhere", "b ")
			f.rename("elsewhere", "log")
			f.want("b")
		}},
		{"waits", func(f *tail) {
			log := f.logged()
			f.PollInterval = 5 * time.Millisecond
			f.begin()
			f.until("said", func() bool { return log.count("does not exist, waiting") == 1 })
			f.write("log", "a ")
			f.want("a")
			f.until("said once", func() bool { return log.count("waiting") == 1 && log.count("log can be read") == 1 })
		}},
	})
}

// TestReadFails has the descriptor of a log fail, as that of a log on a lost network file system does, while the log is
// rotated.
func TestReadFails(t *testing.T) {
	f := newTail(t, "log")
	log := f.logged()
	f.write("log", "a ")
	r, err := newRun(&f.Follower, f.see)
	f.do(err)
	defer r.close()
	r.scan()
	f.do(r.begin(t.Context()))
	s := r.sources[f.path("log")]
	dir, err := os.Open(f.dir)
	f.do(err)
	defer dir.Close()
	f.do(unix.Dup3(int(dir.Fd()), s.current.fd, unix.O_CLOEXEC))
	f.write("log", "b ")
	f.rename("log", "log.1")
	f.write("log", "c ")
	for range 2 {
		r.look(s)
		f.do(r.next())
	}
	if n := log.count("log cannot be read"); n != 1 || len(r.open) != 0 {
		t.Fatalf("reported %d times, %d files are open", n, len(r.open))
	}
	s.retry = time.Time{}
	for r.look(s); len(r.queue) > 0; {
		f.do(r.next())
	}
	f.want("a b c")
}

// TestRetryWithGrowingDelay counts the tries to open a log that cannot be read, and what is said of it.
func TestRetryWithGrowingDelay(t *testing.T) {
	f := newTail(t, "log")
	log := f.logged()
	r, err := newRun(&f.Follower, f.see)
	f.do(err)
	defer r.close()
	f.do(os.Mkdir(f.path("log"), 0o700)) // what cannot be opened, for root too
	r.scan()
	f.do(r.begin(t.Context()))
	s := r.sources[f.path("log")]
	for _, want := range []time.Duration{2, 4, 8, 16, 32, 60, 60} {
		r.look(s)
		f.do(r.next())
		s.retry = time.Now().Add(-time.Second) // the delay is over
		r.look(s)
		f.do(r.next())
		if s.delay != want*time.Second || time.Until(s.retry) > s.delay {
			t.Errorf("the next try comes after %v, want %v s", s.delay, int(want))
		}
	}
	if n := log.count("cannot be read"); n != 1 {
		t.Errorf("reported %d times", n)
	}
}

func TestRunEnds(t *testing.T) {
	f := newTail(t, "log")
	f.write("log", "a ")
	enough := errors.New("enough")
	err := f.Run(t.Context(), func(Chunk) error { return enough })
	if err != enough {
		t.Errorf("Run gave %v, want yield's error", err)
	}
	if n := f.Counters.Files.Load(); n != 0 {
		t.Errorf("%d files are open after Run", n)
	}
	f.Encoding = "nonsense"
	if err := f.Run(t.Context(), f.see); err == nil || !strings.Contains(err.Error(), "nonsense") {
		t.Errorf("Run with a bad encoding gave %v", err)
	}
	f.Encoding, f.Globs[0].Pattern = "", ""
	if err := f.Run(t.Context(), f.see); err == nil {
		t.Error("Run with an empty pattern gave nil")
	}
}

// TestIdleWhileBehind tells that Idle is called between the chunks of a long text.
func TestIdleWhileBehind(t *testing.T) {
	f := newTail(t, "log")
	f.do(os.WriteFile(f.path("log"), bytes.Repeat([]byte("a line\n"), 1<<20), 0o600))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var r *run
	idle := 0
	f.Idle = func() {
		if idle++; idle == 5 {
			cancel()
		}
	}
	chunks := 0
	r, err := newRun(&f.Follower, func(Chunk) error {
		chunks++
		r.breath = r.breath.Add(-time.Second) // a second has passed
		return nil
	})
	f.do(err)
	defer r.close()
	f.do(r.loop(ctx))
	if idle < 5 || chunks > 6 {
		t.Errorf("Idle was called %d times beside %d chunks", idle, chunks)
	}
}

// TestWatchLimit runs itself in a user namespace where no inotify watch can be had.
func TestWatchLimit(t *testing.T) {
	for _, limit := range []string{"max_inotify_watches", "max_inotify_instances"} {
		t.Run(limit, func(t *testing.T) {
			if os.Getenv("FILEFOLLOW_LIMIT") == limit {
				limited(t, limit)
				return
			}
			cmd := exec.Command(os.Args[0], "-test.run=TestWatchLimit/"+limit)
			cmd.Env = append(os.Environ(), "FILEFOLLOW_LIMIT="+limit)
			cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWUSER,
				UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: 0, Size: 1}},
				GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: 0, Size: 1}}}
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%v: %s", err, out)
			}
		})
	}
}

func limited(t *testing.T, limit string) {
	if err := os.WriteFile(filepath.Join("/proc/sys/user", limit), []byte("0"), 0); err != nil {
		t.Fatal(err)
	}
	f := newTail(t, "log")
	log := f.logged()
	f.PollInterval = 10 * time.Millisecond
	f.begin().write("log", "a ")
	f.want("a")
	f.rename("log", "log.1")
	f.write("log", "b ")
	f.want("b")
	if log.count("polled; raise fs.inotify.max_user_") != 1 {
		t.Errorf("no warning: %s", log.b.String())
	}
}

// run runs the Follower, where a test asks for it with a file system identity that is not root's.
func (f *tail) run(ctx context.Context) error {
	if f.unprivileged {
		runtime.LockOSThread() // and never unlocked: the thread ends with this goroutine
		if err := unix.Setfsuid(65534); err != nil {
			return err
		}
	}
	return f.Run(ctx, f.see)
}
