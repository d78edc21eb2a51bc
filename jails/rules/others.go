package rules

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"bailiff/jails/shell"
)

// shorewall reads shorewall drop ADDRESS and the like.
func (b *book) shorewall(c *shell.Command) shell.Status {
	target := map[string]string{"drop": "DROP", "logdrop": "DROP", "blacklist": "DROP", "reject": "REJECT", "logreject": "REJECT", "allow": "ACCEPT"}[strings.ToLower(at(c.Args, 1))]
	for i, w := range c.Args {
		if i >= 2 && target != "" {
			b.whole(c, w, target)
		}
	}
	return shell.Success
}

// apf reads apf -d ADDRESS.
func (b *book) apf(c *shell.Command) shell.Status {
	target := map[string]string{"-d": "", "--deny": "", "-a": "ACCEPT", "--allow": "ACCEPT"}
	flag := at(c.Args, 1)
	if _, ok := target[flag]; ok && len(c.Args) > 2 {
		b.whole(c, c.Args[2], target[flag])
	}
	return shell.Success
}

// isRoute tells whether a command is about routes.
func isRoute(c *shell.Command) bool {
	what := at(routeArgs(c), 0)
	return c.Name() == "ip" && what != "" && (strings.HasPrefix("route", what) || what == "rule" || what == "ru")
}

func routeArgs(c *shell.Command) []shell.Word {
	return slices.DeleteFunc(slices.Clone(c.Args[1:]), func(w shell.Word) bool { return strings.HasPrefix(w.Text, "-") })
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
	if len(args) < 3 || !slices.Contains([]string{"add", "a", "append", "replace", "prepend"}, args[1].Text) {
		return shell.Success
	}
	target := map[string]string{"blackhole": "DROP", "unreachable": "REJECT", "prohibit": "REJECT"}[strings.ToLower(args[2].Text)]
	if is, _, _ := about(args[2]); is {
		b.whole(c, args[2], "ACCEPT")
	} else if target == "" || len(args) < 4 {
		b.whole(c, args[len(args)-1], "ACCEPT")
	} else {
		b.whole(c, args[3], target)
	}
	return shell.Success
}

// whole notes a command that stops all packets of an address.
func (b *book) whole(c *shell.Command, w shell.Word, target string) {
	is, wide, why := about(w)
	switch {
	case !is:
	case target == "ACCEPT":
		b.Passes = append(b.Passes, short(c.Text))
	case why != "":
		b.undone(why, c)
	case !b.conditional(c):
		b.Blocks = append(b.Blocks, Block{Protocols: []string{"all"}, Chains: []string{"INPUT"}, Target: target, Wide: wide})
	}
}

// wrappers run the program that is named behind their flags, here and now.
var wrappers = strings.Fields("sudo doas env nice ionice timeout nohup exec command time setsid stdbuf chronic flock builtin xtables-nft-multi xtables-legacy-multi xtables-multi")

// shells run a script that is one of their arguments.
var shells = strings.Fields("sh bash dash ash zsh ksh busybox su eval")

// unwrap puts the program that a command comes to in its place. It is false when the command is a script, which it has
// read then.
func (b *book) unwrap(c *shell.Command) bool {
	for len(c.Args) > 1 && slices.Contains(wrappers, c.Name()) && at(c.Args, 1) != "-v" && at(c.Args, 1) != "-V" {
		c.Args = wrapped(c.Name(), c.Args[1:])
	}
	if !slices.Contains(shells, c.Name()) {
		return true
	}
	script := ""
	i := slices.IndexFunc(c.Args, func(w shell.Word) bool { return strings.HasPrefix(w.Text, "-") && strings.HasSuffix(w.Text, "c") })
	switch {
	case c.Name() == "eval":
		for _, w := range c.Args[1:] {
			script += w.Text + " "
		}
	case i >= 0:
		script = at(c.Args, i+1)
	case c.Input != nil && len(c.Args) == 1:
		script = c.Input.Text
	default:
		return true
	}
	if b.depth++; b.depth < 10 {
		under := b.under
		b.under = c.Under
		b.read(script)
		b.under = under
	}
	b.depth--
	return false
}

// wrapped is the arguments of a wrapper from the program on that it runs.
func wrapped(name string, args []shell.Word) []shell.Word {
	for len(args) > 0 {
		w := args[0].Text
		switch {
		case slices.Contains([]string{"-u", "-g", "-n", "-c", "-k", "-s", "-w", "-E", "-o", "-i", "-e"}, w) && name != "sudo" && isNumber(strings.TrimLeft(at(args, 1), "-")):
			args = args[1:]
		case name == "sudo" && (w == "-u" || w == "-g"), name == "doas" && w == "-u", name == "timeout" && (w == "-k" || w == "-s"):
			args = args[1:]
		case strings.HasPrefix(w, "-"), strings.Contains(w, "="), isNumber(strings.TrimRight(w, "smhd.")), name == "flock" && strings.HasPrefix(w, "/") && filterOf(path.Base(w)) == nil:
		default:
			return args
		}
		args = args[1:]
	}
	return args
}

