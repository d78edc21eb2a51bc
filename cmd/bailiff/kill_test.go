package main

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"bailiff/firewall/firewalltest"
)

// TestTortureStartsThatEnd ends the daemon at random moments of its start, as signals, a crash and quick restarts do. Every
// ban stands all the time, and the last start is as good as the first. BAILIFF_KILLS is how many starts there are.
func TestTortureStartsThatEnd(t *testing.T) {
	starts, err := strconv.Atoi(cmp.Or(os.Getenv("BAILIFF_KILLS"), "20"))
	must(t, err)
	for firewall, part := range map[string]int{"auto": 1, "iptables-plain": 4, "nftables": 4} {
		t.Run(firewall, func(t *testing.T) {
			h := newBannedHost(t, firewall)
			for i := range starts / part {
				after := rand.N(500 * time.Millisecond)
				signal := []os.Signal{syscall.SIGTERM, syscall.SIGKILL, os.Interrupt}[i%3]
				h.launch()
				h.endAfter(after, signal)
				h.wantStanding(fmt.Sprintf("start %d, ended by %v after %v", i, signal, after))
			}
			h.wantGoodStart()
		})
	}
}

// TestStartsThatEndAtEachProgram ends the daemon before and after each of the programs that it starts.
func TestStartsThatEndAtEachProgram(t *testing.T) {
	for _, signal := range []string{"KILL", "TERM"} {
		t.Run(signal, func(t *testing.T) {
			h := newBannedHost(t, "auto")
			for n := 1; ; n++ {
				count := h.wrapPrograms(signal, n)
				h.launch()
				ended := make(chan struct{})
				go func() { h.daemon.Wait(); close(ended) }()
				ready := strings.Count(h.log.String(), " ready ")
				over := false
				h.await("the end or the start", func() bool {
					select {
					case <-ended:
						over = true
					default:
					}
					return over || strings.Count(h.log.String(), " ready ") > ready
				})
				h.daemon.Process.Kill() // it has come through the start
				<-ended
				h.daemon = nil
				h.wantStanding(fmt.Sprintf("SIG%s at step %d", signal, n))
				steps, err := strconv.Atoi(strings.TrimSpace(read(t, count)))
				must(t, err)
				if !over {
					t.Logf("a start takes %d steps, two a program", steps)
					break
				}
				if steps < n {
					t.Fatalf("the start ended by itself after %d steps", steps)
				}
			}
			must(t, os.RemoveAll(h.dir+"/programs"))
			h.wantGoodStart()
		})
	}
}

// newBannedHost is a host that has run once and that has banned an address of each family.
func newBannedHost(t *testing.T, firewall string) *host {
	h := newFileHost(t)
	h.configure("bantime = 1h")
	must(t, os.WriteFile(h.dir+"/conf/bailiff.conf", []byte("[Definition]\nfirewall = "+firewall+"\n"), 0o644))
	h.start()
	h.bailiff("ban", "sshd", firewalltest.Attacker4, firewalltest.Attacker6)
	h.kill(syscall.SIGTERM)
	return h
}

// endAfter sends a signal after a while and wants the daemon to end for it.
func (h *host) endAfter(d time.Duration, signal os.Signal) {
	h.t.Helper()
	<-time.After(d)
	begin := time.Now()
	h.kill(signal)
	if took := time.Since(begin); took > 5*time.Second {
		h.t.Errorf("%v after %v: ended only after %v", signal, d, took)
	}
}

// wantStanding wants the kernel to hold both bans, and the jumps to the rules that look at them, as far as that can be seen
// without the second that a refused connection takes.
func (h *host) wantStanding(when string) {
	h.t.Helper()
	const bans = "{ ipset test bailiff4-sshd 192.0.2.1 && ipset test bailiff6-sshd 2001:db8::1 && iptables -C INPUT -j bailiff && ip6tables -C INPUT -j bailiff; } ||" +
		"{ nft get element inet bailiff bailiff4-sshd '{ 192.0.2.1 }' && nft get element inet bailiff bailiff6-sshd '{ 2001:db8::1 }'; } ||" +
		"{ iptables -S bailiff-from-sshd | grep -F 192.0.2.1/32 && ip6tables -S bailiff-from-sshd | grep -F 2001:db8::1/128; }"
	if out, err := h.lab.Box.Command("sh", "-c", bans).CombinedOutput(); err != nil {
		h.t.Fatalf("%s: the bans do not stand: %v\n%s", when, err, out)
	}
}

// wantBanned wants packets of both attackers to be stopped.
func (h *host) wantBanned(when string) {
	h.t.Helper()
	h.wantFate(firewalltest.Attacker4, stopped)
	h.wantFate(firewalltest.Attacker6, stopped)
	if h.t.Failed() {
		h.t.Fatal(when)
	}
}

// wantGoodStart wants a start to work as ever, to sweep what those before it have left, and nothing to be left after a
// removal.
func (h *host) wantGoodStart() {
	h.t.Helper()
	h.start()
	h.wantBanned("the last start")
	if got := h.bailiff("banned"); strings.Count(got, "192.0.2.1 ")+strings.Count(got, "2001:db8::1 ") != 2 {
		h.t.Errorf("banned are\n%s", got)
	}
	h.bailiff("status", "--verify")
	const list = "for p in iptables ip6tables; do $p -S; done; ipset list -n; nft list tables"
	if left := h.lab.Box.Run(h.t, "sh", "-c", list); strings.Contains(left, "try") {
		h.t.Errorf("left by a trial:\n%s", left)
	}
	h.kill(syscall.SIGTERM)
	h.bailiff("firewall", "remove")
	if left := h.lab.Box.Run(h.t, "sh", "-c", list); strings.Contains(left, "bailiff") {
		h.t.Errorf("left:\n%s", left)
	}
}

// wrapPrograms has the n-th program of a start, counted by twos, send its daemon a signal before it begins or when it has
// ended. It returns where programs are counted.
func (h *host) wrapPrograms(signal string, n int) (count string) {
	h.t.Helper()
	count = h.dir + "/count"
	must(h.t, os.WriteFile(count, []byte("0"), 0o644))
	must(h.t, os.MkdirAll(h.dir+"/programs", 0o755))
	for _, name := range []string{"iptables", "ip6tables", "iptables-restore", "ip6tables-restore"} {
		script := fmt.Sprintf(`#!/bin/sh
n=$(($(cat %[1]s) + 1)); echo $n >%[1]s.new; mv %[1]s.new %[1]s
[ $n = %[2]d ] && kill -%[3]s $PPID
/usr/sbin/%[4]s "$@"
code=$?
n=$(($(cat %[1]s) + 1)); echo $n >%[1]s.new; mv %[1]s.new %[1]s
[ $n = %[2]d ] && kill -%[3]s $PPID
exit $code
`, count, n, signal, name)
		must(h.t, os.WriteFile(filepath.Join(h.dir, "programs", name), []byte(script), 0o755))
	}
	return count
}
