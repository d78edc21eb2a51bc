package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/errgroup"
	"golang.org/x/sys/unix"

	"bailiff/jails/source"
	"bailiff/journal/journaltest"
)

const theirSamples = "/usr/lib/python3/dist-packages/fail2ban/tests/files/logs/"

// TestFail2banRegexIsTheirs compares fail2ban-regex with the installed one: what it prints, and its exit code.
func TestFail2banRegexIsTheirs(t *testing.T) {
	var all [][]string
	for _, args := range [][]string{
		{"-r", "sshd", "sshd"},
		{"-r", "sshd", "sshd[mode=aggressive]"},
		{"-r", "-v", "sshd", "sshd"},
		{"-r", "--print-all-matched", "--print-all-ignored", "--print-all-missed", "postfix", "postfix[mode=aggressive]"},
		{"-r", "--print-no-missed", "--print-no-ignored", "--no-check-all", "dovecot", "dovecot"},
		{"-r", "-D", "--print-all-matched", "vsftpd", "vsftpd"},
		{"-r", "-D", "mongodb-auth", "mongodb-auth"},
		{"-r", "--print-all-matched", "mongodb-auth", "mongodb-auth"},
		{"-r", "-L", "5", "guacamole", "guacamole"},
		{"-r", "-o", "row", "sshd", "sshd"},
		{"-r", "-o", "id", "pam-generic", "pam-generic"},
		{"-r", "-o", "user", "sshd", "sshd[mode=aggressive]"},
		{"-r", "-o", "<ip> <fid> <F-USER> <time> <family> <nosuch> <msg>", "sshd", "sshd[mode=extra]"},
		{"-r", "-o", "msg", "mongodb-auth", "mongodb-auth"},
		{"--usedns", "no", "-d", "^%b %d %H:%M:%S", "-v", "vsftpd", "vsftpd"},
		{"--TZ", "UTC+0500", "-r", "named-refused", "named-refused"},
		{"-r", "exim", `from \[?<IP4>\]?`, "rejected"},
		{"-r", "Nov 1 10:00:00 host x from 192.0.2.1", "x from <HOST>"},
		{"-r", "one\ntwo 192.0.2.1", "two <HOST>"},
		{"-r", "-v", "recidive", "recidive"},
		{"-r", "-v", "--VD", "dovecot", "dovecot"},
		{"-r", "-o", "matches", "sshd", "sshd[mode=aggressive]"},
		{"-r", "sshd", "sshd", "for root"},
		{"-r", "--usedns", "nonsense", "sshd", "/etc/fail2ban/filter.d/sshd.conf[mode=ddos]"},
	} {
		for i, a := range args {
			if isFile(theirSamples + a) {
				args[i] = wholeLines(t, theirSamples+a)
				break
			}
		}
		all = append(all, append([]string{"-c", "/etc/fail2ban"}, args...))
	}
	compareRegex(t, all)
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

// compareRegex runs both on each command line.
func compareRegex(t *testing.T, all [][]string) {
	t.Helper()
	in, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("/usr/bin/python3", "testdata/regex_theirs.py")
	cmd.Stdin, cmd.Stderr = bytes.NewReader(in), os.Stderr
	text, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var theirs [][2]any
	if err := json.Unmarshal(text, &theirs); err != nil {
		t.Fatal(err)
	}
	for i, args := range all {
		var out, stderr bytes.Buffer
		code := runFail2banRegex(context.Background(), args, strings.NewReader(""), &out, &stderr)
		if float64(code) != theirs[i][0] {
			t.Errorf("%v: exit code %d, want %v", args, code, theirs[i][0])
		}
		if diff := cmp.Diff(normalRegex(theirs[i][1].(string)), normalRegex(out.String())); diff != "" {
			t.Errorf("%v:\n%s", args, diff)
		}
	}
}

var (
	duration = regexp.MustCompile(`processed in .* sec`)
	pySet    = regexp.MustCompile(`\{('[^':]*'(?:, '[^':]*')*)\}`)
)

// normalRegex levels what may differ: how long it took, the order of sets, a lookbehind that always holds, a buffer of
// one line, and how the years are written that an expression takes.
func normalRegex(s string) []string {
	s = duration.ReplaceAllString(s, "processed")
	s = strings.ReplaceAll(s, `(?<=:):)`, `:)`)
	s = strings.ReplaceAll(s, "(?:200|201|202)", "20[012]")
	s = strings.ReplaceAll(s, `%28%3F%3C%3D%3A%29%3A%29`, `%3A%29`)
	s = strings.ReplaceAll(s, "Use         maxlines : 1\n", "")
	s = pySet.ReplaceAllStringFunc(s, func(set string) string {
		members := strings.Split(set[1:len(set)-1], ", ")
		slices.Sort(members)
		return "{" + strings.Join(members, ", ") + "}"
	})
	return strings.Split(s, "\n")
}

func TestMarksThePlaceOfAFault(t *testing.T) {
	for text, at := range map[string]int{"ab(c": 2, "one\ntw(o\nthree": 6, "ü(": 2, "(": 0, "x": 1} {
		lines := strings.Split(pointed(text, at), "\n")
		i := slices.IndexFunc(lines, func(l string) bool { return strings.TrimSpace(l) == "^" })
		if i < 1 || strings.Index(lines[i], "^") > len([]rune(lines[i-1])) {
			t.Fatalf("%q: %q", text, lines)
		}
		if text != "x" && []rune(lines[i-1])[strings.Index(lines[i], "^")] != '(' {
			t.Errorf("%q: %q", text, lines)
		}
	}
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
	compareRegex(t, [][]string{
		{"-r", log, "password for .* from <HOST>"},
		{"-c", "/etc/fail2ban", "-v", "-r", "--print-all-matched", log, "sshd[mode=aggressive]"},
	})
}

func TestRegexDecodesTheLog(t *testing.T) {
	log := filepath.Join(t.TempDir(), "latin1.log")
	if err := os.WriteFile(log, []byte("no J\xfcrgen from 192.0.2.1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for encoding, want := range map[string]string{"latin1": "Jürgen\n", "UTF-8": "J\ufffdrgen\n"} {
		var out bytes.Buffer
		args := []string{"-e", encoding, "-o", "user", log, `no <F-USER>.+</F-USER> from <HOST>`}
		if code := runFail2banRegex(context.Background(), args, nil, &out, &out); code != 0 || out.String() != want {
			t.Errorf("%s: exit code %d, printed %q, want %q", encoding, code, out.String(), want)
		}
	}
}

// TestRegexReadsLikeTheDaemon has what may stand in a log: line ends of DOS, the NUL bytes of a hole, bytes that are no
// characters, a line over the cap, a last line without an end, and encodings of two bytes and by names of Python's.
func TestRegexReadsLikeTheDaemon(t *testing.T) {
	from := " from 192.0.2.1"
	wide := func(s string) (b []byte) {
		for _, c := range s {
			b = append(b, byte(c), byte(c>>8))
		}
		return b
	}
	long := strings.Repeat("x", 64<<10)
	for _, c := range []struct{ encoding, text, want string }{
		{"UTF-8", "a" + from + "\r\nb" + from + "\r\n", "a\nb\n"},
		{"UTF-8", "\x00\x00\x00a" + from + "\nb" + from, "a\nb\n"},
		{"UTF-8", "\xe2\x82" + from + "\n\xff\xff" + from, "\uFFFD\n\uFFFD\uFFFD\n"},
		{"auto", long + from + "\nb" + from, "b\n"},
		{"utf-16-le", string(wide("\uFEFFa\u010a" + from + "\r\nb" + from)), "a\u010a\nb\n"},
		{"iso8859_15", "\xa4" + from, "€\n"},
		{"cp1252", "\x80" + from, "€\n"},
	} {
		log := filepath.Join(t.TempDir(), "log")
		must(t, os.WriteFile(log, []byte(c.text), 0o600))
		args := []string{"-e", c.encoding, "-o", "user", "LOG", `^<F-USER>.+</F-USER> from <HOST>$`}
		for name, in := range map[string]*strings.Reader{log: nil, "-": strings.NewReader(c.text)} {
			var out bytes.Buffer
			args[4] = name
			if code := runFail2banRegex(t.Context(), args, in, &out, &out); code != 0 || out.String() != c.want {
				t.Errorf("%s of %.40q in %s: exit code %d, printed %q, want %q", name, c.text, c.encoding, code, out.String(), c.want)
			}
		}
	}
}

// TestRegexReadsAFIFO gives bailiff regex a FIFO, and ends one that nobody writes to.
func TestRegexReadsAFIFO(t *testing.T) {
	fifo := filepath.Join(t.TempDir(), "fifo")
	must(t, unix.Mkfifo(fifo, 0o600))
	var g errgroup.Group
	g.Go(func() error { return os.WriteFile(fifo, []byte("one from 192.0.2.1\ntwo from 192.0.2.1"), 0) })
	var out bytes.Buffer
	regex := func(ctx context.Context) error {
		root := newRootCommand()
		root.SetOut(&out)
		root.SetArgs([]string{"regex", "-o", "user", fifo, `^<F-USER>.+</F-USER> from <HOST>$`})
		return root.ExecuteContext(ctx)
	}
	if err := errors.Join(regex(t.Context()), g.Wait()); err != nil || out.String() != "one\ntwo\n" {
		t.Errorf("printed %q, %v", out.String(), err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := regex(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("with no writer it ended with %v", err)
	}
}

func TestJournalMatches(t *testing.T) {
	for text, want := range map[string]string{
		"A=1 B=2":                      "A=1 B=2",
		"A=1 A=2 B=3 + C=4":            "A=1 A=2 B=3 + C=4",
		`"_COMM=a" '_PID=1'`:           "_COMM=a _PID=1",
		`CONTAINER_TAG='my app' + B=2`: "CONTAINER_TAG=my app + B=2",
		"A=1\nB=2":                     "A=1 + B=2",
		`A=x\ y`:                       "A=x y",
	} {
		m, err := givenMatch(text)
		if shown := showMatch(source.Pushdown(m)); err != nil || shown != want {
			t.Errorf("%s is %s, %v", text, shown, err)
		}
	}
	for _, text := range []string{"A", "A=1 +", "+ A=1", "A=1 + + B=2", `A="1`, "=1"} {
		if m, err := givenMatch(text); err == nil {
			t.Errorf("%s is taken for %v", text, m)
		}
	}
}
