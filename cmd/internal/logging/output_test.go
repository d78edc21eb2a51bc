package logging

import (
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"bailiff/jails"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	must(t, err)
	return string(b)
}

// tell writes lines to an output, which must take them all.
func tell(t *testing.T, o output, level slog.Level, messages ...string) {
	t.Helper()
	var b batch
	for _, m := range messages {
		b.add(time.Now(), level, []byte(m))
	}
	n, err := o.write(&b, 0)
	must(t, err)
	if n != len(messages) {
		t.Errorf("%d of %d lines are written", n, len(messages))
	}
}

func TestALogFileIsMadeAnewWhenItIsRotated(t *testing.T) {
	path := filepath.Join(t.TempDir(), "bailiff.log")
	f := newFile(path)
	tell(t, f, jails.LevelNotice, "[sshd] Ban 192.0.2.1")
	if ok, _ := regexp.MatchString(`^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} bailiff\[\d+\]: NOTICE  \[sshd\] Ban 192\.0\.2\.1\n$`, read(t, path)); !ok {
		t.Errorf("not as in fail2ban's log: %q", read(t, path))
	}
	must(t, os.Rename(path, path+".1"))
	f.looked = time.Now().Add(-rotationCheck)
	tell(t, f, slog.LevelError, "second", "third")
	if got := read(t, path); !strings.Contains(got, ": ERROR   second\n") || !strings.HasSuffix(got, ": ERROR   third\n") {
		t.Errorf("the new file says %q", got)
	}
	must(t, os.Rename(path, path+".2"))
	f.reopen()
	tell(t, f, slog.LevelInfo, "fourth")
	if got := read(t, path); !strings.HasSuffix(got, ": INFO    fourth\n") || strings.Contains(got, "third") {
		t.Errorf("after reopen the new file says %q", got)
	}
	must(t, os.RemoveAll(filepath.Dir(path)))
	f.looked = time.Now().Add(-rotationCheck)
	tell(t, f, slog.LevelInfo, "into the file that was removed") // which is better than to stop
}

func TestSyslogAndJournalHearEachLine(t *testing.T) {
	for name, c := range map[string]struct {
		form form
		want string
	}{
		"syslog":  {syslogForm(facility("facility=LOCAL3]")), `^<157>\w{3} [ \d]\d \d\d:\d\d:\d\d bailiff\[\d+\]: NOTICE \[sshd\] Ban 192\.0\.2\.1$`},
		"journal": {nativeForm, `^PRIORITY=5\nSYSLOG_IDENTIFIER=bailiff\nSYSLOG_PID=\d+\nMESSAGE=\[sshd\] Ban 192\.0\.2\.1\n$`},
	} {
		path := filepath.Join(t.TempDir(), "log")
		heard := make([]byte, 1000)
		s := &socket{path: path, form: c.form}
		for range 2 { // the second time it was started anew
			os.Remove(path)
			listening, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
			must(t, err)
			tell(t, s, jails.LevelNotice, "[sshd] Ban 192.0.2.1")
			n, err := listening.Read(heard)
			must(t, err)
			if ok, _ := regexp.Match(c.want, heard[:n]); !ok {
				t.Errorf("%s hears %q", name, heard[:n])
			}
			listening.Close()
		}
	}
}

func TestFacilities(t *testing.T) {
	for options, want := range map[string]int{"": 3, "facility=AUTH]": 4, `datetime=on, facility="local7"]`: 23, "facility=log_mail]": 2, "facility=none]": 3, "facility=local9]": 3} {
		if got := facility(options); got != want {
			t.Errorf("%q: %d, want %d", options, got, want)
		}
	}
}
