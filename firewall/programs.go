package firewall

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const (
	programLimit = 15 * time.Second // how long a program may take, its wait for iptables' lock included
	versionLimit = 5 * time.Second  // how long it may take to tell its version
)

// errHung is why a program was ended that did not end by itself.
var errHung = errors.New("it hangs")

// A programError is that a program failed, with what it said about it.
type programError struct {
	command string
	err     error
	said    string
}

func (e *programError) Error() string {
	text := fmt.Sprintf("run %s: %v", e.command, e.err)
	if e.said != "" {
		text += ": " + e.said
	}
	return text
}

func (e *programError) Unwrap() error { return e.err }

// status is how the program exited; -1 where it did not.
func (e *programError) status() int {
	var exit *exec.ExitError
	if errors.As(e.err, &exit) {
		return exit.ExitCode()
	}
	return -1
}

// runProgram gives a program its input and returns what it printed. It is ended, with all that it
// has started, when ctx ends or the limit is over.
func runProgram(ctx context.Context, limit time.Duration, input []byte, path string, args ...string) ([]byte, error) {
	timed, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(timed, path, args...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if input != nil {
		cmd.Stdin = bytes.NewReader(input)
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = time.Second
	err := cmd.Run()
	if errors.Is(err, exec.ErrWaitDelay) { // it has succeeded; a module loader it started still holds stderr
		err = nil
	}
	switch {
	case err == nil:
		return stdout.Bytes(), nil
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case timed.Err() != nil:
		err = fmt.Errorf("%w: ended after %v", errHung, limit)
	}
	command := strings.Join(append([]string{path}, args...), " ")
	return nil, &programError{command, err, strings.TrimSpace(stderr.String())}
}

// openXTables finds iptables for both families; for IPv6 only where the kernel speaks it.
func openXTables(ctx context.Context, o Options) ([]*xtable, error) {
	if err := lockFile(o.RuntimeDir); err != nil {
		return nil, err
	}
	var tables []*xtable
	for _, f := range families() {
		if f.v6 && !kernelHasIPv6() {
			continue
		}
		t, err := openXTable(ctx, f, o.program(), o.logger())
		if err != nil {
			return nil, errors.Join(explain(err, "ip_tables"), closeAll(tables))
		}
		tables = append(tables, t)
	}
	return tables, nil
}

// lockVariable is the variable by which iptables 1.8.6 and later is told of its lock file.
const lockVariable = "XTABLES_LOCKFILE"

// lockFile has the iptables that we start take a lock of our own where we may not take everybody's:
// the lock is advisory, and the kernel itself says EAGAIN to whom comes second.
func lockFile(runtimeDir string) error {
	if os.Geteuid() == 0 || runtimeDir == "" || os.Getenv(lockVariable) != "" {
		return nil
	}
	if err := os.Setenv(lockVariable, filepath.Join(runtimeDir, "xtables.lock")); err != nil {
		return fmt.Errorf("name iptables' lock file: %w", err)
	}
	return nil
}

func kernelHasIPv6() bool {
	fd, err := unix.Socket(unix.AF_INET6, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err == nil {
		unix.Close(fd)
	}
	return !errors.Is(err, unix.EAFNOSUPPORT)
}
