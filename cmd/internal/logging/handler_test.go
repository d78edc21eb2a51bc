package logging

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bailiff/jails"
	"bailiff/jails/event"
)

func TestLogLines(t *testing.T) {
	for name, c := range map[string]struct {
		log  func(*slog.Logger)
		want string
	}{
		"ban":     {func(l *slog.Logger) { l.Log(context.Background(), jails.LevelNotice, "[sshd] Ban 192.0.2.1") }, "<5>[sshd] Ban 192.0.2.1"},
		"found":   {func(l *slog.Logger) { l.Info("[sshd] Found 192.0.2.1 - 2026-11-22 06:51:38") }, "<6>[sshd] Found 192.0.2.1 - 2026-11-22 06:51:38"},
		"attrs":   {func(l *slog.Logger) { l.Warn("no such file", "path", "/var/log/a b", "n", 3, "empty", "") }, `<4>no such file path="/var/log/a b" n=3 empty=""`},
		"error":   {func(l *slog.Logger) { l.Error("stuck", "err", errors.New("x: y")) }, `<3>stuck err="x: y"`},
		"with":    {func(l *slog.Logger) { l.With("jail", "sshd").WithGroup("g").With("a", 1).Info("m", "b", 2) }, "<6>m jail=sshd g.a=1 g.b=2"},
		"group":   {func(l *slog.Logger) { l.Info("m", slog.Group("g", "a", time.Minute), slog.Group("", "b", true)) }, "<6>m g.a=1m0s b=true"},
		"time":    {func(l *slog.Logger) { l.Info("m", "at", time.Unix(0, 0).UTC()) }, "<6>m at=1970-01-01T00:00:00Z"},
		"odd":     {func(l *slog.Logger) { l.Log(context.Background(), slog.LevelError+40, "m") }, "<2>m"},
		"inject":  {func(l *slog.Logger) { l.Info("[x] Found a\n<0>b\x1b", "v", "c\n[sshd] Ban 192.0.2.9") }, "<6>[x] Found a\ufffd<0>b\ufffd v=\"c\\n[sshd\\x5d Ban 192.0.2.9\""},
		"subject": {func(l *slog.Logger) { l.Info("m", "subject", event.ID("x] Ban 192.0.2.9"), "s", event.ID("alice")) }, `<6>m subject="x\x5d Ban 192.0.2.9" s=alice`},
		"place":   {func(l *slog.Logger) { l.Warn("m", "err", "jail.local:2: [sshd] bantime: x") }, `<4>m err="jail.local:2: [sshd] bantime: x"`},
	} {
		var b bytes.Buffer
		l := newLog(newQueue("test", &stream{w: &b, form: streamForm}))
		c.log(slog.New(l.Handler(slog.LevelInfo)))
		finish(t, l)
		if d := cmp.Diff(c.want+"\n", b.String()); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
}

func TestLogLineOutsideTheJournalLooksLikeFail2bans(t *testing.T) {
	var b bytes.Buffer
	l := newLog(newQueue("test", &stream{w: &b, form: textForm()}))
	h := l.Handler(slog.LevelInfo)
	r := slog.NewRecord(time.Date(2026, 11, 22, 6, 51, 38, 49e6, time.Local), jails.LevelNotice, "[sshd] Ban 192.0.2.1", 0)
	if err := h.Handle(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	finish(t, l)
	want := fmt.Sprintf("2026-11-22 06:51:38,049 bailiff[%d]: NOTICE  [sshd] Ban 192.0.2.1\n", os.Getpid())
	if d := cmp.Diff(want, b.String()); d != "" {
		t.Error(d)
	}
}

// A line that was written already becomes what it would have become as a message.
func TestLogLinesThatWereWrittenAlready(t *testing.T) {
	at := time.Date(2026, 11, 22, 6, 51, 38, 49e6, time.Local)
	for name, form := range map[string]form{"journal": streamForm, "text": textForm()} {
		for _, line := range []string{"[sshd] Found 192.0.2.1 - 2026-11-22 06:51:38", "[x] Found a\n<0>b\x1b", "é\xff", ""} {
			written := func(say func(h *handler) error) string {
				var b bytes.Buffer
				l := newLog(newQueue("test", &stream{w: &b, form: form}))
				if err := say(l.Handler(slog.LevelInfo).WithAttrs([]slog.Attr{slog.Int("n", 3)}).(*handler)); err != nil {
					t.Fatal(err)
				}
				finish(t, l)
				return b.String()
			}
			told := written(func(h *handler) error { return h.Handle(t.Context(), slog.NewRecord(at, slog.LevelInfo, line, 0)) })
			already := written(func(h *handler) error { return h.HandleLine(at, slog.LevelInfo, []byte(line)) })
			if d := cmp.Diff(told, already); d != "" {
				t.Errorf("%s: %q: %s", name, line, d)
			}
		}
	}
}

// Lines that are gathered come in order, none is lost or cut, and none is late: all are out when gathering has ended.
func TestLogLinesAreGathered(t *testing.T) {
	var w writes
	l := newLog(newQueue("test", &stream{w: &w, form: streamForm}))
	start(t, l)
	log := slog.New(l.Handler(slog.LevelInfo))
	log.Info("before")
	l.Flush()
	l.Gather(func() {
		log.Info("one")
		l.Gather(func() { log.Info("two") })
		log.Info("three")
		l.Flush()
		log.Info("four")
		log.Warn("five")
	})
	log.Info("after")
	l.Flush()
	if d := cmp.Diff(writes{"<6>before\n", "<6>one\n<6>two\n", "<6>three\n", "<6>four\n<4>five\n", "<6>after\n"}, w); d != "" {
		t.Error(d)
	}
	w = nil
	l.Gather(func() {
		for i := range 10_000 {
			log.Info(fmt.Sprintf("[sshd] Found 192.0.2.%d - 2026-11-22 06:51:38", i))
		}
	})
	if len(w) < 2 || len(w) > 50 {
		t.Errorf("10,000 lines in %d writes", len(w))
	}
	lines := strings.SplitAfter(strings.Join(w, ""), "\n")
	for i, line := range lines[:len(lines)-1] {
		if want := fmt.Sprintf("<6>[sshd] Found 192.0.2.%d - 2026-11-22 06:51:38\n", i); line != want {
			t.Fatalf("line %d is %q", i, line)
		}
	}
	if len(lines) != 10_001 {
		t.Errorf("%d lines", len(lines)-1)
	}
}

// What is printable is decided eight bytes at a time, with a twin that looks at each.
func TestPrintableInWords(t *testing.T) {
	for n := range 20 {
		b := bytes.Repeat([]byte("a"), n)
		for i := range b {
			for c := range 256 {
				b[i] = byte(c)
				for _, next := range []byte{'a', ' ', '~', 0x7f, 0xff, 0} {
					if i+1 < n {
						b[i+1] = next
					}
					want := !bytes.ContainsFunc(b, func(r rune) bool { return r < ' ' || r > '~' })
					if allPrintable(b) != want {
						t.Fatalf("%q: %v, want %v", b, !want, want)
					}
				}
			}
			b[i] = 'a'
			if i+1 < n {
				b[i+1] = 'a'
			}
		}
	}
}

// start runs the log until the test ends.
func start(t testing.TB, l *Log) {
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- l.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// finish writes what was logged.
func finish(t testing.TB, l *Log) {
	t.Helper()
	if err := l.Finish(); err != nil {
		t.Error(err)
	}
}

// writes are what was written, each write a string.
type writes []string

func (w *writes) Write(b []byte) (int, error) {
	*w = append(*w, string(b))
	return len(b), nil
}

func BenchmarkLogFound(b *testing.B) {
	l := newLog(newQueue("test", &stream{w: io.Discard, form: textForm()}))
	start(b, l)
	log := slog.New(l.Handler(slog.LevelInfo))
	b.ReportAllocs()
	l.Gather(func() {
		for b.Loop() {
			log.Info("[sshd] Found 192.0.2.1 - 2026-11-22 06:51:38")
		}
	})
}

func TestLogLevels(t *testing.T) {
	for _, l := range grades {
		var b bytes.Buffer
		level, err := ParseLevel(strings.ToLower(l.name))
		if err != nil {
			t.Fatal(err)
		}
		out := newLog(newQueue("test", &stream{w: &b, form: streamForm}))
		log := slog.New(out.Handler(level))
		log.Log(t.Context(), level, "yes")
		log.Log(t.Context(), level-1, "no")
		finish(t, out)
		if want := fmt.Sprintf("<%d>yes\n", l.priority); b.String() != want {
			t.Errorf("%s: got %q, want %q", l.name, b.String(), want)
		}
	}
	for number, want := range map[string]slog.Level{"20": slog.LevelInfo, "19": slog.LevelInfo, "21": jails.LevelNotice,
		"0": slog.LevelDebug - 2, "99": slog.LevelError + 8} {
		if got, err := ParseLevel(number); got != want || err != nil {
			t.Errorf("loglevel %s is %v, %v; want %v", number, got, err, want)
		}
	}
	if _, err := ParseLevel("LOUD"); err == nil || !strings.Contains(err.Error(), "NOTICE") {
		t.Errorf("LOUD: %v", err)
	}
}

// The variable must name the very stream that standard error is, so the test runs itself with a pipe for one.
func TestJournalStreamMustBeOurs(t *testing.T) {
	if os.Getenv("BAILIFF_TEST_JOURNAL") != "" {
		fmt.Println("journal:", isJournal(os.Stderr))
		return
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	var stat syscall.Stat_t
	if err := syscall.Fstat(int(w.Fd()), &stat); err != nil {
		t.Fatal(err)
	}
	ours := fmt.Sprintf("%d:%d", stat.Dev, stat.Ino)
	for stream, want := range map[string]string{ours: "journal: true", ours + "0": "journal: false", "": "journal: false"} {
		cmd := exec.Command(os.Args[0], "-test.run=^TestJournalStreamMustBeOurs$")
		cmd.Env = append(os.Environ(), "BAILIFF_TEST_JOURNAL=1", "JOURNAL_STREAM="+stream)
		cmd.Stderr = w
		out, err := cmd.Output()
		if err != nil || !strings.Contains(string(out), want) {
			t.Errorf("JOURNAL_STREAM=%q: %s, %v; want %s", stream, out, err, want)
		}
	}
}
