package firewall_test

import (
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"bailiff/firewall"
	"bailiff/firewall/firewalltest"
)

func TestWaitsForTheLockOfIPTables(t *testing.T) {
	lab := firewalltest.New(t)
	lab.Box.Enter(t)
	fw := open(t, firewall.Options{Backend: "iptables", Program: "iptables-legacy"})
	lock, err := os.OpenFile(os.Getenv("XTABLES_LOCKFILE"), os.O_CREATE|os.O_RDWR, 0o600)
	must(t, err)
	defer lock.Close()
	fd := int(lock.Fd())
	must(t, unix.Flock(fd, unix.LOCK_EX))
	start := time.Now()
	time.AfterFunc(300*time.Millisecond, func() { unix.Flock(fd, unix.LOCK_UN) }) // fails with the wait below
	must(t, fw.Ensure(t.Context(), []firewall.Spec{{Jail: "sshd"}}))
	if took := time.Since(start); took < 300*time.Millisecond {
		t.Errorf("took %v while another held the lock", took)
	}
}

// TestBansDoNotWaitForTheLock bans while another holds the lock that a look at the rules waits for.
func TestBansDoNotWaitForTheLock(t *testing.T) {
	lab := firewalltest.New(t)
	lab.Box.Enter(t)
	fw := open(t, firewall.Options{Backend: "iptables", Program: "iptables-legacy"})
	must(t, fw.Ensure(t.Context(), []firewall.Spec{{Jail: "sshd"}}))
	lock, err := os.OpenFile(os.Getenv("XTABLES_LOCKFILE"), os.O_CREATE|os.O_RDWR, 0o600)
	must(t, err)
	defer lock.Close()
	must(t, unix.Flock(int(lock.Fd()), unix.LOCK_EX))
	looked := make(chan error, 1)
	go func() { looked <- lab.Box.Do(func() error { return fw.Check(t.Context()) }) }()
	lab.Box.Run(t, "sh", "-c", "until grep -q 'iptables-legacy.*--wait' /proc/[0-9]*/cmdline; do :; done")
	must(t, fw.Add(t.Context(), "sshd", bans(time.Hour, netip.MustParsePrefix("198.51.100.7/32"))))
	fw.Status()
	select {
	case err := <-looked:
		t.Errorf("the look was over before the ban: %v", err)
	default:
	}
	must(t, unix.Flock(int(lock.Fd()), unix.LOCK_UN))
	must(t, <-looked)
}

// TestALostSetDoesNotWaitForTheLock bans in a set that others have destroyed, while another holds the lock that rules wait
// for.
func TestALostSetDoesNotWaitForTheLock(t *testing.T) {
	lab := firewalltest.New(t)
	lab.Box.Enter(t)
	troubles := make(chan string, 10)
	fw := open(t, firewall.Options{Backend: "iptables", Program: "iptables-legacy", Trouble: func(text string) { troubles <- text }})
	must(t, fw.Ensure(t.Context(), []firewall.Spec{{Jail: "sshd"}}))
	lock, err := os.OpenFile(os.Getenv("XTABLES_LOCKFILE"), os.O_CREATE|os.O_RDWR, 0o600)
	must(t, err)
	defer lock.Close()
	lab.Box.Run(t, "sh", "-c", "iptables-legacy -F; ip6tables-legacy -F")
	must(t, unix.Flock(int(lock.Fd()), unix.LOCK_EX))
	lab.Box.Run(t, "ipset", "destroy", "bailiff4-sshd")
	run(t, lab, fw)
	lab.Box.Run(t, "sh", "-c", "until grep -q 'iptables-legacy.*--wait' /proc/[0-9]*/cmdline; do :; done")
	lab.Box.Run(t, "sh", "-c", "ipset destroy bailiff4-sshd || true") // the look may have made it
	start := time.Now()
	must(t, fw.Add(t.Context(), "sshd", bans(time.Hour, netip.MustParsePrefix("198.51.100.7/32"))))
	if took := time.Since(start); took > time.Second {
		t.Errorf("a ban waited for %v", took)
	}
	if text := <-troubles; !strings.Contains(text, "lock") {
		t.Errorf("the trouble is %q", text)
	}
	must(t, unix.Flock(int(lock.Fd()), unix.LOCK_UN))
	if text := <-troubles; text != "" {
		t.Errorf("the trouble goes on: %q", text)
	}
	lab.Box.Run(t, "iptables-legacy", "-C", "INPUT", "-j", "bailiff")
}
