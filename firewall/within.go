package firewall

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/coreos/go-iptables/iptables"
	"golang.org/x/sys/unix"
)

// killEvery is how soon a program is looked for again that was started while others were killed.
const killEvery = 20 * time.Millisecond

// within makes a call of go-iptables, which starts the program and knows neither contexts nor limits. When ctx or the
// limit ends, the program is killed with all that it has started, so that the call returns. The call keeps its thread:
// the kernel lists the children of each, and so tells which are the call's.
func within(ctx context.Context, limit time.Duration, program string, call func() error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	timed, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	children := fmt.Sprintf("/proc/self/task/%d/children", unix.Gettid())
	returned := make(chan struct{})
	unlessOver := context.AfterFunc(timed, func() { killUntil(returned, children) })
	err := call()
	unlessOver()
	close(returned)
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case timed.Err() != nil:
		return &programError{program, fmt.Errorf("%w: ended after %v", errHung, limit), ""}
	}
	if failed := new(iptables.Error); errors.As(err, &failed) {
		return &programError{program, &failed.ExitError, failed.Error()}
	}
	return err
}

// killUntil kills the children that a file of proc(5) lists, with all that descends from them.
func killUntil(returned <-chan struct{}, children string) {
	for {
		for _, pid := range stopped(children) {
			_ = unix.Kill(pid, unix.SIGKILL) // it may have ended by itself
		}
		select {
		case <-returned:
			return
		case <-time.After(killEvery):
		}
	}
}

// stopped stops the children and what descends from them, and lists it. Were it killed at once, what a program starts at
// that moment would be nobody's child, and hold the pipe that is waited for.
func stopped(children string) (pids []int) {
	for {
		parents, found := parents(), len(pids)
		list, _ := os.ReadFile(children)
		for _, word := range strings.Fields(string(list)) {
			pid, _ := strconv.Atoi(word)
			pids = appendNew(pids, pid)
		}
		for i := 0; i < len(pids); i++ {
			for pid, parent := range parents {
				if parent == pids[i] {
					pids = appendNew(pids, pid)
				}
			}
		}
		if len(pids) == found {
			return pids
		}
		for _, pid := range pids[found:] {
			_ = unix.Kill(pid, unix.SIGSTOP)
		}
	}
}

func appendNew(pids []int, pid int) []int {
	if slices.Contains(pids, pid) {
		return pids
	}
	return append(pids, pid)
}

// parents lists the processes that run, with the parent of each.
func parents() map[int]int {
	all := map[int]int{}
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, path := range stats {
		text, _ := os.ReadFile(path)                                    // empty where it has ended
		fields := bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:]) // those behind the name
		if len(fields) < 2 {
			continue
		}
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		all[pid], _ = strconv.Atoi(string(fields[1]))
	}
	return all
}

// openIPTables finds the program and asks it what it can do.
func openIPTables(ctx context.Context, f family, name string) (ipt *iptables.IPTables, path string, err error) {
	if path, err = exec.LookPath(name); err != nil {
		return nil, "", err
	}
	protocol := iptables.ProtocolIPv4
	if f.v6 {
		protocol = iptables.ProtocolIPv6
	}
	err = within(ctx, versionLimit, path, func() (err error) {
		ipt, err = iptables.New(iptables.IPFamily(protocol), iptables.Path(path), iptables.Timeout(int(lockWait.Seconds())))
		return err
	})
	return ipt, path, err
}
