package rules

import (
	"slices"
	"strings"

	"bailiff/jails/shell"
)

// nft reads a command of nft, or what it reads from its input.
func (b *book) nft(c *shell.Command) shell.Status {
	var words []string
	for i, w := range c.Args[1:] {
		switch {
		case w.Text == "-f" || w.Text == "--file":
			if file := at(c.Args[1:], i+1); file != "-" && file != "/dev/stdin" || c.Input == nil || c.Input.Unknown {
				b.undone("which rules it makes is known only when it runs", c)
				return shell.Success
			}
			words = []string{c.Input.Text}
		case strings.HasPrefix(w.Text, "-") && !isNumber(w.Text[1:]) || w.Text == "/dev/stdin":
		default:
			words = append(words, quoted(c.Args[i].Text, w.Text, at(c.Args, i+2)))
		}
	}
	status := shell.Success
	for _, statement := range statements(strings.Join(words, " ")) {
		status = b.nftStatement(c, statement)
	}
	return status
}

// quoted is a text that nft reads as one, though the shell has taken its quotes.
func quoted(before, text, after string) string {
	if (before == "comment" || before == "prefix" || after == "dport" && strings.ContainsAny(text, ";|&/, ")) && !strings.HasPrefix(text, `"`) {
		return `"` + text + `"`
	}
	return text
}

func at(args []shell.Word, i int) string {
	if i < len(args) {
		return args[i].Text
	}
	return ""
}

