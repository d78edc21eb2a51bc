package packaging

import (
	"bufio"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"bailiff/jails/config"
	"bailiff/jails/event"
	"bailiff/jails/filter"
)

// load reads the shipped configuration with a jail.local over it.
func load(t *testing.T, local string) *config.Config {
	t.Helper()
	tree := fstest.MapFS{"jail.local": {Data: []byte(local)}}
	err := fs.WalkDir(Conf(), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := fs.ReadFile(Conf(), name)
		tree[name] = &fstest.MapFile{Data: text}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	c, err := config.Load(tree, ".")
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range c.Warnings {
		t.Errorf("warning: %s", w.Error())
	}
	return c
}

func TestShippedConfiguration(t *testing.T) {
	c := load(t, "")
	if len(c.Jails) != 1 {
		t.Fatalf("%d jails, want sshd alone", len(c.Jails))
	}
	j := c.Jails[0]
	root := event.Term{Field: "_UID", Values: []string{"0"}}
	want := event.Selector{
		{root, {Field: "_SYSTEMD_UNIT", Values: []string{"ssh.service"}}},
		{root, {Field: "_SYSTEMD_UNIT", Values: []string{"sshd.service"}}},
		{root, {Field: "SYSLOG_IDENTIFIER", Values: []string{"sshd"}}},
		{root, {Field: "SYSLOG_IDENTIFIER", Values: []string{"sshd-session"}}},
	}
	if d := cmp.Diff(want, j.Journal); d != "" || !j.OwnMatch {
		t.Errorf("the jail's own match: %v, %s", j.OwnMatch, d)
	}
	got := []any{j.Name, j.Backend, j.LogPaths, j.MaxRetry, j.FindTime, j.BanTime, j.IgnoreSelf, j.UseDNS, j.Firewall}
	if d := cmp.Diff([]any{"sshd", "auto", []config.LogPath{{Glob: "/var/log/auth.log"}, {Glob: "/var/log/secure"}}, 5,
		10 * time.Minute, 10 * time.Minute, true, "no", config.Firewall{Kind: "multiport", Ports: []string{"ssh"},
			Protocols: []string{"tcp"}, Chains: []string{"auto"}, BlockType: "REJECT --reject-with icmp-port-unreachable"}}, got); d != "" {
		t.Error(d)
	}
	if d := c.Daemon; d.Socket != "/run/bailiff/bailiff.sock" || d.DBFile != "/var/lib/bailiff/bailiff.db" ||
		d.Metrics == nil || *d.Metrics != "127.0.0.1:9191" || d.DBPurgeAge != 24*time.Hour {
		t.Errorf("daemon: %+v", d)
	}
}

// A line of a corpus and what is expected of it.
type example struct {
	number int
	text   string
	want   string   // ADDRESS, ADDRESS user=NAME or -
	modes  []string // in which it is expected
}

func corpus(t *testing.T, path string) (list []example) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	scanner := bufio.NewScanner(f)
	for n := 1; scanner.Scan(); n++ {
		line := scanner.Text()
		switch {
		case line == "" || line[0] == '#':
		case line[0] == '=':
			mode, want, _ := strings.Cut(line[1:], " ")
			e := &list[len(list)-1]
			e.want, e.modes = want, []string{mode, "aggressive"}
			if mode == "" {
				e.modes = modes
			}
		default:
			list = append(list, example{number: n, text: line})
		}
	}
	if err := scanner.Err(); err != nil {
		t.Fatal(err)
	}
	return list
}

var modes = []string{"normal", "ddos", "extra", "aggressive"}

// Every line of the corpus, in every mode, as a line of a file and as an entry of the journal.
func TestSshdFilter(t *testing.T) {
	const stamp = "Nov 22 14:00:00 "
	now := time.Date(2026, 11, 22, 14, 0, 1, 0, time.Local)
	for _, mode := range modes {
		j := load(t, "[sshd]\nmode = "+mode+"\n").Jails[0]
		for _, e := range corpus(t, "testdata/sshd.log") {
			want := "-"
			if slices.Contains(e.modes, mode) {
				want = e.want
			}
			inFile := event.Line{Origin: "/var/log/auth.log", Text: []byte(e.text), Live: true}
			inJournal := event.Line{Origin: "journal", Text: []byte(strings.TrimPrefix(e.text, stamp)), Time: now, Live: true}
			for kind, line := range map[string]event.Line{"file": inFile, "journal": inJournal} {
				if got := blamed(j.Filter, line, now); got != want {
					t.Errorf("sshd.log:%d: mode %s, in a %s: got %q, want %q\n\t%s", e.number, mode, kind, got, want, e.text)
				}
			}
		}
	}
}

