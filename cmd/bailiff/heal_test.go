package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"bailiff/cmd/internal/control"
	"bailiff/firewall/firewalltest"
)

// bailiff runs a command against the host's daemon, in its network namespace, and returns what it printed.
func (h *host) bailiff(args ...string) string {
	h.t.Helper()
	out, err := h.ask(args...)
	if err != nil {
		h.t.Fatalf("bailiff %v: %v\n%s", args, err, out)
	}
	return out
}

// ask runs a command that may fail.
func (h *host) ask(args ...string) (string, error) {
	cmd := h.lab.Box.Command(os.Args[0], append(args, "--socket", h.socket())...)
	cmd.Env = append(os.Environ(), asBailiff+"=1")
	out, err := cmd.Output()
	return string(out), err
}

// status asks for the state; with --verify the command fails when bans and kernel differ, and says how all the same.
func (h *host) status(args ...string) (s control.Status) {
	h.t.Helper()
	out, failed := h.ask(append([]string{"status", "--json"}, args...)...)
	if err := json.Unmarshal([]byte(out), &s); err != nil {
		h.t.Fatalf("status: %v, %v\n%s", failed, err, out)
	}
	return s
}

// configure puts an option into the host's jail.
func (h *host) configure(lines string) {
	h.t.Helper()
	f, err := os.OpenFile(filepath.Join(h.dir, "conf/jail.conf"), os.O_APPEND|os.O_WRONLY, 0)
	if err == nil {
		_, err = f.WriteString(lines + "\n")
		f.Close()
	}
	if err != nil {
		h.t.Fatal(err)
	}
}

// TestBansSurviveWhatOthersDo lets others flush, destroy and restore while the daemon runs.
func TestBansSurviveWhatOthersDo(t *testing.T) {
	h := newFileHost(t)
	h.configure("bantime = 1h")
	h.start()
	h.bailiff("ban", "sshd", firewalltest.Attacker4, firewalltest.Attacker6)
	h.awaitFate(firewalltest.Attacker4, stopped)
	h.awaitFate(firewalltest.Attacker6, stopped)
	for _, harm := range []string{
		"iptables -F; ip6tables -F",
		"iptables -F; iptables -X; ip6tables -F; ip6tables -X || ip6tables -F", // the daemon may be faster
		"ipset flush",
		"until iptables -F; iptables -X; ip6tables -F; ip6tables -X; ipset destroy; do :; done",
		"printf '*filter\\n:INPUT ACCEPT [0:0]\\n-A INPUT -p icmp -j ACCEPT\\nCOMMIT\\n' | iptables-restore",
		"iptables -I INPUT -p tcp -j ACCEPT; ip6tables -I INPUT -p tcp -j ACCEPT",
	} {
		h.checkHealing(harm)
	}
	h.checkRepairsAreTold()
	if rules := h.lab.Box.Run(t, "iptables", "-S", "INPUT"); !strings.HasPrefix(rules, "-P INPUT ACCEPT\n-A INPUT -j bailiff\n") {
		t.Errorf("the jump is not first:\n%s", rules)
	}
}

// checkHealing does harm and wants packets stopped again within a second. On a busy machine one try of six will do,
// with more and more time between them.
func (h *host) checkHealing(harm string) {
	h.t.Helper()
	took := 2 * time.Second
	for try := 0; try < 6 && took > time.Second; try++ {
		<-time.After(time.Duration(try) * 2 * time.Second)
		repairs := h.status().Repairs.Count
		h.lab.Box.Run(h.t, "timeout", "20", "sh", "-c", harm)
		took = h.awaitFate(firewalltest.Attacker4, stopped)
		took = max(took, h.awaitFate(firewalltest.Attacker6, stopped))
		h.t.Logf("%s: stopped again after %s", harm, took)
		h.wantFate(firewalltest.Bystander4, passes)
		h.await("the repair to be counted", func() bool { return h.status().Repairs.Count > repairs })
	}
	if took > time.Second {
		h.t.Errorf("%s: stopped again only after %s", harm, took)
	}
}

