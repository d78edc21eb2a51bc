package main

import (
	"database/sql"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"bailiff/firewall/firewalltest"
)

// A disk is a small file system of its own, for the store of a host.
type disk struct {
	t    *testing.T
	host *host
	path string
}

// newDisk gives the host a disk for its store.
func (h *host) newDisk() disk {
	h.t.Helper()
	d := disk{h.t, h, filepath.Join(h.dir, "disk")}
	must(h.t, os.Mkdir(d.path, 0o700))
	d.run("mount", "-t", "tmpfs", "-o", "size=1m", "bailiff-test", d.path)
	h.t.Cleanup(func() {
		h.kill(syscall.SIGKILL)
		d.run("umount", d.path)
	})
	h.state = d.path
	return d
}

func (d disk) run(name string, args ...string) {
	d.t.Helper()
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		d.t.Fatalf("%s %q: %v\n%s", name, args, err, out)
	}
}

// fill leaves no room on the disk.
func (d disk) fill() {
	d.t.Helper()
	f, err := os.Create(d.path + "/filling")
	must(d.t, err)
	defer f.Close()
	for _, size := range []int{64 << 10, 4 << 10, 1} {
		for err == nil {
			_, err = f.Write(make([]byte, size))
		}
		err = nil
	}
}

func (d disk) makeRoom() { must(d.t, os.Remove(d.path+"/filling")) }

// writable makes the disk writable or not, also where the daemon sees it.
func (d disk) writable(yes bool) {
	how := "remount,ro"
	if yes {
		how = "remount,rw"
	}
	d.t.Helper()
	d.run("mount", "-o", how, d.path)
	if h := d.host; h.daemon != nil { // which has a mount namespace of its own
		d.run("nsenter", "-m", "-t", strconv.Itoa(h.daemon.Process.Pid), "mount", "-o", how, d.path)
	}
}

// openCopy opens a copy of the store in a directory: its daemon lets nobody else open it.
func openCopy(t *testing.T, dir string) *sql.DB {
	t.Helper()
	copied := filepath.Join(t.TempDir(), "copy.db")
	for _, suffix := range []string{"", "-wal"} {
		b, err := os.ReadFile(dir + "/bailiff.db" + suffix)
		if !errors.Is(err, fs.ErrNotExist) {
			must(t, err)
			must(t, os.WriteFile(copied+suffix, b, 0o600))
		}
	}
	db, err := sql.Open("sqlite", "file:"+copied)
	must(t, err)
	return db
}

// savedBans are the subjects of the bans in force that the store holds.
func (h *host) savedBans() (all string) {
	h.t.Helper()
	db := openCopy(h.t, h.state)
	defer db.Close()
	must(h.t, db.QueryRow("SELECT coalesce(group_concat(subject, ' '), '') FROM (SELECT subject FROM latest ORDER BY subject)").Scan(&all))
	return all
}

// wantUnsaved looks whether everybody is told that the store does not save.
func (h *host) wantUnsaved(what string) {
	h.t.Helper()
	h.await("the problem to be told of", func() bool { return len(h.status().Problems) > 0 })
	if p := h.status().Problems; p[0].Kind != string(storeNotSaved) || !strings.Contains(p[0].Text, what) {
		h.t.Errorf("problems are %+v, want %q", p, what)
	}
	page := h.lab.Box.Run(h.t, "curl", "-sS", "http://127.0.0.1:9191/metrics")
	if !strings.Contains(page, "\nbailiff_problem{kind=\"store_not_saved\"} 1\n") {
		h.t.Error("the metrics know of no problem")
	}
	if health := h.lab.Box.Run(h.t, "curl", "-sS", "-w", "%{http_code}", "http://127.0.0.1:9191/healthz"); !strings.HasSuffix(health, "503") {
		h.t.Errorf("/healthz says %s", health)
	}
}

