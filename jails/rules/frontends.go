package rules

import (
	"cmp"
	"encoding/xml"
	"io/fs"
	"regexp"
	"slices"
	"strings"

	"gopkg.in/ini.v1"

	"bailiff/jails/shell"
)

// ufwFlags are the words of a rule of ufw, behind its target.
var ufwFlags = flags(
	flag{"in log log-all", 0, nil},
	flag{"out", 0, func(l *line, _ []shell.Word) {
		if l.chain == "INPUT" {
			l.chain = "OUTPUT"
		}
	}},
	flag{"on", 1, func(l *line, v []shell.Word) { l.narrowed("on " + v[0].Text) }},
	flag{"proto", 1, (*line).protocol},
	flag{"from", 1, func(l *line, v []shell.Word) { l.side = "from"; l.source(v) }},
	flag{"to", 1, func(l *line, v []shell.Word) { l.side = "to"; l.destination(v) }},
	flag{"port", 1, func(l *line, v []shell.Word) { l.portOf(List(v[0].Text)) }},
	flag{"app", 1, func(l *line, v []shell.Word) { l.application(v[0].Text) }},
	flag{"comment", 1, nil},
)

// ufw reads a command of ufw.
func (b *book) ufw(c *shell.Command) shell.Status {
	l := b.line(c, "filter")
	l.args, l.chain = c.Args[1:], "INPUT"
	for len(l.args) > 0 {
		switch w := l.next(); {
		case strings.HasPrefix(w, "--"), w == "rule", w == "prepend":
		case w == "insert":
			l.next()
		case w == "route":
			l.chain = "FORWARD"
		case slices.Contains([]string{"allow", "deny", "reject", "limit"}, w):
			l.target, l.stray = w, (*line).ufwShort
			l.read(ufwFlags, l.args)
			b.ufwRule(l)
			return shell.Success
		case w == "app" && len(l.args) == 2 && l.skip("info"):
			if _, ok := b.profile(l.next()); !ok {
				return shell.Failure
			}
			return shell.Success
		case w == "status", w == "app", w == "show", w == "version":
			return shell.Either
		default: // delete, reload and so on
			return shell.Success
		}
	}
	return shell.Success
}

func (b *book) ufwRule(l *line) {
	if slices.Equal(l.protocols, []string{"any"}) {
		l.protocols = nil
	}
	if l.protocols == nil && l.ports != nil {
		l.protocols = []string{"tcp", "udp"}
	}
	if l.src || l.dst {
		b.rules = append(b.rules, l.rule)
	}
}

func (l *line) portOf(ports []string) {
	if l.side == "from" {
		l.narrowed("from port " + strings.Join(ports, ","))
		return
	}
	l.ports = ports
}

// ufwShort reads a rule such as 22/tcp, or an application by its name.
func (l *line) ufwShort(word string) {
	ports, protocol, ok := strings.Cut(word, "/")
	if ok {
		l.protocols = []string{protocol}
	}
	l.ports = List(ports)
}

func (l *line) application(name string) {
	ports, ok := l.profile(name)
	if !ok {
		l.narrowed("of the application " + name + ", of which there is no profile")
	}
	for _, p := range ports {
		numbers, protocol, ok := strings.Cut(p, "/")
		l.portOf(append(l.ports, List(numbers)...))
		if !ok {
			protocol = "tcp,udp"
		}
		l.protocols = Union(l.protocols, List(protocol))
	}
}

// profile is the ports of an application as its profile of ufw lists them.
func (b *book) profile(name string) (ports []string, ok bool) {
	profiles, _ := fs.Glob(b.files, "etc/ufw/applications.d/*")
	for _, p := range profiles {
		if file := b.settings(p); name != "" && file.HasSection(name) {
			return file.Section(name).Key("ports").Strings("|"), true
		}
	}
	return nil, false
}

// firewalldOptions are the flags of firewall-cmd that may stand behind what they are for.
var firewalldOptions = flags(
	flag{"--zone --policy", 1, func(l *line, v []shell.Word) { l.zone = v[0].Text }},
	flag{"--ipset", 1, func(l *line, v []shell.Word) { l.set = v[0].Text }},
)

