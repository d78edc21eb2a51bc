package journal_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"bailiff/journal"
	"bailiff/journal/journaltest"
)

// TestTorture has journald write at full speed, rotate every few thousand entries, vacuum, and be killed, while the one who
// reads is killed too. Afterwards everything journald ever wrote must have been seen exactly once, or lie in a gap that was
// reported. BAILIFF_SOAK says how long; some seconds otherwise.
func TestTorture(t *testing.T) {
	settings := []string{"SystemMaxFileSize=512K", "SystemMaxFiles=3"}
	if tortured() > time.Minute {
		settings[0] = "SystemMaxFileSize=4M" // journalctl is slow with thousands of files
	}
	torment(t, settings, 0)
}

// TestTortureUsers is TestTorture with journals of users beside the system's and nothing vacuumed: every gap is a false one.
func TestTortureUsers(t *testing.T) {
	settings := []string{"SystemMaxFileSize=512K", "SystemMaxUse=100G", "SystemKeepFree=0", "SystemMaxFiles=100000"}
	if tortured() > time.Minute {
		settings[0] = "SystemMaxFileSize=4M"
	}
	if gaps := torment(t, settings, 0, 1000, 1001); len(gaps) > 0 {
		t.Errorf("gaps where nothing was deleted: %+v", gaps)
	}
}

// tortured is how long a torture lasts.
func tortured() time.Duration {
	if soak, err := time.ParseDuration(os.Getenv("BAILIFF_SOAK")); err == nil {
		return soak
	}
	return 4 * time.Second
}

// torment tortures a journald that is written to by some users, and returns the gaps that were reported.
func torment(t *testing.T, settings []string, uids ...uint32) []gap {
	j := journaltest.Start(t, settings...)
	dir := t.TempDir()
	seen, archive := filepath.Join(dir, "seen"), filepath.Join(dir, "archive")
	ctx, stop := context.WithTimeout(t.Context(), tortured())
	defer stop()
	var all sync.WaitGroup
	all.Go(func() { keep(t, ctx, j.Dir, archive) })
	all.Go(func() { flood(t, ctx, j, uids) })
	all.Go(func() { killConsumers(t, ctx, readers[0], j.Dir, seen) })
	killJournald(ctx, j)
	all.Wait()
	j.Sync()
	consume(t, readers[0], j.Dir, seen, "until the end").Wait()
	link(t, j.Dir, archive)
	return judge(t, archive, seen)
}

// A gap is one that a consumer was told of.
type gap struct {
	entries, from, to int64
	line              string
}

// judge compares what was seen with what was written, and returns the gaps.
func judge(t *testing.T, archive, seen string) (gaps []gap) {
	t.Helper()
	times := map[string]int{}
	for _, line := range lines(t, seen) {
		var g gap
		if n, _ := fmt.Sscanf(line, "gap %d %d %d", &g.entries, &g.from, &g.to); n == 3 {
			g.line = line
			gaps = append(gaps, g)
			continue
		}
		times[strings.TrimPrefix(line, "entry ")]++
	}
	written, missing := 0, 0
	for cursor, at := range archived(t, archive, "-t", "torture") {
		if written++; t.Failed() {
			break // one is enough
		}
		lost, astray := false, false
		for _, g := range gaps {
			lost = lost || g.from <= at && at <= g.to
			astray = astray || g.from < at && at < g.to
		}
		switch n := times[cursor]; {
		case n > 1:
			t.Errorf("seen %d times: %s", n, cursor)
		case n == 0 && !lost:
			t.Errorf("missed, and in no gap: %s", cursor)
		case n == 0:
			missing++
		case astray:
			t.Errorf("seen, but in a gap: %s", cursor)
		}
		delete(times, cursor)
	}
	if len(times) > 0 { // journald was killed before it had the entry's data name it: whoever looks at every entry sees it
		for cursor := range archived(t, archive) {
			delete(times, cursor)
		}
	}
	for cursor := range times {
		if t.Failed() {
			break
		}
		t.Errorf("seen, but never written: %s", cursor)
	}
	t.Logf("%d entries written, %d of them in %d gaps", written, missing, len(gaps))
	if t.Failed() {
		t.Logf("gaps: %+v", gaps)
	}
	if written < 1000 {
		t.Errorf("only %d entries were written", written)
	}
	return gaps
}

// archived returns what journalctl finds in the archive: cursors, and when their entries were written in microseconds.
func archived(t *testing.T, archive string, match ...string) iter.Seq2[string, int64] {
	cmd := exec.Command("journalctl", append([]string{"-q", "-D", archive, "-o", "export", "--output-fields=X"}, match...)...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return func(yield func(string, int64) bool) {
		defer cmd.Wait()
		defer out.Close()
		cursor := ""
		for s := bufio.NewScanner(out); s.Scan(); {
			name, value, _ := strings.Cut(s.Text(), "=")
			switch name {
			case "__CURSOR":
				cursor = value
			case "__REALTIME_TIMESTAMP":
				at, err := strconv.ParseInt(value, 10, 64)
				if err != nil {
					t.Error(err)
				}
				if !yield(cursor, at) {
					return
				}
			}
		}
	}
}

var torture = journal.Match{{{Field: "SYSLOG_IDENTIFIER", Values: []string{"torture"}}}}

// flood sends as journald takes it, in the name of one user after the other. What a killed journald had not read yet was
// never written.
func flood(t *testing.T, ctx context.Context, j *journaltest.Journald, uids []uint32) {
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Net: "unixgram"})
	if err != nil {
		t.Error(err)
		return
	}
	defer conn.Close()
	socket := &net.UnixAddr{Name: j.Socket(), Net: "unixgram"}
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for i := 0; ctx.Err() == nil; i++ {
		message := fmt.Appendf(nil, "SYSLOG_IDENTIFIER=torture\nPRIORITY=6\nMESSAGE=number %d\n", i)
		sender := syscall.UnixCredentials(&syscall.Ucred{Pid: int32(os.Getpid()), Uid: uids[rand.IntN(len(uids))]})
		_, _, err := conn.WriteMsgUnix(message, sender, socket)
		if err != nil || i%10 == 0 { // there may be no journald for a while
			<-tick.C
		}
	}
}

