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

func TestSectionsThatNothingReads(t *testing.T) {
	for name, want := range map[string]string{
		"default": "[DEFAULT] meant", "Default": "[DEFAULT] meant", "DEFAULTS": "[DEFAULT] meant", "DEFUALT": "[DEFAULT] meant", " DEFAULT": "[DEFAULT] meant",
		"Includes": "[INCLUDES] meant", "Definition": "options of the service belong", "init": "options of the service belong", "defa": "",
	} {
		got := said(t, plain("etc/b/jail.local", "["+name+"]\nignoreip = 10.0.0.1\nenabled = false\n[f]\nfilter = f\n"))
		if want == "" && got != "" || !strings.Contains(got, want) || want != "" && !strings.HasPrefix(got, "/etc/b/jail.local:1: ["+name+"] this is a jail called") {
			t.Errorf("[%s]: %q", name, got)
		}
	}
	expect(t, plain("etc/b/jail.local", "[f]\nfilter = f\n[g]\nenabled = true\nfilter = g\nlogpath = /x\n",
		"etc/b/filter.d/g.conf", "[definition]\nfailregex = ^<HOST>$\n[init]\n[Init?family=inet6]\nx = 1\n[lt_file]\nx = 1\n",
		"etc/b/filter.d/f.local", "[INIT]\nx = 1\n[includes]\nx = 1\n",
		"etc/b/bailiff.conf", "[DEFINITION]\nloglevel = INFO\n", "etc/b/fail2ban.local", "[sshd]\nenabled = true\n"),
		"g.conf:1: [definition] nothing reads this section\n    hint: is [Definition] meant?", "g.conf:3: [init] nothing reads this section",
		"f.local:1: [INIT] nothing reads", "f.local:3: [includes] nothing reads", "bailiff.conf:1: [DEFINITION] nothing reads",
		"fail2ban.local:1: [sshd] nothing reads this section of the service's options",
		"jail.local:5: [g] filter: the filter g has no failregex: the jail finds nobody\n    hint: its files have no section [Definition]")
}

func TestJailsThatNothingEnables(t *testing.T) {
	expect(t, plain("etc/b/jail.local", "[f]\nfilter = f\n[g]\nmaxretry = 3\n[h]\nenabled = no\nport = 5\n[i]\nport = 6\n"),
		"jail.local:4: [g] enabled: nothing enables the jail (jails: g, i)")
	// jail.conf's own jails are there to be enabled elsewhere.
	stock := "[DEFAULT]\nenabled = false\nfilter = f\n[f]\nlogpath = /x\n[g]\nport = 1\n"
	expect(t, plain("etc/b/jail.conf", stock))
	expect(t, plain("etc/b/jail.conf", stock, "etc/b/jail.local", "[g]\nport = 2\n"), "jail.local:2: [g] enabled: nothing enables the jail\n")
	expect(t, plain("etc/b/jail.local", "[DEFAULT]\nenabled = false\nfilter = f\n[g]\nport = 1\n"))
	expect(t, plain("etc/b/jail.d/on.conf", "[f]\nenabled = false\n"), "jail.d/on.conf: no jail is enabled: nothing is guarded")
}

func TestWordsThatAreNoTags(t *testing.T) {
	filter := "[Definition]\nfailregex = ^(?P<NAME>a)(?<=b) for <USERNAME> from <HOST>$\n  ^<host> <F-user>x</F-user> <F-ID>y</F-ID>$\n" +
		"  ^<ADDR> \\<WORD> <unknown> <html> <NOSRV>$\n  ^<_part> <mdre-<mode>>%(more)s <HOST>\nignoreregex = <PORT>\nprefregex = ^<HOSTS> <F-CONTENT>.*</F-CONTENT>$\n" +
		"more = <IP>\nmdre-normal = a\nmdre-ddos = b\nmode = normal\n_parts = c\n"
	expect(t, plain("etc/b/jail.local", "[f]\nfilter = f\n[g]\nenabled = true\nfilter = g[mode=doss]\nlogpath = /x\n", "etc/b/filter.d/g.conf", filter),
		"g.conf:2: [Definition] failregex: <USERNAME> is no tag and stands for itself\n    hint: write <F-USERNAME>",
		"g.conf:3: [Definition] failregex: <host> is no tag and stands for itself\n    hint: write <HOST>, in capital",
		"g.conf:3: [Definition] failregex: <F-user> is no tag", "g.conf:3: [Definition] failregex: </F-user> is no tag",
		"g.conf:5: [Definition] failregex: <_part> is no tag and stands for itself\n    hint: is <_parts> meant?",
		"g.conf:5: [Definition] failregex: <mdre-doss> is no tag and stands for itself\n    hint: is <mdre-ddos> meant?",
		"g.conf:8: [Definition] more: <IP> is no tag", "g.conf:6: [Definition] ignoreregex: <PORT> is no tag",
		"g.conf:7: [Definition] prefregex: <HOSTS> is no tag and stands for itself\n    hint: is <HOST> meant?")
	expect(t, plain("etc/b/jail.local", "[f]\nfilter = f\n[g]\nenabled = true\nfilter = g[mode=everything]\nlogpath = /x\n",
		"etc/b/filter.d/g.conf", "[Definition]\nfailregex = <mdre-<mode>> <HOST>\nmdre-normal = a\nmdre-ddos = b\nmode = normal\n"),
		"<mdre-everything> is no tag and stands for itself\n    hint: the filter has <mdre-normal>, <mdre-ddos>")
}

