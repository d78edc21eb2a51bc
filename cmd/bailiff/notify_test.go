package main

import (
	"database/sql"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	_ "modernc.org/sqlite"
)

// A supervisor is what systemd is to a daemon: it listens to what the daemon says of itself.
type supervisor struct {
	t    *testing.T
	dir  string
	conn *net.UnixConn
	cmd  *exec.Cmd
	log  syncBuffer
}

// supervise starts a daemon that follows one log file, with the watchdog at the interval.
func supervise(t *testing.T, watchdog time.Duration, prepare ...func(dir string)) *supervisor {
	return superviseWith(t, watchdog, func(string) {}, prepare...)
}

// superviseWith does the same, and calls listening once the supervisor listens.
func superviseWith(t *testing.T, watchdog time.Duration, listening func(dir string), prepare ...func(dir string)) *supervisor {
	s := &supervisor{t: t, dir: t.TempDir()}
	for path, text := range map[string]string{
		"jail.conf":         "[web]\nenabled = true\nfilter = web\nbanaction = multiport\nmaxretry = 1\nfindtime = 10m\nlogpath = " + s.dir + "/web.log\n",
		"filter.d/web.conf": "[Definition]\nfailregex = ^ denied <ADDR>$\n",
		"bailiff.conf":      "[Definition]\nfirewall = dry\n",
		"web.log":           "",
	} {
		os.MkdirAll(filepath.Dir(filepath.Join(s.dir, path)), 0o755)
		if err := os.WriteFile(filepath.Join(s.dir, path), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, p := range prepare {
		p(s.dir)
	}
	var err error
	if s.conn, err = net.ListenUnixgram("unixgram", &net.UnixAddr{Name: s.dir + "/notify", Net: "unixgram"}); err != nil {
		t.Fatal(err)
	}
	listening(s.dir)
	s.cmd = exec.Command(os.Args[0], "run", "--config", s.dir, "--state", s.dir, "--metrics", "", "--socket", s.dir+"/b.sock")
	s.cmd.Env = append(os.Environ(), asBailiff+"=1", "NOTIFY_SOCKET="+s.dir+"/notify")
	if watchdog > 0 {
		s.cmd.Env = append(s.cmd.Env, "WATCHDOG_USEC="+strconv.FormatInt(watchdog.Microseconds(), 10))
	}
	s.cmd.Stderr = &s.log
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		s.cmd.Process.Kill()
		s.cmd.Wait()
		s.conn.Close()
		if t.Failed() {
			t.Log(s.log.String())
		}
	})
	return s
}

// hear returns the next message, "" when there is none within d.
func (s *supervisor) hear(d time.Duration) string {
	s.t.Helper()
	b := make([]byte, 4096)
	s.conn.SetReadDeadline(time.Now().Add(d))
	n, err := s.conn.Read(b)
	if err != nil {
		return ""
	}
	return string(b[:n])
}

// await returns the first message that begins so.
func (s *supervisor) await(prefix string) string {
	s.t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); {
		if m := s.hear(patience); strings.HasPrefix(m, prefix) {
			return m
		}
	}
	s.t.Fatalf("no %s within %s", prefix, patience)
	return ""
}

func TestSystemdIsTold(t *testing.T) {
	s := supervise(t, 0)
	s.await("STATUS=1 jail, 0 bans")
	s.await("READY=1")
	s.cmd.Process.Signal(syscall.SIGHUP)
	if m := s.await("RELOADING=1"); !strings.Contains(m, "\nMONOTONIC_USEC=") {
		t.Errorf("%q lacks the time that systemd from 253 on wants", m)
	}
	s.await("READY=1")
	s.deny("192.0.2.1")
	s.await("STATUS=1 jail, 1 ban")
	s.cmd.Process.Signal(syscall.SIGTERM)
	s.await("STOPPING=1")
	if err := s.cmd.Wait(); err != nil {
		t.Errorf("ended with %v", err)
	}
}

