package logging

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"bailiff/jails"
)

// A door is an output that takes nothing while it is closed: a write waits, or fails with an error.
type door struct {
	mu     sync.Mutex
	err    error
	most   int           // how many bytes a write takes before it fails
	closed chan struct{} // not nil: writes wait for it to be closed
	got    bytes.Buffer
}

func (d *door) Write(b []byte) (int, error) {
	d.mu.Lock()
	closed := d.closed
	d.mu.Unlock()
	if closed != nil {
		<-closed
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.err != nil {
		n := min(len(b), d.most)
		d.got.Write(b[:n])
		d.most -= n
		return n, d.err
	}
	return d.got.Write(b)
}

func (d *door) set(err error, most int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.err, d.most = err, most
}

func (d *door) text() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.got.String()
}

// inBubble runs a log to the door in a bubble of time.
func inBubble(t *testing.T, d *door, test func(l *Log, log *slog.Logger, told func() []string)) {
	synctest.Test(t, func(t *testing.T) {
		l := newLog(newQueue("door", &stream{w: d, form: streamForm}))
		var mu sync.Mutex
		var said []string
		l.Trouble = func(output string, err error) {
			mu.Lock()
			defer mu.Unlock()
			said = append(said, fmt.Sprint(output, ": ", err))
		}
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- l.Run(ctx) }()
		test(l, slog.New(l.Handler(slog.LevelInfo)), func() []string {
			mu.Lock()
			defer mu.Unlock()
			return said
		})
		stop()
		<-done
	})
}

func ban(log *slog.Logger, i int) {
	log.Log(context.Background(), jails.LevelNotice, fmt.Sprintf("[sshd] Ban 192.0.2.%d", i))
}

// TestALogThatNobodyReadsStopsNobody has an output stop in the middle of a write. Nobody waits, failures are dropped and
// bans are not, and when it goes on it says what is missing.
func TestALogThatNobodyReadsStopsNobody(t *testing.T) {
	d := &door{}
	inBubble(t, d, func(l *Log, log *slog.Logger, told func() []string) {
		d.closed = make(chan struct{})
		begin := time.Now()
		for i := range 100_000 {
			l.Gather(func() {
				log.Info(fmt.Sprintf("[sshd] Found 192.0.2.%d - 2026-11-22 06:51:38", i))
				if i%50 == 0 {
					ban(log, i)
				}
			})
		}
		if took := time.Since(begin); took > flushWait {
			t.Errorf("whoever logs waited %s", took)
		}
		if n := l.Dropped(); n == 0 || n > 100_000 {
			t.Errorf("%d lines dropped", n)
		}
		time.Sleep(4 * time.Second)
		close(d.closed)
		d.mu.Lock()
		d.closed = nil
		d.mu.Unlock()
		time.Sleep(2 * time.Second)
		for i := range 2000 {
			if !strings.Contains(d.text(), fmt.Sprintf("<5>[sshd] Ban 192.0.2.%d\n", i*50)) {
				t.Fatalf("ban %d is missing", i*50)
			}
		}
		if want := fmt.Sprintf("<4>%d lines of the log were dropped here since ", l.Dropped()); !strings.Contains(d.text(), want) ||
			!strings.HasSuffix(d.text(), ", 0 of them of bans: the log was not taken\n") {
			t.Errorf("the log ends with %q", d.text()[max(0, len(d.text())-200):])
		}
		if got := fmt.Sprint(told()); got != "[door: nobody reads it door: <nil>]" {
			t.Errorf("told: %s", got)
		}
	})
}

// TestBansAreDroppedLast fills the room for bans as well.
func TestBansAreDroppedLast(t *testing.T) {
	q := newQueue("none", &stream{w: io.Discard, form: streamForm})
	l := newLog(q)
	log := slog.New(l.Handler(slog.LevelInfo))
	for range 1 << 17 {
		log.Warn(strings.Repeat("w", 100))
		log.Info("[sshd] Found 192.0.2.1")
	}
	if q.lost.bans != 0 || q.waiting.size() > roomForOthers+1000 {
		t.Errorf("%+v, %d bytes wait", q.lost, q.waiting.size())
	}
	for i := range 1 << 19 {
		ban(log, i)
		if q.lost.bans > 0 {
			break
		}
	}
	if q.lost.bans == 0 || q.waiting.size() > roomForBans+1000 || q.waiting.size() < roomForBans {
		t.Errorf("%+v, %d bytes wait", q.lost, q.waiting.size())
	}
}

