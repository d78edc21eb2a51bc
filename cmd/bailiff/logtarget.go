package main

import (
	"bytes"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-systemd/v22/journal"
)

// openTarget opens what logtarget names. journal tells whether lines are to begin with their priority, as for the journal.
// Standard error is told in any case, for the daemon runs in the foreground; a target that cannot be opened is none.
func openTarget(target string) (w io.Writer, journalForm bool, err error) {
	word, options, _ := strings.Cut(target, "[")
	switch strings.ToUpper(word) {
	case "", "STDERR":
		return os.Stderr, stderrIsJournal(), nil
	case "STDOUT", "SYSOUT":
		journalForm, err = journal.StdoutIsJournalStream()
		return os.Stdout, journalForm, err
	case "SYSLOG":
		return besideStderr(&datagrams{path: syslogSocket, form: syslogForm(facility(options))})
	case "SYSTEMD-JOURNAL":
		return besideStderr(&datagrams{path: journalSocket, form: nativeForm})
	}
	f := &logFile{path: target}
	if err := f.open(); err != nil {
		return os.Stderr, stderrIsJournal(), err
	}
	return &logTee{outs: []logOutput{stderrOutput(), f}}, true, nil
}

// besideStderr adds a socket of this machine's log to standard error, unless that leads there already.
func besideStderr(d *datagrams) (io.Writer, bool, error) {
	if stderrIsJournal() {
		return os.Stderr, true, nil
	}
	if err := d.dial(); err != nil {
		return os.Stderr, false, err
	}
	return &logTee{outs: []logOutput{stderrOutput(), d}}, true, nil
}

// A logTee takes lines that begin with their priority, "<5>[sshd] Ban 192.0.2.1", and gives each to all outputs.
type logTee struct {
	mu   sync.Mutex
	outs []logOutput
}

func (t *logTee) Write(text []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := time.Now()
	for line := range bytes.Lines(text) {
		priority, message := 6, bytes.TrimSuffix(line, []byte("\n"))
		if len(message) > 2 && message[0] == '<' && message[2] == '>' {
			priority, message = int(message[1]-'0'), message[3:]
		}
		for _, o := range t.outs {
			o.say(now, priority, message)
		}
	}
	var first error
	for _, o := range t.outs {
		if err := o.flush(); err != nil && first == nil {
			first = err
		}
	}
	return len(text), first
}

// reopen has a log file looked for under its path again.
func (t *logTee) reopen() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, o := range t.outs {
		if f, ok := o.(*logFile); ok {
			return f.open()
		}
	}
	return nil
}

// facility reads SYSLOG[facility=NAME]: syslog's number of the facility, that of daemons where none is named.
func facility(options string) int {
	const daemon, local0 = 3, 16
	for option := range strings.SplitSeq(strings.TrimSuffix(options, "]"), ",") {
		name, value, _ := strings.Cut(option, "=")
		if strings.TrimSpace(name) != "facility" {
			continue
		}
		value = strings.ToLower(strings.Trim(strings.TrimSpace(value), `"'`))
		for i, known := range []string{"kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp"} {
			if strings.TrimPrefix(value, "log_") == known {
				return i
			}
		}
		if n, ok := strings.CutPrefix(strings.TrimPrefix(value, "log_"), "local"); ok && len(n) == 1 && n[0] >= '0' && n[0] <= '7' {
			return local0 + int(n[0]-'0')
		}
	}
	return daemon
}
