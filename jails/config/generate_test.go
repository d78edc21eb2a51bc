package config

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// A generator makes up configuration directories that use the dialect's odd corners together.
type generator struct{ *rand.Rand }

func (g generator) chance(percent int) bool { return g.IntN(100) < percent }

func (g generator) pick(words ...string) string { return words[g.IntN(len(words))] }

// directory is one configuration: file names and texts.
func (g generator) directory() map[string]string {
	files := map[string]string{
		"fail2ban.conf":     g.main(),
		"jail.conf":         g.jailConf(),
		"paths.conf":        g.paths(),
		"filter.d/cmn.conf": g.common(),
	}
	for _, n := range []string{"f1", "f2", "f-3"} {
		files["filter.d/"+n+".conf"] = g.filter(n)
	}
	for _, n := range []string{"a1", "a2"} {
		files["action.d/"+n+".conf"] = g.action(n)
	}
	g.overrides(files)
	for n, text := range files {
		files[n] = dedupe(text)
	}
	return files
}

func (g generator) overrides(files map[string]string) {
	maybe := func(name string, percent int, text func() string) {
		if g.chance(percent) {
			files[name] = text()
		}
	}
	maybe("fail2ban.local", 30, g.main)
	maybe("fail2ban.d/x.conf", 20, g.main)
	maybe("paths.local", 40, g.paths)
	maybe("jail.local", 70, g.jailOverride)
	maybe("jail.d/10.conf", 50, g.jailOverride)
	maybe("jail.d/20.conf", 30, g.jailOverride)
	maybe("jail.d/10.local", 40, g.jailOverride)
	maybe("more/extra.conf", 60, g.jailOverride)
	maybe("filter.d/cmn.local", 40, g.common)
	maybe("filter.d/f1.local", 50, func() string { return g.filterOverride() })
	maybe("filter.d/f2.d/x.conf", 30, func() string { return g.filterOverride() })
	maybe("action.d/a1.local", 50, func() string { return g.actionOverride() })
	maybe("action.d/a1.d/z.local", 30, func() string { return g.actionOverride() })
}

// option writes one option with odd blanks, case and comments. Lines of value become continuation lines.
func (g generator) option(name, value string) string {
	if g.chance(10) {
		name = strings.ToUpper(name[:1]) + name[1:]
	}
	text := name + g.pick(" = ", "=", ":", " :", "\t=\t", "= ") + g.lines(value)
	if g.chance(8) && !strings.Contains(value, "\n") {
		text += g.pick(" ; comment", "\t; = x", " ;")
	}
	if g.chance(10) {
		text += g.pick("  ", "\t", " \n", "\n\n", "\n# comment\n", "\n   ; comment")
	}
	if g.chance(3) {
		return text + "\r\n"
	}
	return text + "\n"
}

func (g generator) lines(value string) string {
	lines := strings.Split(value, "\n")
	for i := 1; i < len(lines); i++ {
		lines[i] = g.pick("  ", "\t", "        ") + lines[i]
		if g.chance(15) {
			lines[i] = g.pick("# note", "  ; note", "", "   ") + "\n" + lines[i]
		}
	}
	return strings.Join(lines, "\n")
}

// some writes each option with a chance, in a changing order.
func (g generator) some(percent int, options [][]string) string {
	var b strings.Builder
	for _, i := range g.Perm(len(options)) {
		if g.chance(percent) {
			b.WriteString(g.option(options[i][0], g.pick(options[i][1:]...)))
		}
	}
	return b.String()
}

func (g generator) main() string {
	return g.pick("", "# comment\n") + "[DEFAULT]\n" + g.some(60, [][]string{
		{"loglevel", "INFO", "DEBUG", "%(lvl)s", "20"}, {"logtarget", "/var/log/f.log", "SYSLOG[facility=x]"},
		{"dbmaxmatches", "10", " 5 ", "1_0"}, {"dbpurgeage", "1d", "%(age)s d"},
	}) + "lvl = NOTICE\nage = 2\n[Definition]\n" + g.some(40, [][]string{
		{"dbfile", "None", "/x/%(lvl)s.db", "50%%"}, {"syslogsocket", "auto", "/dev/log"}, {"allowipv6", "auto", "no"},
	}) + g.pick("", "[Thread]\n", "[Thread]\nstacksize = 64\n")
}

