package journal_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"bailiff/journal"
)

// BenchmarkPeers reads one journal with each reader and with others' programs, each in a process of its own: MESSAGE of every
// entry, and four fields of sshd's. BAILIFF_BENCH_ENTRIES says how many entries; 20,000 otherwise. Best of b.N.
func BenchmarkPeers(b *testing.B) {
	dir := benchJournal(b)
	program := filepath.Join(b.TempDir(), "peer")
	if out, err := exec.Command("gcc", "-O2", "-o", program, "testdata/peer.c", "-lsystemd").CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	for i, name := range []string{"every MESSAGE", "four fields of sshd's"} {
		matched := strconv.Itoa(i)
		for _, reader := range readers {
			peer(b, name+"/"+reader, []string{"PEER_READER=" + reader, "PEER_DIR=" + dir, "PEER_MATCHED=" + matched},
				os.Args[0], "-test.run=^TestPeerProcess$", "-test.v")
		}
		peer(b, name+"/libsystemd in C", nil, program, dir, matched)
	}
	peer(b, "every MESSAGE/journalctl -o cat", nil, "sh", "-c", `exec journalctl -q -D "$1" -o cat >/dev/null`, "sh", dir)
	peer(b, "four fields of sshd's/journalctl -o cat", nil, "journalctl", "-q", "-D", dir, "-o", "cat", "_SYSTEMD_UNIT=ssh.service", "+", "_COMM=sshd")
	peer(b, "read and matched/fail2ban", nil, "/usr/bin/python3", "testdata/peer.py", dir)
}

// peer runs a command b.N times and reports the least it took.
func peer(b *testing.B, name string, env []string, command string, args ...string) {
	b.Run(name, func(b *testing.B) {
		best, memory := time.Hour, int64(0)
		for b.Loop() {
			cmd := exec.Command(command, args...)
			cmd.Env = append(os.Environ(), env...)
			if out, err := cmd.CombinedOutput(); err != nil {
				b.Fatalf("%v\n%s", err, out)
			}
			best = min(best, cmd.ProcessState.UserTime()+cmd.ProcessState.SystemTime())
			memory = max(memory, cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss)
		}
		b.ReportMetric(best.Seconds(), "cpu-s")
		b.ReportMetric(float64(memory)/1024, "MB")
		b.ReportMetric(0, "ns/op")
	})
}

// TestPeerProcess is the process that BenchmarkPeers starts for our own readers.
func TestPeerProcess(t *testing.T) {
	dir := os.Getenv("PEER_DIR")
	if dir == "" {
		return
	}
	o := journal.Options{Dir: dir, Reader: os.Getenv("PEER_READER"), Fields: []string{"MESSAGE"}}
	if os.Getenv("PEER_MATCHED") == "1" {
		o.Fields = []string{"MESSAGE", "_PID", "_SYSTEMD_UNIT", "_COMM"}
		o.Match = journal.Match{{{Field: "_SYSTEMD_UNIT", Values: []string{"ssh.service"}}}, {{Field: "_COMM", Values: []string{"sshd"}}}}
	}
	entries := 0
	if err := journal.Read(t.Context(), o, func(*journal.Entry) error { entries++; return nil }); err != nil {
		t.Fatal(err)
	}
	t.Log(entries)
}

// benchJournal makes a journal such as a server has: some twenty fields an entry, and 5 % of the entries sshd's.
func benchJournal(b *testing.B) string {
	entries, err := strconv.Atoi(os.Getenv("BAILIFF_BENCH_ENTRIES"))
	if err != nil {
		entries = 20_000
	}
	dir := b.TempDir()
	cmd := exec.Command("/lib/systemd/systemd-journal-remote", "-o", filepath.Join(dir, "system.journal"), "--split-mode=none", "-")
	in, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	r := rand.New(rand.NewPCG(5, 6))
	var text bytes.Buffer
	for i := range entries {
		writeServerEntry(&text, r, i)
		if text.Len() > 1<<20 || i == entries-1 {
			if _, err := text.WriteTo(in); err != nil {
				b.Fatal(err)
			}
		}
	}
	in.Close()
	if err := cmd.Wait(); err != nil {
		b.Fatal(err)
	}
	return dir
}

func writeServerEntry(w *bytes.Buffer, r *rand.Rand, i int) {
	at := 1790000000000000 + int64(i)*50_000
	comm := []string{"nginx", "postgres", "cron", "kubelet", "dockerd", "dbus-daemon"}[r.IntN(6)]
	message := fmt.Sprintf("request %08x took %d us and sent %d bytes", r.Uint32(), r.IntN(1e6), r.IntN(1<<20))
	unit, pid := comm+".service", 300+len(comm)
	switch {
	case r.IntN(20) == 0:
		comm, unit, pid = "sshd", "ssh.service", 1000+i/5%30000
		message = fmt.Sprintf("Failed password for root from 198.51.%d.%d port %d ssh2", r.IntN(100), r.IntN(256), 1024+r.IntN(60000))
	case r.IntN(50) == 0:
		message += strings.Repeat(" in a long and repetitive trace", 30)
	}
	fmt.Fprintf(w, "__REALTIME_TIMESTAMP=%d\n__MONOTONIC_TIMESTAMP=%d\n_BOOT_ID=%s\n_MACHINE_ID=%s\n_HOSTNAME=server\n_RUNTIME_SCOPE=system\n",
		at, at%1e12, boots[0], boots[1])
	fmt.Fprintf(w, "_TRANSPORT=syslog\nSYSLOG_FACILITY=4\n_UID=0\n_GID=0\n_CAP_EFFECTIVE=1ffffffffff\n_SELINUX_CONTEXT=unconfined\n_SYSTEMD_SLICE=system.slice\n")
	fmt.Fprintf(w, "PRIORITY=%d\nSYSLOG_IDENTIFIER=%s\n_COMM=%s\n_EXE=/usr/sbin/%s\n_CMDLINE=/usr/sbin/%s -f\n_SYSTEMD_CGROUP=/system.slice/%s\n",
		3+r.IntN(4), comm, comm, comm, comm, unit)
	fmt.Fprintf(w, "_SYSTEMD_UNIT=%s\nSYSLOG_PID=%d\n_PID=%d\nMESSAGE=%s\nSYSLOG_TIMESTAMP=Nov 22 06:%02d:%02d \n_SOURCE_REALTIME_TIMESTAMP=%d\n\n",
		unit, pid, pid, message, i/1200%60, i/20%60, at-3)
}
