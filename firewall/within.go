package firewall

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
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
	timed, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	returned := make(chan struct{})
	unlessOver := context.AfterFunc(timed, func() { killUntil(returned, program) })
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

func killUntil(returned <-chan struct{}, program string) {
	for {
		for _, pid := range offspring(program) {
			_ = unix.Kill(pid, unix.SIGKILL) // it may have ended by itself
		}
		select {
		case <-returned:
			return
		case <-time.After(killEvery):
		}
	}
}

// offspring lists the children of this process that run the program, and all that descends from them.
func offspring(program string) (pids []int) {
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	children := map[int][]int{}
	for _, path := range stats {
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		if parent := parentOf(path); parent > 0 {
			children[parent] = append(children[parent], pid)
		}
	}
	for _, pid := range children[os.Getpid()] {
		line, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
		if bytes.Contains(line, []byte(program)) {
			pids = append(pids, pid)
		}
	}
	for i := 0; i < len(pids); i++ {
		pids = append(pids, children[pids[i]]...)
	}
	return pids
}

// parentOf reads the second field behind the name in a file of proc(5); 0 where the process is gone.
func parentOf(stat string) int {
	text, _ := os.ReadFile(stat)
	fields := bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:])
	if len(fields) < 2 {
		return 0
	}
	parent, _ := strconv.Atoi(string(fields[1]))
	return parent
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
