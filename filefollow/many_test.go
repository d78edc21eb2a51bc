package filefollow

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestManyFiles follows as many logs as a hosting server has, each in a directory of its own. The limits are far above
// what is measured and logged, for machines that are busy.
func TestManyFiles(t *testing.T) {
	const files = 2000
	f := newTail(t, "www/*/logs/access.log")
	for i := range files {
		dir := f.path(fmt.Sprintf("www/site%d/logs", i))
		f.do(os.MkdirAll(dir, 0o700))
		f.do(os.WriteFile(filepath.Join(dir, "access.log"), fmt.Appendf(nil, "%d first line of this log\n", i), 0o600))
	}
	memory, begun := heap(), time.Now()
	f.begin()
	f.until("all are open", func() bool { return f.Counters.Lines.Load() == files })
	start := time.Since(begun)
	f.mu.Lock()
	f.lines, f.chunks, f.positions = nil, nil, map[string]Position{}
	f.mu.Unlock()
	each := (heap() - memory) / files

	used := cpu()
	<-time.After(time.Second) // what is measured is idleness
	idle := (cpu() - used).Seconds() * 100
	f.write("www/site1234/logs/access.log", "x ")
	f.want("x")
	t.Logf("%d files: started in %v, %d bytes each, idle %.2f %% of a core", files, start, each, idle)
	if start > 10*time.Second || each > 4096 || idle > 5 {
		t.Error("that is too much")
	}
}

func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

func cpu() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// TestNoAllocationPerLine reads a long log and compares what was allocated with the number of its lines.
func TestNoAllocationPerLine(t *testing.T) {
	f := newTail(t, "log")
	line := "Nov 22 15:00:00 host sshd[1234]: Failed password for root from 192.0.2.1 port 22 ssh2\n"
	f.do(os.WriteFile(f.path("log"), bytes.Repeat([]byte(line), 200000), 0o600))
	lines := 0
	r, err := newRun(&f.Follower, func(c Chunk) error { lines += bytes.Count(c.Text, []byte("\n")); return nil })
	f.do(err)
	defer r.close()
	r.scan()
	f.do(r.begin(t.Context()))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for len(r.queue) > 0 {
		f.do(r.next())
	}
	runtime.ReadMemStats(&after)
	if n := after.Mallocs - before.Mallocs; lines != 200000 || n > 500 {
		t.Errorf("%d lines, %d allocations", lines, n)
	}
}

// BenchmarkFollow follows a large log from its beginning, beside wc -l and grep -c over the same file.
// FILEFOLLOW_BENCH_MB is its size, 64 by default.
func BenchmarkFollow(b *testing.B) {
	size := 64
	if s := os.Getenv("FILEFOLLOW_BENCH_MB"); s != "" {
		size, _ = strconv.Atoi(s)
	}
	path, lines := largeLog(b, size<<20)
	report := func(b *testing.B) {
		perRun := b.Elapsed().Seconds() / float64(b.N)
		b.ReportMetric(float64(lines)/perRun, "lines/s")
		b.ReportMetric(float64(size)/perRun, "MB/s")
	}
	b.Run("filefollow", func(b *testing.B) {
		b.ReportAllocs()
		for range b.N {
			seen := 0
			f := &Follower{Globs: []Glob{{Pattern: path}}}
			r, err := newRun(f, func(c Chunk) error { seen += bytes.Count(c.Text, []byte("\n")); return nil })
			if err != nil {
				b.Fatal(err)
			}
			r.scan()
			for len(r.queue) > 0 {
				if err := r.next(); err != nil {
					b.Fatal(err)
				}
			}
			r.close()
			if seen != lines {
				b.Fatalf("%d of %d lines", seen, lines)
			}
		}
		report(b)
	})
	for _, command := range []string{"wc -l", "grep -c Failed"} {
		b.Run(strings.ReplaceAll(command, " ", "_"), func(b *testing.B) {
			for range b.N {
				if _, err := exec.Command("sh", "-c", "LC_ALL=C "+command+" < "+path).Output(); err != nil {
					b.Fatal(err)
				}
			}
			report(b)
		})
	}
}

func largeLog(b *testing.B, size int) (path string, lines int) {
	path = filepath.Join(b.TempDir(), "log")
	w, err := os.Create(path)
	if err != nil {
		b.Fatal(err)
	}
	defer w.Close()
	var block bytes.Buffer
	for written := 0; written < size; written += block.Len() {
		block.Reset()
		for range 10000 {
			lines++
			fmt.Fprintf(&block, "Nov 22 15:00:00 host sshd[%d]: Failed password for root from 192.0.2.%d port 22 ssh2\n", lines, lines%256)
		}
		if _, err := w.Write(block.Bytes()); err != nil {
			b.Fatal(err)
		}
	}
	return path, lines
}