// TestALogOnAFullDiskGoesOn has writes fail in the middle of a line. No line is lost, none is cut or told twice.
func TestALogOnAFullDiskGoesOn(t *testing.T) {
	d := &door{}
	inBubble(t, d, func(l *Log, log *slog.Logger, told func() []string) {
		d.set(syscall.ENOSPC, 40)
		var want string
		for i := range 100 {
			ban(log, i)
			want += fmt.Sprintf("<5>[sshd] Ban 192.0.2.%d\n", i)
		}
		l.Flush()
		time.Sleep(10 * time.Second)
		for most := range 60 {
			d.set(syscall.ENOSPC, most)
			time.Sleep(time.Second)
		}
		d.set(nil, 0)
		time.Sleep(3 * time.Second)
		if d.text() != want {
			t.Errorf("the log is %q", d.text())
		}
		if got := fmt.Sprint(told()); got != "[door: no space left on device door: <nil>]" {
			t.Errorf("told: %s", got)
		}
	})
}

// TestAnotherOutputIsToldMeanwhile has one of two outputs stand still.
func TestAnotherOutputIsToldMeanwhile(t *testing.T) {
	stuck, other := &door{}, &door{}
	synctest.Test(t, func(t *testing.T) {
		stuck.closed = make(chan struct{})
		l := newLog(newQueue("stuck", &stream{w: stuck, form: streamForm}), newQueue("other", &stream{w: other, form: streamForm}))
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- l.Run(ctx) }()
		log := slog.New(l.Handler(slog.LevelInfo))
		l.Gather(func() { ban(log, 1) })
		if other.text() != "<5>[sshd] Ban 192.0.2.1\n" {
			t.Errorf("the other is told %q", other.text())
		}
		begin := time.Now()
		stop()
		<-done
		if took := time.Since(begin); took > lastWords {
			t.Errorf("the end took %s", took)
		}
		close(stuck.closed)
	})
}

// TestAFIFOThatNobodyReads is opened and written without waiting, and told when somebody reads it.
func TestAFIFOThatNobodyReads(t *testing.T) {
	path := filepath.Join(t.TempDir(), "fifo")
	must(t, syscall.Mkfifo(path, 0o600))
	f := newFile(path)
	var b batch
	b.add(time.Now(), jails.LevelNotice, []byte("[sshd] Ban 192.0.2.1"))
	if n, err := f.write(&b, 0); n != 0 || !errors.Is(err, syscall.ENXIO) {
		t.Errorf("nobody reads: %d, %v", n, err)
	}
	reader, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	must(t, err)
	defer reader.Close()
	lines := 0
	for err = nil; err == nil; lines++ { // until it is full
		_, err = f.write(&b, 0)
	}
	if !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("a full FIFO: %v", err)
	}
	text := make([]byte, 1<<20)
	n, err := reader.Read(text)
	must(t, err)
	_, err = f.write(&b, 0)
	must(t, err)
	more, err := reader.Read(text[n:])
	must(t, err)
	if got := strings.Count(string(text[:n+more]), "NOTICE  [sshd] Ban 192.0.2.1\n"); got != lines {
		t.Errorf("%d of %d lines were read", got, lines)
	}
}

// TestAJournalThatWasStopped leaves a dead stream; journald's socket is told then.
func TestAJournalThatWasStopped(t *testing.T) {
	path := filepath.Join(t.TempDir(), "socket")
	listening, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	must(t, err)
	defer listening.Close()
	d := &door{}
	j := &journal{stream: stream{w: d, form: streamForm}, socket: socket{path: path, form: nativeForm}}
	tell(t, j, jails.LevelNotice, "one")
	d.set(syscall.EPIPE, 0)
	tell(t, j, jails.LevelNotice, "two", "three")
	d.set(nil, 0)
	tell(t, j, jails.LevelNotice, "four")
	if d.text() != "<5>one\n" {
		t.Errorf("the stream is told %q", d.text())
	}
	heard := make([]byte, 1000)
	for _, want := range []string{"two", "three", "four"} {
		n, err := listening.Read(heard)
		must(t, err)
		if !strings.HasSuffix(string(heard[:n]), "\nMESSAGE="+want+"\n") {
			t.Errorf("the socket hears %q", heard[:n])
		}
	}
}

// TestTargetsThatCannotBeUsed are tried again, and nobody waits for them.
func TestTargetsThatCannotBeUsed(t *testing.T) {
	dir := t.TempDir()
	for _, target := range []string{dir, filepath.Join(dir, "no/such/directory/log"), "/dev/full"} {
		l := newLog(newQueue(target, newFile(target)))
		troubles := make(chan error, 10)
		l.Trouble = func(_ string, err error) { troubles <- err }
		slog.New(l.Handler(slog.LevelInfo)).Info("hello")
		start(t, l)
		if err := <-troubles; err == nil {
			t.Errorf("%s: no trouble", target)
		}
	}
}
