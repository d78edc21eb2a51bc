package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// followedSize is how much the daemon catches up with, and peerPrefix how much of it fail2ban is given, which is slow.
const (
	followedSize = 1 << 30
	peerPrefix   = 20 << 20
	lastSeen     = "203.0.113.9" // whose failures end the log
)

// BenchmarkFollow has the daemon catch up with a log of 1 GB that all of Debian's jails follow, beside programs that only
// count its lines, and fail2ban's polling backend with the one filter sshd. It fails when more than two cores were busy
// or memory grew.
func BenchmarkFollow(b *testing.B) {
	dir := b.TempDir()
	path, prefix := filepath.Join(dir, "log"), filepath.Join(dir, "prefix")
	lines, size := writeLog(b, path, followedSize)
	prefixLines, _ := writeLog(b, prefix, peerPrefix)
	for b.Loop() {
		b.Logf("%d lines, %d MB", lines, size/1e6)
		ours := catchUp(b, dir, path)
		b.Logf("bailiff, %d jails: %s; %.2f cores; %d MB after a quarter of the time, at most %d MB then", ours.jails,
			speed(lines, size, ours.took), ours.cores(), ours.early>>10, ours.late>>10)
		for _, peer := range [][]string{{"wc", "-l", path}, {"grep", "-c", "Failed password", path}} {
			begin := time.Now()
			output(b, peer...)
			b.Logf("%s: %s", strings.Join(peer[:2], " "), speed(lines, size, time.Since(begin)))
		}
		out := output(b, "/usr/bin/python3", "testdata/follow_polling.py", prefix)
		var read int
		var seconds float64
		if _, err := fmt.Sscan(out, &read, &seconds); err != nil || read != prefixLines {
			b.Fatalf("fail2ban read %d of %d lines: %q, %v", read, prefixLines, out, err)
		}
		b.Logf("fail2ban's polling backend, sshd, %d MB: %s; %.1f µs a line, all of bailiff's filters %.2f", peerPrefix>>20,
			speed(read, peerPrefix, time.Duration(seconds*1e9)), seconds/float64(read)*1e6, ours.took.Seconds()/float64(lines)*1e6)
		if ours.cores() > 2.05 || ours.late > ours.early+ours.early/4+32<<10 {
			b.Errorf("%.2f cores, memory from %d to %d KB", ours.cores(), ours.early, ours.late)
		}
		b.ReportMetric(float64(lines)/ours.took.Seconds(), "lines/s")
		b.ReportMetric(float64(size)/ours.took.Seconds()/1e6, "MB/s")
		b.ReportMetric(ours.cores(), "cores")
		b.ReportMetric(float64(ours.late)/1024, "RSS-MB")
	}
}

func speed(lines int, size int64, took time.Duration) string {
	t := took.Seconds()
	return fmt.Sprintf("%.1f s, %.0f lines/s, %.1f MB/s", t, float64(lines)/t, float64(size)/1e6/t)
}

func output(b *testing.B, args ...string) string {
	b.Helper()
	out, err := exec.Command(args[0], args[1:]...).CombinedOutput()
	if err != nil {
		b.Fatalf("%v: %v\n%s", args, err, out)
	}
	return string(out)
}

// writeLog writes the log of a host of which 1 % of the lines are failed logins, all of the last minutes. It is one text
// over and over, each time with dates of its own.
func writeLog(b *testing.B, path string, size int64) (lines int, written int64) {
	b.Helper()
	rng := rand.New(rand.NewPCG(7, 7))
	kinds := []string{
		"CRON[%d]: pam_unix(cron:session): session opened for user root(uid=0) by (uid=%d)",
		"systemd[1]: Started session-%d.scope - Session %d of user root.",
		"kernel: [%d.%06d] docker0: port 2(veth1) entered forwarding state",
		"postfix/qmgr[%d]: 4F1A%d: from=<alice@example.com>, size=4711, nrcpt=1 (queue active)",
		"sshd[%d]: Accepted publickey for deploy from 198.51.100.%d port 40022 ssh2: ED25519 SHA256:abcdef",
	}
	var text []byte
	var starts []int
	for len(text) < 4<<20 {
		kind := kinds[rng.IntN(len(kinds))]
		if rng.IntN(100) == 0 {
			kind = "sshd[%d]: Failed password for root from 192.0.2.%d port 40022 ssh2"
		}
		starts = append(starts, len(text))
		text = fmt.Appendf(text, time.Stamp+" box "+kind+"\n", rng.IntN(30000), 1+rng.IntN(250))
	}
	f, err := os.Create(path)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	now := time.Now()
	for written < size {
		stamp := now.Add(-time.Duration(float64(8*time.Minute) * (1 - float64(written)/float64(size)))).Format(time.Stamp)
		for _, at := range starts {
			copy(text[at:], stamp)
		}
		part := text
		if rest := size - written; rest < int64(len(text)) {
			part = text[:bytes.LastIndexByte(text[:rest], '\n')+1]
			size = 0
		}
		if _, err := f.Write(part); err != nil {
			b.Fatal(err)
		}
		lines += bytes.Count(part, []byte("\n"))
		written += int64(len(part))
	}
	for i := range 10 {
		n, err := fmt.Fprintf(f, "%s box sshd[%d]: Failed password for root from %s port 40022 ssh2\n", now.Format(time.Stamp), i+1, lastSeen)
		if err != nil {
			b.Fatal(err)
		}
		lines++
		written += int64(n)
	}
	return lines, written
}

