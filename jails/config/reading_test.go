package config

import (
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"
)

// TestUnitsThatAreNotThere looks at the units of a machine's file system.
func TestUnitsThatAreNotThere(t *testing.T) {
	machine := func(options string) fstest.MapFS {
		fsys := plain("etc/b/jail.local", "[f]\nfilter = f\n"+options+"\n",
			"usr/lib/systemd/system/ssh.service", "", "lib/systemd/system/nginx.service", "", "usr/lib/systemd/system/openvpn@.service", "",
			"etc/systemd/system/own.service", "", "run/systemd/transient/run-1.service", "", "etc/init.d/legacy", "", "usr/lib/systemd/system/x.socket", "",
			"usr/lib/systemd/system/php8.2-fpm.service", "")
		for name, target := range map[string]string{"sshd.service": "/usr/lib/systemd/system/ssh.service", "off.service": "/dev/null",
			"gone.service": "/opt/gone.service", "linked.service": "../../../opt/linked.service"} {
			fsys["etc/systemd/system/"+name] = &fstest.MapFile{Data: []byte(target), Mode: fs.ModeSymlink | 0o777}
		}
		fsys["opt/linked.service"] = &fstest.MapFile{}
		return fsys
	}
	for options, want := range map[string]string{
		"unit = ssh": "", "unit = ssh.service nginx": "", "unit = own": "", "unit = run-1": "", "unit = legacy": "", "unit = x.socket": "",
		"unit = openvpn@home": "", "unit = openvpn@*": "", "unit = php*": "", "unit = *": "", "unit = linked": "",
		"unit = session-3.scope": "", "unit = user.slice": "", "unit = dev-sda.device": "",
		"unit = nosuch":                             "[f] unit: there is no unit nosuch.service on this machine",
		"unit = ssh\n  nosuch":                      "jail.local:4: [f] unit: there is no unit nosuch.service on this machine",
		"unit = nginxd":                             "there is no unit nginxd.service on this machine\n    hint: is nginx.service meant?",
		"unit = sshd":                               "sshd.service is another name of ssh.service, under which its entries stand\n    hint: write ssh.service",
		"unit = openvpn@":                           "openvpn@.service is a template, which nothing is logged under\n    hint: name an instance, or write openvpn@*.service",
		"unit = off":                                "the unit off.service is masked: it never runs",
		"unit = gone":                               "the unit gone.service is a link to /opt/gone.service, which is not there",
		"unit = php*-fpm":                           "there is no unit php*-fpm on this machine\n    hint: write php*-fpm.service",
		"unit = apache*":                            "there is no unit apache* on this machine",
		"unit = nosuch.timer":                       "there is no unit nosuch.timer on this machine",
		"journalmatch = _COMM=sshd":                 "",
		"journalmatch = _SYSTEMD_UNIT=nginx":        "[f] journalmatch: nginx is the name of no unit: the jail finds nothing\n    hint: write nginx.service",
		"journalmatch = SYSTEMD_UNIT=nginx.service": "no entry of the journal has a field SYSTEMD_UNIT: the jail finds nothing\n    hint: is _SYSTEMD_UNIT meant?",
		"journalmatch = _comm=nginx":                "no entry of the journal has a field _comm: the jail finds nothing\n    hint: is _COMM meant?",
		"journalmatch = Container_Name=npm":         "hint: is CONTAINER_NAME meant?",
		"journalmatch = CONTAINER_NAME=npm":         "",
		"backend = systemd":                         "", // _COMM=f is the other alternative
		"backend = systemd[journalpath=/elsewhere]\njournalmatch = _SYSTEMD_UNIT=a.service":      "",
		"journalmatch = _SYSTEMD_UNIT=a.service":                                                 "[f] journalmatch: there is no unit a.service on this machine: the jail finds nothing",
		"journalmatch = _SYSTEMD_UNIT=a.service _COMM=a + _SYSTEMD_UNIT=ssh.service":             "",
		"journalmatch = _SYSTEMD_UNIT=a.service _SYSTEMD_UNIT=b.service + _SYSTEMD_UNIT=c.timer": "[f] journalmatch: there is no unit",
	} {
		got := said(t, machine(options))
		if want == "" && got != "" || !strings.Contains(got, want) || strings.Count(got, "jail.local") > 1 {
			t.Errorf("%q: want %q\n%s", options, want, got)
		}
	}
	// A filter's own match counts where the jail's files are not there.
	alone := machine("")
	alone["etc/b/filter.d/f.local"] = &fstest.MapFile{Data: []byte("[Definition]\njournalmatch = _SYSTEMD_UNIT=gone.timer\n")}
	expect(t, alone, "f.local:2: [f] journalmatch: there is no unit gone.timer on this machine: the jail finds nothing")
	alone["var/log/b7.log"] = &fstest.MapFile{}
	expect(t, alone)
	expect(t, plain("etc/b/jail.local", "[f]\nfilter = f\nunit = nosuch\n")) // on a machine without units
}