func TestListsThatSayThingsTwice(t *testing.T) {
	action := "[Definition]\nactionban = iptables -I INPUT -p <protocol> --dport <port> -s <ip> -j DROP -j DROP\n[Init]\nport = 1\nprotocol = tcp\n"
	expect(t, plain("etc/b/jail.local", "[DEFAULT]\nbase = a[port=22, protocol=tcp]\n[f]\nfilter = f[x=1, y=2, x=3]\naction = %(base)s[protocol=udp]\n"+
		"   a[actname=b, name=x port=80]\n   a[actname=c, port=\"80 x=y\", port=81]\n   a[port=5]\n",
		"etc/b/action.d/a.conf", action),
		`jail.local:4: [f] filter: x is given twice in "f[x=1, y=2, x=3]": the last one counts`,
		`jail.local:6: [f] action: "x port=80" is the value of name`+"\n    hint: put a comma before port",
		`jail.local:7: [f] action: port is given twice`, `[f] action: the action a is listed twice`)
}

func TestJailsThatDoTheSame(t *testing.T) {
	for other, want := range map[string]bool{
		"":                                 true,
		"maxretry = 2\n":                   true,
		"findtime = 1d\n":                  true,
		"port = 6005\n":                    true,
		"port = 22\n":                      true,
		"port = 70\n":                      true, // ssh may be 70
		"action =\n":                       false,
		"logpath = /other\n":               false,
		"unit = x\n":                       false,
		"maxretry = 20\nbantime = 1w\n":    false,
		"failregex = ^more <HOST>\n":       false,
		"maxretry = 2\nbantime = 10m\n":    false,
		"banaction = allports\nport = x\n": true,
	} {
		got := said(t, plain("etc/b/jail.local", "[f]\nfilter = f\n[g]\nenabled = true\nfilter = f\n"+other+
			missing(other, "port", "ssh")+missing(other, "logpath", "/var/log/a.log")))
		if warned := strings.Contains(got, "jail.local:3: [g] the jail reads and bans the same as [f]: every failure counts in both"); warned != want {
			t.Errorf("%q: %v\n%s", other, warned, got)
		}
	}
}

// missing sets an option that the text does not set.
func missing(text, option, value string) string {
	if strings.Contains(text, option+" =") {
		return ""
	}
	return option + " = " + value + "\n"
}

func TestWordsBetweenAddresses(t *testing.T) {
	expect(t, plain("etc/b/jail.local", "[f]\nfilter = f\nignoreip = 10.0.0.1 and 10.0.0.2, host\n"),
		`jail.local:3: [f] ignoreip: "and" is looked up as the name of a host`)
}

// TestWhatGuardsNobody has what spares everybody.
func TestWhatGuardsNobody(t *testing.T) {
	expect(t, plain("etc/b/jail.local", "[f]\nfilter = f\nignoreip = 10.0.0.1 0.0.0.0/0\n  [::/0], 10.0.0.0/8\n"),
		"jail.local:3: [f] ignoreip: 0.0.0.0/0 is everybody", "jail.local:4: [f] ignoreip: [::/0] is everybody")
	expect(t, plain("etc/b/jail.local", "[f]\nfilter = f\nignoreregex = from 192\\.0\\.2\\.1$\n   .*\n   ^\\s*(?:a|b)\n"),
		`jail.local:4: [f] ignoreregex: ".*" matches every line: the jail finds nobody`)
	expect(t, plain("etc/b/jail.local", "[f]\nfilter = f\n", "etc/b/filter.d/f.local", "[Definition]\nignoreregex = <HOST>\n"),
		`f.local:2: [Definition] ignoreregex: "<HOST>" matches every line`)
}

