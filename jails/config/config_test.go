package config

import (
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"bailiff/jails/event"

	"github.com/google/go-cmp/cmp"
)

func files(pairs ...string) fstest.MapFS {
	fsys := fstest.MapFS{}
	for i := 0; i < len(pairs); i += 2 {
		fsys[pairs[i]] = &fstest.MapFile{Data: []byte(pairs[i+1]), Mode: 0o644}
	}
	return fsys
}

const plainFilter = "[INCLUDES]\nbefore = common.conf\n[Definition]\nfailregex = ^%(prefix)sfailed from <HOST>$\n    ^bad <HOST>\nignoreregex =\njournalmatch = _SYSTEMD_UNIT=f.service + _COMM=f\n"

func plain(extra ...string) fstest.MapFS {
	return files(append([]string{
		"etc/b/jail.conf", "[DEFAULT]\nbantime = 1h\nfindtime = 1d 2h\nmaxretry = 4\nport = 0:65535\n[f]\nport = ssh,6000-6010\nlogpath = /var/log/a.log\n    /var/log/b*.log tail\n",
		"etc/b/jail.d/on.conf", "[f]\nenabled = true\nignoreip = 127.0.0.1/8 10.0.0.0/255.0.0.0, host.example\n",
		"etc/b/filter.d/f.conf", plainFilter,
		"etc/b/filter.d/common.conf", "[DEFAULT]\nprefix = \\S+ \n",
		"etc/b/filter.d/common.local", "[DEFAULT]\nprefix = p: \n",
	}, extra...)...)
}

func mustLoad(t *testing.T, fsys fstest.MapFS) *Config {
	t.Helper()
	c, err := Load(fsys, "/etc/b")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestLoadPlain(t *testing.T) {
	c := mustLoad(t, plain("etc/b/jail.local", "[f]\nfilter = f\nblocktype = DROP\n",
		"etc/b/bailiff.conf", "[Definition]\nmetrics =\nsocket = /run/x.sock\ndbpurgeage = 2d\n"))
	if len(c.Jails) != 1 {
		t.Fatalf("%d jails", len(c.Jails))
	}
	j := c.Jails[0]
	if j.Filter == nil {
		t.Error("the filter is not compiled")
	}
	if diff := cmp.Diff([]string{"^p:failed from <HOST>$", "^bad <HOST>"}, j.Definition.Failregex); diff != "" {
		t.Error(diff)
	}
	if j.MaxRetry != 4 || j.BanTime != time.Hour || j.FindTime != 26*time.Hour || !j.IgnoreSelf || j.Backend != "auto" || j.UseDNS != "warn" {
		t.Errorf("%+v", j)
	}
	want := Firewall{Kind: "multiport", Ports: []string{"ssh", "6000:6010"}, Protocols: []string{"tcp"}, Chains: []string{"INPUT"}, BlockType: "DROP"}
	if diff := cmp.Diff(want, j.Firewall); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]LogPath{{"/var/log/a.log", false}, {"/var/log/b*.log", true}}, j.LogPaths); diff != "" {
		t.Error(diff)
	}
	if !j.HasJournalMatch || j.OwnMatch || len(j.Journal) != 2 {
		t.Errorf("journal %+v", j.Journal)
	}
	if c.Daemon.Metrics == nil || *c.Daemon.Metrics != "" || c.Daemon.Socket != "/run/x.sock" || c.Daemon.DBPurgeAge != 48*time.Hour {
		t.Errorf("%+v", c.Daemon)
	}
}

// bootID is this boot's as the journal writes it.
func bootID(t *testing.T) string {
	text, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(strings.TrimSpace(string(text)), "-", "")
}