// quiet are programs whose doings need no mention: they tell nobody and change nothing, or do what the built-in
// firewall does itself.
var quiet = strings.Fields("true sleep id grep egrep fgrep cut head tail sort uniq wc awk tr cat date test which type command hash conntrack ss read wait modprobe iptables-save ip6tables-save hostname uname expr seq basename dirname")

// doers are programs of which it is taken for granted that they do what they are told.
var doers = strings.Fields("echo printf logger sleep touch mkdir cp mv chmod chown ln mail mailx sendmail tee date cat modprobe conntrack ss cd wait")

// other notes a command that is no packet filter's.
func (b *book) other(c *shell.Command) shell.Status {
	if b.file(c) {
		return shell.Success
	}
	if commands(c) {
		return b.elsewhere(c)
	}
	b.mention(c)
	switch name := c.Name(); {
	case name == "[" || name == "test":
		return looks(c)
	case name == "command" || name == "which" || name == "type" || name == "hash":
		return shell.Success
	case c.From != nil && (filterOf(c.From.Name()) != nil || c.From.Name() == "iptables-save"):
		return shell.Either // it looks whether a rule is there
	case slices.Contains(doers, name):
		return shell.Success
	}
	return shell.Unknown
}

// looks is how a test ends that only looks whether a packet filter is there.
func looks(c *shell.Command) shell.Status {
	switch file := at(c.Args, 2); {
	case !slices.Contains([]string{"-x", "-e", "-f"}, at(c.Args, 1)):
		return shell.Unknown
	case filterOf(path.Base(file)) != nil:
		return shell.Success
	case strings.HasPrefix(file, "/proc/net/"):
		return shell.Either
	}
	return shell.Unknown
}

// mention names a command that does something else.
func (b *book) mention(c *shell.Command) {
	name := c.Name()
	var files []string
	for _, w := range c.Writes {
		if !strings.HasPrefix(w.Text, "/dev/") {
			files = append(files, w.Text)
		}
	}
	edits := name == "sed" && slices.ContainsFunc(c.Args, func(w shell.Word) bool {
		return strings.HasPrefix(w.Text, "-i") || strings.HasPrefix(w.Text, "--in-place")
	})
	text := name
	switch {
	case len(files) > 0:
		text = fmt.Sprintf("%s > %s", name, strings.Join(files, " "))
	case edits || name == "tee":
	case name == "", slices.Contains(quiet, name), name == "sed", name == "echo", name == "printf", strings.HasPrefix(name, "["):
		return
	}
	text = b.script + ": " + short(strings.TrimSpace(text))
	if !slices.Contains(b.Others, text) {
		b.Others = append(b.Others, text)
	}
}

// file reads what is written to a file through which a packet filter is commanded.
func (b *book) file(c *shell.Command) bool {
	for _, w := range c.Writes {
		dir, name := path.Split(w.Text)
		switch {
		case strings.HasSuffix(dir, "/xt_recent/"), strings.HasSuffix(dir, "/ipt_recent/"):
			b.Filter = true
			for _, arg := range c.Args[1:] {
				if entry, ok := strings.CutPrefix(strings.TrimSpace(arg.Text), "+"); ok {
					b.fill(recent+name, shell.Word{Text: entry, Unknown: arg.Unknown}, c, nil)
				}
			}
			return true
		case strings.Contains(w.Text, "/symbiosis/firewall/"):
			b.Filter = true
			return true
		}
	}
	return false
}

// commands tells whether a command has another one command a packet filter.
func commands(c *shell.Command) bool {
	if slices.Contains(quiet, c.Name()) || slices.Contains([]string{"echo", "printf", "logger", "mail", "ss"}, c.Name()) {
		return false
	}
	args := c.Args[1:]
	if c.Input != nil {
		args = append(slices.Clip(args), *c.Input)
	}
	for _, w := range args {
		for _, f := range strings.FieldsFunc(w.Text, func(r rune) bool { return strings.ContainsRune(" \t\n;|&'\"`$()", r) }) {
			if name := path.Base(f); filterOf(name) != nil {
				return true
			}
		}
	}
	return false
}

// elsewhere notes a command for another machine, or another part of this one.
func (b *book) elsewhere(c *shell.Command) shell.Status {
	b.undone("it commands a packet filter by way of "+c.Name()+", perhaps of another machine or namespace", c)
	return shell.Unknown
}