func TestNamesInOtherLetters(t *testing.T) {
	expect(t, plain("etc/b/jail.local", "[f]\nfilter = f\n[F]\nport = 22\n"), "jail.local:3: [F] this is another jail than [f]")
	expect(t, plain("etc/b/jail.local", "[f]\nfilter = f\n", "etc/b/bailiff.local", "[DEFAULT]\nloglevel = DEBUG\n"),
		"bailiff.local:2: [DEFAULT] loglevel: nothing reads this, for there is no section [Definition]")
	for name, want := range map[string]string{"blokc": `is "block" meant?`, "block-all": `is "block" meant?`, "xyz": "block.conf"} {
		got := said(t, plain("etc/b/jail.local", "[f]\nfilter = f\naction = "+name+"\n", "etc/b/action.d/block.conf", ""))
		if strings.Contains(got, want) != (name != "xyz") {
			t.Errorf("%s: %s", name, got)
		}
	}
}

func TestWordsInCommandsThatAreNoTags(t *testing.T) {
	const action = "[Definition]\nactionstart = touch <lockfil>\nactionban = iptables -I INPUT -p tcp --dport <port> -s <ip> -j <blocktype>\n" +
		"actionunban = iptables -D INPUT -p tcp --dport <PORT> -s <ip> -j <blocktype>\n    echo <IP> <unknown> <F-USER> <b> <<sender>> < <lockfile>\n[Init]\nblocktype = DROP\nport = 1\nlockfile = /x\nsender = root\n[Init?family=inet6]\nblocktype = REJECT\n"
	got := said(t, plain("etc/b/jail.local", "[f]\nfilter = f\naction = a\n[g]\nenabled = true\nfilter = f\naction = a\nlogpath = /y\n",
		"etc/b/action.d/a.conf", action))
	for _, want := range []string{"a.conf:2: [Definition] actionstart: <lockfil> is no tag and stands for itself\n    hint: is <lockfile> meant?",
		"a.conf:4: [Definition] actionunban: <PORT> is no tag", "a.conf:5: [Definition] actionunban: <IP> is no tag"} {
		if strings.Count(got, want) != 1 || strings.Count(got, "is no tag") != 3 {
			t.Errorf("%q is not said once, or more is said, in\n%s", want, got)
		}
	}
}

// TestWhatDoesNotReachItsFilterOrAction has options of filters and actions that stand where these do
// not see them, or under names that are nearly theirs.
func TestWhatDoesNotReachItsFilterOrAction(t *testing.T) {
	filter := "[Definition]\nfailregex = ^<HOST> <mdre-<mode>>$\nmdre-normal = a\nmdre-ddos = b\nmode = normal\n[Init]\nlimit = 3\n"
	action := "[Definition]\nactionban = iptables -I INPUT -p <protocol> --dport <port> -s <ip> -j DROP # <rest>\n[Init]\nport = 1\nprotocol = tcp\n"
	for text, want := range map[string]string{
		"filter = g\nmode = ddos":                                           "jail.local:4: [g] mode: the filter does not see this option of the jail\n    hint: write filter = g[mode=%(mode)s]",
		"filter = g[limit=5]\nmode = ddos":                                  "jail.local:4: [g] mode: the filter does not see this option of the jail\n    hint: add mode=%(mode)s to the brackets",
		"filter = g[mode=%(mode)s]\nmode = ddos":                            "",
		"filter = g[mode=%(x)s]\nx = %(mode)s\nmode = ddos":                 "",
		"filter = g[Mode=ddos]":                                             "",
		"filter = g[moed=ddos]":                                             "jail.local:3: [g] filter: the filter g has no option moed\n    hint: did you mean mode?",
		"filter = g[Limit=5]":                                               "did you mean limit?",
		"filter = g\ncolour = red":                                          "",
		"filter = g\naction = a[ports=80]":                                  "jail.local:4: [g] action: the action a has no option ports\n    hint: did you mean port?",
		"filter = g\naction = a[Port=80]":                                   "did you mean port?",
		"filter = g\naction = a[dport=80]":                                  "did you mean port?",
		"filter = g\naction = a[name=x, rest=]\n a[actname=y, protocl=udp]": "jail.local:5: [g] action: the action a has no option protocl",
		"filter = g\naction = a[port=80, colour=red]":                       "",
	} {
		fsys := plain("etc/b/jail.local", "[g]\nenabled = true\n"+text+"\nlogpath = /x\n[f]\nfilter = f\n",
			"etc/b/filter.d/g.conf", filter, "etc/b/action.d/a.conf", action)
		if got := said(t, fsys); want == "" && got != "" || !strings.Contains(got, want) {
			t.Errorf("%s: want %q\n%s", text, want, got)
		}
	}
}