func (h *host) checkRepairsAreTold() {
	h.t.Helper()
	s := h.status()
	if s.Repairs.Last == nil || len(s.Repairs.What) == 0 {
		h.t.Errorf("status says of repairs: %+v", s.Repairs)
	}
	for what, text := range map[string]string{"the log": h.log.String(), "status": h.bailiff("status")} {
		if !strings.Contains(text, "firewall repaired") {
			h.t.Errorf("%s tells of no repair:\n%s", what, text)
		}
	}
	page := h.lab.Box.Run(h.t, "curl", "-sS", "http://127.0.0.1:9191/metrics")
	if !strings.Contains(page, "\nbailiff_firewall_repairs_total ") || strings.Contains(page, "\nbailiff_firewall_repairs_total 0\n") {
		h.t.Errorf("metrics count no repair:\n%s", page)
	}
	if !strings.Contains(page, `bailiff_firewall_divergence{jail="sshd"} 0`) {
		h.t.Errorf("metrics know no divergence:\n%s", page)
	}
}

// TestVerifyLooksBothWays has somebody else change the set behind the daemon's back.
func TestVerifyLooksBothWays(t *testing.T) {
	const lasting, missing, extra = "198.51.100.1", "198.51.100.2", "198.51.100.3"
	h := newFileHost(t)
	h.configure("bantime = 1h")
	h.start()
	h.bailiff("ban", "sshd", lasting)
	h.bailiff("ban", "sshd", missing)
	if j := h.status("--verify").Jails[0]; len(j.Missing)+len(j.Extra) > 0 {
		t.Errorf("before anything differs: missing %v, extra %v", j.Missing, j.Extra)
	}
	h.lab.Box.Run(t, "sh", "-c", "ipset del bailiff4-sshd "+missing+"; ipset add bailiff4-sshd "+extra)
	j := h.status("--verify").Jails[0]
	// The one that was deleted may have been the witness by which the daemon sees that a set was emptied.
	healed := len(j.Missing) == 0 && strings.Contains(h.log.String(), "firewall repaired")
	if !slices.Equal(j.Missing, []string{missing}) && !healed || !slices.Equal(j.Extra, []string{extra}) {
		t.Errorf("missing %v, extra %v", j.Missing, j.Extra)
	}
	text, err := h.ask("status", "sshd", "--verify")
	if err == nil || !strings.Contains(text, "in the kernel, but not banned: "+extra) {
		t.Errorf("%v: %s", err, text)
	}
}

// TestVerifySeesTheRules takes them away while they cannot be made again.
func TestVerifySeesTheRules(t *testing.T) {
	h := newFileHost(t)
	broken := h.dir + "/broken"
	must(t, os.Mkdir(h.dir+"/programs", 0o755))
	for _, name := range []string{"iptables-restore", "ip6tables-restore"} {
		script := "#!/bin/sh\n[ ! -e " + broken + " ] || exit 3\nexec /usr/sbin/" + name + " \"$@\"\n"
		must(t, os.WriteFile(filepath.Join(h.dir, "programs", name), []byte(script), 0o755))
	}
	h.configure("bantime = 1h")
	h.start()
	h.bailiff("ban", "sshd", firewalltest.Attacker4)
	if out := h.bailiff("status", "--verify"); !strings.Contains(out, "verified: ") {
		t.Errorf("status says %s", out)
	}
	must(t, os.WriteFile(broken, nil, 0o644))
	h.lab.Box.Run(t, "sh", "-c", "iptables -D INPUT -j bailiff; ip6tables -I INPUT -j ACCEPT; iptables -F bailiff")
	out, err := h.ask("status", "--verify")
	for _, part := range []string{"IPv4 jump from INPUT to bailiff", "IPv4 rules of chain bailiff", "IPv6 first place of the jump from INPUT to bailiff"} {
		if !strings.Contains(out, "missing in the kernel: "+part+"\n") {
			t.Errorf("%q is not missing in\n%s", part, out)
		}
	}
	if err == nil {
		t.Error("the exit code is 0")
	}
	must(t, os.Remove(broken))
	h.awaitFate(firewalltest.Attacker4, stopped)
	h.await("all to stand", func() bool { _, err := h.ask("status", "--verify"); return err == nil })
}

// TestAnotherFirewallTakesOver starts the daemon with another firewall than before: who was banned stays so, in the new
// one alone.
func TestAnotherFirewallTakesOver(t *testing.T) {
	h := newFileHost(t)
	h.configure("bantime = 1h")
	h.start()
	h.bailiff("ban", "sshd", firewalltest.Attacker4)
	h.awaitFate(firewalltest.Attacker4, stopped)
	h.kill(syscall.SIGTERM)
	must(t, os.WriteFile(filepath.Join(h.dir, "conf/bailiff.conf"), []byte("[Definition]\nfirewall = nftables\n"), 0o644))
	h.start()
	h.wantFate(firewalltest.Attacker4, stopped)
	h.await("the old one to be lifted", func() bool { return strings.Contains(h.log.String(), "lifted what another firewall had left here") })
	h.wantFate(firewalltest.Attacker4, stopped)
	if left := h.lab.Box.Run(t, "sh", "-c", "iptables -S; ip6tables -S; ipset list -n"); strings.Contains(left, "bailiff") {
		t.Errorf("left:\n%s", left)
	}
	h.bailiff("unban", firewalltest.Attacker4)
	h.wantFate(firewalltest.Attacker4, passes)
}

