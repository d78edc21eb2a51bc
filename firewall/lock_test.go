package firewall_test

import (
	"os"
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
	must(t, unix.Flock(int(lock.Fd()), unix.LOCK_EX))
	start := time.Now()
	time.AfterFunc(300*time.Millisecond, func() { unix.Flock(int(lock.Fd()), unix.LOCK_UN) }) // fails with the wait below
	must(t, fw.Ensure(t.Context(), []firewall.Spec{{Jail: "sshd"}}))
	if took := time.Since(start); took < 300*time.Millisecond {
		t.Errorf("took %v while another held the lock", took)
	}
}
