package main

import (
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// lastLine is the last line of a file.
func lastLine(t *testing.T, path string) string {
	t.Helper()
	lines := strings.Split(strings.TrimSuffix(read(t, path), "\n"), "\n")
	return lines[len(lines)-1]
}

func TestALogFileIsMadeAnewWhenItIsRotated(t *testing.T) {
	path := filepath.Join(t.TempDir(), "bailiff.log")
	f := &logFile{path: path}
	must(t, f.open())
	tee := &logTee{outs: []logOutput{f}}
	tell := func(line string) {
		_, err := tee.Write([]byte(line + "\n"))
		must(t, err)
	}
	tell("<5>[sshd] Ban 192.0.2.1")
	if ok, _ := regexp.MatchString(`^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} bailiff\[\d+\]: NOTICE  \[sshd\] Ban 192\.0\.2\.1\n$`, read(t, path)); !ok {
		t.Errorf("not as in fail2ban's log: %q", read(t, path))
	}
	must(t, os.Rename(path, path+".1"))
	f.looked = time.Now().Add(-rotationCheck)
	tell("<3>second\n<6>third")
	if got := lastLine(t, path); !strings.HasSuffix(got, ": INFO    third") || !strings.Contains(read(t, path), "ERROR   second") {
		t.Errorf("the new file says %q", read(t, path))
	}
	must(t, os.Rename(path, path+".2"))
	must(t, tee.reopen())
	tell("<6>fourth")
	if got := lastLine(t, path); !strings.HasSuffix(got, ": INFO    fourth") {
		t.Errorf("after reopen the new file says %q", got)
	}
	must(t, os.RemoveAll(filepath.Dir(path)))
	f.looked = time.Now().Add(-rotationCheck)
	tell("<6>into the file that was removed") // which is better than to stop
}

func TestSyslogAndJournalHearEachLine(t *testing.T) {
	for name, c := range map[string]struct {
		form logForm
		want string
	}{
		"syslog":  {syslogForm(facility("facility=LOCAL3]")), `^<157>\w{3} [ \d]\d \d\d:\d\d:\d\d bailiff\[\d+\]: NOTICE \[sshd\] Ban 192\.0\.2\.1$`},
		"journal": {nativeForm, `^PRIORITY=5\nSYSLOG_IDENTIFIER=bailiff\nSYSLOG_PID=\d+\nMESSAGE=\[sshd\] Ban 192\.0\.2\.1\n$`},
	} {
		path := filepath.Join(t.TempDir(), "log")
		heard := make([]byte, 1000)
		tee := &logTee{outs: []logOutput{&datagrams{path: path, form: c.form}}}
		for range 2 { // the second time it was started anew
			os.Remove(path)
			socket, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
			must(t, err)
			_, err = tee.Write([]byte("<5>[sshd] Ban 192.0.2.1\n"))
			must(t, err)
			n, err := socket.Read(heard)
			must(t, err)
			if ok, _ := regexp.Match(c.want, heard[:n]); !ok {
				t.Errorf("%s hears %q", name, heard[:n])
			}
			socket.Close()
		}
	}
}

// TestALogThatNobodyReadsDoesNotStopTheDaemon fills a socket.
func TestALogThatNobodyReadsDoesNotStopTheDaemon(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	socket, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	must(t, err)
	defer socket.Close()
	d := &datagrams{path: path, form: nativeForm}
	for d.rest.IsZero() {
		d.say(time.Now(), 6, make([]byte, 1000))
	}
	begin := time.Now()
	for range 100_000 {
		d.say(begin, 6, nil)
	}
	if d.conn != nil {
		t.Error("lines are sent to who does not read")
	}
}

func TestFacilities(t *testing.T) {
	for options, want := range map[string]int{"": 3, "facility=AUTH]": 4, `datetime=on, facility="local7"]`: 23, "facility=log_mail]": 2, "facility=none]": 3, "facility=local9]": 3} {
		if got := facility(options); got != want {
			t.Errorf("%q: %d, want %d", options, got, want)
		}
	}
}