// killJournald does so about once a second, or has it rotate all files at once.
func killJournald(ctx context.Context, j *journaltest.Journald) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(time.Duration(500+rand.IntN(1000)) * time.Millisecond):
			if rand.IntN(2) == 0 {
				j.Rotate()
			} else {
				j.Kill()
			}
		}
	}
}

// killConsumers runs one consumer after the other.
func killConsumers(t *testing.T, ctx context.Context, reader, dir, seen string) {
	for ctx.Err() == nil {
		cmd := consume(t, reader, dir, seen, "")
		pause(ctx, 200+rand.IntN(600))
		cmd.Process.Kill()
		cmd.Wait()
		pause(ctx, 1<<rand.IntN(12)) // up to two seconds: longer than what is kept
	}
}

func pause(ctx context.Context, milliseconds int) {
	select {
	case <-ctx.Done():
	case <-time.After(time.Duration(milliseconds) * time.Millisecond):
	}
}

// keep links every journal file into the archive before it can be deleted.
func keep(t *testing.T, ctx context.Context, dir, archive string) {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		link(t, dir, archive)
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// link names each file in the archive after its inode, for journald renames them.
func link(t *testing.T, dir, archive string) {
	if err := os.MkdirAll(archive, 0o755); err != nil {
		t.Error(err)
	}
	found, _ := filepath.Glob(filepath.Join(dir, "*", "*.journal*"))
	for _, path := range found {
		info, err := os.Stat(path)
		if err != nil {
			continue
		}
		name := fmt.Sprintf("%d.journal", info.Sys().(*syscall.Stat_t).Ino)
		os.Link(path, filepath.Join(archive, name)) // it mostly exists already
	}
}

// consume starts a process that notes what it sees and resumes where its predecessor was killed.
func consume(t *testing.T, reader, dir, seen, until string) *exec.Cmd {
	cmd := exec.Command(os.Args[0], "-test.run=^TestTortureConsumer$")
	cmd.Env = append(os.Environ(), "TORTURE_READER="+reader, "TORTURE_DIR="+dir, "TORTURE_SEEN="+seen, "TORTURE_UNTIL="+until)
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Error(err)
	}
	return cmd
}

// TestTortureConsumer is the process that consume starts. Its transaction is one write: an entry is noted together with the
// position, which is the entry's cursor.
func TestTortureConsumer(t *testing.T) {
	seen := os.Getenv("TORTURE_SEEN")
	if seen == "" {
		return
	}
	rollBack(t, seen)
	out, err := os.OpenFile(seen, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	o := journal.Options{Dir: os.Getenv("TORTURE_DIR"), Reader: os.Getenv("TORTURE_READER"), Fields: []string{"SYSLOG_IDENTIFIER"}}
	if rand.IntN(2) == 0 { // by the index or by looking at every entry: it must come to the same
		o.Match = torture
	}
	for _, line := range lines(t, seen) {
		if cursor, ok := strings.CutPrefix(line, "entry "); ok {
			o.Cursor = cursor
		}
	}
	o.Lost = func(g journal.Gap) {
		fmt.Fprintf(out, "gap %d %d %d %s\n", g.Entries, g.From.UnixMicro(), g.To.UnixMicro(), g.Reason)
	}
	note := func(e *journal.Entry) error {
		if string(e.Get("SYSLOG_IDENTIFIER")) != "torture" {
			return nil
		}
		_, err := fmt.Fprintf(out, "entry %s\n", e.Cursor())
		return err
	}
	if os.Getenv("TORTURE_UNTIL") != "" {
		err = journal.Read(t.Context(), o, note)
	} else {
		err = journal.Follow(t.Context(), o, note)
	}
	if err != nil && !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
}

// rollBack takes away half a line: what wrote it was killed.
func rollBack(t *testing.T, path string) {
	b, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return
	}
	if err == nil {
		err = os.Truncate(path, int64(bytes.LastIndexByte(b, '\n')+1))
	}
	if err != nil {
		t.Fatal(err)
	}
}

func lines(t *testing.T, path string) (all []string) {
	f, err := os.Open(path)
	if err != nil {
		return nil
	}
	defer f.Close()
	s := bufio.NewScanner(f)
	for s.Scan() {
		all = append(all, s.Text())
	}
	if err := s.Err(); err != nil {
		t.Error(err)
	}
	return all
}