func (h *host) awaitSaved() {
	h.t.Helper()
	h.await("the problem to be over", func() bool { return len(h.status().Problems) == 0 })
}

// wantHeld looks whether those who are banned are listed, and are those that the kernel holds.
func (h *host) wantHeld(who ...string) {
	h.t.Helper()
	var listed []string
	for _, b := range h.jail().Banned {
		listed = append(listed, b.Subject)
	}
	slices.Sort(listed)
	if !slices.Equal(listed, slices.Sorted(slices.Values(who))) {
		h.t.Errorf("listed are %s, want %s", listed, who)
	}
	if text, err := h.ask("status", "--verify"); err != nil {
		h.t.Errorf("the kernel holds others: %v\n%s", err, text)
	}
}

// TestBansOnAFullDisk bans, unbans, reloads, is killed and starts while the store cannot save.
func TestBansOnAFullDisk(t *testing.T) {
	h := newFileHost(t)
	h.configure("bantime = 1h")
	d := h.newDisk()
	h.start()
	const slow = "198.51.100.7"
	h.bailiff("ban", "sshd", firewalltest.Bystander4, "198.51.100.1")
	h.attack(slow, 1)
	h.await("a failure", func() bool { return h.found(slow) == 1 })
	h.kill(syscall.SIGTERM)
	h.start() // the WAL is short
	d.fill()

	h.attack(firewalltest.Attacker4, 5)
	took := h.awaitFate(firewalltest.Attacker4, stopped)
	h.bailiff("unban", firewalltest.Bystander4)
	h.wantFate(firewalltest.Bystander4, passes)
	h.wantUnsaved("disk is full")
	h.attack(slow, 3)
	h.await("four failures", func() bool { return h.found(slow) == 4 })
	began := time.Now()
	h.bailiff("reload")
	if t.Logf("banned after %s, reloaded after %s", took, time.Since(began)); took > 2*time.Second || time.Since(began) > 5*time.Second {
		t.Error("bans or reloads wait for the disk")
	}
	h.wantHeld("198.51.100.1", firewalltest.Attacker4)

	h.kill(syscall.SIGKILL)
	h.start()
	h.wantUnsaved("")
	h.wantFate(firewalltest.Attacker4, stopped)
	h.wantFate(firewalltest.Bystander4, passes)
	h.wantHeld("198.51.100.1", firewalltest.Attacker4)
	if strings.Contains(h.log.String(), "Ban "+slow) {
		t.Error("banned after four failures of five")
	}
	h.attack(slow, 1)
	h.await("the ban at the fifth failure", func() bool { return strings.Contains(h.log.String(), "[sshd] Ban "+slow) })

	d.makeRoom()
	h.awaitSaved()
	if saved := h.savedBans(); saved != firewalltest.Attacker4+" 198.51.100.1 "+slow {
		t.Errorf("saved are %s", saved)
	}
	if _, err := os.Stat(h.dir + "/unsaved-unbans.json"); err == nil {
		t.Error("unbans are kept that were saved")
	}
	h.kill(syscall.SIGKILL)
	h.start()
	h.wantHeld("198.51.100.1", firewalltest.Attacker4, slow)
	h.awaitSaved()
}