// firewalldFlags are those that do something.
var firewalldFlags = flags(
	flag{"--add-rich-rule", 1, (*line).richRule},
	flag{"--add-rule --passthrough", 0, (*line).direct},
	flag{"--add-chain", 3, func(l *line, v []shell.Word) { l.makes(place(v[1].Text, v[2].Text)) }},
	flag{"--add-entry", 1, func(l *line, v []shell.Word) { l.fill(l.set, v[0], l.from, "") }},
	flag{"--add-source", 1, (*line).zoneSource},
)

// firewallCmd reads a command of firewalld's client.
func (b *book) firewallCmd(c *shell.Command) shell.Status {
	l := b.line(c, "filter")
	args := parted(c.Args[1:], "")
	l.read(firewalldOptions, args)
	status := shell.Success
	l.stray = func(_ *line, w string) {
		for _, question := range []string{"--query-", "--get-", "--list-"} {
			if strings.HasPrefix(w, question) {
				status = shell.Either
			}
		}
	}
	l.read(firewalldFlags, args)
	return status
}

// direct reads a rule of iptables that is passed on: a family, a table, a chain, a priority and the
// rule; or a family and what iptables is to be given.
func (l *line) direct([]shell.Word) {
	args := l.args
	l.args = nil
	if len(args) < 2 {
		return
	}
	form := map[string]int{"ipv4": 4, "ipv6": 6}[args[0].Text]
	if l.word == "--passthrough" {
		l.xtables(l.from, args[1:], form)
	} else if len(args) > 3 {
		rule := append(words("-t", args[1].Text, "-A", args[2].Text), args[4:]...)
		l.xtables(l.from, rule, form)
	}
}

// zoneSource reads that a zone gets the banned.
func (l *line) zoneSource(values []shell.Word) {
	if is, _, _ := about(values[0]); !is {
		return
	}
	r := rule{from: l.from, table: "filter", chain: "INPUT"}
	r.target = map[string]string{"drop": "DROP", "block": "REJECT", "trusted": "ACCEPT"}[l.zone]
	if r.address("from", values[0]); r.target != "" {
		l.rules = append(l.rules, r)
	} else if !l.conditional(l.from) {
		zone := cmp.Or(l.zone, "by default")
		l.undone("what the zone "+zone+" stops is known to firewalld only", l.from)
	}
}

// richWord is a word of a rich rule, with the value behind it.
var richWord = regexp.MustCompile(`[\w-]+\s*=\s*(?:"[^"]*"|'[^']*'|[^\s"']+)|[\w-]+|\S`)

// richFlags are the words of firewalld's rich rules, with the element before an attribute's name.
var richFlags = flags(
	flag{"drop reject accept mark", 0, func(l *line, _ []shell.Word) { l.target = l.word }},
	flag{"log", 0, func(l *line, _ []shell.Word) { l.logs = true }},
	flag{"source.address", 1, (*line).source},
	flag{"port.port", 1, (*line).port},
	flag{"port.protocol protocol.value", 1, (*line).protocol},
	flag{"service.name", 1, func(l *line, v []shell.Word) {
		l.ports, l.protocols = l.service(v[0].Text)
	}},
	flag{"reject.type", 1, func(l *line, v []shell.Word) {
		l.target = "reject --reject-with" + texts(v)
	}},
	flag{"rule.family", 1, func(l *line, v []shell.Word) {
		l.form = map[string]int{"ipv4": 4, "ipv6": 6}[v[0].Text]
	}},
	flag{"limit.value", 1, func(l *line, v []shell.Word) {
		if l.target != "" {
			l.narrowed("that match limit" + texts(v))
		}
	}},
	flag{"log.prefix log.level log.group log.queue-size rule.priority audit.type", 1, nil},
)

// richRule reads a rule in the language of firewalld.
func (l *line) richRule(values []shell.Word) {
	r := l.book.line(l.from, "filter")
	r.chain = "INPUT"
	var args []shell.Word
	element := ""
	for _, w := range richWord.FindAllString(values[0].Text, -1) {
		name, value, ok := strings.Cut(w, "=")
		switch name = strings.TrimSpace(name); {
		case ok:
			value = strings.Trim(strings.TrimSpace(value), `"'`)
			args = append(args, words(element+"."+name, value)...)
		case strings.EqualFold(name, "NOT") || name == "invert":
			r.narrowed("that do not match " + element)
		default:
			element = name
			args = append(args, words(name)...)
		}
	}
	r.stray = func(r *line, w string) {
		if strings.Contains(w, ".") {
			r.narrowed("that match " + strings.Replace(w, ".", " ", 1) + " " + r.next())
		}
	}
	r.read(richFlags, args)
	everywhere := []string{"drop", "block", "trusted", "", l.defaultZone()}
	if !slices.Contains(everywhere, l.zone) {
		r.narrowed("of the zone " + l.zone)
	}
	l.rules = append(l.rules, r.rule)
}

