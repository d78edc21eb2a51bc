package rules

import (
	"regexp"
	"slices"
	"strings"

	"bailiff/jails/shell"
)

// nft reads a command of nft, or what it reads from its input.
func (b *book) nft(c *shell.Command) shell.Status {
	var all []string
	for i, w := range c.Args[1:] {
		after := at(c.Args, i+2)
		switch {
		case w.Text == "-f" || w.Text == "--file":
			read := *c
			if after != "-" && after != "/dev/stdin" {
				read.Input = nil
			}
			all = []string{b.input(&read, "rules it makes")}
		case strings.HasPrefix(w.Text, "-") && !isNumber(w.Text[1:]) || w.Text == "/dev/stdin":
		default:
			all = append(all, quoted(c.Args[i].Text, w.Text, after))
		}
	}
	status := shell.Success
	for _, statement := range statements(strings.Join(all, " ")) {
		status = b.nftStatement(c, statement)
	}
	return status
}

// quoted is a text that nft reads as one, though the shell has taken its quotes.
func quoted(before, text, after string) string {
	list := after == "dport" && strings.ContainsAny(text, ";|&/, ")
	if (list || before == "comment" || before == "prefix") && !strings.HasPrefix(text, `"`) {
		return `"` + text + `"`
	}
	return text
}

// nftToken is a word of nft's language, a text in quotes, or a sign.
var nftToken = regexp.MustCompile(`"[^"]*"?|[{};,\n]|[^\s{};,"]+`)

// statements parts a text of nft into statements of tokens.
func statements(text string) (all [][]string) {
	var now []string
	depth := 0
	for _, token := range nftToken.FindAllString(text, -1) {
		switch {
		case token == "{":
			depth++
		case token == "}":
			depth--
		case depth <= 0 && (token == ";" || token == "\n"):
			all, now = append(all, now), nil
			continue
		case depth <= 0 && token == ",":
			continue
		}
		now = append(now, token)
	}
	return slices.DeleteFunc(append(all, now), func(s []string) bool { return len(s) == 0 })
}

// nftStatement reads one of nft's statements.
func (b *book) nftStatement(c *shell.Command, statement []string) shell.Status {
	l := b.line(c, "ip")
	l.args = words(statement...)
	if len(l.args) < 2 || !l.skip("add", "insert", "create", "replace") {
		if len(l.args) > 1 && l.ahead("list", "get", "describe") {
			return shell.Either
		}
		return shell.Success
	}
	what := "rule" // of "add filter input ..."
	if l.ahead("rule", "chain", "set", "element", "table", "map", "counter", "flowtable") {
		what = l.next()
	}
	if l.ahead("ip", "ip6", "inet", "arp", "bridge", "netdev") {
		l.table = l.next()
	}
	if len(l.args) < 2 {
		return shell.Success
	}
	l.table += " " + l.next()
	switch l.chain = l.next(); what {
	case "rule":
		l.stray = (*line).nftStray
		l.read(nftFlags, l.args)
		b.rules = append(b.rules, l.rule)
	case "chain":
		b.makes(place(l.table, l.chain))
		if i := slices.Index(l.args, shell.Word{Text: "hook"}); i >= 0 && i+1 < len(l.args) {
			b.bases[place(l.table, l.chain)] = l.args[i+1].Text
		}
	case "element":
		for _, e := range l.args {
			b.fill("@"+l.table+" "+l.chain, e, c, "")
		}
	}
	return shell.Success
}

func nftHook(table, chain string) way {
	switch {
	case strings.HasPrefix(table, "bridge"), strings.HasPrefix(table, "arp"):
		return way{why: "the table " + table + " sees no addresses"}
	case strings.HasPrefix(table, "netdev"):
		return way{hooks: hookChains("ingress")}
	}
	for _, hook := range []string{"input", "forward", "output", "prerouting", "postrouting"} {
		if strings.Contains(strings.ToLower(chain), hook) {
			return way{hooks: hookChains(hook)}
		}
	}
	return way{hooks: []string{"INPUT"}}
}