// TestAStartOnAReadOnlyDisk reads what an earlier daemon has saved there, with and without a WAL beside it.
func TestAStartOnAReadOnlyDisk(t *testing.T) {
	for _, end := range []syscall.Signal{syscall.SIGKILL, syscall.SIGTERM} {
		t.Run(end.String(), func(t *testing.T) {
			h := newFileHost(t)
			h.configure("bantime = 1h")
			d := h.newDisk()
			h.start()
			h.bailiff("ban", "sshd", firewalltest.Attacker4, "198.51.100.1")
			h.attack(firewalltest.Bystander4, 2)
			h.await("two failures", func() bool { return h.found(firewalltest.Bystander4) == 2 })
			h.awaitMark("")
			h.kill(end)
			d.writable(false)
			h.lab.Box.Run(t, "ipset", "flush") // as after a reboot
			h.start()
			h.wantFate(firewalltest.Attacker4, stopped)
			h.wantUnsaved("read")
			h.bailiff("unban", "198.51.100.1")
			h.attack(firewalltest.Bystander4, 3)
			h.awaitFate(firewalltest.Bystander4, stopped)
			if n := h.found(firewalltest.Bystander4); n != 5 {
				t.Errorf("%d failures were told of, 5 were written", n)
			}
			d.writable(true)
			h.awaitSaved()
			if saved := h.savedBans(); saved != firewalltest.Attacker4+" "+firewalltest.Bystander4 {
				t.Errorf("saved are %s", saved)
			}
			h.wantHeld(firewalltest.Attacker4, firewalltest.Bystander4)
		})
	}
}

// TestADiskThatHangs freezes the file system of the store: nobody waits for it, neither at work nor at a start.
func TestADiskThatHangs(t *testing.T) {
	h := newFileHost(t)
	h.configure("bantime = 1h")
	image := filepath.Join(h.dir, "image")
	d := disk{t, h, filepath.Join(h.dir, "disk")}
	must(t, os.Mkdir(d.path, 0o700))
	must(t, os.WriteFile(image, nil, 0o600))
	must(t, os.Truncate(image, 20<<20))
	d.run("mkfs.ext4", "-q", image)
	d.run("mount", "-o", "loop", image, d.path)
	frozen := false
	freeze := func(yes bool) {
		if yes != frozen {
			d.run("fsfreeze", map[bool]string{true: "-f", false: "-u"}[yes], d.path)
		}
		frozen = yes
	}
	t.Cleanup(func() {
		freeze(false) // or nothing that writes there could be killed
		h.kill(syscall.SIGKILL)
		d.run("umount", d.path)
	})
	h.state = d.path
	h.start()
	freeze(true)
	h.attack(firewalltest.Attacker4, 5)
	if took := h.awaitFate(firewalltest.Attacker4, stopped); took > 2*time.Second {
		t.Errorf("banned after %s", took)
	}
	h.wantUnsaved("does not answer")
	began := time.Now()
	h.bailiff("reload")
	h.bailiff("ban", "sshd", firewalltest.Bystander4)
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("a reload and a ban took %s", took)
	}
	freeze(false)
	h.awaitSaved()
	if saved := h.savedBans(); saved != firewalltest.Attacker4+" "+firewalltest.Bystander4 {
		t.Errorf("saved are %s", saved)
	}
	h.kill(syscall.SIGKILL)

	freeze(true)
	h.start()
	h.wantHeld(firewalltest.Attacker4, firewalltest.Bystander4)
	h.attack(firewalltest.Attacker6, 5)
	h.awaitFate(firewalltest.Attacker6, stopped)
	freeze(false)
	h.awaitSaved()
}

// TestAStartWithoutAStore has no room for one at all, and saves everything when there is.
func TestAStartWithoutAStore(t *testing.T) {
	for name, c := range map[string]struct{ harm, mend func(disk) }{
		"full":      {disk.fill, disk.makeRoom},
		"read-only": {func(d disk) { d.writable(false) }, func(d disk) { d.writable(true) }},
		"a directory in its place": {
			func(d disk) { must(d.t, os.Mkdir(d.path+"/bailiff.db", 0o700)) },
			func(d disk) { must(d.t, os.Remove(d.path+"/bailiff.db")) }},
	} {
		t.Run(name, func(t *testing.T) {
			h := newFileHost(t)
			h.configure("bantime = 1h")
			d := h.newDisk()
			c.harm(d)
			h.start()
			h.attack(firewalltest.Attacker4, 5)
			h.awaitFate(firewalltest.Attacker4, stopped)
			h.wantUnsaved("")
			h.kill(syscall.SIGKILL)
			h.start()
			h.wantHeld(firewalltest.Attacker4)
			c.mend(d)
			h.awaitSaved()
			h.kill(syscall.SIGKILL)
			if saved := h.savedBans(); saved != firewalltest.Attacker4 {
				t.Errorf("saved are %s", saved)
			}
			h.start()
			h.wantHeld(firewalltest.Attacker4)
		})
	}
}

