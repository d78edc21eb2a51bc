package rules

import (
	"slices"
	"strings"

	"bailiff/jails/shell"
)

// An xrule is a command of iptables as it is taken apart.
type xrule struct {
	rule
	op     string // -A and so on
	chains []string
	not    bool // the next match is turned round
}

// xflags are the flags of iptables that a rule is made from, under one name.
var xflags = map[string]string{
	"--table": "-t", "--append": "-A", "--insert": "-I", "--replace": "-R", "--new-chain": "-N", "--new": "-N", "--check": "-C",
	"--delete": "-D", "--list": "-L", "--list-rules": "-S", "--flush": "-F", "--zero": "-Z", "--delete-chain": "-X", "--policy": "-P",
	"--rename-chain": "-E", "--protocol": "-p", "--proto": "-p", "--source": "-s", "--src": "-s", "--destination": "-d", "--dst": "-d",
	"--in-interface": "-i", "--out-interface": "-o", "--jump": "-j", "--goto": "-j", "-g": "-j", "--match": "-m", "--fragment": "-f",
	"--wait": "-w", "--wait-interval": "-W", "--numeric": "-n", "--verbose": "-v", "--set-counters": "-c",
	"--dports": "--dport", "--destination-port": "--dport", "--destination-ports": "--dport", "--state": "--ctstate",
}

// plainMatches are modules whose flags tell all.
var plainMatches = []string{"tcp", "udp", "udplite", "sctp", "dccp", "icmp", "icmp6", "icmpv6", "ipv6-icmp", "multiport", "comment", "set", "recent", "conntrack", "state"}

func (b *book) iptables(c *shell.Command) shell.Status {
	form := 4
	if strings.HasPrefix(c.Name(), "ip6") {
		form = 6
	}
	return b.xtables(c, c.Args[1:], form)
}

// restore reads what iptables-restore is given.
func (b *book) restore(c *shell.Command) shell.Status {
	if c.Input == nil || c.Input.Unknown {
		b.undone("which rules it makes is known only when it runs", c)
		return shell.Success
	}
	table := "filter"
	for line := range strings.Lines(c.Input.Text) {
		line = strings.TrimSpace(line)
		if name, ok := strings.CutPrefix(line, "*"); ok {
			table = name
		} else if name, ok := strings.CutPrefix(line, ":"); ok {
			name, _, _ = strings.Cut(name, " ")
			b.chains[place(table, name)] = !slices.Contains([]string{"INPUT", "FORWARD", "OUTPUT", "PREROUTING", "POSTROUTING"}, name)
		} else if strings.HasPrefix(line, "-") {
			args := []shell.Word{{Text: "-t"}, {Text: table}}
			for _, f := range strings.Fields(line) {
				args = append(args, shell.Word{Text: strings.Trim(f, `"`)})
			}
			b.xtables(c, args, 4)
		}
	}
	return shell.Success
}

// xtables reads the arguments of iptables.
func (b *book) xtables(c *shell.Command, args []shell.Word, form int) shell.Status {
	x := xrule{rule: rule{from: c, table: "filter", form: form}}
	args = splitFlags(args)
	for len(args) > 0 {
		args = args[x.take(args):]
	}
	switch x.op {
	case "-N":
		for _, chain := range x.chains {
			b.chains[place(x.table, chain)] = true
		}
	case "-A", "-I", "-R":
		for _, chain := range x.chains {
			r := x.rule
			r.chain = chain
			b.rules = append(b.rules, r)
		}
	case "-C":
		if (x.src || x.dst) && passes(x.target) {
			return shell.Unknown // whoever is let through is not to be banned
		}
		return shell.Either
	case "-L", "-S", "":
		return shell.Either
	}
	return shell.Success
}

// splitFlags parts flags from values that are written after a =, or right after a letter, and gives them one name.
func splitFlags(args []shell.Word) (parts []shell.Word) {
	for _, w := range args {
		flag, value, ok := strings.Cut(w.Text, "=")
		switch {
		case ok && strings.HasPrefix(flag, "--"):
			parts = append(parts, shell.Word{Text: canonical(flag)}, shell.Word{Text: value, Unknown: w.Unknown})
		case len(w.Text) > 2 && w.Text[0] == '-' && w.Text[1] != '-' && strings.IndexByte("tAIRpsdijm", w.Text[1]) >= 0:
			parts = append(parts, shell.Word{Text: w.Text[:2]}, shell.Word{Text: w.Text[2:], Unknown: w.Unknown})
		default:
			parts = append(parts, shell.Word{Text: canonical(w.Text), Unknown: w.Unknown})
		}
	}
	return parts
}

func canonical(flag string) string {
	if short := xflags[flag]; short != "" {
		return short
	}
	return flag
}

