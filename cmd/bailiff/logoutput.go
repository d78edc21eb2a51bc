package main

import (
	"fmt"
	"io"
	"net"
	"os"
	"time"
)

const (
	syslogSocket  = "/dev/log"
	journalSocket = "/run/systemd/journal/socket"
	rotationCheck = time.Second      // how often a log file is looked at, whether it is still the one under its path
	patienceToLog = time.Second      // how long a socket that is full may keep us
	restFromLog   = 10 * time.Second // how long it is left alone after that
	logFileMode   = os.FileMode(0o640)
)

// A logOutput is told whole lines, without their end.
type logOutput interface {
	say(at time.Time, priority int, message []byte)
	flush() error
}

// A logStream is standard error.
type logStream struct {
	w    io.Writer
	form logForm
	text []byte
}

func stderrOutput() logOutput {
	if stderrIsJournal() {
		return &logStream{w: os.Stderr, form: func(b []byte, _ time.Time, priority int, message []byte) []byte {
			return fmt.Appendf(b, "<%d>%s\n", priority, message)
		}}
	}
	return &logStream{w: os.Stderr, form: textForm}
}

func (s *logStream) say(at time.Time, priority int, message []byte) {
	s.text = s.form(s.text, at, priority, message)
}

func (s *logStream) flush() error {
	_, err := s.w.Write(s.text)
	s.text = s.text[:0]
	return err
}

// A logFile is the file under a path. Whoever rotates logs may rename it: the next lines go into a new one.
type logFile struct {
	path   string
	file   *os.File
	looked time.Time // when it was last seen under its path
	text   []byte
}

// open opens the file under the path, and leaves the old one open where that fails.
func (f *logFile) open() error {
	file, err := os.OpenFile(f.path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, logFileMode)
	if err != nil {
		return err
	}
	if f.file != nil {
		f.file.Close() // each line was written by itself: nothing is pending
	}
	f.file, f.looked = file, time.Now()
	return nil
}

func (f *logFile) say(at time.Time, priority int, message []byte) {
	f.text = textForm(f.text, at, priority, message)
}

func (f *logFile) flush() error {
	if time.Since(f.looked) >= rotationCheck {
		f.looked = time.Now()
		there, err := os.Stat(f.path)
		ours, err2 := f.file.Stat()
		if err != nil || err2 != nil || !os.SameFile(there, ours) {
			f.open() // else the old file is told
		}
	}
	_, err := f.file.Write(f.text)
	f.text = f.text[:0]
	return err
}

// datagrams are a socket that takes a message for each line, such as syslog's. Its reader may be started anew. One that
// does not read loses lines: the log must not stop the daemon.
type datagrams struct {
	path string
	form logForm
	conn net.Conn
	err  error
	rest time.Time
}

func (d *datagrams) dial() (err error) {
	d.conn, err = net.Dial("unixgram", d.path)
	return err
}

func (d *datagrams) say(at time.Time, priority int, message []byte) {
	if at.Before(d.rest) {
		return
	}
	message = d.form(nil, at, priority, message)
	for range 2 {
		if d.conn == nil {
			if d.err = d.dial(); d.err != nil {
				break
			}
		}
		d.conn.SetWriteDeadline(time.Now().Add(patienceToLog))
		if _, d.err = d.conn.Write(message); d.err == nil {
			return
		}
		d.conn.Close()
		d.conn = nil
	}
	d.rest = time.Now().Add(restFromLog)
}

func (d *datagrams) flush() error { return d.err }

// A logForm appends a line as an output wants it.
type logForm func(b []byte, at time.Time, priority int, message []byte) []byte

// textForm is what fail2ban's own log looks like, but for the program's name.
func textForm(b []byte, at time.Time, priority int, message []byte) []byte {
	return fmt.Appendf(b, "%s bailiff[%d]: %-7s %s\n", at.Format("2006-01-02 15:04:05,000"), os.Getpid(), priorityName(priority), message)
}

func syslogForm(facility int) logForm {
	return func(b []byte, at time.Time, priority int, message []byte) []byte {
		return fmt.Appendf(b, "<%d>%s bailiff[%d]: %s %s", facility<<3|priority, at.Format(time.Stamp), os.Getpid(), priorityName(priority), message)
	}
}

// nativeForm is the journal's own protocol. A message is one line, so no value has to be written with its length.
func nativeForm(b []byte, _ time.Time, priority int, message []byte) []byte {
	return fmt.Appendf(b, "PRIORITY=%d\nSYSLOG_IDENTIFIER=bailiff\nSYSLOG_PID=%d\nMESSAGE=%s\n", priority, os.Getpid(), message)
}

// priorityName is fail2ban's word for a priority of the journal.
func priorityName(priority int) string {
	for _, l := range logLevels {
		if l.priority == priority {
			return l.name
		}
	}
	return "DEBUG"
}
