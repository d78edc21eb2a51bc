// Package journaltest runs a private, real systemd-journald for tests: with
// mounts and control groups of its own, so that it stamps _SYSTEMD_UNIT and
// _COMM as on a booted system, and with its files where the test can read them.
// It needs root, systemd, util-linux and perl, but not a running systemd;
// several may run at once.
package journaltest

import (
	"bufio"
	"cmp"
	_ "embed"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

//go:embed journald.sh
var journaldScript []byte

//go:embed enter.sh
var enterScript []byte

//go:embed send.pl
var sendScript []byte

// deadline is how long anything here may take.
const deadline = 20 * time.Second

// A Journald is a running systemd-journald.
type Journald struct {
	Dir string // its /var/log/journal: for journal.Options.Dir and journalctl -D

	tb   testing.TB
	root string
}

// Start runs a journald until the test ends. Settings are lines of
// journald.conf's [Journal] beyond the defaults here: persistent storage and no
// rate limit.
func Start(tb testing.TB, settings ...string) *Journald {
	tb.Helper()
	root, err := os.MkdirTemp("", "journaltest-")
	if err != nil {
		tb.Fatal(err)
	}
	j := &Journald{Dir: filepath.Join(root, "journal"), tb: tb, root: root}
	conf := append([]string{"[Journal]", "Storage=persistent", "ReadKMsg=no", "Audit=no",
		"RateLimitIntervalSec=0", "ForwardToSyslog=no", "ForwardToWall=no"}, settings...)
	j.write("journald.conf", []byte(strings.Join(conf, "\n")+"\n"))
	j.write("journald.sh", journaldScript)
	j.write("enter.sh", enterScript)
	j.write("send.pl", sendScript)
	j.run()
	j.await("journald to make its journal", func() bool {
		return j.try("journalctl", "--flush") == nil && len(j.files()) > 0
	})
	return j
}

// run starts the script; it ends when its standard input does, which is at the
// latest when this process dies.
func (j *Journald) run() {
	cmd := exec.Command("bash", filepath.Join(j.root, "journald.sh"), j.root)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	out, err := os.Create(filepath.Join(j.root, "script.log"))
	if err != nil {
		j.tb.Fatal(err)
	}
	defer out.Close()
	cmd.Stdout, cmd.Stderr = out, out
	stdin, err := cmd.StdinPipe()
	if err != nil {
		j.tb.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		j.tb.Fatal(err)
	}
	j.tb.Cleanup(func() {
		stdin.Close()
		err := cmd.Wait()
		if err != nil || j.tb.Failed() {
			j.tb.Logf("journald: %v\n%s%s", err, j.read("script.log"), j.read("log"))
		}
		os.RemoveAll(j.root)
	})
	j.await("journald to start", func() bool { return j.read("inside") != "-" && j.Pid() > 0 })
}

// Pid returns journald's process id.
func (j *Journald) Pid() int {
	pid, _ := strconv.Atoi(strings.TrimSpace(j.read("pid")))
	return pid
}

// Command returns a command that will run inside, as a process of the unit.
func (j *Journald) Command(unit, name string, args ...string) *exec.Cmd {
	supervisor := strings.TrimSpace(j.read("supervisor"))
	return exec.Command("nsenter", append([]string{"--target", supervisor, "--mount", "--cgroup",
		"sh", filepath.Join(j.root, "enter.sh"), unit, name}, args...)...)
}

// Socket returns the path, as seen from outside, of the socket for journald's
// native protocol. What is sent there is stamped with the test's own _COMM and
// no _SYSTEMD_UNIT.
func (j *Journald) Socket() string {
	supervisor := strings.TrimSpace(j.read("supervisor"))
	return filepath.Join("/proc", supervisor, "root/run/systemd/journal/socket")
}

// Run runs a command inside, as a process of test.service, and returns what it
// wrote to standard output.
func (j *Journald) Run(name string, args ...string) string {
	j.tb.Helper()
	cmd := j.Command("test.service", name, args...)
	var errors strings.Builder
	cmd.Stderr = &errors
	out, err := cmd.Output()
	if err != nil {
		j.tb.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, errors.String())
	}
	return string(out)
}

// Sync returns when everything logged so far stands in the journal.
func (j *Journald) Sync() { j.tb.Helper(); j.Run("journalctl", "--sync") }

// Rotate has journald begin new files.
func (j *Journald) Rotate() { j.tb.Helper(); j.Run("journalctl", "--rotate") }

// Kill ends journald with SIGKILL and returns when its successor takes
// messages.
func (j *Journald) Kill() {
	j.tb.Helper()
	old := j.Pid()
	if err := syscall.Kill(old, syscall.SIGKILL); err != nil {
		j.tb.Fatal(err)
	}
	j.await("journald to come back", func() bool {
		return j.Pid() != old && j.try("journalctl", "--sync") == nil
	})
}

// A Sender says who is to have logged something.
type Sender struct {
	Unit       string // with its .service; "" is test.service
	Comm       string // the process's name; "" is test
	Identifier string // SYSLOG_IDENTIFIER; "" is the same as Comm
}

// Log logs the lines by way of /dev/log and returns when they stand in the
// journal.
func (j *Journald) Log(s Sender, lines ...string) {
	j.tb.Helper()
	comm := cmp.Or(s.Comm, "test")
	cmd := j.Command(cmp.Or(s.Unit, "test.service"), "perl",
		filepath.Join(j.root, "send.pl"), comm, "38", cmp.Or(s.Identifier, comm))
	cmd.Stdin = strings.NewReader(strings.Join(lines, "\n") + "\n")
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		j.tb.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		j.tb.Fatal(err)
	}
	said, err := bufio.NewReader(out).ReadString('\n')
	if err != nil || said != "sent\n" {
		j.tb.Fatalf("log as %s: said %q: %v", comm, said, err)
	}
	j.Sync()
	out.Close()
	cmd.Wait() // it ends by the closed pipe
}

// try runs a command inside and says how it went.
func (j *Journald) try(name string, args ...string) error {
	return j.Command("test.service", name, args...).Run()
}

// files returns the active journal files of the system.
func (j *Journald) files() []string {
	found, _ := filepath.Glob(filepath.Join(j.Dir, "*", "system.journal"))
	return found
}

// await polls: nothing tells when journald is ready.
func (j *Journald) await(what string, ok func() bool) {
	j.tb.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for begin := time.Now(); time.Since(begin) < deadline; <-tick.C {
		if ok() {
			return
		}
	}
	j.tb.Fatalf("waited %v for %s\n%s%s", deadline, what, j.read("script.log"), j.read("log"))
}

func (j *Journald) write(name string, text []byte) {
	if err := os.WriteFile(filepath.Join(j.root, name), text, 0o644); err != nil {
		j.tb.Fatal(err)
	}
}

// read returns what a file under root holds, "-" where there is none.
func (j *Journald) read(name string) string {
	b, err := os.ReadFile(filepath.Join(j.root, name))
	if err != nil {
		return "-"
	}
	return string(b)
}
