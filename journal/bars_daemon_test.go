//go:build bars && sdjournal

package journal_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// barsJail is an sshd jail that both daemons understand. It looks back to the first entry, and bans nobody.
const barsJail = `[DEFAULT]
maxretry = 5
findtime = 10000d
bantime = 10m
ignoreip =
usedns = no
[sshd]
enabled = true
filter = sshd
banaction = multiport
port = ssh
protocol = tcp
chain = INPUT
blocktype = REJECT
backend = systemd[journalpath=%s]
journalmatch = _SYSTEMD_UNIT=ssh.service + _COMM=sshd
`

// bailiffDaemon is the whole daemon, as it starts, reads the journal, counts every failure and logs it.
func bailiffDaemon(t *testing.T, journal string) contestant {
	dir := t.TempDir()
	program := filepath.Join(dir, "bailiff")
	build := exec.Command("go", "build", "-o", program, "../cmd/bailiff")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	filter, err := os.ReadFile("../packaging/conf/filter.d/sshd.conf")
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "conf/jail.conf"), fmt.Sprintf(barsJail, journal))
	write(t, filepath.Join(dir, "conf/filter.d/sshd.conf"), string(filter))
	return contestant{"sshd jail, bailiff", func(t *testing.T) figure {
		readBack(t, journal)
		return counted(t, exec.Command(program, "run", "--dry-run", "--config", filepath.Join(dir, "conf"), "--metrics", "",
			"--state", filepath.Join(dir, "state"), "--socket", filepath.Join(dir, "socket")))
	}}
}

// fail2banDaemon is the same of the installed fail2ban.
func fail2banDaemon(t *testing.T, journal string) contestant {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "jail.conf"), fmt.Sprintf(barsJail, journal))
	write(t, filepath.Join(dir, "fail2ban.conf"), fmt.Sprintf("[Definition]\nloglevel = INFO\nlogtarget = STDERR\nsocket = %s/socket\n"+
		"pidfile = %s/pid\ndbfile = None\nsyslogsocket = auto\n[Thread]\n", dir, dir))
	for _, part := range []string{"filter.d", "action.d"} {
		if err := os.Symlink("/etc/fail2ban/"+part, filepath.Join(dir, part)); err != nil {
			t.Fatal(err)
		}
	}
	return contestant{"sshd jail, fail2ban", func(t *testing.T) figure {
		readBack(t, journal)
		return counted(t, exec.Command("/usr/bin/fail2ban-server", "-f", "-c", dir, "start"))
	}}
}

// counted runs a daemon until it has counted a failure for each of sshd's entries and is quiet, and takes the process as a
// whole, up to its last word. Only the size of its log is looked at meanwhile: whoever reads the log disturbs its writer.
func counted(t *testing.T, cmd *exec.Cmd) figure {
	t.Helper()
	log, err := os.CreateTemp(t.TempDir(), "log")
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	f := figure{}
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	const enough = 64 << 10 // bytes: more than a daemon says when it starts
	for size, quiet, begin := int64(0), 0, time.Now(); size < enough || quiet < 50; <-tick.C {
		info, err := log.Stat()
		if err != nil {
			t.Fatal(err)
		}
		if info.Size() > size {
			f.cpu, size, quiet = processTime(t, cmd.Process.Pid), info.Size(), 0
		}
		if quiet++; time.Since(begin) > time.Minute {
			break
		}
	}
	cmd.Process.Signal(syscall.SIGTERM)
	cmd.Wait()
	f.memory = cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss
	text, err := os.ReadFile(log.Name())
	if err != nil {
		t.Fatal(err)
	}
	if f.entries = bytes.Count(text, []byte("] Found ")); f.entries == 0 {
		t.Fatalf("%s counted nothing:\n%.2000s", cmd, text)
	}
	return f
}

// processTime is what a process has used of the processors so far, threads that have ended included, to the nanosecond:
// its CPU clock (clock_getcpuclockid).
func processTime(t *testing.T, pid int) time.Duration {
	t.Helper()
	const scheduler = 2 // CPUCLOCK_SCHED
	var spent unix.Timespec
	if err := unix.ClockGettime(int32(^pid<<3|scheduler), &spent); err != nil {
		t.Fatal(err)
	}
	return time.Duration(spent.Nano())
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
