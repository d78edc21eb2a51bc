package rules

import (
	"slices"
	"strings"

	"bailiff/jails/shell"
)

// iptablesFlags are those of iptables, of its matches and its targets.
var iptablesFlags = flags(
	flag{"-t --table", 1, func(l *line, v []shell.Word) { l.table = v[0].Text }},
	flag{"-A --append", 0, (*line).command},
	flag{"-I --insert", 0, (*line).command},
	flag{"-R --replace", 0, (*line).command},
	flag{"-N --new-chain --new", 0, (*line).command},
	flag{"-C --check", 0, (*line).command},
	flag{"-L --list -S --list-rules", 0, (*line).command},
	flag{"-D --delete -F --flush -X --delete-chain -Z --zero -P --policy -E --rename-chain", 0,
		(*line).command},
	flag{"-p --protocol --proto", 1, (*line).protocol},
	flag{"--dport --dports --destination-port --destination-ports", 1, (*line).port},
	flag{"-s --source --src", 1, (*line).source},
	flag{"-d --destination --dst", 1, (*line).destination},
	flag{"-i --in-interface", 1, (*line).narrows},
	flag{"-o --out-interface", 1, (*line).narrows},
	flag{"-j --jump -g --goto", 1, (*line).jump},
	flag{"--reject-with", 1, func(l *line, v []shell.Word) {
		l.target += " --reject-with" + texts(v)
	}},
	flag{"-m --match", 1, (*line).match},
	flag{"--match-set", 2, func(l *line, v []shell.Word) { l.looks(v[0].Text, v[1].Text) }},
	flag{"--name", 1, func(l *line, v []shell.Word) { l.looks(recent+v[0].Text, "src") }},
	flag{"--ctstate --state", 1, func(l *line, v []shell.Word) {
		if !slices.Contains(List(strings.ToUpper(v[0].Text)), "NEW") {
			l.narrowed("of state " + v[0].Text)
		}
	}},
	flag{"--tcp-flags", 2, func(l *line, v []shell.Word) {
		if v[1].Text != "SYN" {
			l.narrowed("with flags " + v[1].Text)
		}
	}},
	flag{"--ctdir", 1, func(l *line, v []shell.Word) {
		if v[0].Text != "ORIGINAL" {
			l.narrows(v)
		}
	}},
	flag{"-f --fragment", 0, (*line).narrows},
	flag{"--rdest", 0, (*line).narrows},
	flag{"!", 0, func(l *line, _ []shell.Word) { l.not = true }},
	flag{"-w --wait -W --wait-interval", 0, func(l *line, _ []shell.Word) {
		if isNumber(strings.ReplaceAll(at(l.args, 0), ".", "")) {
			l.next()
		}
	}},
	flag{"-c --set-counters", 2, nil},
	flag{`--comment --seconds --mask --log-prefix --log-level --nflog-prefix --nflog-group
		--modprobe`, 1, nil},
	flag{`--syn --update --rcheck --set --rsource --rttl --reap -n --numeric -v --verbose -4 -6 -q
		--line-numbers --log-uid --log-ip-options --log-tcp-options --log-tcp-sequence`, 0, nil},
)

// plainMatches are modules whose flags tell all.
const plainMatches = `tcp udp udplite sctp dccp icmp icmp6 icmpv6 ipv6-icmp multiport comment set
	recent conntrack state`

func (b *book) iptables(c *shell.Command) shell.Status {
	if strings.HasPrefix(c.Name(), "ip6") {
		return b.xtables(c, c.Args[1:], 6)
	}
	return b.xtables(c, c.Args[1:], 4)
}

// restore reads what iptables-restore is given.
func (b *book) restore(c *shell.Command) shell.Status {
	table := "filter"
	for line := range strings.Lines(b.input(c, "rules it makes")) {
		line = strings.TrimSpace(line)
		if name, ok := strings.CutPrefix(line, "*"); ok {
			table = name
		} else if name, ok := strings.CutPrefix(line, ":"); ok {
			name, _, _ = strings.Cut(name, " ")
			if !firstIn(name, "input forward output prerouting postrouting") {
				b.makes(place(table, name))
			}
		} else if strings.HasPrefix(line, "-") {
			all := strings.Fields(strings.ReplaceAll(line, `"`, ""))
			b.xtables(c, append(words("-t", table), words(all...)...), 4)
		}
	}
	return shell.Success
}