// TestJailsThatLookForBans has recidive's filter, and others, read bailiff's log, or what is not bailiff's log.
func TestJailsThatLookForBans(t *testing.T) {
	const (
		recidive = "failregex = ^(?:\\s*\\S+\\s+)?(?:\\S+\\[\\d+\\]:\\s+)?(?:fail2ban\\.actions\\s*\\[\\d+\\]:\\s+)?NOTICE\\s+\\[(?!r\\])(?:.*)\\]\\s+Ban\\s+<HOST>\\s*$\n" +
			"datepattern = ^{DATE}\njournalmatch = _SYSTEMD_UNIT=fail2ban.service PRIORITY=5\n"
		theirs  = "failregex = fail2ban.actions\\s*\\[\\d+\\]: NOTICE\\s+\\[.*\\] Ban <HOST>$\n"
		journal = "failregex = bailiff\\[\\d+\\]: \\[.*\\] Ban <HOST>$\n"
		found   = "failregex = INFO\\s+\\[.*\\] Found <HOST>\n"
		never   = "can never find bailiff's: "
	)
	for _, tt := range []struct{ filter, jail, service, want string }{
		{recidive, "logpath = /var/log/b.log", "logtarget = /var/log/b.log", ""},
		{recidive, "logpath = /var/log/*.log", "logtarget = /var/log/b.log", ""},
		{recidive, "logpath = /var/log/fail2ban.log", "logtarget = /var/log/b.log", "logpath: the jail looks for bans and " + never + "it logs to /var/log/b.log, which is not"},
		{recidive, "logpath = /var/log/fail2ban.log", "", "logpath: the jail looks for bans and " + never + "with logtarget = STDERR it writes no log file"},
		{recidive, "logpath = /var/log/fail2ban.log", "logtarget = SYSTEMD-JOURNAL", "with logtarget = SYSTEMD-JOURNAL it writes no log file"},
		{recidive, "logpath = /var/log/syslog", "logtarget = SYSLOG", ""},
		{recidive, "backend = systemd", "logtarget = /var/log/b.log", "backend: the jail looks for bans and " + never + "its journal match does not take"},
		{recidive, "unit = bailiff", "logtarget = /var/log/b.log", `unit: the jail looks for bans and ` + never + `in the journal they read "[another] Ban 192.0.2.1"`},
		{recidive, "logpath = /var/log/b.log", "logtarget = /var/log/b.log\nloglevel = WARNING", "loglevel = WARNING leaves them out of the log"},
		{recidive, "logpath = /var/log/b.log", "logtarget = /var/log/b.log\nloglevel = NOTICE", ""},
		{found, "logpath = /var/log/b.log", "logtarget = /var/log/b.log\nloglevel = NOTICE", "loglevel = NOTICE leaves them out of the log"},
		{found, "logpath = /var/log/b.log", "logtarget = /var/log/b.log", ""},
		{theirs, "logpath = /var/log/b.log", "logtarget = /var/log/b.log", `the filter does not match "2026-11-22 06:51:38,049 bailiff`},
		{journal, "unit = bailiff", "", ""},
		{journal, "unit = nginx", "", "unit: the jail looks for bans and " + never + "its journal match"},
		{"failregex = Found <HOST> in the list of bans$\n", "logpath = /x", "", ""},
		{"failregex = <HOST>\n", "logpath = /x", "", ""},
	} {
		fsys := plain("etc/b/jail.local", "[f]\nenabled = false\n[r]\nenabled = true\nfilter = r\n"+tt.jail+"\n", "etc/b/jail.d/on.conf", "",
			"etc/b/filter.d/r.conf", "[Definition]\n"+tt.filter, "etc/b/bailiff.conf", "[Definition]\n"+tt.service+"\n")
		got := said(t, fsys)
		if tt.want == "" && got != "" || !strings.Contains(got, tt.want) || tt.want != "" && strings.Count(got, never) != 1 {
			t.Errorf("%s, %s: want %q\n%s", tt.jail, tt.service, tt.want, got)
		}
	}
}

// TestWhatFail2banTakes has values in other letters and words than usual, none of which is a fault.
func TestWhatFail2banTakes(t *testing.T) {
	for level, want := range map[string]string{"WARN": "WARNING", "fatal": "CRITICAL", "NotSet": "WARNING", "Info": "Info", "MSG": "MSG", "25": "25"} {
		if d := mustLoad(t, plain("etc/b/jail.local", "[f]\nfilter = f\n", "etc/b/fail2ban.conf", "[Definition]\nloglevel = "+level+"\n")).Daemon; d.LogLevel != want {
			t.Errorf("%s: %s", level, d.LogLevel)
		}
	}
	for target, want := range map[string]string{"inherited": "STDERR", "log/x.log": "/log/x.log", "f.log": "/f.log", "Syslog": "Syslog", "SYSLOG[facility=auth]": "SYSLOG[facility=auth]"} {
		if d := mustLoad(t, plain("etc/b/jail.local", "[f]\nfilter = f\n", "etc/b/fail2ban.conf", "[Definition]\nlogtarget = "+target+"\n")).Daemon; d.LogTarget != want {
			t.Errorf("%s: %s", target, d.LogTarget)
		}
	}
	expect(t, plain("etc/b/jail.local", "[f]\nfilter = f\n", "etc/b/fail2ban.conf", "[Definition]\nallowipv6 = perhaps\n"),
		`fail2ban.conf:2: [Definition] allowipv6: "perhaps" is read as no`)
	for _, option := range []string{"protocol = TCP", "protocol = Tcp,UDP", "backend = Polling", "backend = AUTO", "backend = SystemD", "usedns = WARN", "ignoreself = YES",
		"bantime.maxtime =", "bantime.rndtime =", "bantime.formula =", "bantime.factor =", "bantime.multipliers =", "maxretry = +5", "maxretry = 1_0", "findtime = 10 MIN",
		"blocktype = drop", "blocktype = Reject", "logpath = /x TAIL", "logtimezone = UTC", "journalmatch =", "ignorecache =", "logencoding = UTF-8"} {
		c, err := Load(plain("etc/b/jail.local", "[f]\nfilter = f\n"+option+"\n"), "/etc/b")
		if err != nil {
			t.Errorf("%s: %v", option, err)
			continue
		}
		if j := c.Jails[0]; j.Backend != strings.ToLower(j.Backend) {
			t.Errorf("%s: %s", option, j.Backend)
		}
	}
}
