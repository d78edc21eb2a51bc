package main

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bailiff/journal/journaltest"
)

const theirSamples = "/usr/lib/python3/dist-packages/fail2ban/tests/files/logs/"

// TestFail2banRegexIsTheirs compares fail2ban-regex with the installed one: what it prints, and its exit code.
func TestFail2banRegexIsTheirs(t *testing.T) {
	for _, args := range [][]string{
		{"-r", "sshd", "sshd"},
		{"-r", "sshd", "sshd[mode=aggressive]"},
		{"-r", "-v", "sshd", "sshd"},
		{"-r", "--print-all-matched", "--print-all-ignored", "--print-all-missed", "postfix", "postfix[mode=aggressive]"},
		{"-r", "--print-no-missed", "--print-no-ignored", "--no-check-all", "dovecot", "dovecot"},
		{"-r", "-D", "apache-noscript", "apache-noscript"},
		{"-r", "--print-all-matched", "mongodb-auth", "mongodb-auth"},
		{"-r", "-L", "5", "guacamole", "guacamole"},
		{"-r", "-o", "row", "sshd", "sshd"},
		{"-r", "-o", "id", "pam-generic", "pam-generic"},
		{"-r", "-o", "user", "sshd", "sshd[mode=aggressive]"},
		{"-r", "-o", "<ip> <fid> <F-USER> <time> <family> <nosuch> <msg>", "sshd", "sshd[mode=extra]"},
		{"-r", "-o", "msg", "mongodb-auth", "mongodb-auth"},
		{"--usedns", "no", "-d", "^%b %d %H:%M:%S", "vsftpd", "vsftpd"},
		{"--TZ", "UTC+0500", "-r", "named-refused", "named-refused"},
		{"-r", "exim", `from \[?<IP4>\]?`, "rejected"},
		{"-r", "Nov 1 10:00:00 host x from 192.0.2.1", "x from <HOST>"},
		{"-r", "one\ntwo 192.0.2.1", "two <HOST>"},
		{"-r", "-v", "recidive", "recidive"},
		{"-r", "sshd", "sshd", "for root"},
		{"-r", "--usedns", "nonsense", "sshd", "/etc/fail2ban/filter.d/sshd.conf[mode=ddos]"},
	} {
		name := strings.Join(args, " ")
		for i, a := range args {
			if isFile(theirSamples + a) {
				args[i] = wholeLines(t, theirSamples+a)
				break
			}
		}
		args = append([]string{"-c", "/etc/fail2ban"}, args...)
		t.Run(name, func(t *testing.T) { compareRegex(t, args) })
	}
}

// wholeLines copies a log so that its last line ends, which fail2ban-regex wants.
func wholeLines(t *testing.T, log string) string {
	text, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	copied := filepath.Join(t.TempDir(), "log")
	if err := os.WriteFile(copied, append(text, '\n'), 0o600); err != nil {
		t.Fatal(err)
	}
	return copied
}

func compareRegex(t *testing.T, args []string) {
	var out, stderr bytes.Buffer
	code := runFail2banRegex(context.Background(), args, strings.NewReader(""), &out, &stderr)
	theirs := exec.Command("/usr/bin/fail2ban-regex", args...)
	want, err := theirs.Output()
	if theirs.ProcessState == nil {
		t.Fatal(err)
	}
	if code != theirs.ProcessState.ExitCode() {
		t.Errorf("exit code %d, want %d", code, theirs.ProcessState.ExitCode())
	}
	if diff := cmp.Diff(normalRegex(string(want)), normalRegex(out.String())); diff != "" {
		t.Error(diff)
	}
}

var (
	duration = regexp.MustCompile(`processed in .* sec`)
	pySet    = regexp.MustCompile(`\{('[^':]*'(?:, '[^':]*')*)\}`)
)

// normalRegex levels what may differ: how long it took, the order of sets, a lookbehind that always holds, a buffer of
// one line, and which of two date templates is named first.
func normalRegex(s string) []string {
	s = duration.ReplaceAllString(s, "processed")
	s = strings.ReplaceAll(s, `(?<=:):)`, `:)`)
	s = strings.ReplaceAll(s, `%28%3F%3C%3D%3A%29%3A%29`, `%3A%29`)
	s = strings.ReplaceAll(s, "Use         maxlines : 1\n", "")
	s = pySet.ReplaceAllStringFunc(s, func(set string) string {
		members := strings.Split(set[1:len(set)-1], ", ")
		slices.Sort(members)
		return "{" + strings.Join(members, ", ") + "}"
	})
	before, dates, ok := strings.Cut(s, "\nDate template hits:\n")
	if !ok {
		return strings.Split(s, "\n")
	}
	dates, after, _ := strings.Cut(dates, "`-")
	hits := strings.Split(dates, "\n")
	slices.Sort(hits)
	return slices.Concat(strings.Split(before, "\n"), hits, strings.Split(after, "\n"))
}

func TestRulesInTZ(t *testing.T) {
	zone, err := posixZone("CET-01CEST-02,M3.5.0,M10.5.0")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"2005-08-14T12:00:00+02:00", "2005-01-14T12:00:00+01:00", "2026-03-29T03:00:00+02:00"} {
		at, err := time.Parse(time.RFC3339, want)
		if err != nil {
			t.Fatal(err)
		}
		if got := at.In(zone).Format(time.RFC3339); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

func TestRegexOnAJournal(t *testing.T) {
	j := journaltest.Start(t)
	j.Log(journaltest.Sender{Unit: "ssh.service", Comm: "sshd", Identifier: "sshd"},
		"Failed password for root from 192.0.2.1 port 22 ssh2", "Server listening on 0.0.0.0 port 22.")
	j.Log(journaltest.Sender{Unit: "evil.service", Comm: "logger", Identifier: "sshd"},
		"Failed password for root from 192.0.2.2 port 22 ssh2")
	log := "systemd-journal[journalpath='" + j.Dir + "']"
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"-m", "_SYSTEMD_UNIT=ssh.service", "-o", "<ip> <F-_SYSTEMD_UNIT>", log, "password for .* from <HOST>"}, "192.0.2.1 ssh.service\n"},
		{[]string{"-o", "<ip>", log, "password for .* from <HOST>"}, "192.0.2.1\n192.0.2.2\n"},
		{[]string{"-c", "/etc/fail2ban", "-o", "<ip>", log, "sshd"}, "192.0.2.1\n"},
	} {
		var out, stderr bytes.Buffer
		if code := runFail2banRegex(context.Background(), c.args, strings.NewReader(""), &out, &stderr); code != 0 || out.String() != c.want {
			t.Errorf("%v: exit code %d, printed\n%s%s", c.args, code, out.String(), stderr.String())
		}
	}
	compareRegex(t, []string{"-r", log, "password for .* from <HOST>"})
	compareRegex(t, []string{"-c", "/etc/fail2ban", "-v", "-r", "--print-all-matched", log, "sshd[mode=aggressive]"})
}