func TestJournalMatch(t *testing.T) {
	unit := func(values ...string) event.Term { return event.Term{Field: "_SYSTEMD_UNIT", Values: values} }
	tests := []struct {
		options string
		want    event.Selector
		own     bool
	}{
		{"", event.Selector{{unit("f.service")}, {{Field: "_COMM", Values: []string{"f"}}}}, false},
		{"unit = ssh", event.Selector{{unit("ssh.service")}}, true},
		{"unit = ssh web*.service user.slice", event.Selector{
			{{Field: "_SYSTEMD_UNIT", Values: []string{"ssh.service"}, Globs: []string{"web*.service"}}},
			{{Field: "_SYSTEMD_SLICE", Values: []string{"user.slice"}}}}, true},
		{"unit = ssh\nidentifier = sshd sshd-session\npriority = warning", event.Selector{{unit("ssh.service"),
			{Field: "SYSLOG_IDENTIFIER", Values: []string{"sshd", "sshd-session"}},
			{Field: "PRIORITY", Values: []string{"0", "1", "2", "3", "4"}}}}, true},
		{"priority = err..info", event.Selector{{{Field: "PRIORITY", Values: []string{"3", "4", "5", "6"}}}}, true},
		{"priority = debug..7 1..0", event.Selector{{{Field: "PRIORITY", Values: []string{"0", "1", "7"}}}}, true},
		{"journalmatch = _COMM=a _COMM=b X=1 + Y='1 2'\nunit = a*", event.Selector{
			{{Field: "_COMM", Values: []string{"a", "b"}}, {Field: "X", Values: []string{"1"}}, {Field: "_SYSTEMD_UNIT", Globs: []string{"a*"}}},
			{{Field: "Y", Values: []string{"1 2"}}, {Field: "_SYSTEMD_UNIT", Globs: []string{"a*"}}}}, true},
		{"journalmatch = _SYSTEMD_UNIT=a.service _SYSTEMD_UNIT=b.service + _SYSTEMD_UNIT=c.service\nunit = b", event.Selector{{unit("b.service")}}, true},
		{"journalmatch =", nil, false},
		{"user-unit = podman *.timer user.slice", event.Selector{
			{{Field: "_SYSTEMD_USER_UNIT", Values: []string{"podman.service"}, Globs: []string{"*.timer"}}},
			{{Field: "_SYSTEMD_USER_SLICE", Values: []string{"user.slice"}}}}, true},
		{"unit = ssh\nboot = yes", event.Selector{{unit("ssh.service"), {Field: "_BOOT_ID", Values: []string{bootID(t)}}}}, true},
		{"unit = ssh\nboot = no", event.Selector{{unit("ssh.service")}}, true},
	}
	for _, tt := range tests {
		c := mustLoad(t, plain("etc/b/jail.local", "[f]\nfilter = f\n"+tt.options+"\n"))
		j := c.Jails[0]
		if diff := cmp.Diff(tt.want, j.Journal); diff != "" || j.OwnMatch != tt.own || j.HasJournalMatch != (len(tt.want) > 0) {
			t.Errorf("%q: own %v\n%s", tt.options, j.OwnMatch, diff)
		}
	}
}

// TestAUnitOfAFilterThatTrustsRoot has a filter such as the shipped sshd's, and jails that name its match or do not.
func TestAUnitOfAFilterThatTrustsRoot(t *testing.T) {
	const trusting = "_UID=0 _SYSTEMD_UNIT=ssh.service + _UID=0 SYSLOG_IDENTIFIER=sshd"
	for _, tt := range []struct{ ofFilter, options, want string }{
		{trusting, "", trusting},
		{trusting, "unit = ssh", trusting},
		{trusting, "unit = ssh.service", trusting},
		{trusting, "unit = ssh\nidentifier = sshd", "_UID=0 _SYSTEMD_UNIT=ssh.service SYSLOG_IDENTIFIER=sshd + _UID=0 SYSLOG_IDENTIFIER=sshd"},
		{trusting, "unit = ssh mine ssh@*.service", trusting + " + _SYSTEMD_UNIT=mine.service _SYSTEMD_UNIT=ssh@*.service"},
		{trusting, "unit = ssh user.slice", trusting + " + _SYSTEMD_SLICE=user.slice"},
		{trusting, "unit = mine", "_SYSTEMD_UNIT=mine.service"},
		{trusting, "user-unit = mine", "_SYSTEMD_USER_UNIT=mine.service"},
		{trusting, "priority = err..err", "PRIORITY=3"},
		{"_UID=0 _SYSTEMD_UNIT=ssh.service + SYSLOG_IDENTIFIER=sshd", "unit = ssh", "_SYSTEMD_UNIT=ssh.service"},
		{"_SYSTEMD_UNIT=ssh.service + _COMM=sshd", "unit = ssh", "_SYSTEMD_UNIT=ssh.service"},
	} {
		for _, named := range []bool{false, true} { // whether the jail names the filter's match, as the shipped one does
			options := tt.options + "\n"
			if named {
				options += "journalmatch = %(known/journalmatch)s\n"
			}
			j := mustLoad(t, plain("etc/b/jail.local", "[f]\nfilter = f\n"+options,
				"etc/b/filter.d/f.local", "[Definition]\njournalmatch = "+tt.ofFilter+"\n")).Jails[0]
			want := tt.want
			if named && tt.want == "PRIORITY=3" { // who names a match narrows it, but for the unit
				want = strings.ReplaceAll(trusting, " +", " PRIORITY=3 +") + " PRIORITY=3"
			}
			if got := asJournalmatch(j.Journal); got != want {
				t.Errorf("%q, filter's match named %v: %s, want %s", tt.options, named, got, want)
			}
			if own := named || tt.options != ""; j.OwnMatch != own {
				t.Errorf("%q, filter's match named %v: own %v", tt.options, named, j.OwnMatch)
			}
		}
	}
}