// nftFlags are the words that begin the parts of a rule of nft.
var nftFlags = flags(
	flag{"ip ip6", 1, (*line).network},
	flag{"tcp udp sctp dccp udplite th", 1, func(l *line, v []shell.Word) {
		l.transport(l.word, v[0].Text)
	}},
	flag{"meta", 1, (*line).meta},
	flag{"ct", 1, func(l *line, v []shell.Word) {
		if all := l.value(); v[0].Text != "state" || !slices.Contains(all, "new") {
			l.narrowed("that match ct " + v[0].Text + " " + strings.Join(all, ","))
		}
	}},
	flag{"counter", 0, func(l *line, _ []shell.Word) { l.skip("name"); l.options() }},
	flag{"log", 0, func(l *line, _ []shell.Word) { l.logs = true; l.options() }},
	flag{"comment position handle index", 1, nil},
	flag{"drop accept return continue queue", 0, func(l *line, _ []shell.Word) { l.verdict(l.word) }},
	flag{"jump goto", 1, func(l *line, v []shell.Word) { l.verdict(v[0].Text) }},
	flag{"reject", 0, func(l *line, _ []shell.Word) {
		all := "reject"
		for len(l.args) > 0 && !l.ahead("comment", "counter", "log") {
			all += " " + l.next()
		}
		l.verdict(all)
	}},
)

// nftStray reads a word that begins nothing else.
func (l *line) nftStray(word string) {
	if l.skip("dport") { // of several protocols, or one in capital letters
		l.protocols = List(strings.Trim(word, `"`))
		l.transport("th", "dport")
		return
	}
	l.unread(word)
}

// value is what a match compares with: the parts of a set, or one value.
func (l *line) value() []string {
	if l.skip("!=", "ne") {
		l.narrowed("that do not match " + at(l.args, 0))
	}
	l.skip("==", "eq")
	if !l.skip("{") {
		return []string{l.next()}
	}
	var all []string
	part := ""
	for t := l.next(); t != "" && t != "}"; t = l.next() {
		if t == "," || t == "\n" {
			all, part = append(all, part), ""
			continue
		}
		part = strings.TrimSpace(part + " " + t)
	}
	return append(all, part)
}

func (l *line) verdict(target string) {
	if l.target == "" {
		l.target = target
	}
}

// options takes those of a statement that does not decide about the packet.
func (l *line) options() {
	for l.skip("packets", "bytes", "prefix", "level", "group", "flags", "snaplen", "queue-threshold") {
		l.next()
	}
	if strings.HasPrefix(at(l.args, 0), `"`) {
		l.next()
	}
}

func (l *line) network(values []shell.Word) {
	field := values[0].Text
	if field == "protocol" || field == "nexthdr" {
		l.protocols = lists(l.value())
		return
	}
	sides := map[string]string{"saddr": "from", "daddr": "to"}
	value := strings.Join(l.value(), ",")
	switch name, ok := strings.CutPrefix(value, "@"); {
	case sides[field] == "":
		l.narrowed("that match " + l.word + " " + field + " " + value)
	case ok:
		l.looks("@"+l.table+" "+name, map[string]string{"saddr": "src", "daddr": "dst"}[field])
	default:
		l.address(sides[field], shell.Word{Text: value})
	}
	if l.form = 4; l.word == "ip6" {
		l.form = 6
	}
}

func (l *line) transport(protocol, field string) {
	if protocol != "th" {
		l.protocols = []string{protocol}
	}
	all := l.value()
	switch value := strings.Join(all, ","); {
	case field == "dport":
		l.ports = append(l.ports, lists(all)...)
	case field != "flags":
		l.narrowed("that match " + protocol + " " + field + " " + value)
	case value != "syn":
		l.narrowed("with flags " + value)
	}
}

func lists(values []string) (all []string) {
	for _, v := range values {
		all = append(all, List(v)...)
	}
	return all
}

func (l *line) meta(values []shell.Word) {
	field, all := values[0].Text, l.value()
	families := func(v string) bool { return firstIn(v, "ip ip6 ipv4 ipv6") }
	switch {
	case field == "l4proto":
		l.protocols = lists(all)
	case field != "protocol" && field != "nfproto" || !slices.ContainsFunc(lists(all), families):
		l.narrowed("that match meta " + field + " " + strings.Join(all, ","))
	}
}