func isNumber(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

// statements parts a text of nft into statements of tokens.
func statements(text string) (all [][]string) {
	var now []string
	depth := 0
	for text != "" {
		n := 1
		switch c := text[0]; {
		case c == ' ' || c == '\t' || c == ',' && depth == 0:
			text = text[1:]
			continue
		case c == '{':
			depth++
		case c == '}':
			depth--
		case (c == ';' || c == '\n') && depth <= 0:
			all, now, text = append(all, now), nil, text[1:]
			continue
		case c == '"':
			if n = strings.IndexByte(text[1:], '"') + 2; n < 2 {
				n = len(text)
			}
		case c == ';' || c == ',' || c == '\n':
		default:
			if n = strings.IndexAny(text, " \t\n;,{}\""); n < 0 {
				n = len(text)
			}
		}
		now = append(now, text[:n])
		text = text[n:]
	}
	return slices.DeleteFunc(append(all, now), func(s []string) bool { return len(s) == 0 })
}

// nftStatement reads one of nft's statements.
func (b *book) nftStatement(c *shell.Command, s []string) shell.Status {
	verb := s[0]
	if len(s) < 2 || !slices.Contains([]string{"add", "insert", "create", "replace"}, verb) {
		if slices.Contains([]string{"list", "get", "describe"}, verb) {
			return shell.Either
		}
		return shell.Success
	}
	what, s := s[1], s[2:]
	if !slices.Contains([]string{"rule", "chain", "set", "element", "table", "map", "counter", "flowtable"}, what) {
		what, s = "rule", append([]string{what}, s...) // "add filter input ..."
	}
	family := "ip"
	if len(s) > 0 && slices.Contains([]string{"ip", "ip6", "inet", "arp", "bridge", "netdev"}, s[0]) {
		family, s = s[0], s[1:]
	}
	if len(s) < 2 {
		return shell.Success
	}
	table, name, s := family+" "+s[0], s[1], s[2:]
	switch what {
	case "rule":
		b.nftRule(c, table, name, s)
	case "chain":
		b.chains[place(table, name)] = true
		if i := slices.Index(s, "hook"); i >= 0 && i+1 < len(s) {
			b.bases[place(table, name)] = s[i+1]
		}
	case "element":
		for _, e := range s {
			b.fill("@"+table+" "+name, shell.Word{Text: e}, c, nil)
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

// An expression is the tokens of a rule of nft that are still to be read.
type expression struct {
	rule
	tokens []string
	table  string
}

func (b *book) nftRule(c *shell.Command, table, chain string, tokens []string) {
	x := expression{rule{from: c, table: table, chain: chain}, tokens, table}
	for len(x.tokens) > 0 {
		x.read()
	}
	b.rules = append(b.rules, x.rule)
}

func (x *expression) next() string {
	if len(x.tokens) == 0 {
		return ""
	}
	t := x.tokens[0]
	x.tokens = x.tokens[1:]
	return t
}

func (x *expression) skipIf(words ...string) bool {
	if len(x.tokens) > 0 && slices.Contains(words, x.tokens[0]) {
		x.tokens = x.tokens[1:]
		return true
	}
	return false
}

// value is what a match compares with: the parts of a set, or one value.
func (x *expression) value() []string {
	if x.skipIf("!=", "ne") {
		x.narrowed("that do not match " + strings.Join(x.tokens[:min(1, len(x.tokens))], ""))
	}
	x.skipIf("==", "eq")
	if !x.skipIf("{") {
		return []string{x.next()}
	}
	var all []string
	part := ""
	for t := x.next(); t != "" && t != "}"; t = x.next() {
		if t == "," || t == "\n" {
			all, part = append(all, part), ""
			continue
		}
		part = strings.TrimSpace(part + " " + t)
	}
	return append(all, part)
}

func (x *expression) read() {
	switch t := x.next(); t {
	case "ip", "ip6":
		x.network(t)
	case "tcp", "udp", "sctp", "dccp", "udplite", "th":
		x.transport(t)
	case "meta":
		if m := x.next(); m == "l4proto" || m == "protocol" || m == "nfproto" {
			x.protocol(m)
		} else {
			x.narrowed("that match meta " + m + " " + strings.Join(x.value(), ","))
		}
	case "ct":
		m := x.next()
		if v := x.value(); m != "state" || !slices.Contains(v, "new") {
			x.narrowed("that match ct " + m + " " + strings.Join(v, ","))
		}
	case "counter", "log", "comment", "position", "handle", "index":
		x.statement(t)
	case "drop", "accept", "return", "continue", "queue":
		x.verdict(t)
	case "jump", "goto":
		x.verdict(x.next())
	case "reject":
		words := "reject"
		for len(x.tokens) > 0 && !x.ahead("comment", "counter", "log") {
			words += " " + x.next()
		}
		x.verdict(words)
	default:
		if x.ahead("dport") { // several protocols, or one in capital letters
			x.protocols = List(strings.Trim(t, `"`))
			x.transport("th")
			return
		}
		x.narrowed("that match " + x.unread(t))
	}
}

// keywords begin the parts of a rule that are understood.
var keywords = strings.Fields("ip ip6 tcp udp sctp dccp udplite th meta ct counter log comment drop accept return continue queue jump goto reject")

// unread is a match that is not understood, up to what is.
func (x *expression) unread(words string) string {
	for len(x.tokens) > 0 && !x.ahead(keywords...) {
		words += " " + x.next()
	}
	return words
}

func (x *expression) ahead(words ...string) bool {
	return len(x.tokens) > 0 && slices.Contains(words, x.tokens[0])
}

func (x *expression) verdict(target string) {
	if x.target == "" {
		x.target = target
	}
}

// statement reads what does not decide about the packet.
func (x *expression) statement(t string) {
	switch t {
	case "comment", "position", "handle", "index":
		x.next()
		return
	case "counter":
		x.skipIf("name")
	case "log":
		x.logs = true
	}
	for x.ahead("packets", "bytes", "prefix", "level", "group", "flags", "snaplen", "queue-threshold") {
		x.next()
		x.next()
	}
	if len(x.tokens) > 0 && strings.HasPrefix(x.tokens[0], `"`) {
		x.next()
	}
}

func (x *expression) network(family string) {
	field := x.next()
	if field == "protocol" || field == "nexthdr" {
		x.protocol("l4proto")
		return
	}
	values := x.value()
	value := strings.Join(values, ",")
	side := map[string]string{"saddr": "src", "daddr": "dst"}[field]
	is, wide, why := about(shell.Word{Text: value})
	switch {
	case side == "":
		x.narrowed("that match " + family + " " + field + " " + value)
	case strings.HasPrefix(value, "@"):
		x.lookups = append(x.lookups, lookup{"@" + x.table + " " + value[1:], side})
	case !is:
		x.narrowed(map[string]string{"src": "from ", "dst": "to "}[side] + value)
	default:
		if why != "" {
			x.narrowed(why)
		}
		x.src, x.dst, x.wide = x.src || side == "src", x.dst || side == "dst", wide
	}
	if family == "ip" {
		x.form = 4
	} else {
		x.form = 6
	}
}

func (x *expression) transport(protocol string) {
	if protocol != "th" {
		x.protocols = []string{protocol}
	}
	switch field := x.next(); field {
	case "dport":
		for _, p := range x.value() {
			x.ports = append(x.ports, List(p)...)
		}
	case "flags":
		if v := strings.Join(x.value(), ","); v != "syn" {
			x.narrowed("with flags " + v)
		}
	default:
		x.narrowed("that match " + protocol + " " + field + " " + strings.Join(x.value(), ","))
	}
}

func (x *expression) protocol(field string) {
	var all []string
	for _, p := range x.value() {
		all = append(all, List(p)...)
	}
	if field == "l4proto" {
		x.protocols = all
	} else if !slices.Contains(all, "ip") && !slices.Contains(all, "ip6") && !slices.Contains(all, "ipv4") && !slices.Contains(all, "ipv6") {
		x.narrowed("that match meta " + field + " " + strings.Join(all, ","))
	}
}