// asJournalmatch is a selector as a journalmatch has it.
func asJournalmatch(s event.Selector) string {
	var groups []string
	for _, g := range s {
		var words []string
		for _, t := range g {
			for _, v := range slices.Concat(t.Values, t.Globs) {
				words = append(words, t.Field+"="+v)
			}
		}
		groups = append(groups, strings.Join(words, " "))
	}
	return strings.Join(groups, " + ")
}

func TestFaultsAllAtOnce(t *testing.T) {
	_, err := Load(plain(
		"etc/b/jail.local", "[f]\nfilter = f\nbantime = soon\nmaxretry = many\nunit = ssh\npriority = loud\n[g]\nenabled = true\nfilter = nosuch\n[h]\nenabled = true\nfilter = f\nfilter = f\naction = no1 x[+] no2\n",
		"etc/b/filter.d/f.local", "[Definition]\nfailregex = %(known/failregex)s\n    ^ok <HOST>\n    ^broken (<HOST>\n"), "/etc/b")
	var faults Faults
	if !errors.As(err, &faults) {
		t.Fatal(err)
	}
	for _, want := range []string{
		"/etc/b/jail.local:3: [f] bantime: ",
		"/etc/b/jail.local:4: [f] maxretry: ",
		"/etc/b/jail.local:6: [f] priority: ",
		"/etc/b/jail.local:9: [g] filter: there is no filter \"nosuch\"",
		"/etc/b/jail.local:14: [h] action: there is no action \"no1\"",
		"/etc/b/jail.local:14: [h] action: an option is expected at",
		"/etc/b/jail.local:14: [h] action: there is no action \"no2\"",
		"/etc/b/jail.local:13: [h] filter: the option is set twice in this section, first in line 12",
		"/etc/b/filter.d/f.local:4: [Definition] failregex: ",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("no %q in\n%v", want, err)
		}
	}
}

func TestDump(t *testing.T) {
	var out strings.Builder
	err := Dump(plain("etc/b/bailiff.conf", "[Definition]\nmetrics =\n", "etc/b/jail.local", "[f]\nfilter = f\ndatepattern = %%Y\n    %%d\nunit = f*\n"), "/etc/b", &out)
	if err != nil {
		t.Fatal(err)
	}
	want := `# read from /etc/b/bailiff.conf, /etc/b/jail.conf, /etc/b/jail.d/on.conf, /etc/b/jail.local

[Definition]
dbpurgeage = 86400
dbmaxmatches = 10
metrics =

[f]
# read from /etc/b/filter.d/common.conf, /etc/b/filter.d/common.local, /etc/b/filter.d/f.conf
# bans through the firewall: ports ssh,6000:6010, tcp, in INPUT, REJECT --reject-with icmp-port-unreachable
enabled = true
backend = auto
maxretry = 4
findtime = 1d 2h
bantime = 1h
ignoreip = 127.0.0.1/8 10.0.0.0/255.0.0.0, host.example
filter = f
logpath = /var/log/a.log
          /var/log/b*.log tail
datepattern = %%Y
              %%d
unit = f*
port = ssh,6000-6010
failregex = ^p:failed from <HOST>$
            ^bad <HOST>
journalmatch = _SYSTEMD_UNIT=f.service + _COMM=f
`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Error(diff)
	}
}