// TestAStoreThatIsRemoved is made anew, with all that is in force.
func TestAStoreThatIsRemoved(t *testing.T) {
	h := newFileHost(t)
	h.configure("bantime = 1h")
	h.state = filepath.Join(h.dir, "state")
	h.start()
	h.bailiff("ban", "sshd", "198.51.100.1")
	h.attack(firewalltest.Attacker4, 5)
	h.awaitFate(firewalltest.Attacker4, stopped)
	marks := h.marks()
	must(t, os.RemoveAll(h.state))
	h.await("the store to be made anew", func() bool { return strings.Contains(h.log.String(), "the store's file is gone") })
	h.bailiff("unban", "198.51.100.1")
	h.await("all to be saved", func() bool {
		_, err := os.Stat(h.state + "/bailiff.db")
		return err == nil && h.savedBans() == firewalltest.Attacker4
	})
	h.await("the positions to be saved", func() bool { return h.marks() == marks })
	h.kill(syscall.SIGKILL)
	h.start()
	h.wantHeld(firewalltest.Attacker4)
	if n := h.found(firewalltest.Attacker4); n != 5 {
		t.Errorf("%d failures were told of, 5 were written", n)
	}
}

// TestAStoreThatIsOlderThanTheKernel has lost the WAL: what only the kernel knows is taken over, but for what was lifted.
func TestAStoreThatIsOlderThanTheKernel(t *testing.T) {
	h := newFileHost(t)
	h.configure("bantime = -1")
	h.start()
	h.bailiff("ban", "sshd", "198.51.100.1", "198.51.100.2")
	h.bailiff("unban", "198.51.100.2")
	h.kill(syscall.SIGTERM)                                                           // which leaves no WAL
	h.lab.Box.Run(t, "ipset", "add", "bailiff4-sshd", "198.51.100.2", "timeout", "0") // as if killed between store and kernel
	h.start()
	h.wantHeld("198.51.100.1")
	h.bailiff("ban", "sshd", firewalltest.Attacker4, firewalltest.Attacker6)
	h.kill(syscall.SIGKILL)
	must(t, os.Remove(h.dir+"/bailiff.db-wal"))
	h.start()
	h.wantHeld("198.51.100.1", firewalltest.Attacker4, firewalltest.Attacker6)
	h.lab.Box.Run(t, "ipset", "add", "bailiff4-sshd", firewalltest.Bystander4) // what others put there
	h.wantFate(firewalltest.Bystander4, stopped)
	if out := h.bailiff("unban", firewalltest.Bystander4); out != "unbanned "+firewalltest.Bystander4+" in sshd, of which only the kernel knew\n" {
		t.Errorf("unban says %s", out)
	}
	h.wantFate(firewalltest.Bystander4, passes)
	h.lab.Box.Run(t, "ipset", "add", "bailiff4-sshd", "203.0.113.0/24") // wider than what is asked for
	if out, err := h.ask("unban", "203.0.113.9", "--json"); err == nil || !strings.Contains(out, `"still_banned": [`) || strings.Contains(out, "not_banned") {
		t.Errorf("unban says %s, %v", out, err)
	}
	if out := h.bailiff("unban", "203.0.113.0/24", "--json"); !strings.Contains(out, `"kernel_only": true`) {
		t.Errorf("unban says %s", out)
	}
	if out := h.bailiff("unban", "--all"); strings.Count(out, "unbanned") != 3 {
		t.Errorf("unban says %s", out)
	}
	h.wantHeld()
	h.wantFate(firewalltest.Attacker4, passes)
}
