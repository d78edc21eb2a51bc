package rules

import (
	"net"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"bailiff/jails/shell"
)

// A flag is an argument of a packet filter's command that has a meaning: its names, of which
// messages use the first, how many values follow it, and what it says of the rule, nil for nothing.
type flag struct {
	names  string
	values int
	says   func(*line, []shell.Word)
}

// A grammar is the flags of a program by their names.
type grammar map[string]flag

func flags(all ...flag) grammar {
	g := grammar{}
	for _, f := range all {
		names := strings.Fields(f.names)
		for _, name := range names {
			f.names = names[0]
			g[name] = f
		}
	}
	return g
}

// A line is the arguments of a command, with the rule that they make.
type line struct {
	*book
	rule
	grammar grammar
	stray   func(*line, string) // takes an argument that has no meaning
	args    []shell.Word        // that are still to be read
	flag    flag                // the one at hand
	word    string              // its name as it is written
	not     bool                // the next match is turned round
	op      string              // what is done with the rule or set
	named   []string            // the chains with which it is done
	side    string              // of the address to which a port belongs
	set     string
	entry   shell.Word
	zone    string
}

func (b *book) line(c *shell.Command, table string) *line {
	return &line{book: b, rule: rule{from: c, table: table}, stray: func(*line, string) {}}
}

// read goes through arguments.
func (l *line) read(g grammar, args []shell.Word) {
	l.grammar, l.args = g, args
	for len(l.args) > 0 {
		l.word = l.next()
		f, ok := g[l.word]
		if !ok {
			l.stray(l, l.word)
			continue
		}
		if l.flag = f; f.values > 0 && l.skip("!") { // the old place: --dport ! 22
			l.not = true
		}
		values := make([]shell.Word, f.values)
		l.args = l.args[copy(values, l.args):]
		if l.not && l.word != "!" {
			words := strings.TrimSpace(f.names + " " + at(values, 0))
			l.not = l.narrowed("that do not match " + words)
		}
		if f.says != nil {
			f.says(l, values)
		}
	}
}

// next takes the argument that stands next.
func (l *line) next() string {
	text := at(l.args, 0)
	l.args = l.args[min(1, len(l.args)):]
	return text
}

func (l *line) ahead(words ...string) bool { return slices.Contains(words, at(l.args, 0)) }

// skip takes what stands next if it is one of the words.
func (l *line) skip(words ...string) bool {
	found := len(l.args) > 0 && l.ahead(words...)
	if found {
		l.next()
	}
	return found
}

// unread takes a match that is not understood, up to the next flag that is.
func (l *line) unread(words string) {
	for len(l.args) > 0 && l.grammar[at(l.args, 0)].names == "" {
		words += " " + l.next()
	}
	if l.not {
		l.not = l.narrowed("that do not match " + words)
	}
	l.narrowed("that match " + words)
}

func (l *line) narrows(values []shell.Word) {
	l.narrowed("that match " + l.flag.names + texts(values))
}

func texts(values []shell.Word) (all string) {
	for _, v := range values {
		all += " " + v.Text
	}
	return all
}

func (l *line) protocol(values []shell.Word) { l.protocols = l.list(values[0], "protocols") }

func (l *line) port(values []shell.Word) { l.ports = l.list(values[0], "ports") }

func (l *line) list(value shell.Word, what string) []string {
	if value.Unknown {
		l.narrowed("of " + what + " that are known only when it runs (" + value.Text + ")")
	}
	return List(value.Text)
}

func (l *line) jump(values []shell.Word) { l.target = values[0].Text }

func (l *line) source(values []shell.Word) { l.address("from", values[0]) }

func (l *line) destination(values []shell.Word) { l.address("to", values[0]) }

// address reads where packets come from, or go to.
func (r *rule) address(side string, w shell.Word) {
	is, wide, why := about(w)
	switch {
	case is:
		r.src, r.dst, r.wide = r.src || side == "from", r.dst || side == "to", wide
		if why != "" {
			r.narrowed(why)
		}
	case w.Text != "any" && !strings.HasSuffix(w.Text, "/0"):
		r.narrowed(side + " " + w.Text)
	}
}

func at(args []shell.Word, i int) string {
	if i < len(args) {
		return args[i].Text
	}
	return ""
}

// words makes arguments of texts.
func words(all ...string) (made []shell.Word) {
	for _, text := range all {
		made = append(made, shell.Word{Text: text})
	}
	return made
}

func isNumber(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

// List is the parts of an argument that lists ports, chains or protocols. Blanks part nothing, for
// in a command they would not.
func List(text string) (all []string) {
	for _, part := range strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == '\n' }) {
		if part = strings.TrimSpace(part); part != "" {
			all = append(all, part)
		}
	}
	return all
}

// Union is a and what of b it does not have.
func Union(a, b []string) []string {
	for _, v := range b {
		if !slices.Contains(a, v) {
			a = append(a, v)
		}
	}
	return a
}

// banned are the tags that stand for who is banned.
var banned = regexp.MustCompile(`<(?:ip|fid|F-ID|ip-host)>`)

// masked is the length at the end of a network.
var masked = regexp.MustCompile(`/(\d{1,3})\]?$`)

// about reports whether a word is the banned address, and how wide a network around it; why is what
// keeps one from knowing.
func about(w shell.Word) (is bool, wide int, why string) {
	text := strings.Trim(w.Text, `"'[]`)
	at := banned.FindStringIndex(text)
	if at == nil {
		return false, 0, ""
	}
	rest := text[at[1]:]
	switch {
	case at[0] == 0 && !w.Unknown && rest == "":
		return true, 0, ""
	case at[0] == 0 && !w.Unknown && rest[0] == '/':
		return true, length(rest[1:]), ""
	case masked.MatchString(text):
		return true, length(masked.FindStringSubmatch(text)[1]), ""
	}
	return true, 0, "of an address that is known only when it runs"
}

// length reads the length of a network, or its mask. It is 0 for one that is not understood, and
// for single addresses.
func length(s string) int {
	n, err := strconv.Atoi(s)
	if mask, bad := netip.ParseAddr(s); err != nil && bad == nil {
		n, _ = net.IPMask(mask.AsSlice()).Size()
	}
	if n <= 0 || n >= 128 || n == 32 {
		return 0
	}
	return n
}