func (g generator) paths() string {
	return g.pick("", "[INCLUDES]\nafter = more/extra.conf\n", "[INCLUDES]\nafter = missing.conf\n  more/../more/extra.conf\n", "[INCLUDES]\nbefore = jail.conf\n") +
		"[DEFAULT]\n" + g.option("base", g.pick("/etc", "/srv/%%d", "/log")) + g.option("p1", "%(base)s/a.log") +
		g.option("p2", g.pick("%(p1)s\n%(base)s/b.log", "%(base)s/hostna* tail", "%(p1)s head"))
}

var jailDefaults = [][]string{
	{"bantime", "10m", "1h", "%(findtime)s*2", "-1", "1d 2h"}, {"findtime", "10m", "600", "(5+5)*60"},
	{"maxretry", "5", "%(maxmatches)s", "3"}, {"mode", "normal", "extra", "aggressive"},
	{"backend", "auto", "polling", "systemd[journalflags=1]", "systemd"}, {"ignoreip", "127.0.0.1/8 ::1", "10.0.0.1,10.0.0.2\nh.example", ""},
	{"usedns", "warn", "no"}, {"bantime.increment", "true", "no", "On"}, {"bantime.factor", "1", "2**3"},
	{"bantime.formula", "ban.Time * (1<<(ban.Count if ban.Count<20 else 20)) * banFactor"}, {"bantime.multipliers", "1 2 4"},
	{"ignorecommand", "", "%(fail2ban_confpath)s/x <ip> %(fail2ban_version)s"}, {"ignoreself", "false", "yes", "maybe"}, {"logencoding", "utf-8", "auto"},
	{"port", "0:65535", "ssh,http", "22"}, {"ignorecache", `key="<F-USER>@<ip-host>", max-count=100`}, {"logtimezone", "UTC+0100"},
}

func (g generator) jailConf() string {
	text := "[INCLUDES]\nbefore = paths.conf\n" + g.pick("", "after = more/extra.conf\n") + "[DEFAULT]\n" +
		g.some(60, jailDefaults) + "enabled = " + g.pick("true", "1", "ON", "yes") + "\nmaxmatches = 4\nmaxretry = 6\nfindtime = 60\nmode = n\nport = 1\nkind = one\nbackend = auto\n"
	text += g.option("filter", g.pick("f1", "f1[mode=%(mode)s]", "%(__name__)s", "f2", "f1[a=\"x,y\", b='<mode>'][c=1]", "f-3[ mode=extra ,\n logtype=rfc5424]")) +
		g.option("action_", g.pick(`a1[port="%(port)s", name=%(__name__)s]`, "a1", `a1[type=%(kind)s, x=%(maxretry)s]`, "a2[type=%(kind)s, od=%(kind)s, y=<%(kind)s>]", `a2[x='1 2',
  y="a,b"]`)) + g.option("action", g.pick("%(action_)s", "%(action_)s\na2", "a1[name=%(__name__)s-x]  a2[actname=z]", "%(action_)s smtp.py[dest=\"x\", sender='é\"']"))
	for _, n := range []string{"f1", "f2", "f-3"} {
		text += g.jail(n)
	}
	return text + "[shared]\nenabled = off\nmaxretry = 8\nbantime = 8d\n"
}

