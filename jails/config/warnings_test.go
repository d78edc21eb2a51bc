package config

import (
	"errors"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"
)

// said is everything that is said of a configuration: faults and warnings.
func said(t *testing.T, fsys fs.FS) string {
	t.Helper()
	c, err := Load(fsys, "/etc/b")
	var faults Faults
	if err != nil && !errors.As(err, &faults) {
		t.Fatal(err)
	}
	if c != nil {
		faults = append(faults, c.Warnings...)
	}
	return faults.Error()
}

// expect fails unless each text is said once, and nothing else.
func expect(t *testing.T, fsys fs.FS, want ...string) {
	t.Helper()
	got := said(t, fsys)
	for _, w := range want {
		if strings.Count(got, w) != 1 {
			t.Errorf("%q is not said once in\n%s", w, got)
		}
	}
	entries := 0
	for line := range strings.Lines(got) {
		if !strings.HasPrefix(line, " ") {
			entries++
		}
	}
	if entries != len(want) {
		t.Errorf("%d faults and warnings in place of %d:\n%s", entries, len(want), got)
	}
}

// TestCommentsBehindValues holds that a comment behind a value is named as the cause, where it was written and there
// only, whatever the option is.
func TestCommentsBehindValues(t *testing.T) {
	const part = " is part of the value\n    hint: comments need a line of their own: begin that line with #"
	for line, want := range map[string]string{
		"enabled = true # on":                        `[f] enabled: "true # on" is read as false, for "# on"`,
		"ignoreself = no # never":                    `[f] ignoreself: "no # never" is read as false, for "# never"`,
		"maxretry = 3 # tries":                       `[f] maxretry: "3 # tries" is not a whole number, for "# tries"`,
		"bantime = 3600 # one hour":                  `[f] bantime: "3600 # one hour" is not a time, for "# one hour"`,
		"findtime = 10m\t# short":                    `[f] findtime: "10m\t# short" is not a time, for "# short"`,
		"logpath = /var/log/x # main":                `[f] logpath: "# main"`,
		"unit = ssh # the daemon":                    `[f] unit: "# the daemon"`,
		"identifier = sshd # x":                      `[f] identifier: "# x"`,
		"priority = err # x":                         `[f] priority: "#" is no priority, for "# x"`,
		"backend = polling # x":                      `[f] backend: there is no backend "polling # x", for "# x"`,
		"usedns = no # x":                            `[f] usedns: "no # x" is read as no, for "# x"`,
		"findtime.mode = sliding # x":                `[f] findtime.mode: "sliding # x" is no mode, for "# x"`,
		"firewall.log = yes # x":                     `[f] firewall.log: "yes # x" is neither yes nor no, for "# x"`,
		"logtimezone = UTC # x":                      `logtimezone: `,
		"journalmatch = _COMM=a # x":                 `[f] journalmatch: "#" is not FIELD=value, for "# x"`,
		"port = ssh # x":                             `[f] port: "#" is no port, for "# x"`,
		"protocol = tcp # x":                         `[f] protocol: `,
		"ignoreip = 127.0.0.1 # home":                `[f] ignoreip: "#" is neither an address nor a host name, for "# home"`,
		"bantime.factor = 2 # x":                     `[f] bantime.factor: `,
		"bantime.multipliers = 1 2 # x":              `[f] bantime.multipliers: "#" is not a whole number, for "# x"`,
		"bantime.maxtime = 1w # x":                   `[f] bantime.maxtime: "1w # x" is not a time, for "# x"`,
		"ignorecache = key=\"<ip>\",max-time=5m # x": `[f] ignorecache: max-time: `,
		"logencoding = utf-8 # x":                    `[f] logencoding: "# x"`,
		"ignoreip = 127.0.0.1 // x":                  `[f] ignoreip: "// x"`,
		"ours = 80 # x":                              `[f] ours: "# x"`,
		"filter = f # x":                             `[f] filter: there is no filter "f # x", for "# x"`,
	} {
		section := "[f]\nfilter = f\n"
		if strings.HasPrefix(line, "filter") {
			section = "[f]\n"
		}
		fsys := plain("etc/b/jail.local", section+line+"\n")
		got := said(t, fsys)
		if !strings.Contains(got, want) || strings.Count(got, part) != 1 || !strings.HasPrefix(got, "/etc/b/jail.local:") {
			t.Errorf("%s: want %s\n%s", line, want, got)
		}
	}
}

// TestACommentIsBlamedWhereItStands has several options made of the one that has a comment.
func TestACommentIsBlamedWhereItStands(t *testing.T) {
	fsys := plain("etc/b/jail.local", "[DEFAULT]\nmaxretry = 3 # tries\nmaxmatches = %(maxretry)s\nlong = 1h\nbantime = %(long)s # x\n"+
		"[f]\nfilter = f\n[g]\nenabled = true\nfilter = f\n")
	expect(t, fsys,
		`jail.local:2: [f] maxretry: "3 # tries" is not a whole number`,
		`jail.local:5: [f] bantime: "1h # x" is not a time`)
	fsys = plain("etc/b/jail.local", "[DEFAULT]\nlong = soon\nbantime = %(long)s\n[f]\nfilter = f\n")
	expect(t, fsys, `jail.local:2: [DEFAULT] long: "soon" is not a time`)
	expect(t, plain("etc/b/jail.local", "[f]\nfilter = f\nmine = 22 # ssh\nport = %(mine)s\n"),
		`jail.local:3: [f] mine: "#" is no port, for "# ssh" is part of the value`)
}

