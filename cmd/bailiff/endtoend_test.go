package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"bailiff/cmd/internal/control"
	"bailiff/firewall/firewalltest"
	"bailiff/journal/journaltest"
)

// A host is a machine under attack: bailiff runs in its network namespace and reads its log.
type host struct {
	t      *testing.T
	lab    *firewalltest.Lab
	dir    string
	log    *syncBuffer
	daemon *exec.Cmd
	state  string                // the directory of the store; "": dir
	limit  string                // how many descriptors the daemon may have; "": as many as usual
	write  func(lines ...string) // makes sshd say the lines
}

// syncBuffer collects what the daemons of one host say.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

const (
	patience = time.Minute
	bantime  = 8 * time.Second
)

// newHost makes a host whose sshd jail reads as source says: lines of the jail's section.
func newHost(t *testing.T, source string) *host {
	h := &host{t: t, lab: firewalltest.New(t), dir: t.TempDir(), log: &syncBuffer{}}
	for path, text := range map[string]string{
		"conf/jail.conf": fmt.Sprintf("[DEFAULT]\nmaxretry = 5\nfindtime = 10m\nbantime = %s\nignoreip =\nusedns = no\nmode = normal\n"+
			"banaction = multiport\nport = 0:65535\nprotocol = tcp\nchain = INPUT\nblocktype = REJECT\n"+
			"[sshd]\nenabled = true\nfilter = sshd[mode=normal]\nport = ssh\n%s\n", bantime, source),
		"conf/filter.d/sshd.conf": read(t, "../../packaging/conf/filter.d/sshd.conf"),
		"conf/bailiff.conf":       "[Definition]\nfirewall = iptables\n",
	} {
		file := filepath.Join(h.dir, path)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, box := range []string{firewalltest.Box4, firewalltest.Box6} {
		h.lab.Box.Listen(t, "tcp", netip.AddrPortFrom(netip.MustParseAddr(box), 22))
	}
	t.Cleanup(func() {
		h.kill(syscall.SIGTERM)
		if t.Failed() {
			t.Log(h.log)
		}
	})
	return h
}

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// start starts the daemon and returns when it is ready.
func (h *host) start() {
	h.t.Helper()
	ready := strings.Count(h.log.String(), " ready ")
	h.launch()
	h.await("ready", func() bool { return strings.Count(h.log.String(), " ready ") > ready })
}

// launch starts the daemon and does not wait for it. Programs in the host's own directory come before others.
func (h *host) launch() {
	h.t.Helper()
	const limited = `[ -z "$LIMIT" ] || ulimit -n "$LIMIT"; exec "$@"`
	h.daemon = h.lab.Box.Command("sh", "-c", limited, "sh", os.Args[0], "run", "--config", h.dir+"/conf", "--state", cmp.Or(h.state, h.dir), "--socket", h.socket())
	h.daemon.Env = append(os.Environ(), asBailiff+"=1", "LIMIT="+h.limit, "PATH="+h.dir+"/programs:"+os.Getenv("PATH"))
	h.daemon.Stderr = h.log
	must(h.t, h.daemon.Start())
}

func (h *host) socket() string { return h.dir + "/bailiff.sock" }

func (h *host) kill(s os.Signal) {
	if h.daemon != nil {
		h.daemon.Process.Signal(s)
		h.daemon.Wait()
		h.daemon = nil
	}
}

func (h *host) await(what string, ok func() bool) {
	h.t.Helper()
	for end := time.Now().Add(patience); !ok(); {
		if time.Now().After(end) {
			h.t.Fatalf("%s: not within %s\n%s", what, patience, h.log)
		}
		<-time.After(5 * time.Millisecond)
	}
}

// jail asks the daemon for the state of the sshd jail.
func (h *host) jail() control.Jail {
	h.t.Helper()
	cmd := exec.Command(os.Args[0], "status", "sshd", "--json", "--socket", h.socket())
	cmd.Env = append(os.Environ(), asBailiff+"=1")
	out, err := cmd.CombinedOutput()
	if err != nil {
		h.t.Fatalf("status: %v\n%s", err, out)
	}
	var s control.Status
	if err := json.Unmarshal(out, &s); err != nil {
		h.t.Fatalf("status: %v\n%s", err, out)
	}
	return s.Jails[0]
}

func (h *host) attack(from string, n int) {
	var lines []string
	for i := range n {
		lines = append(lines, fmt.Sprintf("Failed password for root from %s port %d ssh2", from, 40000+i))
	}
	h.write(lines...)
}

// found counts the failures that were told of an address, over all daemons of the host.
func (h *host) found(address string) int {
	return len(regexp.MustCompile(`\[sshd\] Found `+regexp.QuoteMeta(address)+` `).FindAllString(h.log.String(), -1))
}

// A fate is what becomes of a connection to the host's sshd.
type fate string

const (
	passes  fate = "passes"
	stopped fate = "is stopped"
	unclear fate = "takes long"
)

// certain is how long a probe needs to be sure. The kernel forgets a refusal that comes while connect(2) is still at work,
// and sends again after a second.
const certain = 5 * time.Second

func (h *host) probe(attacker string, timeout time.Duration) fate {
	from, to := netip.MustParseAddr(attacker), netip.MustParseAddr(firewalltest.Box4)
	if from.Is6() {
		to = netip.MustParseAddr(firewalltest.Box6)
	}
	got, err := h.lab.Attacker.Probe("tcp", from, netip.AddrPortFrom(to, 22), timeout)
	if err != nil {
		h.t.Fatal(err)
	}
	switch got {
	case firewalltest.Passed:
		return passes
	case firewalltest.Dropped: // the jail refuses, so this is only slow
		if timeout < certain {
			return h.probe(attacker, certain)
		}
		return unclear
	}
	return stopped
}

func (h *host) wantFate(who string, want fate) {
	h.t.Helper()
	if got := h.probe(who, certain); got != want {
		h.t.Errorf("a connection from %s %s, want that it %s", who, got, want)
	}
}

// awaitFate returns how long it took until the first connection with that fate began.
func (h *host) awaitFate(who string, want fate) time.Duration {
	h.t.Helper()
	begin, at := time.Now(), time.Now()
	h.await("a connection from "+who+" "+string(want), func() bool {
		at = time.Now()
		return h.probe(who, 200*time.Millisecond) == want
	})
	return at.Sub(begin)
}

// newFileHost makes a host whose sshd writes to a log file.
func newFileHost(t *testing.T) *host {
	path := filepath.Join(t.TempDir(), "auth.log")
	h := newHost(t, "backend = auto\nlogpath = "+path)
	h.write = func(lines ...string) {
		f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		for _, l := range lines {
			fmt.Fprintf(f, "%s box sshd[4242]: %s\n", time.Now().Format(time.Stamp), l)
		}
	}
	h.write("Server listening on 0.0.0.0 port 22.")
	return h
}

// newJournalHost makes a host whose sshd logs to a real journald.
func newJournalHost(t *testing.T) *host {
	journald := journaltest.Start(t)
	h := newHost(t, "backend = systemd[journalpath="+journald.Dir+"]\nunit = ssh.service")
	h.write = func(lines ...string) {
		journald.Log(journaltest.Sender{Unit: "ssh.service", Comm: "sshd", Identifier: "sshd"}, lines...)
	}
	return h
}

func hosts(t *testing.T, test func(t *testing.T, h *host)) {
	t.Run("file", func(t *testing.T) { test(t, newFileHost(t)) })
	t.Run("journal", func(t *testing.T) { test(t, newJournalHost(t)) })
}

// TestBanFromLineToPacket follows a ban from the log line to the first packet that is stopped, and to its end.
func TestBanFromLineToPacket(t *testing.T) {
	hosts(t, func(t *testing.T, h *host) {
		h.start()
		h.wantFate(firewalltest.Attacker4, passes)
		h.attack(firewalltest.Attacker4, 4)
		h.await("four failures", func() bool { return h.found(firewalltest.Attacker4) == 4 })
		h.wantFate(firewalltest.Attacker4, passes)

		begin := time.Now()
		h.attack(firewalltest.Attacker4, 1)
		h.awaitFate(firewalltest.Attacker4, stopped)
		t.Logf("from the log line to the first stopped packet: %s", time.Since(begin))
		h.wantFate(firewalltest.Bystander4, passes)
		if s := h.jail(); s.TotalBanned != 1 || s.TotalFailed != 5 {
			t.Errorf("status says %+v", s)
		}
		t.Logf("the ban of %s ended after %s", bantime, h.awaitFate(firewalltest.Attacker4, passes))
		h.await("the end to be told", func() bool { return strings.Contains(h.log.String(), "[sshd] Unban "+firewalltest.Attacker4) })

		h.attack(firewalltest.Attacker6, 5)
		h.awaitFate(firewalltest.Attacker6, stopped)
		h.wantFate(firewalltest.Bystander6, passes)
		h.wantFate(firewalltest.Attacker4, passes)
	})
}

// TestKillLosesNothingAndCountsNothingTwice kills the daemon without warning, writes while it is dead, and counts.
func TestKillLosesNothingAndCountsNothingTwice(t *testing.T) {
	hosts(t, func(t *testing.T, h *host) {
		const slow = "198.51.100.7" // one failure short of a ban, over three lives
		h.configure("bantime = 1h")
		h.start()
		h.attack(firewalltest.Attacker4, 5)
		h.awaitFate(firewalltest.Attacker4, stopped)
		before := h.marks()
		h.attack(slow, 2)
		h.await("two failures", func() bool { return h.found(slow) == 2 })
		h.awaitMark(before)
		h.kill(syscall.SIGKILL)
		h.wantFate(firewalltest.Attacker4, stopped)

		before = h.marks()
		h.attack(slow, 1) // while nobody looks
		h.start()
		h.wantFate(firewalltest.Attacker4, stopped)
		h.await("the third failure", func() bool { return h.found(slow) == 3 })
		h.awaitMark(before)
		h.kill(syscall.SIGKILL)

		h.start()
		h.attack(slow, 1)
		h.await("the fourth failure", func() bool { return h.found(slow) == 4 })
		if s := h.jail(); s.CurrentlyFailed != 1 || strings.Contains(h.log.String(), "Ban "+slow) {
			t.Errorf("after 4 of 5 failures: %+v", s)
		}
		h.attack(slow, 1)
		h.await("the ban at the fifth failure", func() bool { return strings.Contains(h.log.String(), "[sshd] Ban "+slow) })
		if n := h.found(slow); n != 5 {
			t.Errorf("%d failures were told of, 5 were written", n)
		}
		t.Logf("written 5, counted %d", h.found(slow))
	})
}

// awaitMark returns when all that was found so far is also marked as read: when the store holds another mark than before,
// and has held it for a while.
func (h *host) awaitMark(before string) {
	h.t.Helper()
	h.await("another mark", func() bool { return h.marks() != before })
	for seen := ""; seen != h.marks(); <-time.After(time.Second) {
		seen = h.marks()
	}
}

// marks are the positions that the store holds.
func (h *host) marks() (all string) {
	h.t.Helper()
	db := openCopy(h.t, cmp.Or(h.state, h.dir))
	defer db.Close()
	must(h.t, db.QueryRow("SELECT coalesce(group_concat(source || ' ' || value), '') FROM marks").Scan(&all))
	return all
}
