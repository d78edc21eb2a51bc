package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// A logged daemon leaves the kernel alone. It reads a web server's log, and bans each address at its first failure.
type logged struct {
	t      *testing.T
	dir    string
	daemon *exec.Cmd
}

// logTo starts a daemon with this standard error.
func logTo(t *testing.T, stderr *os.File, daemon string) *logged {
	t.Helper()
	l := &logged{t: t, dir: t.TempDir()}
	for path, text := range map[string]string{
		"conf/bailiff.conf":      "[Definition]\nmetrics =\n" + daemon,
		"conf/filter.d/web.conf": "[Definition]\nfailregex = ^ denied <ADDR>$\n",
		"conf/jail.conf": "[web]\nenabled = true\nmaxretry = 1\nbantime = 1h\nbackend = polling\nfilter = web\nlogpath = " + l.dir +
			"/web.log\n",
		"web.log": "",
	} {
		must(t, os.MkdirAll(filepath.Dir(filepath.Join(l.dir, path)), 0o755))
		must(t, os.WriteFile(filepath.Join(l.dir, path), []byte(text), 0o600))
	}
	l.daemon = exec.Command(os.Args[0], "run", "--config", l.dir+"/conf", "--state", l.dir+"/state", "--socket", l.dir+"/s")
	l.daemon.Env = append(os.Environ(), asBailiff+"=1")
	l.daemon.Stderr = stderr
	return l
}

func (l *logged) start() {
	l.t.Helper()
	must(l.t, l.daemon.Start())
	l.t.Cleanup(func() {
		if l.daemon.ProcessState == nil {
			l.daemon.Process.Kill()
			l.daemon.Wait()
		}
	})
	l.await("an answer", func(string) bool { return true })
}

// stop ends the daemon, which must be content.
func (l *logged) stop() {
	l.t.Helper()
	must(l.t, l.daemon.Process.Signal(syscall.SIGTERM))
	if err := l.daemon.Wait(); err != nil {
		l.t.Errorf("the daemon ended with %v", err)
	}
}

// await waits until status of the jail is as wanted.
func (l *logged) await(what string, ok func(status string) bool) {
	l.t.Helper()
	var out []byte
	for end := time.Now().Add(patience); time.Now().Before(end); <-time.After(20 * time.Millisecond) {
		cmd := exec.Command(os.Args[0], "status", "web", "--socket", l.dir+"/s")
		cmd.Env = append(os.Environ(), asBailiff+"=1")
		var err error
		if out, err = cmd.CombinedOutput(); err == nil && ok(string(out)) {
			return
		}
	}
	l.t.Fatalf("no %s within %s: %s", what, patience, out)
}

// fail logs a failure of n addresses of a network, and waits for their bans.
func (l *logged) fail(network byte, n int) {
	l.t.Helper()
	f, err := os.OpenFile(l.dir+"/web.log", os.O_APPEND|os.O_WRONLY, 0)
	must(l.t, err)
	defer f.Close()
	now := time.Now().Format(time.RFC3339)
	var text bytes.Buffer
	for i := range n {
		fmt.Fprintf(&text, "%s denied 10.%d.%d.%d\n", now, network, i>>8, i&255)
	}
	_, err = f.Write(text.Bytes())
	must(l.t, err)
	l.await("ban of all", func(status string) bool {
		return strings.Contains(status, fmt.Sprintf("10.%d.%d.%d", network, (n-1)>>8, (n-1)&255)) && strings.Count(status, fmt.Sprintf("10.%d.", network)) == n
	})
}

// TestAStandardErrorThatNobodyReads is a pipe that is full. Everybody is banned, commands are answered, and when somebody
// reads it, every ban is told.
func TestAStandardErrorThatNobodyReads(t *testing.T) {
	r, w, err := os.Pipe()
	must(t, err)
	defer r.Close()
	defer w.Close()
	l := logTo(t, w, "firewall = dry\n")
	l.start()
	l.fail(1, 3000)
	log := &syncBuffer{}
	read := make(chan error)
	go func() {
		_, err := io.Copy(log, r)
		read <- err
	}()
	for i := range 3000 {
		want := fmt.Sprintf("NOTICE  [web] Ban 10.1.%d.%d\n", i>>8, i&255)
		for end := time.Now().Add(patience); !strings.Contains(log.String(), want); <-time.After(20 * time.Millisecond) {
			if time.Now().After(end) {
				t.Fatalf("the log has no %q, but %d bytes", want, len(log.String()))
			}
		}
	}
	l.stop()
	w.Close()
	must(t, <-read)
	if !strings.Contains(log.String(), ": INFO    stopped") {
		t.Error("the last words are missing")
	}
}

// TestAStandardErrorThatIsGone leaves the daemon with SIGPIPE.
func TestAStandardErrorThatIsGone(t *testing.T) {
	r, w, err := os.Pipe()
	must(t, err)
	l := logTo(t, w, "firewall = dry\n")
	l.start()
	w.Close()
	r.Close()
	l.fail(1, 10)
	l.fail(2, 10)
	l.stop()
}

// TestALogTargetThatNobodyReads is a FIFO, at first.
func TestALogTargetThatNobodyReads(t *testing.T) {
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	must(t, err)
	defer null.Close()
	fifo := filepath.Join(t.TempDir(), "fifo")
	must(t, syscall.Mkfifo(fifo, 0o600))
	l := logTo(t, null, "firewall = dry\nlogtarget = "+fifo+"\n")
	l.start()
	l.fail(1, 10)
	l.await("word of the log", func(string) bool {
		cmd := exec.Command(os.Args[0], "status", "--socket", l.dir+"/s")
		cmd.Env = append(os.Environ(), asBailiff+"=1")
		out, err := cmd.CombinedOutput()
		return err == nil && strings.Contains(string(out), "the log cannot be written: "+fifo)
	})
	r, err := os.Open(fifo)
	must(t, err)
	defer r.Close()
	var all []byte
	for b := make([]byte, 1<<16); !bytes.Contains(all, []byte("[web] Ban 10.1.0.9\n")) || !bytes.Contains(all, []byte("the log is written again")); {
		n, err := r.Read(b)
		must(t, err)
		all = append(all, b[:n]...)
	}
	l.stop()
}

// TestADaemonEndsWithItsTerminal hangs the terminal up that its standard error is.
func TestADaemonEndsWithItsTerminal(t *testing.T) {
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	must(t, err)
	defer master.Close()
	must(t, unix.IoctlSetPointerInt(int(master.Fd()), unix.TIOCSPTLCK, 0))
	number, err := unix.IoctlGetInt(int(master.Fd()), unix.TIOCGPTN)
	must(t, err)
	terminal, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0)
	must(t, err)
	l := logTo(t, terminal, "firewall = dry\n")
	l.daemon.Stdin = terminal
	l.daemon.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	l.start()
	terminal.Close()
	master.Close()
	ended := make(chan error, 1)
	go func() { ended <- l.daemon.Wait() }()
	select {
	case err := <-ended:
		var exit *exec.ExitError
		if err != nil && !errors.As(err, &exit) || exit != nil && exit.ExitCode() < 0 {
			t.Errorf("the daemon ended with %v", err)
		}
	case <-time.After(patience):
		t.Error("the daemon goes on")
	}
}
