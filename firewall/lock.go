package firewall

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
)

// lockStatus is how iptables exits when it gave up waiting for the lock: RESOURCE_PROBLEM of its
// source.
const lockStatus = 4

// busy reports whether a program of iptables gave up because others were at work.
func busy(err error) bool {
	var failed *programError
	if !errors.As(err, &failed) || strings.Contains(failed.said, "Device or resource busy") { // it is in use, and will be
		return false
	}
	return failed.status() == lockStatus || strings.Contains(failed.said, "Resource temporarily unavailable")
}

// locked reports whether a program gave up because others held iptables' lock. Exit status 4 alone
// may also mean that there is no permission.
func locked(err error) bool {
	var failed *programError
	return errors.As(err, &failed) && failed.status() == lockStatus && strings.Contains(failed.said, "holding the xtables lock")
}

// delayed reports whether an error may be over in a while without anybody doing anything about the
// firewall: a lock that is held, or a program that hangs.
func delayed(err error) bool { return locked(err) || errors.Is(err, errHung) }

// whoWaits says in words what a delayed repair waits for.
func whoWaits(err error) string {
	if !locked(err) {
		return err.Error()
	}
	path := cmp.Or(os.Getenv(lockVariable), "/run/xtables.lock")
	holder := lockHolder(path)
	if holder == "" {
		return "iptables' lock " + path + " is held by another program"
	}
	return "iptables' lock " + path + " is held by " + holder
}

// lockHolder names the process that holds a flock(2) on a file, "" where that cannot be found out.
func lockHolder(path string) string {
	info, err := os.Stat(path)
	if err != nil {
		return ""
	}
	inode, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return ""
	}
	locks, err := os.ReadFile("/proc/locks")
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(locks)) { // 1: FLOCK  ADVISORY  WRITE 1234 00:19:5678 0 EOF
		words := strings.Fields(line)
		if len(words) < 6 || words[1] != "FLOCK" || !strings.HasSuffix(words[5], fmt.Sprintf(":%d", inode.Ino)) {
			continue
		}
		name, err := os.ReadFile("/proc/" + words[4] + "/comm")
		if err != nil {
			return "process " + words[4]
		}
		return fmt.Sprintf("process %s (%s)", words[4], strings.TrimSpace(string(name)))
	}
	return ""
}
