package logging

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"strconv"
	"syscall"
	"time"

	"bailiff/jails/event"
)

const (
	rotationCheck = time.Second // how often a log file is looked at, whether it is still the one under its path
	patience      = time.Second // how long a pipe or socket that is full is waited for at a time
	logFileMode   = os.FileMode(0o640)
	maxDatagram   = 8 << 10 // what every syslog takes
)

// A form appends a line as an output wants it.
type form func(b []byte, at time.Time, level slog.Level, message []byte) []byte

// A stream is an output that takes bytes. A line that was written in part goes on where it ended.
type stream struct {
	w    io.Writer
	form form
	text []byte
	part int // how much of the next line is written
}

func (s *stream) write(b *batch, first int) (int, error) {
	s.text = s.text[:0]
	for i := first; i < len(b.lines); i++ {
		s.text = append(s.form(s.text, b.lines[i].at, b.lines[i].level, b.message(i)), '\n')
	}
	n, err := s.w.Write(s.text[s.part:])
	n += s.part
	if err == nil {
		s.part = 0
		return len(b.lines), nil
	}
	s.part = n - (bytes.LastIndexByte(s.text[:n], '\n') + 1)
	return first + bytes.Count(s.text[:n], []byte("\n")), err
}

func (s *stream) reopen() {}

// A file is the output to the file under a path, or to a FIFO. Whoever rotates logs may rename it: the next lines go into a
// new one.
type file struct {
	stream
	path   string
	file   *os.File
	looked time.Time // when it was last seen under its path
}

func newFile(path string) *file { return &file{path: path, stream: stream{form: textForm()}} }

func (f *file) write(b *batch, first int) (int, error) {
	if f.file == nil || time.Since(f.looked) >= rotationCheck && !f.inPlace() {
		if err := f.open(); f.file == nil {
			return first, err
		}
	}
	f.w = f.file
	_ = f.file.SetWriteDeadline(time.Now().Add(patience)) // a plain file knows none
	return f.stream.write(b, first)
}

// inPlace reports whether the open file is the one under the path.
func (f *file) inPlace() bool {
	f.looked = time.Now()
	there, err := os.Stat(f.path)
	ours, err2 := f.file.Stat()
	return err == nil && err2 == nil && os.SameFile(there, ours)
}

// open opens the file under the path, and leaves the old one open where that fails. It does not wait for a FIFO's reader.
func (f *file) open() error {
	opened, err := os.OpenFile(f.path, os.O_APPEND|os.O_CREATE|os.O_WRONLY|syscall.O_NONBLOCK|syscall.O_NOCTTY, logFileMode)
	if err != nil {
		return err
	}
	if f.file != nil {
		f.file.Close() // all that was written is written
	}
	f.file, f.looked, f.part = opened, time.Now(), 0
	return nil
}

func (f *file) reopen() { _ = f.open() } // else the old file is told, and the path looked at again

// A socket is an output that takes a datagram for each line, such as syslog's. Its reader may be started anew.
type socket struct {
	path string
	form form
	conn net.Conn
	text []byte
}

func (s *socket) write(b *batch, first int) (int, error) {
	for i := first; i < len(b.lines); i++ {
		message := b.message(i)
		s.text = s.form(s.text[:0], b.lines[i].at, b.lines[i].level, message[:min(len(message), maxDatagram)])
		if err := s.send(); err != nil {
			return i, err
		}
	}
	return len(b.lines), nil
}

// send sends a line, a second time where the reader was started anew.
func (s *socket) send() (err error) {
	for range 2 {
		if s.conn == nil {
			if s.conn, err = net.DialTimeout("unixgram", s.path, patience); err != nil {
				s.conn = nil
				return err
			}
		}
		s.conn.SetWriteDeadline(time.Now().Add(patience))
		if _, err = s.conn.Write(s.text); err == nil {
			return nil
		}
		s.reopen()
	}
	return err
}

func (s *socket) reopen() {
	if s.conn != nil {
		s.conn.Close()
		s.conn = nil
	}
}

// A journal is standard error where systemd connected it to the journal. When journald was stopped that stream is dead for
// ever; then journald's socket is told.
type journal struct {
	stream
	socket
	dead bool
}

func (j *journal) write(b *batch, first int) (n int, err error) {
	if !j.dead {
		if first, err = j.stream.write(b, first); err == nil {
			return first, nil
		}
		j.dead = true
	}
	return j.socket.write(b, first)
}

func (j *journal) reopen() { j.socket.reopen() }

// textForm is what fail2ban's own log looks like, but for the program's name:
//
//	2026-11-22 06:51:38,049 bailiff[21149]: NOTICE  [sshd] Ban 192.0.2.1
//
// so that what was grepped there is found here.
func textForm() form {
	seconds := event.Seconds{Layout: "2006-01-02 15:04:05,"} // the local time as fail2ban writes it, up to the milliseconds
	program := fmt.Sprintf(" bailiff[%d]: ", os.Getpid())
	return func(b []byte, at time.Time, level slog.Level, message []byte) []byte {
		milli := at.Nanosecond() / 1e6
		b = append(b, seconds.Text(at)...)
		b = append(b, '0'+byte(milli/100), '0'+byte(milli/10%10), '0'+byte(milli%10))
		name := gradeOf(level).name
		b = append(append(b, program...), name...)
		const width = len("NOTICE  ")
		b = append(b, "        "[min(len(name), width-1):]...)
		return append(b, message...)
	}
}

// streamForm is a line for the journal: <5>[sshd] Ban 192.0.2.1
func streamForm(b []byte, _ time.Time, level slog.Level, message []byte) []byte {
	b = strconv.AppendInt(append(b, '<'), int64(gradeOf(level).priority), 10)
	return append(append(b, '>'), message...)
}

// nativeForm is the journal's own protocol. A message is one line, so no value has to be written with its length.
func nativeForm(b []byte, _ time.Time, level slog.Level, message []byte) []byte {
	return fmt.Appendf(b, "PRIORITY=%d\nSYSLOG_IDENTIFIER=bailiff\nSYSLOG_PID=%d\nMESSAGE=%s\n", gradeOf(level).priority, os.Getpid(), message)
}

func syslogForm(facility int) form {
	return func(b []byte, at time.Time, level slog.Level, message []byte) []byte {
		g := gradeOf(level)
		return fmt.Appendf(b, "<%d>%s bailiff[%d]: %s %s", facility<<3|g.priority, at.Format(time.Stamp), os.Getpid(), g.name, message)
	}
}