// TestASupervisorThatDoesNotReadStopsNoStart has the notify socket full. READY comes when there is room.
func TestASupervisorThatDoesNotReadStopsNoStart(t *testing.T) {
	fill := func(dir string) {
		conn, err := net.Dial("unixgram", dir+"/notify")
		must(t, err)
		defer conn.Close()
		for err == nil {
			conn.SetWriteDeadline(time.Now().Add(100 * time.Millisecond))
			_, err = conn.Write([]byte("FILLED=1"))
		}
	}
	s := superviseWith(t, 0, fill)
	s.awaitLog(" ready ")
	s.await("READY=1")
}

// TestSystemdIsToldOfWhatIsLeftOut has a jail with a fault, and mends it.
func TestSystemdIsToldOfWhatIsLeftOut(t *testing.T) {
	var mail string
	s := supervise(t, 0, func(dir string) {
		mail = filepath.Join(dir, "jail.local")
		must(t, os.WriteFile(mail, []byte("[mail]\nenabled = true\nfilter = gone\n"), 0o600))
	})
	s.await("STATUS=1 jail, 0 bans; 1 jail left out for faults: mail")
	s.await("READY=1")
	must(t, os.WriteFile(mail, nil, 0o600))
	s.cmd.Process.Signal(syscall.SIGHUP)
	for m := s.await("STATUS=1 jail, 0 bans"); strings.Contains(m, "left out"); m = s.await("STATUS=1 jail, 0 bans") {
	}
}

// TestAHangupWhileTheDaemonStarts must not end it.
func TestAHangupWhileTheDaemonStarts(t *testing.T) {
	s := supervise(t, 0)
	s.await("EXTEND_TIMEOUT_USEC=")
	s.cmd.Process.Signal(syscall.SIGHUP)
	s.await("READY=1")
	s.cmd.Process.Signal(syscall.SIGTERM)
	if err := s.cmd.Wait(); err != nil {
		t.Errorf("ended with %v", err)
	}
}

func (s *supervisor) deny(who string) {
	f, err := os.OpenFile(s.dir+"/web.log", os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		s.t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString(time.Now().Format(time.RFC3339) + " denied " + who + "\n"); err != nil {
		s.t.Fatal(err)
	}
}

// TestAStoreThatHangsStopsNothing has somebody else lock the store, so that whoever has a ban to save hangs: bans are made
// all the same, and saved in the end.
func TestAStoreThatHangsStopsNothing(t *testing.T) {
	const interval = 2 * time.Second
	var db *sql.DB
	s := supervise(t, interval, func(dir string) {
		var err error
		db, err = sql.Open("sqlite", "file:"+dir+"/bailiff.db?_pragma=busy_timeout(5000)")
		must(t, err)
		db.SetMaxOpenConns(1)
		_, err = db.Exec("BEGIN EXCLUSIVE")
		must(t, err)
	})
	defer db.Close()
	s.await("READY=1")
	s.await("WATCHDOG=1")
	s.await("WATCHDOG=1")
	s.deny("192.0.2.1")
	s.awaitLog("[web] Found 192.0.2.1 ")
	s.awaitLog("Ban 192.0.2.1")
	if n := s.pings(interval * 3 / 2); n < 2 {
		t.Errorf("%d pings from a daemon whose store hangs", n)
	}
	s.deny("198.51.100.2")
	s.awaitLog("Ban 198.51.100.2")
	s.awaitLog("the store cannot save")
	if _, err := db.Exec("ROLLBACK"); err != nil {
		t.Fatal(err)
	}
	s.awaitLog("the store saves again")
	var saved int
	if err := openCopy(t, s.dir).QueryRow("SELECT count(*) FROM bans").Scan(&saved); err != nil || saved != 2 {
		t.Errorf("%d bans saved, want 2: %v", saved, err)
	}
}

// awaitLog returns when the log holds the text.
func (s *supervisor) awaitLog(text string) {
	s.t.Helper()
	for end := time.Now().Add(patience); !strings.Contains(s.log.String(), text); <-time.After(10 * time.Millisecond) {
		if time.Now().After(end) {
			s.t.Fatalf("the log does not say %s within %s", text, patience)
		}
	}
}

// pings counts those that are sent within d from now on.
func (s *supervisor) pings(d time.Duration) (n int) {
	for s.hear(time.Millisecond) != "" { // sent before
	}
	for end := time.Now().Add(d); time.Now().Before(end); {
		if s.hear(time.Until(end)) == "WATCHDOG=1" {
			n++
		}
	}
	return n
}
