package sdnotify

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

// systemd is a supervisor's end of the notify socket.
type systemd struct {
	t    *testing.T
	conn *net.UnixConn
}

func listen(t *testing.T) *systemd {
	t.Helper()
	path := filepath.Join(t.TempDir(), "notify")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	t.Setenv("NOTIFY_SOCKET", path)
	return &systemd{t, conn}
}

// heard returns the messages that have arrived, without waiting.
func (s *systemd) heard() []string {
	s.t.Helper()
	raw, err := s.conn.SyscallConn()
	if err != nil {
		s.t.Fatal(err)
	}
	var list []string
	buf := make([]byte, 4096)
	raw.Control(func(fd uintptr) {
		for {
			n, _, err := unix.Recvfrom(int(fd), buf, unix.MSG_DONTWAIT)
			if err != nil {
				return
			}
			list = append(list, string(buf[:n]))
		}
	})
	return list
}

func TestMessages(t *testing.T) {
	s := listen(t)
	for _, say := range []func() error{Ready, Reloading, Stopping,
		func() error { return Status("3 jails,\n2 bans") },
		func() error { return Extend(1500 * time.Millisecond) }} {
		if err := say(); err != nil {
			t.Error(err)
		}
	}
	got := s.heard()
	if len(got) < 2 {
		t.Fatal(got)
	}
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &now); err != nil {
		t.Fatal(err)
	}
	usec, found := strings.CutPrefix(got[1], "RELOADING=1\nMONOTONIC_USEC=")
	if n, err := strconv.ParseInt(usec, 10, 64); !found || err != nil || n < (now.Nano()-int64(time.Minute))/1000 || n > now.Nano()/1000 {
		t.Errorf("reloading says %q", got[1])
	}
	got[1] = "RELOADING"
	want := []string{"READY=1", "RELOADING", "STOPPING=1", "STATUS=3 jails, 2 bans", "EXTEND_TIMEOUT_USEC=1500000"}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestNobodyListens(t *testing.T) {
	t.Setenv("NOTIFY_SOCKET", "")
	if err := Ready(); err != nil {
		t.Error(err)
	}
	t.Setenv("NOTIFY_SOCKET", filepath.Join(t.TempDir(), "gone"))
	if err := Ready(); err == nil || !strings.HasPrefix(err.Error(), "notify systemd: ") {
		t.Errorf("a socket that is gone: %v", err)
	}
}

// TestASupervisorThatDoesNotRead has its socket full.
func TestASupervisorThatDoesNotRead(t *testing.T) {
	s := listen(t)
	begin := time.Now()
	for Status(strings.Repeat("x", 1000)) == nil { // as long as there is room
	}
	if err := Ready(); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("a full socket: %v", err)
	}
	if took := time.Since(begin); took > 20*patience {
		t.Errorf("it took %s", took)
	}
	s.heard()
	if err := Ready(); err != nil {
		t.Error(err)
	}
}

func TestWatchdogIsOffUnlessSystemdAsks(t *testing.T) {
	t.Setenv("WATCHDOG_USEC", "")
	w, err := NewWatchdog(slog.Default())
	if w != nil || err != nil {
		t.Fatalf("%v, %v", w, err)
	}
	b := w.Part("reader")
	b.Round()
	w.Retire(b)
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if err := w.Run(ctx); err != nil {
		t.Error(err)
	}
	t.Setenv("WATCHDOG_USEC", "many")
	if _, err := NewWatchdog(slog.Default()); err == nil {
		t.Error("WATCHDOG_USEC=many is fine")
	}
}

// watch runs a watchdog of 8 seconds in a bubble, with a log to look at.
func watch(t *testing.T, test func(w *Watchdog, log *bytes.Buffer)) {
	t.Setenv("WATCHDOG_USEC", "8000000")
	synctest.Test(t, func(t *testing.T) {
		log := &bytes.Buffer{}
		w, err := NewWatchdog(slog.New(slog.NewTextHandler(log, nil)))
		if err != nil || w == nil {
			t.Fatal(w, err)
		}
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- w.Run(ctx) }()
		test(w, log)
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// pass lets time go by while the parts make a round every second.
func pass(d time.Duration, beats ...*Beat) {
	for range d / time.Second {
		for _, b := range beats {
			b.Round()
		}
		time.Sleep(time.Second)
	}
	synctest.Wait()
}

func TestWatchdogPingsAtHalfTheInterval(t *testing.T) {
	s := listen(t)
	watch(t, func(w *Watchdog, _ *bytes.Buffer) {
		pass(40*time.Second, w.Part("reader"), w.Part("jails"), w.Part("firewall"))
		if n := len(s.heard()); n != 10 {
			t.Errorf("%d pings in 40 s of an 8 s watchdog, want 10", n)
		}
	})
}

func TestOneStuckPartStopsThePings(t *testing.T) {
	s := listen(t)
	watch(t, func(w *Watchdog, log *bytes.Buffer) {
		reader, jails, firewall := w.Part("reader"), w.Part("jails"), w.Part("firewall")
		pass(8*time.Second, reader, jails, firewall)
		s.heard()
		pass(80*time.Second, reader, firewall) // jails is stuck
		if got := s.heard(); len(got) > 1 {    // the one ping for the round it had still made
			t.Errorf("pings while a part is stuck: %q", got)
		}
		if n := strings.Count(log.String(), "part=jails"); n != 1 || strings.Count(log.String(), "\n") != 1 {
			t.Errorf("the log says:\n%s", log)
		}
		pass(8*time.Second, reader, jails, firewall)
		if len(s.heard()) == 0 {
			t.Error("no pings although all parts go on")
		}
		w.Retire(jails)
		pass(40*time.Second, reader, firewall)
		if n := len(s.heard()); n != 10 {
			t.Errorf("%d pings without the retired part, want 10", n)
		}
	})
}

func TestASlowRoundOnlyDelaysThePing(t *testing.T) {
	s := listen(t)
	watch(t, func(w *Watchdog, log *bytes.Buffer) {
		part := w.Part("reader")
		pass(4*time.Second, part)
		time.Sleep(5*time.Second + time.Millisecond) // a ping is due after 4, too late after 8
		part.Round()
		time.Sleep(time.Second)
		synctest.Wait()
		if n := len(s.heard()); n != 2 {
			t.Errorf("%d pings, want 2", n)
		}
		if log.Len() > 0 {
			t.Errorf("the log says: %s", log)
		}
	})
}