// TestSshdFilterTakesAddressesOfLinks has the corpus tell of addresses that end in their interface, as fe80::1%eth0.
func TestSshdFilterTakesAddressesOfLinks(t *testing.T) {
	now := time.Date(2026, 11, 22, 14, 0, 1, 0, time.Local)
	f := load(t, "[sshd]\nmode = aggressive\n").Jails[0].Filter
	for _, link := range []string{"fe80::1%eth0", "fe80::1%enp0s31f6.4094", "fe80::1%3"} {
		for _, e := range corpus(t, "testdata/sshd.log") {
			who, rest, _ := strings.Cut(e.want, " ")
			if who == "-" {
				continue
			}
			want := strings.TrimSpace("fe80::1 " + rest)
			line := event.Line{Text: []byte(strings.ReplaceAll(e.text, who, link)), Live: true}
			if got := blamed(f, line, now); got != want && strings.Contains(e.text, who) {
				t.Errorf("sshd.log:%d: got %q, want %q\n\t%s", e.number, got, want, line.Text)
			}
		}
	}
}

// blamed is whom the filter blames for the line, as a corpus notes it.
func blamed(f *filter.Filter, line event.Line, now time.Time) string {
	matches := f.NewMatcher(filter.Options{FindTime: 10 * time.Minute}).Match(line, now)
	if len(matches) == 0 {
		return "-"
	}
	who := fmt.Sprint(matches[0].Subject)
	if user := matches[0].Fields["user"]; user != "" {
		who += " user=" + user
	}
	return who
}

// Whatever name a stranger gives, the address is his.
func FuzzNobodyElseIsBlamed(f *testing.F) {
	for _, name := range []string{"root", "x from 198.51.100.9 port 1 ssh2", " from 198.51.100.9", "a]", "x 198.51.100.9 port 1 [preauth]",
		"x: Invalid user y from 198.51.100.9", "for invalid user z from 198.51.100.9 port 1 ssh2: RSA SHA256:x",
		"x from 198.51.100.9%a port 1 ssh2", "198.51.100.9%a:1 on"} {
		f.Add(name)
	}
	c, err := config.Load(Conf(), ".")
	if err != nil {
		f.Fatal(err)
	}
	messages := []string{
		"Failed password for invalid user %s from 192.0.2.1 port 4711 ssh2",
		"Failed publickey for invalid user %s from 192.0.2.1 port 4711 ssh2: RSA SHA256:abc",
		"Failed publickey for invalid user %[1]s from 192.0.2.1 port 4711 ssh2: RSA-CERT SHA256:abc ID %[1]s (serial 0) CA RSA SHA256:abc",
		"Invalid user %s from 192.0.2.1 port 4711",
		"error: PAM: Authentication failure for illegal user %s from 192.0.2.1",
		"error: maximum authentication attempts exceeded for invalid user %s from 192.0.2.1 port 4711 ssh2 [preauth]",
		"Disconnecting invalid user %[1]s 192.0.2.1 port 4711: Change of username or service not allowed: (%[1]s,ssh-connection) -> (%[1]s,ssh-connection) [preauth]",
		"Connection closed by invalid user %s 192.0.2.1 port 4711 [preauth]",
		"Bad protocol version identification '%s' from 192.0.2.1 port 4711",
		"Received disconnect from 192.0.2.1 port 4711:3: %s [preauth]",
	}
	his := netip.MustParseAddr("192.0.2.1")
	f.Fuzz(func(t *testing.T, name string) {
		if len(name) > 100 || strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r > '~' }) {
			return // sshd cuts names there and escapes the rest
		}
		for _, m := range messages {
			line := event.Line{Text: []byte("host sshd[1]: " + fmt.Sprintf(m, name)), Time: time.Now(), Live: true}
			for _, got := range c.Jails[0].Filter.NewMatcher(filter.Options{FindTime: time.Minute}).Match(line, time.Now()) {
				if got.Subject != event.Address(his) {
					t.Errorf("%s\nblames %s", line.Text, got.Subject)
				}
			}
		}
	})
}