// defaultZone is the zone of interfaces that nobody gave one.
func (b *book) defaultZone() string {
	settings := b.settings("etc/firewalld/firewalld.conf").Section("")
	return settings.Key("DefaultZone").MustString("public")
}

// settings are those of a file of another program, none if it cannot be read.
func (b *book) settings(name string) *ini.File {
	options := ini.LoadOptions{Insensitive: true, SkipUnrecognizableLines: true}
	text, _ := fs.ReadFile(b.files, name)
	file, err := ini.LoadSources(options, text)
	if err != nil {
		return ini.Empty(options)
	}
	return file
}

// service is the ports of one of firewalld's services.
func (b *book) service(name string) (ports, protocols []string) {
	for _, dir := range []string{"etc/firewalld/services/", "usr/lib/firewalld/services/"} {
		var made struct {
			Ports []struct {
				Port     string `xml:"port,attr"`
				Protocol string `xml:"protocol,attr"`
			} `xml:"port"`
		}
		text, err := fs.ReadFile(b.files, dir+name+".xml")
		if err != nil || xml.Unmarshal(text, &made) != nil {
			continue
		}
		for _, p := range made.Ports {
			ports, protocols = Union(ports, List(p.Port)), Union(protocols, List(p.Protocol))
		}
		return ports, protocols
	}
	return []string{name}, []string{"tcp"}
}

// whole notes a command that does something with all packets of an address, if an argument is one.
func (b *book) whole(c *shell.Command, target string, args []shell.Word) shell.Status {
	r := rule{from: c, table: "filter", chain: "INPUT", target: target}
	for _, w := range args {
		if is, _, _ := about(w); is && !r.src && target != "" {
			r.address("from", w)
			b.rules = append(b.rules, r)
		}
	}
	return shell.Success
}

// shorewall reads shorewall drop ADDRESS and the like.
func (b *book) shorewall(c *shell.Command) shell.Status {
	targets := map[string]string{"drop": "DROP", "logdrop": "DROP", "blacklist": "DROP",
		"reject": "REJECT", "logreject": "REJECT", "allow": "ACCEPT"}
	return b.whole(c, targets[strings.ToLower(at(c.Args, 1))], c.Args)
}

// apf reads apf -d ADDRESS.
func (b *book) apf(c *shell.Command) shell.Status {
	targets := map[string]string{"-d": byDefault, "--deny": byDefault,
		"-a": "ACCEPT", "--allow": "ACCEPT"}
	return b.whole(c, targets[at(c.Args, 1)], c.Args)
}

// routeArgs are the arguments of ip without its flags, nil unless it is commanded to change routes.
func routeArgs(c *shell.Command) []shell.Word {
	if c.Name() != "ip" {
		return nil
	}
	isFlag := func(w shell.Word) bool { return strings.HasPrefix(w.Text, "-") }
	args := slices.DeleteFunc(slices.Clone(c.Args[1:]), isFlag)
	what := at(args, 0)
	if what == "" || !strings.HasPrefix("route", what) && what != "rule" && what != "ru" {
		return nil
	}
	return args
}

// route reads ip route add TYPE ADDRESS.
func (b *book) route(c *shell.Command) shell.Status {
	args := routeArgs(c)
	if strings.HasPrefix(args[0].Text, "ru") {
		if banned.MatchString(c.Text) {
			b.undone("it chooses among tables of routes", c)
		}
		return shell.Success
	}
	if !firstIn(at(args, 1), "add a append replace prepend") {
		return shell.Success
	}
	targets := map[string]string{"blackhole": "DROP", "unreachable": "REJECT", "prohibit": "REJECT"}
	return b.whole(c, cmp.Or(targets[strings.ToLower(at(args, 2))], "ACCEPT"), args)
}
