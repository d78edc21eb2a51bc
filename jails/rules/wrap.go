package rules

import (
	"path"
	"slices"
	"strings"

	"bailiff/jails/shell"
)

// wrappers run the program that is named behind their flags, here and now.
var wrappers = strings.Fields(`sudo doas env nice ionice timeout nohup exec command time setsid stdbuf
	chronic flock builtin xtables-nft-multi xtables-legacy-multi xtables-multi`)

// shells run a script that is one of their arguments.
var shells = strings.Fields("sh bash dash ash zsh ksh busybox su eval")

// unwrap puts the program that a command comes to in its place. It is false when the command is a
// script, which it has read then.
func (b *book) unwrap(c *shell.Command) bool {
	for slices.Contains(wrappers, c.Name()) && !firstIn(at(c.Args, 1), "-v") && len(c.Args) > 1 {
		if all := wrapped(c.Name(), c.Args[1:]); len(all) > 0 {
			c.Args = all
		} else {
			c.Args = c.Args[:1] // it runs nothing
		}
	}
	if !slices.Contains(shells, c.Name()) {
		return true
	}
	script := ""
	switch i := slices.IndexFunc(c.Args, isCommandFlag); {
	case c.Name() == "eval":
		script = texts(c.Args[1:])
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

func isCommandFlag(w shell.Word) bool {
	return strings.HasPrefix(w.Text, "-") && strings.HasSuffix(w.Text, "c")
}

// wrapperFlags are those of wrappers that have a value, of all of them where it is a number.
var wrapperFlags = map[string]string{"sudo": "-u -g", "doas": "-u", "timeout": "-k -s",
	"": "-u -g -n -c -k -s -w -E -o -i -e"}

// wrapped is the arguments of a wrapper from the program on that it runs.
func wrapped(name string, args []shell.Word) []shell.Word {
	for len(args) > 0 {
		w := args[0].Text
		has := func(of string) bool { return slices.Contains(strings.Fields(wrapperFlags[of]), w) }
		switch {
		case has(name), has("") && name != "sudo" && isNumber(strings.TrimLeft(at(args, 1), "-")):
			args = args[1:]
		case strings.HasPrefix(w, "-"), strings.Contains(w, "="), isNumber(strings.TrimRight(w, "smhd.")):
		case name == "flock" && strings.HasPrefix(w, "/") && filterOf(path.Base(w)) == nil:
		default:
			return args
		}
		args = args[min(1, len(args)):]
	}
	return args
}

// quiet are programs whose doings need no mention: they tell nobody and change nothing, or do what
// the built-in firewall does itself.
var quiet = strings.Fields(`true sleep id grep egrep fgrep cut head tail sort uniq wc awk tr cat date test
	which type command hash conntrack ss read wait modprobe iptables-save ip6tables-save hostname
	uname expr seq basename dirname`)

// doers are programs of which it is taken for granted that they do what they are told.
var doers = strings.Fields(`echo printf logger sleep touch mkdir cp mv chmod chown ln mail mailx sendmail
	tee date cat modprobe conntrack ss cd wait command which type hash`)

// other notes a command that is no packet filter's.
func (b *book) other(c *shell.Command) shell.Status {
	if b.file(c) {
		return shell.Success
	}
	if commands(c) {
		const where = ", perhaps of another machine or namespace"
		b.undone("it commands a packet filter by way of "+c.Name()+where, c)
		return shell.Unknown
	}
	b.mention(c)
	switch name := c.Name(); {
	case name == "[" || name == "test":
		return looks(c)
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
	text := c.Name() + " >"
	for _, w := range c.Writes {
		if !strings.HasPrefix(w.Text, "/dev/") {
			text += " " + w.Text
		}
	}
	if strings.HasSuffix(text, ">") {
		text = c.Name()
		edits := slices.ContainsFunc(c.Args, func(w shell.Word) bool {
			return strings.HasPrefix(w.Text, "-i") || strings.HasPrefix(w.Text, "--in-place")
		})
		silent := text == "" || text == "echo" || text == "printf" || strings.HasPrefix(text, "[")
		if silent || slices.Contains(quiet, text) || text == "sed" && !edits {
			return
		}
	}
	b.Others = Union(b.Others, []string{b.script + ": " + short(strings.TrimSpace(text))})
}

// file reads what is written to a file through which a packet filter is commanded.
func (b *book) file(c *shell.Command) bool {
	for _, w := range c.Writes {
		dir, name := path.Split(w.Text)
		recently := strings.HasSuffix(dir, "/xt_recent/") || strings.HasSuffix(dir, "/ipt_recent/")
		if !recently && !strings.Contains(w.Text, "/symbiosis/firewall/") {
			continue
		}
		b.Filter = true
		for _, arg := range c.Args[1:] {
			if entry, ok := strings.CutPrefix(strings.TrimSpace(arg.Text), "+"); ok && recently {
				b.fill(recent+name, shell.Word{Text: entry, Unknown: arg.Unknown}, c, "")
			}
		}
		return true
	}
	return false
}

// commands reports whether a command has another one command a packet filter, perhaps elsewhere.
func commands(c *shell.Command) bool {
	if slices.Contains(append(strings.Fields("echo printf logger mail ss"), quiet...), c.Name()) {
		return false
	}
	text := texts(c.Args[1:])
	if c.Input != nil {
		text += " " + c.Input.Text
	}
	separates := func(r rune) bool { return strings.ContainsRune(" \t\n;|&'\"`$()", r) }
	return slices.ContainsFunc(strings.FieldsFunc(text, separates), func(word string) bool {
		return filterOf(path.Base(word)) != nil
	})
}
