//go:build bars && sdjournal

package journal_test

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"bailiff/journal"
)

// A figure is what one contestant took for one piece of work: the least of all rounds.
type figure struct {
	entries int
	cpu     time.Duration
	memory  int64 // KiB, the most
}

// A contestant does one piece of work in a process of its own and says what it took.
type contestant struct {
	name string
	run  func(t *testing.T) figure
}

// peers are the readers to compare on one piece of work: MESSAGE of every entry, or four fields of sshd's.
func peers(t *testing.T, dir, work, matched string) []contestant {
	program := filepath.Join(t.TempDir(), "peer")
	if out, err := exec.Command("gcc", "-O2", "-o", program, "testdata/peer.c", "-lsystemd").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	ours := func(reader string) contestant {
		return contestant{work + ", " + reader, func(t *testing.T) figure {
			cmd := exec.Command(os.Args[0], "-test.run=^TestPeerProcess$")
			cmd.Env = append(os.Environ(), "PEER_READER="+reader, "PEER_DIR="+dir, "PEER_MATCHED="+matched)
			return measure(t, cmd)
		}}
	}
	cat := []string{"-q", "-D", dir, "-o", "cat"}
	if matched == "1" {
		cat = append(cat, "_SYSTEMD_UNIT=ssh.service", "+", "_COMM=sshd")
	}
	return []contestant{ // the two of the bar one after the other: they are disturbed alike
		ours(journal.ReaderNative),
		{work + ", libsystemd in C", func(t *testing.T) figure { return measure(t, exec.Command(program, dir, matched)) }},
		ours(journal.ReaderSDJournal),
		{work + ", journalctl -o cat", func(t *testing.T) figure { return measure(t, exec.Command("journalctl", cat...)) }},
	}
}

// measure runs a command that says how many entries it read and what that took, without the start of its process. One
// that prints the entries instead is taken whole.
func measure(t *testing.T, cmd *exec.Cmd) figure {
	t.Helper()
	var out entryCounter // all of it in memory would be taken for the next command's
	cmd.Stdout, cmd.Stderr = &out, os.Stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s: %v", cmd, err)
	}
	f := figure{memory: cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss}
	if n, _ := fmt.Sscan(string(out.first), &f.entries, &f.cpu); n < 2 {
		f.entries, f.cpu = out.lines, cmd.ProcessState.UserTime()+cmd.ProcessState.SystemTime()
	}
	return f
}

// An entryCounter counts lines and keeps what was written first.
type entryCounter struct {
	first []byte
	lines int
}

func (c *entryCounter) Write(b []byte) (int, error) {
	if c.first == nil {
		c.first = bytes.Clone(b)
	}
	c.lines += bytes.Count(b, []byte{'\n'})
	return len(b), nil
}

// TestPeerProcess is the process that TestJournalBars starts for our own readers.
func TestPeerProcess(t *testing.T) {
	dir := os.Getenv("PEER_DIR")
	if dir == "" {
		return
	}
	o := journal.Options{Dir: dir, Reader: os.Getenv("PEER_READER"), Fields: []string{"MESSAGE"}, Once: true} // as sd_journal_get_data reads
	if os.Getenv("PEER_MATCHED") == "1" {
		o.Fields = []string{"MESSAGE", "_PID", "_SYSTEMD_UNIT", "_COMM"}
		o.Match = journal.Match{{{Field: "_SYSTEMD_UNIT", Values: []string{"ssh.service"}}}, {{Field: "_COMM", Values: []string{"sshd"}}}}
	}
	entries, begin := 0, cpu()
	if err := journal.Read(t.Context(), o, func(*journal.Entry) error { entries++; return nil }); err != nil {
		t.Fatal(err)
	}
	fmt.Println(entries, int64(cpu()-begin))
}

// bigJournal makes a journal of a million entries such as a server has: some twenty fields an entry, and 5 % of the entries
// sshd's. BAILIFF_BENCH_JOURNAL names one that is there already.
func bigJournal(t *testing.T) string {
	dir := os.Getenv("BAILIFF_BENCH_JOURNAL")
	if dir == "" {
		dir = t.TempDir()
		writeJournal(t, filepath.Join(dir, "system.journal"), 1_000_000)
	}
	readBack(t, dir)
	return dir
}

func writeJournal(t *testing.T, path string, entries int) {
	cmd := exec.Command("/lib/systemd/systemd-journal-remote", "-o", path, "--split-mode=none", "-")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(5, 6))
	var text bytes.Buffer
	for i := range entries {
		writeServerEntry(&text, r, i)
		if text.Len() > 1<<20 || i == entries-1 {
			if _, err := text.WriteTo(in); err != nil {
				t.Fatal(err)
			}
		}
	}
	in.Close()
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
}

// readBack has the journal in the page cache as it is there after a boot: read from the disk, and not written page by page.
func readBack(t *testing.T, dir string) {
	unix.Sync()
	found, _ := filepath.Glob(filepath.Join(dir, "*.journal"))
	for _, path := range found {
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := unix.Fadvise(int(f.Fd()), 0, 0, unix.FADV_DONTNEED); err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, f); err != nil {
			t.Fatal(err)
		}
		f.Close()
	}
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
