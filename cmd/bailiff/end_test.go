package main

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"bailiff/firewall/firewalltest"
)

// A frozenDisk is a disk that may be made to hang.
type frozenDisk struct {
	disk
	frozen bool
}

// newFrozenDisk gives the host a disk for its store that hangs when it is told to.
func (h *host) newFrozenDisk() *frozenDisk {
	h.t.Helper()
	image := filepath.Join(h.dir, "image")
	d := &frozenDisk{disk: disk{h.t, h, filepath.Join(h.dir, "disk")}}
	must(h.t, os.Mkdir(d.path, 0o700))
	must(h.t, os.WriteFile(image, nil, 0o600))
	must(h.t, os.Truncate(image, 20<<20))
	d.run("mkfs.ext4", "-q", image)
	d.run("mount", "-o", "loop", image, d.path)
	h.t.Cleanup(func() {
		d.freeze(false) // or nothing that writes there could be killed
		h.kill(syscall.SIGKILL)
		d.run("umount", d.path)
	})
	h.state = d.path
	return d
}

// freeze has the disk hang or not.
func (d *frozenDisk) freeze(yes bool) {
	d.t.Helper()
	if yes != d.frozen {
		d.run("fsfreeze", map[bool]string{true: "-f", false: "-u"}[yes], d.path)
	}
	d.frozen = yes
}

// TestAnEndWhileTheDiskHangs comes soon, and what was unbanned meanwhile stays so.
func TestAnEndWhileTheDiskHangs(t *testing.T) {
	h := newFileHost(t)
	h.configure("bantime = 1h")
	d := h.newFrozenDisk()
	h.start()
	h.bailiff("ban", "sshd", firewalltest.Attacker4, firewalltest.Bystander4)
	d.freeze(true)
	h.bailiff("reload") // whose configuration is to be kept there
	h.bailiff("unban", firewalltest.Bystander4)
	must(t, h.daemon.Process.Signal(syscall.SIGTERM))
	began := time.Now()
	h.await("the end", func() bool { return strings.Contains(h.log.String(), "stopped; bans stay in the kernel") })
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("the daemon ended only after %v", took)
	}
	d.freeze(false)
	h.kill(syscall.SIGKILL)
	h.start()
	h.wantHeld(firewalltest.Attacker4)
}

// TestUnbansOutlastAStoreThatCannotBeRead cannot save an unban, and then not even read whom the store still holds.
func TestUnbansOutlastAStoreThatCannotBeRead(t *testing.T) {
	h := newFileHost(t)
	h.configure("bantime = 1h")
	d := h.newDisk()
	h.start()
	h.bailiff("ban", "sshd", firewalltest.Attacker4, firewalltest.Bystander4)
	h.kill(syscall.SIGTERM)
	h.start()
	d.fill()
	const again = "198.51.100.9"
	h.attack(again, 5)
	h.await("a ban", func() bool { return strings.Contains(h.log.String(), "[sshd] Ban "+again) })
	h.bailiff("unban", firewalltest.Bystander4, again)
	h.kill(syscall.SIGTERM)
	d.makeRoom()
	must(t, os.Rename(d.path+"/bailiff.db", d.path+"/away"))
	must(t, os.Mkdir(d.path+"/bailiff.db", 0o700))
	h.start()
	h.wantUnsaved("")
	must(t, os.Remove(d.path+"/bailiff.db"))
	must(t, os.Rename(d.path+"/away", d.path+"/bailiff.db"))
	h.awaitSaved()
	h.wantHeld(firewalltest.Attacker4) // though the lines of others are read once more
	if saved := h.savedBans(); saved != firewalltest.Attacker4 {
		t.Errorf("saved are %s", saved)
	}
}

// TestAnEndWhileTheConfigurationHangs reads a FIFO, as a file system hangs that is gone, at a start and at a reload.
func TestAnEndWhileTheConfigurationHangs(t *testing.T) {
	h := newFileHost(t)
	h.start()
	fifo := h.dir + "/conf/jail.d/hangs.conf"
	must(t, os.MkdirAll(filepath.Dir(fifo), 0o755))
	must(t, syscall.Mkfifo(fifo, 0o600))
	var writer *os.File
	awaitRead := func() {
		h.await("the file to be read", func() (ok bool) {
			var err error
			writer, err = os.OpenFile(fifo, os.O_WRONLY|syscall.O_NONBLOCK, 0)
			return err == nil
		})
		t.Cleanup(func() { writer.Close() })
	}
	must(t, h.daemon.Process.Signal(syscall.SIGHUP))
	awaitRead()
	h.endAfter(0, syscall.SIGTERM)
	writer.Close()
	h.launch()
	awaitRead()
	h.endAfter(0, syscall.SIGTERM)
}
