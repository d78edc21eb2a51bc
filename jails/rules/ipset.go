package rules

import (
	"slices"
	"strings"

	"bailiff/jails/shell"
)

// recent begins the name of a list of iptables' module recent among the sets.
const recent = "recent "

// ipset reads a command of ipset.
func (b *book) ipset(c *shell.Command) shell.Status {
	if slices.ContainsFunc(c.Args, func(w shell.Word) bool { return w.Text == "restore" || w.Text == "-R" }) {
		return b.ipsetRestore(c)
	}
	return b.ipsetCommand(c, c.Args[1:])
}

func (b *book) ipsetRestore(c *shell.Command) shell.Status {
	if c.Input == nil || c.Input.Unknown {
		b.undone("which sets it fills is known only when it runs", c)
		return shell.Success
	}
	for line := range strings.Lines(c.Input.Text) {
		var args []shell.Word
		for _, f := range strings.Fields(line) {
			args = append(args, shell.Word{Text: f})
		}
		b.ipsetCommand(c, args)
	}
	return shell.Success
}

func (b *book) ipsetCommand(c *shell.Command, args []shell.Word) shell.Status {
	var words []shell.Word
	op := ""
	for _, w := range args {
		switch w.Text {
		case "-exist", "--exist", "-!", "-q", "-quiet", "--quiet", "-name", "-n":
		case "add", "-A", "--add", "create", "-N", "--create", "test", "-T", "--test":
			if op == "" {
				op = strings.TrimLeft(w.Text, "-")[:1]
				continue
			}
			words = append(words, w)
		default:
			words = append(words, w)
		}
	}
	switch {
	case len(words) < 2:
	case op == "a" || op == "A":
		b.fill(words[0].Text, words[1], c, words[2:])
		return shell.Success
	case op == "c" || op == "N":
		for i := 2; i+1 < len(words); i++ {
			if words[i].Text == "netmask" || words[i].Text == "--netmask" {
				b.lengths[words[0].Text] = length(words[i+1].Text)
			}
		}
		return shell.Success
	case op == "t" || op == "T":
		if _, ok := b.sets[words[0].Text]; !ok && !b.lookedUp(words[0].Text) {
			return shell.Unknown // whoever is in another set may not be meant
		}
	}
	return shell.Either
}

func (b *book) lookedUp(set string) bool {
	return slices.ContainsFunc(b.rules, func(r rule) bool {
		return !passes(r.target) && slices.ContainsFunc(r.lookups, func(l lookup) bool { return l.set == set })
	})
}

// fill notes that a set gets the banned.
func (b *book) fill(name string, entry shell.Word, c *shell.Command, options []shell.Word) {
	first, more, _ := strings.Cut(entry.Text, ",")
	is, wide, why := about(shell.Word{Text: first, Unknown: entry.Unknown})
	if !is {
		return
	}
	s := set{wide: wide, from: c, inner: why}
	if more != "" {
		s.inner = "that match " + entry.Text
	}
	if slices.ContainsFunc(options, func(w shell.Word) bool { return w.Text == "nomatch" }) {
		s.inner = "that the set does not hold (nomatch)"
	}
	b.sets[name] = s
}