// TestALostStoreTakesOverWhatStands damages the database of a daemon that was killed. Its bans are known again.
func TestALostStoreTakesOverWhatStands(t *testing.T) {
	h := newFileHost(t)
	h.configure("bantime = 1h")
	h.start()
	h.bailiff("ban", "sshd", firewalltest.Attacker4, "198.51.100.0/24")
	h.awaitFate(firewalltest.Attacker4, stopped)
	h.kill(syscall.SIGKILL)
	must(t, os.RemoveAll(h.dir+"/bailiff.db-wal"))
	must(t, os.WriteFile(h.dir+"/bailiff.db", []byte(strings.Repeat("no database ", 1000)), 0o600))
	h.start()
	if banned := h.bailiff("banned"); !strings.Contains(banned, firewalltest.Attacker4+" ") || !strings.Contains(banned, "198.51.100.0/24 ") {
		t.Errorf("banned are\n%s", banned)
	}
	h.wantFate(firewalltest.Attacker4, stopped)
	h.bailiff("status", "--verify")
	h.bailiff("unban", firewalltest.Attacker4)
	h.wantFate(firewalltest.Attacker4, passes)
}

// TestFirewallRemoveLeavesNothing ends the daemon and lifts what it left, and nothing while it is only stopped.
func TestFirewallRemoveLeavesNothing(t *testing.T) {
	h := newFileHost(t)
	h.start()
	h.bailiff("ban", "sshd", firewalltest.Attacker4)
	h.awaitFate(firewalltest.Attacker4, stopped)
	must(t, h.daemon.Process.Signal(syscall.SIGSTOP)) // one that hangs does not answer, either
	if out, err := h.ask("firewall", "remove"); err == nil {
		t.Errorf("lifted beside a daemon: %s", out)
	}
	h.wantFate(firewalltest.Attacker4, stopped)
	must(t, h.daemon.Process.Signal(syscall.SIGCONT))
	h.kill(os.Interrupt)
	h.wantFate(firewalltest.Attacker4, stopped)
	h.bailiff("firewall", "remove")
	h.wantFate(firewalltest.Attacker4, passes)
	left := h.lab.Box.Run(t, "sh", "-c", "iptables -S; ip6tables -S; ipset list -n; nft list tables")
	if strings.Contains(left, "bailiff") {
		t.Errorf("left:\n%s", left)
	}
}

// TestBansWithoutRoot runs the daemon as nobody with the two capabilities that the service has.
func TestBansWithoutRoot(t *testing.T) {
	program := firewalltest.ProgramForAll(t)
	log, err := os.Create(filepath.Join(filepath.Dir(program), "auth.log"))
	must(t, err)
	defer log.Close()
	must(t, log.Chmod(0o644))
	h := newHost(t, "backend = auto\nlogpath = "+log.Name())
	must(t, os.Chmod(h.dir, 0o777))
	must(t, os.Chmod(filepath.Dir(h.dir), 0o755))
	h.daemon = h.lab.Box.Command("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups",
		"--inh-caps", "+net_admin,+net_raw", "--ambient-caps", "+net_admin,+net_raw", "env", "-u", "XTABLES_LOCKFILE",
		program, "run", "--config", h.dir+"/conf", "--state", h.dir, "--socket", h.socket())
	h.daemon.Env = append(os.Environ(), asBailiff+"=1")
	h.daemon.Stderr = h.log
	must(t, h.daemon.Start())
	h.await("ready", func() bool { return strings.Contains(h.log.String(), " ready ") })
	for range 5 {
		fmt.Fprintf(log, "%s box sshd[4242]: Failed password for root from %s port 4000 ssh2\n", time.Now().Format(time.Stamp), firewalltest.Attacker4)
	}
	h.awaitFate(firewalltest.Attacker4, stopped)
	h.wantFate(firewalltest.Bystander4, passes)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
