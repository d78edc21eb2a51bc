package logging

import (
	"fmt"
	"os"
	"strings"
	"syscall"
)

const (
	syslogSocket  = "/dev/log"
	journalSocket = "/run/systemd/journal/socket"
)

// The names of the outputs that need no opening.
const (
	Stderr = "standard error"
	Stdout = "standard output"
)

// New returns a log to what logtarget names. Standard error is told besides a file or the machine's log, for the daemon runs
// in the foreground. Nothing is opened before Run, which goes on trying: a target that cannot be used is none.
func New(target string) *Log {
	word, options, _ := strings.Cut(target, "[")
	switch strings.ToUpper(word) {
	case "", "STDERR":
		return newLog(standard(Stderr, os.Stderr))
	case "STDOUT", "SYSOUT":
		return newLog(standard(Stdout, os.Stdout))
	case "SYSLOG":
		return besideStderr("syslog", &socket{path: syslogSocket, form: syslogForm(facility(options))})
	case "SYSTEMD-JOURNAL":
		return besideStderr("the journal", &socket{path: journalSocket, form: nativeForm})
	}
	return newLog(standard(Stderr, os.Stderr), newQueue(target, newFile(target)))
}

// besideStderr adds a socket of this machine's log to standard error, unless that leads there already.
func besideStderr(name string, s *socket) *Log {
	stderr := standard(Stderr, os.Stderr)
	if isJournal(os.Stderr) {
		return newLog(stderr)
	}
	return newLog(stderr, newQueue(name, s))
}

func standard(name string, f *os.File) *queue {
	if !isJournal(f) {
		return newQueue(name, &stream{w: f, form: textForm()})
	}
	return newQueue(name, &journal{stream: stream{w: f, form: streamForm}, socket: socket{path: journalSocket, form: nativeForm}})
}

// isJournal reports whether systemd connected the file to the journal: JOURNAL_STREAM names its device and inode. The
// variable alone is not enough, since it is inherited by those whose output goes elsewhere.
func isJournal(f *os.File) bool {
	var stat syscall.Stat_t
	if err := syscall.Fstat(int(f.Fd()), &stat); err != nil {
		return false
	}
	return os.Getenv("JOURNAL_STREAM") == fmt.Sprintf("%d:%d", stat.Dev, stat.Ino)
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