// take reads a flag with its values and tells how many arguments these are.
func (x *xrule) take(args []shell.Word) int {
	flag := args[0].Text
	if flag == "!" {
		x.not = true
		return 1
	}
	not := x.not
	x.not = false
	var value shell.Word
	if len(args) > 1 {
		value = args[1]
	}
	if value.Text == "!" && len(args) > 2 { // the old place: --dport ! 22
		not, value = true, args[2]
		args = args[1:]
	}
	n := min(2, len(args))
	if not {
		x.narrowed("that do not match " + flag + " " + value.Text)
	}
	switch flag {
	case "-t":
		x.table = value.Text
	case "-A", "-I", "-R", "-N", "-C", "-D", "-L", "-S", "-F", "-X", "-Z", "-P", "-E":
		return x.command(flag, value, args)
	case "-p":
		x.protocols = x.listed(value, "protocols")
	case "--dport":
		x.ports = x.listed(value, "ports")
	case "-s", "-d":
		x.address(flag, value)
	case "-j":
		x.target = value.Text
	case "--reject-with":
		x.target += " " + flag + " " + value.Text
	default:
		return x.match(flag, value, args)
	}
	return n
}

func (x *xrule) listed(value shell.Word, what string) []string {
	if value.Unknown {
		x.narrowed("of " + what + " that are known only when it runs (" + value.Text + ")")
	}
	return List(value.Text)
}

// command reads what is done with which chain.
func (x *xrule) command(op string, value shell.Word, args []shell.Word) int {
	x.op = op
	if len(args) < 2 || strings.HasPrefix(value.Text, "-") {
		return 1
	}
	for _, chain := range strings.FieldsFunc(value.Text, func(r rune) bool { return r == ',' || r == ' ' || r == '\n' || r == '\t' }) {
		x.chains = append(x.chains, chain)
	}
	if len(args) > 2 && strings.Trim(args[2].Text, "0123456789") == "" {
		return 3 // the rule's place
	}
	return 2
}

func (x *xrule) address(flag string, value shell.Word) {
	is, wide, why := about(value)
	if !is {
		if !strings.HasSuffix(value.Text, "/0") {
			x.narrowed(map[string]string{"-s": "from ", "-d": "to "}[flag] + value.Text)
		}
		return
	}
	if why != "" {
		x.narrowed(why)
	}
	x.src, x.dst, x.wide = x.src || flag == "-s", x.dst || flag == "-d", wide
}

// match reads the flags of matches and targets.
func (x *xrule) match(flag string, value shell.Word, args []shell.Word) int {
	switch flag {
	case "-m":
		if !slices.Contains(plainMatches, value.Text) {
			return x.unread(args)
		}
	case "--match-set":
		l := lookup{set: value.Text}
		if len(args) > 2 {
			l.side = args[2].Text
		}
		x.lookups = append(x.lookups, l)
		return min(3, len(args))
	case "--name": // of recent
		x.lookups = append(x.lookups, lookup{recent + value.Text, "src"})
	case "--ctstate":
		if !slices.Contains(List(strings.ToUpper(value.Text)), "NEW") {
			x.narrowed("of state " + value.Text)
		}
	case "--tcp-flags":
		if len(args) > 2 && args[2].Text != "SYN" {
			x.narrowed("with flags " + args[2].Text)
		}
		return min(3, len(args))
	case "-c":
		return min(3, len(args))
	case "-w", "-W":
		if strings.Trim(value.Text, "0123456789.") != "" {
			return 1
		}
	case "--syn", "--update", "--rcheck", "--set", "--rsource", "--rttl", "--reap", "-n", "-v", "-4", "-6", "-q", "--line-numbers", "--log-uid",
		"--log-ip-options", "--log-tcp-options", "--log-tcp-sequence", "-f", "--rdest":
		if flag == "-f" || flag == "--rdest" {
			x.narrowed("that match " + flag)
		}
		return 1
	case "--comment", "--seconds", "--mask", "--log-prefix", "--log-level", "--nflog-prefix", "--nflog-group", "--ctdir", "--modprobe":
		if flag == "--ctdir" && value.Text != "ORIGINAL" {
			x.narrowed("that match --ctdir " + value.Text)
		}
	default:
		return x.unread(args)
	}
	return min(2, len(args))
}

// unread takes a match that is not understood, up to the next flag that is.
func (x *xrule) unread(args []shell.Word) int {
	n := 1
	words := args[0].Text
	for n < len(args) && !slices.Contains(understood, args[n].Text) {
		words += " " + args[n].Text
		n++
	}
	x.narrowed("that match " + words)
	return n
}

// understood are flags that begin another part of a rule.
var understood = strings.Fields("-j -s -d -m -p -i -o --dport -A -I ! --match-set --ctstate")