func (g generator) jail(name string) string {
	return g.pick("", "\n", "# jail\n") + "[" + name + "]" + g.pick("", "  ", " trailing") + "\n" + g.some(25, append([][]string{
		{"enabled", "true", "false", "yes"}, {"filter", "f1", "f2[mode=extra]", "f1[Mode=extra]", "f-3", "f1[logtype=journal, x=\"%(port)s\"]"},
		{"logpath", "%(p1)s", "%(p2)s", "/dev/null\n%(p1)s", "/etc/hostname /etc/passwd tail"},
		{"failregex", "^jail <HOST>$", "%(known/failregex)s\n^more <HOST>", "%(known/failregex)s"}, {"ignoreregex", "^ign", "", "%(known/ignoreregex)s\nx"},
		{"prefregex", "^<F-CONTENT>.*</F-CONTENT>$", "%(known/prefregex)s"}, {"datepattern", "%%Y-%%m-%%d", "{^LN-BEG}", "%%d\n%%m"},
		{"journalmatch", "_COMM=x", "_SYSTEMD_UNIT=a.service + _COMM='x y'\nA=1 B=2", "", "%(known/journalmatch)s"}, {"maxlines", "3", "10"},
		{"action", "a1", "", "%(action_)s", "%(default/action_)s[q=1]", "a1[name=q]\na1[name=%(__name__)s-b, x=<y>]", "a1[Port=1, X=2, actionBan=z]"},
		{"maxretry", "%(default/maxmatches)s", "%(shared/maxretry)s", "9", "%(known/maxretry)s"}, {"bantime", "%(default/findtime)s", "%(shared/bantime)s"}, {"chain", "<known/chain>"}, {"kind", "one", "two", "<x>"},
	}, g.thin(jailDefaults)...))
}

// thin leaves out what a jail names itself.
func (g generator) thin(options [][]string) [][]string {
	var all [][]string
	for _, o := range options {
		if o[0] != "maxretry" && o[0] != "bantime" && g.chance(30) {
			all = append(all, o)
		}
	}
	return all
}

func (g generator) jailOverride() string {
	text := ""
	if g.chance(40) {
		text += "[DEFAULT]\n" + g.some(20, jailDefaults)
	}
	for _, n := range []string{"f1", "f2", "f-3", "own"} {
		if g.chance(40) {
			text += g.jail(n)
		}
	}
	return text
}

func (g generator) common() string {
	return "[DEFAULT]\n" + g.some(90, [][]string{{"_daemon", `\S*`, "d-d"}, {"logtype", "file", "short"}}) +
		"_daemon = x\nlogtype = file\n" + g.option("__prefix", "<lt_<logtype>/__prefix>") +
		"[lt_file]\n__prefix = ^\\S+ %(_daemon)s: \n[lt_journal]\n__prefix = ^%(_daemon)s \n[lt_short]\n__prefix = \n[lt_rfc5424]\n__prefix = <5>%(lt_file/__prefix)s\n"
}

func (g generator) filter(name string) string {
	return g.pick("[INCLUDES]\nbefore = cmn.conf\n", "[INCLUDES]\nbefore = cmn.conf\n  cmn.conf\n", "[INCLUDES]\nbefore = ./cmn.conf\nafter = f1.conf\n") +
		"[Definition]\n" + g.some(70, filterBody) + g.option("_daemon", name) +
		"mode = normal\na = 1\nb = 2\nc = 3\nml = 7\nfr = ^x\nfr2 =\nignoreregex =\nprefregex = ^<F-CONTENT>.*</F-CONTENT>\njournalmatch = _E=e\nfailregex = ^x <HOST>\nmdre-extra = ^e <HOST>\nmdre-normal =\nmdre-aggressive = %(mdre-extra)s\n  <mdre-normal>\n" + g.pick("", "[Init]\n"+g.some(50, filterInit)+"journalmatch = _C=1\n", "[Init?family=inet6]\nb = 6\n")
}

var filterBody = [][]string{
	{"failregex", "^%(__prefix)sfail from <HOST>$", "<mdre-<mode>>\n^a <ADDR>", "<fr>\n\n# c\n<HOST>: 100%%", "^<F-ID>%(_daemon)s</F-ID> <unknown> <a> <b>", "<Init/b>|<known/b>|<default/_daemon>"},
	{"fr", "^fr <mode> <HOST>", "<fr2>", "^<mode>"}, {"fr2", "^fr2 <HOST>"}, {"ignoreregex", "", "^i", "<mdre-normal>"},
	{"prefregex", "^<F-MLFID>%(__prefix)s</F-MLFID><F-CONTENT>.+</F-CONTENT>$"}, {"datepattern", "{^LN-BEG}", "%%Y <mode>", "^%%d\n%%H"}, {"date", "x<mode>", "<a>"}, {"p", "1"},
	{"maxlines", "1", "<ml>", "5"}, {"ml", "7"}, {"journalmatch", "_SYSTEMD_UNIT=%(_daemon)s.service + _COMM=<_daemon>", `A="b c"`}, {"usedns", "raw", "yes"},
	{"mode", "normal", "extra"}, {"a", "1", "<b>", "%(b)s"}, {"b", "2", "<c>", "B"}, {"c", "3", "<logtype>"}, {"logtype", "journal"},
	{"x?family=inet6", "6"}, {"x", "4", "<port>", "%(b)s", "<bantime>"},
}