// TestCommentsInOtherFiles looks at the files of the service, of filters and of actions.
func TestCommentsInOtherFiles(t *testing.T) {
	expect(t, plain("etc/b/jail.local", "[f]\nfilter = f\n[g]\nenabled = true\nfilter = g\n",
		"etc/b/bailiff.conf", "[Definition]\nloglevel = INFO # x\nfirewall = dry # z\n",
		"etc/b/filter.d/g.conf", "[Definition]\nfailregex = ^# <HOST> # x$\n[Init]\nmaxlines = 2 # v\n"),
		`bailiff.conf:2: [Definition] loglevel: "INFO # x" is not understood, for "# x"`,
		`bailiff.conf:3: [Definition] firewall: "dry # z" is not understood, for "# z"`, `g.conf:4: [Definition] maxlines: "2 # v"`)
	expect(t, plain("etc/b/jail.local", "[f]\nfilter = f\n[g]\nenabled = true\nfilter = g\nunit = g\n",
		"etc/b/bailiff.conf", "[Definition]\nlogtarget = /var/log/f.log # y\n",
		"etc/b/filter.d/g.conf", "[Definition]\nfailregex = ^# <HOST> # x$\nmode = normal # w\n[Init]\nport = ssh # v\n"),
		`bailiff.conf:2: [Definition] logtarget: "# y"`, `g.conf:3: [Definition] mode: "# w"`, `g.conf:5: [Init] port: "# v"`)
}

// TestLinesThatContinueAValue has options on indented lines, which belong to the option above.
func TestLinesThatContinueAValue(t *testing.T) {
	const hint = "begins with blanks and so continues the value above it"
	for text, want := range map[string]string{
		"logpath = /x\n  maxretry = 3": `jail.local:4: [f] logpath: "maxretry = 3" is part of the value`,
		"maxretry = 3\n  bantime = 1h": `jail.local:3: [f] maxretry: "3\nbantime = 1h" is not a whole number`,
		"ignoreself = no\n port = 22":  `jail.local:3: [f] ignoreself: "no\nport = 22" is read as false`,
	} {
		got := said(t, plain("etc/b/jail.local", "[f]\nfilter = f\n"+text+"\n"))
		if !strings.Contains(got, want) || strings.Count(got, hint) != 1 {
			t.Errorf("want %s\n%s", want, got)
		}
	}
	expect(t, plain("etc/b/jail.local", "[f]\nfilter = f\nignoreself = \"no\"\n"), "write it without quotes: no")
}

// TestFilesThatAreNotRead has everything about files that fail2ban passes over in silence.
func TestFilesThatAreNotRead(t *testing.T) {
	fsys := plain("etc/b/jail.local", "[INCLUDES]\nbefore = mine\n  theirs.conf\nafter = optional.local\n[f]\nfilter = f\n", "etc/b/mine.conf", "",
		"etc/b/jail.d/sshd", "", "etc/b/jail.d/a.conf.txt", "", "etc/b/jail.d/a.conf.bak", "", "etc/b/jail.d/README", "", "etc/b/jail.d/.hidden.conf", "",
		"etc/b/jail.d/b.CONF", "", "etc/b/filter.d/f.local", "[INCLUDES]\nafter = gone.conf\n[Definition]\nignoreregex = ^a ; b <HOST>\n")
	for link, target := range map[string]string{"etc/b/bailiff.local": "nowhere", "etc/b/fail2ban.d": "/gone", "etc/b/jail.d/z.conf": "../y.conf"} {
		fsys[link] = &fstest.MapFile{Data: []byte(target), Mode: fs.ModeSymlink | 0o777}
	}
	expect(t, fsys,
		"/etc/b/jail.local:2: [INCLUDES] before: there is no file /etc/b/mine to include\n    hint: write mine.conf",
		"/etc/b/jail.local:3: [INCLUDES] before: there is no file /etc/b/theirs.conf to include",
		"/etc/b/filter.d/f.local:2: [INCLUDES] after: there is no file /etc/b/filter.d/gone.conf to include",
		`/etc/b/filter.d/f.local:4: [Definition] ignoreregex: a semicolon behind a blank begins a comment, so "; b <HOST>" is left out`,
		"/etc/b/bailiff.local: is a link to nowhere, which is not there", "/etc/b/fail2ban.d: is a link to /gone", "/etc/b/jail.d/z.conf: is a link to ../y.conf",
		"/etc/b/jail.d/sshd: the file is not read", "/etc/b/jail.d/a.conf.txt: the file", "/etc/b/jail.d/b.CONF: the file",
		"/etc/b/jail.d/.hidden.conf: the file is not read: only names that end in .conf or .local are\n    hint: take the dot")
}