// xtables reads the arguments of iptables.
func (b *book) xtables(c *shell.Command, args []shell.Word, form int) shell.Status {
	l := b.line(c, "filter")
	l.form, l.stray = form, (*line).unread
	l.read(iptablesFlags, parted(args, "tAIRpsdijm"))
	switch l.op {
	case "-N":
		for _, chain := range l.named {
			b.makes(place(l.table, chain))
		}
	case "-A", "-I", "-R":
		for _, chain := range l.named {
			l.chain = chain
			b.rules = append(b.rules, l.rule)
		}
	case "-C":
		if (l.src || l.dst) && passes(l.target) {
			return shell.Unknown // whoever is let through is not to be banned
		}
		return shell.Either
	case "-L", "":
		return shell.Either
	}
	return shell.Success
}

// parted parts flags from values that are written after a =, or right after one of the letters.
func parted(args []shell.Word, letters string) (parts []shell.Word) {
	for _, w := range args {
		name, value, ok := strings.Cut(w.Text, "=")
		if ok = ok && strings.HasPrefix(name, "--"); !ok && len(w.Text) > 2 && w.Text[0] == '-' &&
			strings.IndexByte(letters, w.Text[1]) >= 0 {
			name, value, ok = w.Text[:2], w.Text[2:], true
		}
		if ok {
			parts = append(parts, shell.Word{Text: name}, shell.Word{Text: value, Unknown: w.Unknown})
		} else {
			parts = append(parts, w)
		}
	}
	return parts
}

// command reads what is done with which chain.
func (l *line) command([]shell.Word) {
	l.op = l.flag.names
	if len(l.args) == 0 || strings.HasPrefix(at(l.args, 0), "-") {
		return
	}
	l.named = strings.Fields(strings.ReplaceAll(l.next(), ",", " "))
	if isNumber(at(l.args, 0)) {
		l.next() // the rule's place
	}
}

func (l *line) match(values []shell.Word) {
	if !firstIn(values[0].Text, plainMatches) {
		l.unread("-m " + values[0].Text)
	}
}

func (l *line) looks(set, side string) { l.lookups = append(l.lookups, lookup{set, side}) }

// recent begins the name of a list of iptables' module recent among the sets.
const recent = "recent "

// ipsetFlags are those of ipset, of which flags that say nothing are gone.
var ipsetFlags = flags(
	flag{"add -A --add", 2, (*line).setCommand},
	flag{"create -N --create", 2, (*line).setCommand},
	flag{"test -T --test", 2, (*line).setCommand},
	flag{"netmask --netmask", 1, func(l *line, v []shell.Word) { l.wide = length(v[0].Text) }},
	flag{"nomatch", 0, func(l *line, _ []shell.Word) {
		l.narrowed("that the set does not hold (nomatch)")
	}},
)

func (l *line) setCommand(v []shell.Word) {
	if l.op == "" {
		l.op, l.set, l.entry = l.flag.names, v[0].Text, v[1]
	}
}

// ipset reads a command of ipset, or those that it reads from its input.
func (b *book) ipset(c *shell.Command) shell.Status {
	restores := func(w shell.Word) bool { return w.Text == "restore" || w.Text == "-R" }
	if !slices.ContainsFunc(c.Args, restores) {
		return b.ipsetCommand(c, c.Args[1:])
	}
	for line := range strings.Lines(b.input(c, "sets it fills")) {
		b.ipsetCommand(c, words(strings.Fields(line)...))
	}
	return shell.Success
}

func (b *book) ipsetCommand(c *shell.Command, args []shell.Word) shell.Status {
	l := b.line(c, "")
	silent := strings.Fields("-exist --exist -! -q -quiet --quiet -name -n")
	l.read(ipsetFlags, slices.DeleteFunc(slices.Clone(args), func(w shell.Word) bool {
		return slices.Contains(silent, w.Text)
	}))
	switch {
	case l.entry.Text == "":
	case l.op == "add":
		b.fill(l.set, l.entry, c, l.narrow)
		return shell.Success
	case l.op == "create":
		if l.wide > 0 {
			b.lengths[l.set] = l.wide
		}
		return shell.Success
	case l.op == "test" && b.sets[l.set].from == nil && !b.lookedUp(l.set):
		return shell.Unknown // whoever is in another set may not be meant
	}
	return shell.Either
}

// lookedUp reports whether a rule stops who is in a set.
func (b *book) lookedUp(set string) bool {
	is := func(l lookup) bool { return l.set == set }
	return slices.ContainsFunc(b.rules, func(r rule) bool {
		return !passes(r.target) && slices.ContainsFunc(r.lookups, is)
	})
}

// fill notes that a set gets the banned; inner is why its entries are more than addresses.
func (b *book) fill(name string, entry shell.Word, c *shell.Command, inner string) {
	first, more, _ := strings.Cut(entry.Text, ",")
	is, wide, why := about(shell.Word{Text: first, Unknown: entry.Unknown})
	if !is {
		return
	}
	if more != "" {
		why = "that match " + entry.Text
	}
	if inner != "" {
		why = inner
	}
	b.sets[name] = set{wide, c, why}
}