func TestLogPaths(t *testing.T) {
	got := logPaths("/a b/c.log\n/d tail\n/e head\n\n/f g TAIL")
	want := []LogPath{{"/a b/c.log", false}, {"/d", true}, {"/e", false}, {"/f g", true}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestLogFilesSorted(t *testing.T) {
	var out strings.Builder
	fsys := plain("var/log/b2.log", "", "var/log/b10.log", "", "var/log/b1.log", "", "etc/b/jail.local", "[f]\nfilter = f\n")
	if err := DumpFail2ban(fsys, "/etc/b", &out); err != nil {
		t.Fatal(err)
	}
	want := "['set', 'f', 'addlogpath', '/var/log/b1.log', 'tail']\n['set', 'f', 'addlogpath', '/var/log/b10.log', 'tail']\n['set', 'f', 'addlogpath', '/var/log/b2.log', 'tail']\n"
	if !strings.Contains(out.String(), want) {
		t.Error(out.String())
	}
}

func TestWarnings(t *testing.T) {
	c := mustLoad(t, plain("etc/b/jail.local", "[f]\nfilter = f\nignoreself = ture\nmaxretry = 0\nusedns = perhaps\n", "etc/b/bailiff.conf", "[Definition]\nmetric = x\n"))
	j := c.Jails[0]
	if j.IgnoreSelf || j.MaxRetry != 1 || j.UseDNS != "no" {
		t.Errorf("%+v", j)
	}
	got := Faults(c.Warnings).Error()
	for _, want := range []string{"jail.local:3: [f] ignoreself", "jail.local:4: [f] maxretry", "jail.local:5: [f] usedns", "bailiff.conf:2: [Definition] metric: there is no such option"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
}

func TestAJailWithoutFilter(t *testing.T) {
	for options, want := range map[string]int{"": 1, "failregex = ^from <HOST>$\n": 0} {
		c := mustLoad(t, plain("etc/b/jail.local", "[f]\nfilter =\n"+options))
		if n := strings.Count(Faults(c.Warnings).Error(), "jail.local:2: [f] filter: the jail has no filter and finds nothing"); n != want {
			t.Errorf("%q: %v", options, Faults(c.Warnings))
		}
	}
}

func TestIgnoredWordsThatSpareNobody(t *testing.T) {
	c := mustLoad(t, plain("etc/b/jail.local", "[f]\nfilter = f\nignoreip = 10.0.0.1 [2001:db8::1] [2001:db8::/32] host.example file:/x bücher.example user@host\n  192.168.2.* 10.0.0.1-9 # 127.1 [::1]/64\n  http://host.example 10.0.0.1:22 10.0.0.1;10.0.0.2 \"10.0.0.1\"\n"))
	got := Faults(c.Warnings).Error()
	for _, want := range []string{
		`jail.local:4: [f] ignoreip: "192.168.2.*" is neither`,
		`jail.local:4: [f] ignoreip: "10.0.0.1-9" is neither`, `jail.local:4: [f] ignoreip: "#" is neither`, `jail.local:4: [f] ignoreip: "127.1" is neither`,
		`jail.local:4: [f] ignoreip: "[::1]/64" is neither`,
		`jail.local:5: [f] ignoreip: "http://host.example" is neither`, `jail.local:5: [f] ignoreip: "10.0.0.1:22" is neither`,
		`jail.local:5: [f] ignoreip: "10.0.0.1;10.0.0.2" is neither`, `jail.local:5: [f] ignoreip: "\"10.0.0.1\"" is neither`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
	if n := strings.Count(got, "is neither"); n != 9 {
		t.Errorf("%d warnings:\n%s", n, got)
	}
}

// TestWhatTheFilterSaysLast holds that of two values of an option the one counts that fail2ban sends last, and that
// regexes add up.
func TestWhatTheFilterSaysLast(t *testing.T) {
	c := mustLoad(t, plain("etc/b/filter.d/own.conf", "[Definition]\nfailregex = own <HOST>\n[Init]\nusedns = no\nmaxlines = 1\ndatepattern = EPOCH\n",
		"etc/b/jail.local", "[f]\nfilter = own[failregex=\"given <HOST>\"]\nusedns = yes\nmaxlines = 5\ndatepattern = LEPOCH\nfailregex = jail <HOST>\n"))
	d := c.Jails[0].Definition
	if d.UseDNS != "no" || d.Maxlines != 1 || !slices.Equal(d.Datepattern, []string{"LEPOCH"}) || !slices.Equal(d.Failregex, []string{"given <HOST>", "jail <HOST>"}) {
		t.Errorf("%+v", d)
	}
}

func TestOptionsWithoutEffect(t *testing.T) {
	const all = "[DEFAULT]\nfilter = f\nbantime.factor = 2\nignorecommand =\nbantime.overalljails = no\n"
	c := mustLoad(t, plain("etc/b/jail.local", all+"[f]\nbantime.increment = true\nignorecommand = /bin/true <ip>\n[g]\nenabled = true\nbantime.increment = yes\n"+
		"[h]\nenabled = true\nignorecache = key=\"<ip>\"\n"))
	got := Faults(c.Warnings).Error()
	for _, want := range []string{
		"jail.local:3: [f] bantime.factor: the option has no effect yet (jails: f, g)",
		"jail.local:7: [f] bantime.increment: the option has no effect yet (jails: f, g)",
		"jail.local:8: [f] ignorecommand: the option has no effect yet (jails: f)",
		"jail.local:14: [h] ignorecache: the option has no effect yet (jails: h)",
	} {
		if strings.Count(got, want) != 1 {
			t.Errorf("%q is not said once in\n%s", want, got)
		}
	}
	if n := strings.Count(got, "no effect"); n != 4 {
		t.Errorf("%d warnings:\n%s", n, got)
	}
}

func TestMisspeltOptions(t *testing.T) {
	c := mustLoad(t, plain("etc/b/jail.local", "[DEFAULT]\nbantim = 1h\nignore_ip = 10.0.0.1\n[f]\nfilter = f\nmaxretyr = 3\nssh_port = 22\nports = 1\nport = %(ports)s\nfindtime2 = 5m\nbantim2 = 1h\nbantime = %(f/bantim2)s\nfindtime = %(FINDTIME2)s\n"+
		"[off]\nenabeld = true\nprot = 5\nmode = x\naction_ = y\nactions = z\n", "etc/b/jail.d/on.conf", "[f]\nenabled = true\nbanactoin = x\n"))
	got := Faults(c.Warnings).Error()
	for _, want := range []string{
		"jail.local:2: [DEFAULT] bantim: there is no such option\n    hint: did you mean bantime?",
		"jail.local:3: [DEFAULT] ignore_ip: there is no such option\n    hint: did you mean ignoreip?",
		"jail.local:6: [f] maxretyr: there is no such option\n    hint: did you mean maxretry?",
		"jail.d/on.conf:3: [f] banactoin: there is no such option\n    hint: did you mean banaction?",
		"jail.local:15: [off] enabeld: there is no such option\n    hint: did you mean enabled?",
		"jail.local:16: [off] prot: there is no such option\n    hint: did you mean port?",
		"jail.local:19: [off] actions: there is no such option\n    hint: did you mean action?",
	} {
		if strings.Count(got, want) != 1 {
			t.Errorf("%q is not said once in\n%s", want, got)
		}
	}
	if n := strings.Count(got, "did you mean"); n != 7 {
		t.Errorf("%d warnings:\n%s", n, got)
	}
}

func TestDaemonOptions(t *testing.T) {
	c := mustLoad(t, plain("etc/b/jail.local", "[f]\nfilter = f\n",
		"etc/b/fail2ban.conf", "[Definition]\nloglevel = DEBUG\nlogtarget = /var/log/f.log\nsocket = /run/f.sock\ndbfile = /var/f.db\npidfile = /run/f.pid\ndbpurgeage = 1h\ndbmaxmatches = 3\n",
		"etc/b/bailiff.conf", "[Definition]\nloglevel = NOTICE\nfirewall = dry\njournal.reader = native\n"))
	want := Daemon{LogLevel: "NOTICE", LogTarget: "/var/log/f.log", DBPurgeAge: time.Hour, DBMaxMatches: 3, Firewall: "dry", JournalReader: "native"}
	if diff := cmp.Diff(want, c.Daemon); diff != "" {
		t.Error(diff)
	}
}

// TestLibsystemd runs with the tag sdjournal and without.
func TestLibsystemd(t *testing.T) {
	_, err := Load(plain("etc/b/jail.local", "[f]\nfilter = f\n", "etc/b/bailiff.conf", "[Definition]\njournal.reader = SDJournal\n"), "etc/b")
	want := "etc/b/bailiff.conf:2: [Definition] journal.reader: this bailiff was built without systemd's library"
	if hasLibsystemd != (err == nil) || err != nil && !strings.HasPrefix(err.Error(), want) {
		t.Errorf("%v, want %s", err, want)
	}
}

func TestFindtimeMode(t *testing.T) {
	for mode, want := range map[string]bool{"sliding": true, "rate": false, "": false} {
		if c := mustLoad(t, plain("etc/b/jail.local", "[f]\nfilter = f\nfindtime.mode = "+mode+"\n")); c.Jails[0].Sliding != want {
			t.Errorf("%q: sliding is %v", mode, !want)
		}
	}
}

func TestNewerOptions(t *testing.T) {
	j := mustLoad(t, plain("etc/b/jail.local", "[f]\nfilter = f\nskip_if_nologs = yes\nsystemd_if_nologs = no\nignoreip = file:/etc/hosts 10.0.0.1\n",
		"etc/b/jail.d/on.conf", "[f]\nenabled = 1\n")).Jails[0]
	if !j.SkipIfNoLogs || j.HasJournalMatch || !cmp.Equal(j.IgnoreIP, []string{"file:/etc/hosts", "10.0.0.1"}) {
		t.Errorf("%+v", j)
	}
}

func TestSystemdOptions(t *testing.T) {
	j := mustLoad(t, plain("etc/b/jail.local", "[f]\nfilter = f\nbackend = systemd[journalpath=/x, journalfiles=\"/a/*.journal, /b\", journalflags=1, namespace='*', rotated=on]\n")).Jails[0]
	if j.Backend != "systemd" || j.JournalPath != "/x" || !cmp.Equal(j.JournalFiles, []string{"/a/*.journal", "/b"}) || j.JournalFlags != 1 || j.Namespace != "*" {
		t.Errorf("%+v", j)
	}
}

// TestWarnsOfJournalsThatCannotBeRead holds that a jail does not turn blind unseen.
func TestWarnsOfJournalsThatCannotBeRead(t *testing.T) {
	for options, want := range map[string]string{
		"journalpath=/x, namespace=web": "only one can be followed",
		"journalfiles=/x, namespace=*":  "only one can be followed",
		"journalflags=32":               "not known",
		"journalflags=-1":               "not known",
		"namespace=*, journalflags=5":   "",
	} {
		c := mustLoad(t, plain("etc/b/jail.local", "[f]\nfilter = f\nbackend = systemd["+options+"]\n"))
		if got := Faults(c.Warnings).Error(); want == "" && len(c.Warnings) > 0 || !strings.Contains(got, want) {
			t.Errorf("%s: %s", options, got)
		}
	}
}

// TestWordsOfAnyCase holds that what the check takes is what it takes it for.
func TestWordsOfAnyCase(t *testing.T) {
	c := mustLoad(t, plain("etc/b/jail.local", "[f]\nfilter = f\n",
		"etc/b/bailiff.conf", "[Definition]\nfirewall = Dry\njournal.reader = NATIVE\n"))
	if c.Daemon.Firewall != "dry" || c.Daemon.JournalReader != "native" {
		t.Errorf("%+v", c.Daemon)
	}
}

func TestEscalation(t *testing.T) {
	j := mustLoad(t, plain("etc/b/jail.local", "[f]\nfilter = f\nbantime.increment = true\nbantime.factor = 2*3\nbantime.maxtime = 1w\nbantime.rndtime = 5m\nbantime.overalljails = on\n")).Jails[0]
	e := j.Escalation
	if e == nil || e.Factor != 6 || e.MaxTime != 7*24*time.Hour || e.RndTime != 5*time.Minute || !e.OverallJails {
		t.Fatalf("%+v", e)
	}
	for count, want := range []float64{3600, 7200, 14400, 28800} {
		if got, err := e.Formula.Eval(&Vars{Time: 600, Count: count, Factor: e.Factor}); got != want || err != nil {
			t.Errorf("after %d bans %v, %v", count, got, err)
		}
	}
	j = mustLoad(t, plain("etc/b/jail.local", "[f]\nfilter = f\nbantime.increment = true\nbantime.multipliers = 1 5 30\n")).Jails[0]
	if diff := cmp.Diff([]int{1, 5, 30}, j.Escalation.Multipliers); diff != "" || j.Escalation.Formula != nil {
		t.Error(diff)
	}
}

func TestNoConfiguration(t *testing.T) {
	for dir, want := range map[string]string{"/etc/nothing": "/etc/nothing: there is no such directory", "/var": "/var/jail.conf: there is no such file"} {
		_, err := Load(plain("var/x", ""), dir)
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: %v", dir, err)
		}
	}
}
