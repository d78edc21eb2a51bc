package rules

import (
	"cmp"
	"io/fs"
	"regexp"
	"slices"
	"strings"

	"bailiff/jails/shell"
)

// firewallCmd reads a command of firewalld's client.
func (b *book) firewallCmd(c *shell.Command) shell.Status {
	zone := ""
	for i, w := range c.Args {
		flag, value, ok := strings.Cut(w.Text, "=")
		if !ok {
			value = at(c.Args, i+1)
		}
		word := shell.Word{Text: value, Unknown: w.Unknown}
		switch flag {
		case "--zone", "--policy":
			zone = value
		case "--add-rich-rule":
			b.richRule(c, cmp.Or(zone, zoneOf(c)), value)
		case "--add-rule", "--passthrough":
			b.direct(c, flag, c.Args[i+1:])
		case "--add-chain":
			if len(c.Args) > i+3 {
				b.chains[place(c.Args[i+2].Text, c.Args[i+3].Text)] = true
			}
		case "--add-entry":
			b.fill(ipsetOf(c), word, c, nil)
		case "--add-source":
			b.source(c, cmp.Or(zone, zoneOf(c)), word)
		}
	}
	if slices.ContainsFunc(c.Args, func(w shell.Word) bool {
		return strings.HasPrefix(w.Text, "--query-") || strings.HasPrefix(w.Text, "--get-") || strings.HasPrefix(w.Text, "--list-")
	}) {
		return shell.Either
	}
	return shell.Success
}

func zoneOf(c *shell.Command) string  { return optionOf(c, "--zone") }
func ipsetOf(c *shell.Command) string { return optionOf(c, "--ipset") }

func optionOf(c *shell.Command, name string) string {
	for i, w := range c.Args {
		if value, ok := strings.CutPrefix(w.Text, name+"="); ok {
			return value
		}
		if w.Text == name {
			return at(c.Args, i+1)
		}
	}
	return ""
}

// direct reads a rule of iptables that is passed on: a family, a table, a chain, a priority and the rule; or a family and
// what iptables is to be given.
func (b *book) direct(c *shell.Command, flag string, args []shell.Word) {
	if len(args) < 2 {
		return
	}
	form := map[string]int{"ipv4": 4, "ipv6": 6}[args[0].Text]
	if flag == "--passthrough" {
		b.xtables(c, args[1:], form)
		return
	}
	if len(args) < 4 {
		return
	}
	rule := append([]shell.Word{{Text: "-t"}, args[1], {Text: "-A"}, args[2]}, args[4:]...)
	b.xtables(c, rule, form)
}

// source reads that a zone gets the banned.
func (b *book) source(c *shell.Command, zone string, w shell.Word) {
	is, wide, why := about(w)
	if !is || b.conditional(c) {
		return
	}
	target := map[string]string{"drop": "DROP", "block": "REJECT"}[zone]
	switch {
	case why != "":
		b.undone(why, c)
	case zone == "trusted":
		b.Passes = append(b.Passes, short(c.Text))
	case target == "":
		b.undone("what the zone "+cmp.Or(zone, "by default")+" stops is known to firewalld only", c)
	default:
		b.Blocks = append(b.Blocks, Block{Protocols: []string{"all"}, Chains: []string{"INPUT"}, Target: target, Wide: wide})
	}
}

// defaultZone is the zone of interfaces that nobody gave one.
func (b *book) defaultZone() string {
	text, err := fs.ReadFile(b.files, "etc/firewalld/firewalld.conf")
	if err == nil {
		for line := range strings.Lines(string(text)) {
			if zone, ok := strings.CutPrefix(strings.TrimSpace(line), "DefaultZone="); ok {
				return zone
			}
		}
	}
	return "public"
}

// richWord is a word of a rich rule, with the value behind it.
var richWord = regexp.MustCompile(`[\w-]+\s*=\s*(?:"[^"]*"|'[^']*'|[^\s"']+)|[\w-]+|\S`)

// richRule reads a rule in the language of firewalld.
func (b *book) richRule(c *shell.Command, zone, text string) {
	made := Block{Chains: []string{"INPUT"}}
	narrow, element := "", ""
	is := false
	for _, w := range richWord.FindAllString(text, -1) {
		name, value, ok := strings.Cut(w, "=")
		name, value = strings.TrimSpace(name), strings.Trim(strings.TrimSpace(value), `"'`)
		switch key := element + " " + name; {
		case !ok && slices.Contains([]string{"drop", "reject", "accept", "mark"}, name):
			made.Target, element = name, name
		case !ok && (strings.EqualFold(name, "NOT") || name == "invert"):
			narrow = cmp.Or(narrow, "that do not match "+element)
		case !ok:
			element = name
			b.Logs = b.Logs || name == "log"
		case key == "source address":
			var why string
			is, made.Wide, why = about(shell.Word{Text: value})
			narrow = cmp.Or(narrow, why)
		case key == "port port":
			made.Ports = List(value)
		case key == "port protocol", key == "protocol value":
			made.Protocols = List(value)
		case key == "service name":
			made.Ports, made.Protocols = b.service(value)
		case key == "reject type":
			made.Target = "reject --reject-with " + value
		case key == "rule family":
			made.Form = map[string]int{"ipv4": 4, "ipv6": 6}[value]
		case element == "log", element == "limit", element == "audit", element == "rule":
			if element == "limit" && made.Target != "" {
				narrow = cmp.Or(narrow, "that match limit "+value)
			}
		default:
			narrow = cmp.Or(narrow, "that match "+element+" "+name+" "+value)
		}
	}
	if made.Protocols == nil {
		made.Protocols = []string{"all"}
	}
	if !is {
		return
	}
	b.rich(c, zone, made, narrow)
}

func (b *book) rich(c *shell.Command, zone string, made Block, narrow string) {
	switch {
	case made.Target == "accept" || made.Target == "mark" || made.Target == "":
		b.Passes = append(b.Passes, short(c.Text))
	case narrow != "":
		b.undone("it stops only packets "+narrow, c)
	case zone == "drop" || zone == "block" || zone == "trusted" || zone == "" || zone == b.defaultZone():
		if !b.conditional(c) {
			b.Blocks = append(b.Blocks, made)
		}
	default:
		b.undone("it stops only packets of the zone "+zone, c)
	}
}

var servicePort = regexp.MustCompile(`<port\s[^>]*>`)

// service is the ports of one of firewalld's services.
func (b *book) service(name string) (ports, protocols []string) {
	if !fs.ValidPath(name) {
		return []string{name}, []string{"tcp"}
	}
	for _, dir := range []string{"etc/firewalld/services/", "usr/lib/firewalld/services/"} {
		text, err := fs.ReadFile(b.files, dir+name+".xml")
		if err != nil {
			continue
		}
		for _, element := range servicePort.FindAllString(string(text), -1) {
			for _, w := range richWord.FindAllString(element, -1) {
				key, value, _ := strings.Cut(w, "=")
				value = strings.Trim(value, `"'`)
				switch {
				case value == "":
				case key == "port":
					ports = union(ports, []string{value})
				case key == "protocol":
					protocols = union(protocols, []string{value})
				}
			}
		}
		return ports, protocols
	}
	return []string{name}, []string{"tcp"}
}
