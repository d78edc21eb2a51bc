package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"bailiff/journal/journaltest"
)

// TestJournaldsOwnLossesAreSeen has journald drop messages by its rate limit: the daemon warns and counts them, though no
// jail asked for journald's note.
func TestJournaldsOwnLossesAreSeen(t *testing.T) {
	journald := journaltest.Start(t, "RateLimitIntervalSec=2s", "RateLimitBurst=10")
	h := newHost(t, fmt.Sprintf("backend = systemd[journalpath=%s]", journald.Dir))
	address := h.dryRun()
	journald.Log(sshd, slices.Repeat([]string{"Failed password for root from 192.0.2.9 port 1 ssh2"}, 30000)...)
	h.await("journald to drop some, say so, and the daemon to warn", func() bool {
		journald.Log(sshd, "another line, with which the note comes")
		return strings.Contains(h.log.String(), "journald dropped messages by its rate limit")
	})
	h.await("the counter", func() bool { return metric(t, address, "bailiff_journal_suppressed_entries_total") > 1000 })
}

// TestForgedLinesAreNotHeard has an ordinary user call himself sshd, also from within sshd's unit, and root's sshd write a
// line from a place that journald does not take for its unit.
func TestForgedLinesAreNotHeard(t *testing.T) {
	journald := journaltest.Start(t)
	h := newHost(t, fmt.Sprintf("backend = systemd[journalpath=%s]", journald.Dir))
	h.dryRun()
	say := func(unit, who, address string) {
		script := "printf '<38>sshd[7]: Failed password for root from %s port 1 ssh2' " + address + " | perl -MIO::Socket::UNIX -e " +
			`'($s = IO::Socket::UNIX->new(Type => SOCK_DGRAM, Peer => "/dev/log"))->send(scalar <STDIN>)'`
		cmd := journald.Command(unit, "setpriv", "--reuid="+who, "--clear-groups", "sh", "-c", script)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	say("test.service", "65534", "198.51.100.1")
	say("ssh.service", "65534", "198.51.100.3") // as without pam_systemd, which would give the session a unit of its own
	say("test.service", "0", "198.51.100.2")
	h.await("root's word", func() bool { return h.found("198.51.100.2") == 1 })
	for _, forged := range []string{"198.51.100.1", "198.51.100.3"} {
		if h.found(forged) > 0 {
			t.Errorf("a user's forged line counts against %s", forged)
		}
	}
}

// TestGapsAreToldAndReadingGoesOn deletes entries while the daemon is stopped: first by a vacuum, then the whole journal with
// its counter. What is lost is told and counted, and the entries after it are found, each once.
func TestGapsAreToldAndReadingGoesOn(t *testing.T) {
	journald := journaltest.Start(t)
	h := newHost(t, fmt.Sprintf("backend = systemd[journalpath=%s]", journald.Dir))
	must(t, os.WriteFile(filepath.Join(h.dir, "conf/bailiff.conf"), []byte("[Definition]\nfirewall = dry\n"), 0o644))
	write := func(from string, n int) {
		journald.Log(sshd, slices.Repeat([]string{"Failed password for root from " + from + " port 1 ssh2"}, n)...)
	}
	write("192.0.2.1", 2)
	h.observe()
	h.await("what was there", func() bool { return h.found("192.0.2.1") == 2 })
	h.kill(syscall.SIGTERM)

	write("192.0.2.2", 50)
	<-time.After(1100 * time.Millisecond)
	journald.Rotate()
	write("192.0.2.3", 2)
	journald.Run("journalctl", "--vacuum-files=1")
	address := h.observe()
	h.await("what is left", func() bool { return h.found("192.0.2.3") == 2 })
	entries := metric(t, address, "bailiff_journal_gap_entries_total")
	if gaps, seconds := metric(t, address, "bailiff_journal_gaps_total"), metric(t, address, "bailiff_journal_gap_seconds_total"); gaps != 1 ||
		seconds < 1 || entries < 50 || entries > 100 || strings.Count(h.log.String(), "journal entries are gone") != 1 {
		t.Errorf("%v gaps of %v entries and %v seconds", gaps, entries, seconds)
	}
	h.kill(syscall.SIGTERM)

	files, _ := filepath.Glob(journald.Dir + "/*/*")
	for _, path := range files {
		os.Remove(path)
	}
	journald.Kill()
	write("192.0.2.4", 3)
	address = h.observe()
	h.await("the new journal", func() bool { return h.found("192.0.2.4") == 3 })
	if gaps := metric(t, address, "bailiff_journal_gaps_total"); gaps != 1 || strings.Count(h.log.String(), "journal entries are gone") != 2 {
		t.Errorf("%v gaps of the whole journal", gaps)
	}
	if h.found("192.0.2.1") != 2 || h.found("192.0.2.2") != 0 || h.found("192.0.2.3") != 2 {
		t.Error("some were found twice")
	}
}

// dryRun starts the daemon without a firewall and returns where it tells its metrics.
func (h *host) dryRun() (metrics string) {
	h.t.Helper()
	return h.observe("--dry-run")
}

// observe starts the daemon where the test can reach its metrics, which is where it must touch no firewall.
func (h *host) observe(flags ...string) (metrics string) {
	h.t.Helper()
	metrics = freeAddress(h.t)
	ready := strings.Count(h.log.String(), " ready ")
	h.daemon = exec.Command(os.Args[0], append([]string{"run", "--config", h.dir + "/conf", "--state", filepath.Join(h.dir, "state"),
		"--socket", h.socket(), "--metrics", metrics}, flags...)...)
	h.daemon.Env = append(os.Environ(), asBailiff+"=1")
	h.daemon.Stderr = h.log
	if err := h.daemon.Start(); err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { h.kill(syscall.SIGTERM) })
	h.await("ready", func() bool { return strings.Count(h.log.String(), " ready ") > ready })
	return metrics
}

var sshd = journaltest.Sender{Unit: "ssh.service", Comm: "sshd"}

// freeAddress is a loopback address that nobody listened on a moment ago.
func freeAddress(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// metric reads one value from the daemon's /metrics; 0 where it is not there.
func metric(t *testing.T, address, name string) (value float64) {
	t.Helper()
	reply, err := http.Get("http://" + address + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer reply.Body.Close()
	text, err := io.ReadAll(reply.Body)
	if err != nil {
		t.Fatal(err)
	}
	if _, rest, ok := strings.Cut(string(text), "\n"+name+" "); ok {
		fmt.Sscan(rest, &value)
	}
	return value
}
