package firewall

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/coreos/go-iptables/iptables"
	"golang.org/x/sys/unix"
)

// killEvery is how soon a program is looked for again that was started while others were killed.
const killEvery = 20 * time.Millisecond

// within makes a call of go-iptables, which starts the program and knows neither contexts nor limits. When ctx or the
// limit ends, the program is killed with all that it has started, so that the call returns.
func within(ctx context.Context, limit time.Duration, program string, call func() error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	timed, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	returned := make(chan struct{})
	unlessOver := context.AfterFunc(timed, func() { killUntil(returned) })
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

// killUntil kills the programs that go-iptables has started, with all that descends from them.
func killUntil(returned <-chan struct{}) {
	for {
		for _, pid := range stopped() {
			_ = unix.Kill(pid, unix.SIGKILL) // it may have ended by itself
		}
		select {
		case <-returned:
			return
		case <-time.After(killEvery):
		}
	}
}

// stopped stops the programs and what descends from them, and lists it. Were it killed at once, what a program starts at
// that moment would be nobody's child, and hold the pipe that is waited for.
func stopped() (pids []int) {
	for {
		all, found := processes(), len(pids)
		for _, pid := range ownChildren(all) {
			pids = appendNew(pids, pid)
		}
		for i := 0; i < len(pids); i++ {
			for pid, p := range all {
				if p.parent == pids[i] {
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

// A process is what stat of proc(5) says of one.
type process struct{ parent, group int }

// processes lists those that run, by their ids.
func processes() map[int]process {
	all := map[int]process{}
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, path := range stats {
		text, _ := os.ReadFile(path)                                    // empty where it has ended
		fields := bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:]) // those behind the name
		if len(fields) < 3 {
			continue
		}
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		parent, _ := strconv.Atoi(string(fields[1]))
		group, _ := strconv.Atoi(string(fields[2]))
		all[pid] = process{parent, group}
	}
	return all
}

// ownChildren are the children of this process in its own group, as those that go-iptables starts. What runProgram
// starts has a group of its own.
func ownChildren(all map[int]process) (pids []int) {
	for pid, p := range all {
		if p.parent == os.Getpid() && p.group == unix.Getpgrp() {
			pids = append(pids, pid)
		}
	}
	return pids
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
