package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"bailiff/firewall/firewalltest"
)

// programs has the daemons to come run scripts in place of iptables; NAME in them is what the program is called.
func (h *host) programs(script string) {
	h.t.Helper()
	must(h.t, os.MkdirAll(h.dir+"/programs", 0o755))
	for _, name := range []string{"iptables", "ip6tables", "iptables-restore", "ip6tables-restore"} {
		path := filepath.Join(h.dir, "programs", name)
		must(h.t, os.WriteFile(path+".new", []byte("#!/bin/sh\n"+strings.ReplaceAll(script, "NAME", name)+"\n"), 0o755))
		must(h.t, os.Rename(path+".new", path))
	}
}

// TestProgramsThatHang has iptables hang while the daemon runs: bans go on, it is said what is wrong, and the daemon ends
// when it is told to, with what it has started.
func TestProgramsThatHang(t *testing.T) {
	for name, hang := range map[string]string{
		"asleep":  "sleep 1000.5; true",
		"stopped": "kill -STOP $$",
	} {
		t.Run(name, func(t *testing.T) {
			h := newFileHost(t)
			h.configure("bantime = 1h")
			h.programs(`exec /usr/sbin/NAME "$@"`)
			h.start()
			began := h.dir + "/began"
			h.programs("echo $$ >>" + began + "; " + hang)
			h.lab.Box.Run(t, "/usr/sbin/iptables", "-F")
			h.await("a program that hangs", func() bool { _, err := os.Stat(began); return err == nil })
			begin := time.Now()
			h.bailiff("ban", "sshd", firewalltest.Attacker4)
			h.lab.Box.Run(t, "ipset", "test", "bailiff4-sshd", firewalltest.Attacker4)
			if took := time.Since(begin); took > 3*time.Second {
				t.Errorf("a ban took %v while iptables hung", took)
			}
			begin = time.Now()
			h.kill(syscall.SIGTERM)
			if took := time.Since(begin); took > 3*time.Second {
				t.Errorf("the daemon ended only after %v", took)
			}
			for _, pid := range strings.Fields(read(t, began)) {
				if _, err := os.Stat("/proc/" + pid); err == nil {
					t.Errorf("process %s is still there", pid)
				}
			}
		})
	}
}

// TestBansThatHang has iptables hang where each ban is a rule: the daemon ends when it is told to.
func TestBansThatHang(t *testing.T) {
	h := newFileHost(t)
	must(t, os.WriteFile(h.dir+"/conf/bailiff.conf", []byte("[Definition]\nfirewall = iptables-plain\n"), 0o644))
	h.programs(`exec /usr/sbin/NAME "$@"`)
	h.start()
	began := h.dir + "/began"
	h.programs(">" + began + "; sleep 1000.5; true")
	h.attack(firewalltest.Attacker4, 5)
	h.attack(firewalltest.Attacker6, 5)
	h.await("a program that hangs", func() bool { _, err := os.Stat(began); return err == nil })
	h.endAfter(0, syscall.SIGTERM)
}

// TestAStartWithProgramsThatHang ends when it is told to.
func TestAStartWithProgramsThatHang(t *testing.T) {
	for _, command := range []string{"-V", "-S", "--noflush"} {
		t.Run(command, func(t *testing.T) {
			h := newFileHost(t)
			began := h.dir + "/began"
			h.programs(fmt.Sprintf(`[ "$1" = %[1]s ] || [ "$3" = %[1]s ] && { >%[2]s; sleep 1000; }
exec /usr/sbin/NAME "$@"`, command, began))
			h.launch()
			h.await("a program that hangs", func() bool { _, err := os.Stat(began); return err == nil })
			h.endAfter(0, syscall.SIGTERM)
			if log := h.log.String(); strings.Contains(log, "firewall chosen") || strings.Contains(log, "ERROR") {
				t.Errorf("a start that was ended went on:\n%s", log)
			}
		})
	}
}

// TestTheLockIsHeldAtTheStart starts the daemon while another program holds the lock of iptables-legacy. Bans go on, and
// the rules come when the lock is free.
func TestTheLockIsHeldAtTheStart(t *testing.T) {
	h := newFileHost(t)
	h.configure("bantime = 1h")
	must(t, os.WriteFile(h.dir+"/conf/bailiff.conf", []byte("[Definition]\nfirewall = auto\n"), 0o644))
	h.programs(`exec /usr/sbin/$(echo NAME | sed s/tables/tables-legacy/) "$@"`)
	lock, err := os.OpenFile(os.Getenv("XTABLES_LOCKFILE"), os.O_CREATE|os.O_RDWR, 0o600)
	must(t, err)
	defer lock.Close()
	must(t, unix.Flock(int(lock.Fd()), unix.LOCK_EX))
	h.start()
	h.bailiff("ban", "sshd", firewalltest.Attacker4)
	h.lab.Box.Run(t, "ipset", "test", "bailiff4-sshd", firewalltest.Attacker4)
	h.wantFate(firewalltest.Attacker4, passes)
	s := h.status()
	if s.Firewall != "iptables" {
		t.Errorf("the firewall is %s", s.Firewall)
	}
	want := fmt.Sprintf("iptables' lock %s is held by process %d", lock.Name(), os.Getpid())
	if len(s.Problems) != 1 || !strings.Contains(s.Problems[0].Text, want) {
		t.Errorf("problems are %+v, want %q", s.Problems, want)
	}
	must(t, unix.Flock(int(lock.Fd()), unix.LOCK_UN))
	h.awaitFate(firewalltest.Attacker4, stopped)
	h.await("the problem to be over", func() bool { return len(h.status().Problems) == 0 })
}

// TestFewDescriptors lets the daemon have few of them, and more logs than that: it heals and answers all the same, and says
// which logs it does not read.
func TestFewDescriptors(t *testing.T) {
	h := newFileHost(t)
	for i := range 30 {
		must(t, os.WriteFile(fmt.Sprintf("%s/more%d.log", h.dir, i), nil, 0o600))
	}
	h.configure("\t" + h.dir + "/more*.log\nbantime = 1h") // one more logpath
	h.limit = "40"
	h.start()
	h.bailiff("ban", "sshd", firewalltest.Attacker4)
	h.awaitFate(firewalltest.Attacker4, stopped)
	h.lab.Box.Run(t, "sh", "-c", "iptables -F; ip6tables -F")
	h.awaitFate(firewalltest.Attacker4, stopped)
	if s := h.status("--verify"); len(s.Problems) > 0 {
		t.Errorf("problems are %+v", s.Problems)
	}
	if log := h.log.String(); !strings.Contains(log, "too many open files: only 40 may be open") || strings.Contains(log, "ERROR") {
		t.Errorf("the log says\n%s", log)
	}
}
