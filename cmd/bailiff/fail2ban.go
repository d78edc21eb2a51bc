package main

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
)

const (
	theirSocket  = "/run/fail2ban/fail2ban.sock"
	theirProgram = "fail2ban-server" // as the kernel names the process
)

// fail2banRuns reports how a fail2ban that runs beside this daemon can be seen: by its socket, or among the processes below
// proc. One in another network namespace, such as a container's, guards something else.
func fail2banRuns(socket, proc string) (by string, runs bool) {
	conn, err := net.Dial("unix", socket)
	if err == nil {
		conn.Close()
		return socket, true
	}
	if errors.Is(err, fs.ErrPermission) { // it is root's alone
		if _, err := os.Stat(socket); err == nil {
			return socket, true
		}
	}
	ours, _ := os.Readlink(filepath.Join(proc, "thread-self/ns/net"))
	names, err := filepath.Glob(filepath.Join(proc, "[0-9]*/comm"))
	if err != nil {
		return "", false
	}
	for _, name := range names {
		comm, err := os.ReadFile(name)
		if err != nil || strings.TrimSpace(string(comm)) != theirProgram {
			continue
		}
		dir := filepath.Dir(name)
		if theirs, err := os.Readlink(filepath.Join(dir, "ns/net")); err == nil && theirs != ours {
			continue
		}
		return "process " + filepath.Base(dir), true
	}
	return "", false
}

// noticeFail2ban warns of a fail2ban that bans the same addresses.
func (d *daemon) noticeFail2ban() {
	if d.flags.dryRun {
		return // which may well be tried beside it
	}
	if by, runs := fail2banRuns(theirSocket, "/proc"); runs {
		d.log.Warn("fail2ban is running too: addresses are banned twice, and an unban here does not lift its bans", "seen", by,
			"hint", "systemctl disable --now fail2ban")
	}
}