var filterInit = [][]string{{"b", "init-b", "%(logtype)s"}, {"maxlines", "2"}, {"failregex", "^init <HOST>"}, {"logtype", "short"}, {"mode", "extra"}, {"c", "<mode>", "<known/mode>"}}

func (g generator) filterOverride() string {
	return g.pick("", "[DEFAULT]\n_daemon = over\n") + "[Definition]\n" + g.some(30, append([][]string{{"failregex", "%(known/failregex)s\n^o <HOST>", "<known/fr>"}, {"a", "%(known/a)s+"}}, filterBody[1:]...)) +
		g.pick("", "[Init]\n"+g.some(40, filterInit), "[lt_file]\n__prefix = P%(known/__prefix)s\n")
}

var actionBody = [][]string{
	{"actionstart", "iptables -N f2b-<name>\niptables <x>", "%(fn)s", "<fn>", "echo '<actname>' %(maxmatches)s <bantime> <ip> <matches>"}, {"fn", "fn_<type> <port>", "f <unknown>"},
	{"actionban", "<cmd> add <ip> <blocktype>", "<cmd> <rule_<type>>", "<t_<type>/rule>"}, {"actionunban", "<actionban> -d", "%(cmd)s"}, {"actionstop", "", "<actionflush>\nx"}, {"actionflush", "flush"},
	{"actioncheck", "<known/x>|<Init/x>", ""}, {"norestored", "1", "yes", "0"}, {"actionstart_on_demand", "false", "<od>"}, {"od", "true"}, {"actionrepair_on_unban", "on"},
	{"rule_one", "<port>", "one"}, {"rule_two", "<protocol>"}, {"cmd", "ipt", "<lock> ipt"}, {"timeout", "60", "<od>"},
}

var actionInit = [][]string{{"port", "ssh"}, {"protocol", "tcp"}, {"blocktype", "REJECT"}, {"type", "one", "two"}, {"x", "1", "<y>", "<name>"}, {"y", "%(__name__)s", "2"}, {"lock", "-w"}, {"chain", "INPUT"}, {"cmd", "c <lock>"}}

func (g generator) action(string) string {
	return "[Definition]\n" + g.some(60, actionBody) + "type = one\nactionban = b\nactionunban = u\nfn = f\ncmd = c\n[t_one]\nrule = one <port>\n[t_two]\nrule = two %(t_one/rule)s\n" +
		"[Init]\n" + g.some(60, actionInit) + "x = 0\n" + g.pick("", "[Init?family=inet6]\nblocktype = v6 <x>\ncmd = ipt6\n")
}

func (g generator) actionOverride() string {
	return "[Definition]\n" + g.some(20, append([][]string{{"actionban", "%(known/actionban)s; x", "<known/actionban>"}}, actionBody...)[0:1]) + g.some(20, actionBody[3:]) +
		g.pick("", "[Init]\n"+g.some(30, actionInit), "[Init?family=inet4]\nx = four\n[Init?family=inet6]\nblocktype = %(known/y)s\n")
}

// dedupe drops an option that its section has already, with the lines that belong to it.
func dedupe(text string) string {
	var b strings.Builder
	section, drop := "", false
	seen := map[string]bool{}
	for line := range strings.Lines(text) {
		switch {
		case strings.HasPrefix(line, "["):
			section, drop = line, false
		case strings.TrimSpace(line) != "" && strings.TrimLeft(line, " \t#;") == line:
			key := fmt.Sprint(section, strings.ToLower(strings.TrimSpace(line[:strings.IndexAny(line, "=:")])))
			drop = seen[key]
			seen[key] = true
		}
		if !drop {
			b.WriteString(line)
		}
	}
	return b.String()
}
