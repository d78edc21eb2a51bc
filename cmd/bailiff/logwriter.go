package main

import (
	"fmt"
	"io"
	"log/slog"
	"os"
	"strconv"
	"sync"
	"syscall"
	"time"

	"bailiff/jails/event"
)

// maxGathered is how many bytes of lines may wait to be written together.
const maxGathered = 32 << 10

// A logWriter writes the lines of all handlers that share it, each at once and whole. Only while somebody gathers lines
// do they wait: fifty thousand failures of a flood, or of a past that is read, are not as many system calls. It is safe
// for concurrent use.
type logWriter struct {
	journal bool   // lines begin with a priority
	program string // elsewhere: what stands between time and level

	mu        sync.Mutex
	w         io.Writer
	lines     []byte // not written yet
	gatherers int
	seconds   event.Seconds // the local time as fail2ban writes it, up to the milliseconds
}

// newLogWriter returns a writer to w, which is the journal or something else.
func newLogWriter(w io.Writer, journal bool) *logWriter {
	return &logWriter{w: w, journal: journal, program: fmt.Sprintf(" bailiff[%d]: ", os.Getpid()),
		seconds: event.Seconds{Layout: "2006-01-02 15:04:05,"}}
}

// gather runs work. Lines that are logged meanwhile, by anybody, are written together when it has ended, or when there
// are many.
func (o *logWriter) gather(work func()) {
	o.mu.Lock()
	o.gatherers++
	o.mu.Unlock()
	defer func() {
		o.mu.Lock()
		defer o.mu.Unlock()
		o.gatherers--
		o.write()
	}()
	work()
}

// flush writes what was gathered so far: for work that is about to wait.
func (o *logWriter) flush() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.write()
}

// begin returns the lines with the begin of one more. o.mu is held.
func (o *logWriter) begin(at time.Time, level slog.Level) []byte {
	name, priority := levelOf(level)
	if o.journal {
		return append(strconv.AppendInt(append(o.lines, '<'), int64(priority), 10), '>')
	}
	milli := at.Nanosecond() / 1e6
	b := append(o.lines, o.seconds.Text(at)...)
	b = append(b, '0'+byte(milli/100), '0'+byte(milli/10%10), '0'+byte(milli%10))
	b = append(append(b, o.program...), name...)
	const width = len("NOTICE  ")
	return append(b, "        "[min(len(name), width-1):]...)
}

// end takes the lines back, the new one complete. o.mu is held.
func (o *logWriter) end(lines []byte) error {
	o.lines = lines
	if o.gatherers > 0 && len(lines) < maxGathered {
		return nil
	}
	return o.write()
}

// write writes the lines. o.mu is held.
func (o *logWriter) write() error {
	if len(o.lines) == 0 {
		return nil
	}
	_, err := o.w.Write(o.lines)
	o.lines = o.lines[:0]
	return err
}

// stderrIsJournal tells whether systemd connected our standard error to the journal: JOURNAL_STREAM names its device
// and inode. The variable alone is not enough, since it is inherited by those whose output goes elsewhere.
func stderrIsJournal() bool {
	var stat syscall.Stat_t
	if err := syscall.Fstat(int(os.Stderr.Fd()), &stat); err != nil {
		return false
	}
	return os.Getenv("JOURNAL_STREAM") == fmt.Sprintf("%d:%d", stat.Dev, stat.Ino)
}