// A catch is how the daemon caught up.
type catch struct {
	jails       int
	took, cpu   time.Duration // from when its sources were chosen until the last lines led to a ban; user and system
	early, late int           // resident KB after a quarter of the time, and the most from then on
}

func (c catch) cores() float64 { return c.cpu.Seconds() / c.took.Seconds() }

var (
	sectionName = regexp.MustCompile(`(?m)^\[([^\]]+)\]`)
	resident    = regexp.MustCompile(`VmRSS:\s+(\d+)`)
)

// catchUp runs the daemon with all stock jails on one log, dry, until it has banned who stands at its end.
func catchUp(b *testing.B, dir, path string) (c catch) {
	b.Helper()
	conf, jails := stockConf(b, path)
	c.jails = jails
	cmd := exec.Command(os.Args[0], "run", "--dry-run", "--config", conf, "--metrics", "", "--socket", filepath.Join(dir, "sock"))
	cmd.Env = append(os.Environ(), asBailiff+"=1")
	said, err := cmd.StderrPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		b.Fatal(err)
	}
	defer cmd.Process.Kill()
	begin, caught := make(chan time.Time, 1), make(chan time.Time, 1)
	go listen(said, begin, caught)
	rss := []int{}
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for end := (time.Time{}); end.IsZero(); {
		select {
		case end = <-caught:
			if end.IsZero() {
				b.Fatal("the daemon ended")
			}
			c.took = end.Sub(<-begin)
		case <-tick.C:
			rss = append(rss, memory(b, cmd.Process.Pid))
		}
	}
	_ = cmd.Process.Signal(syscall.SIGTERM)
	if err := cmd.Wait(); err != nil {
		b.Fatal(err)
	}
	c.cpu = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	for i, kb := range rss {
		if i <= len(rss)/4 {
			c.early = max(c.early, kb)
		} else {
			c.late = max(c.late, kb)
		}
	}
	return c
}

// stockConf is fail2ban's configuration with all jails enabled, all following one log.
func stockConf(b *testing.B, path string) (conf string, jails int) {
	b.Helper()
	conf = filepath.Join(b.TempDir(), "conf")
	if err := os.CopyFS(conf, os.DirFS("/etc/fail2ban")); err != nil {
		b.Fatal(err)
	}
	stock, err := os.ReadFile(filepath.Join(conf, "jail.conf"))
	if err != nil {
		b.Fatal(err)
	}
	local := "[DEFAULT]\nbackend = auto\nusedns = no\n"
	for _, name := range sectionName.FindAllSubmatch(stock, -1) {
		if s := string(name[1]); s != "DEFAULT" && s != "INCLUDES" {
			local += fmt.Sprintf("[%s]\nenabled = true\nbackend = auto\nlogpath = %s\n", s, path)
			jails++
		}
	}
	if err := os.WriteFile(filepath.Join(conf, "jail.local"), []byte(local), 0o600); err != nil {
		b.Fatal(err)
	}
	return conf, jails
}

// listen tells when the daemon says that it has chosen its sources, and that it has banned who stands at the log's end.
func listen(said io.Reader, begin, caught chan<- time.Time) {
	defer close(caught)
	s, first := bufio.NewScanner(said), true
	s.Buffer(nil, 1<<20)
	for s.Scan() {
		switch line := s.Text(); {
		case first && strings.Contains(line, "source chosen"):
			first = false
			begin <- time.Now()
		case strings.Contains(line, "[sshd] Ban "+lastSeen):
			caught <- time.Now()
		}
	}
}

func memory(b *testing.B, pid int) int {
	b.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	m := resident.FindSubmatch(status)
	if err != nil || m == nil {
		b.Fatalf("memory of %d: %v\n%s", pid, err, status)
	}
	kb, _ := strconv.Atoi(string(m[1]))
	return kb
}
