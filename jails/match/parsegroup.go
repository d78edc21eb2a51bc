package match

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
)

// parenthesis reads what follows a "(" at start up to its ")". It returns nil for a comment and for global flags.
// first tells that global flags may stand here.
func (p *parser) parenthesis(start int, flags Flags, depth int, first bool) *node {
	if !p.accept("?") {
		return p.capture("", start, 0, flags, depth)
	}
	tok := p.get()
	switch tok {
	case "":
		p.fail(p.pos(), "unexpected end of pattern")
	case "P":
		return p.pythonExtension(start, flags, depth)
	case ":":
		return p.plain(start, flags, depth)
	case "#":
		p.comment(start)
		return nil
	case "=", "!":
		return p.look(&node{kind: kindLook, negative: tok == "!"}, start, flags, depth)
	case "<":
		return p.lookBehind(start, flags, depth)
	case "(":
		return p.condition(start, flags, depth)
	case ">":
		return &node{kind: kindAtomic, subs: []*node{p.body(start, flags, depth)}}
	}
	if tok == "-" || flagBits(tok) != 0 {
		return p.flagGroup(tok, start, flags, depth, first)
	}
	p.fail(start+1, "unknown extension ?"+tok)
	return nil
}

// body reads alternatives and the closing parenthesis.
func (p *parser) body(start int, flags Flags, depth int) *node {
	n := p.alternatives(flags, depth+1)
	if !p.accept(")") {
		p.fail(start, "missing ), unterminated subpattern")
	}
	return n
}

// plain reads a group that captures nothing. It stays a sequence, so that what a repeat repeats is told apart.
func (p *parser) plain(start int, flags Flags, depth int) *node {
	return &node{kind: kindSeq, subs: []*node{p.body(start, flags, depth)}}
}

func (p *parser) comment(start int) {
	for tok := ""; tok != ")"; tok = p.get() {
		if p.next == "" {
			p.fail(start, "missing ), unterminated comment")
		}
	}
}

// capture reads the body of a group; namePos is where its name stands.
func (p *parser) capture(name string, start, namePos int, flags Flags, depth int) *node {
	group := len(p.names)
	if name != "" {
		if was, ok := p.byName[name]; ok {
			p.fail(namePos, "redefinition of group name "+quote(name)+" as group "+strconv.Itoa(group)+
				"; was group "+strconv.Itoa(was))
		}
		p.byName[name] = group
	}
	p.names = append(p.names, name)
	p.closed = append(p.closed, false)
	p.widths = append(p.widths, width{})
	body := p.body(start, flags, depth)
	p.closed[group] = true
	p.widths[group].lo, p.widths[group].hi = body.widths(p.widths)
	return &node{kind: kindGroup, group: group, subs: []*node{body}}
}

// pythonExtension reads what follows "(?P": a named group or a reference to one.
func (p *parser) pythonExtension(start int, flags Flags, depth int) *node {
	if p.accept("<") {
		at := p.pos()
		name := p.until(">", "group name")
		p.checkName(name, at)
		return p.capture(name, start, at, flags, depth)
	}
	if !p.accept("=") {
		tok := p.get()
		if tok == "" {
			p.fail(p.pos(), "unexpected end of pattern")
		}
		p.fail(start+1, "unknown extension ?P"+tok)
	}
	at := p.pos()
	name := p.until(")", "group name")
	p.checkName(name, at)
	group, ok := p.byName[name]
	if !ok {
		p.fail(at, "unknown group name "+quote(name))
	}
	return p.backref(group, at, flags)
}

// backref makes a reference to a group; at is where an error is reported.
func (p *parser) backref(group, at int, flags Flags) *node {
	if !p.closed[group] {
		p.fail(at, "cannot refer to an open group")
	}
	p.checkInside(group)
	return &node{kind: kindBackref, group: group, fold: foldOf(flags)}
}

// checkInside refuses references to groups of the same look behind.
func (p *parser) checkInside(group int) {
	if p.inside == 0 {
		return
	}
	if group >= len(p.closed) || !p.closed[group] {
		p.fail(p.pos(), "cannot refer to an open group")
	}
	if group >= p.inside {
		p.fail(p.pos(), "cannot refer to group defined in the same lookbehind subpattern")
	}
}

func (p *parser) lookBehind(start int, flags Flags, depth int) *node {
	tok := p.get()
	if tok == "" {
		p.fail(p.pos(), "unexpected end of pattern")
	}
	if tok != "=" && tok != "!" {
		p.fail(start+1, "unknown extension ?<"+tok)
	}
	outermost := p.inside == 0
	if outermost {
		p.inside = len(p.names)
	}
	n := &node{kind: kindLook, behind: true, negative: tok == "!"}
	n.subs = []*node{p.alternatives(flags, depth+1)}
	if outermost {
		p.inside = 0
	}
	if !p.accept(")") {
		p.fail(start, "missing ), unterminated subpattern")
	}
	lo, hi := n.subs[0].widths(p.widths)
	if lo != hi && (p.unfixed < 0 || start < p.unfixed) {
		p.unfixed = start
	}
	n.width = lo
	return n
}

func (p *parser) look(n *node, start int, flags Flags, depth int) *node {
	n.subs = []*node{p.body(start, flags, depth)}
	return n
}

// condition reads what follows "(?(": a group's name or number and one or two alternatives.
func (p *parser) condition(start int, flags Flags, depth int) *node {
	at := p.pos()
	name := p.until(")", "group name")
	group, ok := p.byName[name]
	if !ok {
		group = p.conditionNumber(name, at)
	}
	p.checkInside(group)
	if depth > maxNesting {
		p.fail(start, "groups nested too deeply")
	}
	n := &node{kind: kindCond, group: group, subs: []*node{p.sequence(flags, depth+1, false)}}
	if p.accept("|") {
		n.subs = append(n.subs, p.sequence(flags, depth+1, false))
		if p.next == "|" {
			p.fail(p.pos(), "conditional backref with more than two branches")
		}
	}
	if !p.accept(")") {
		p.fail(start, "missing ), unterminated subpattern")
	}
	return n
}

func (p *parser) conditionNumber(name string, at int) int {
	if isIdentifier(name) {
		p.fail(at, "unknown group name "+quote(name))
	}
	group, ok := pythonInt(name)
	if !ok {
		p.fail(at, "bad character in group name "+quote(name))
	}
	if group == 0 {
		p.fail(at, "bad group number")
	}
	p.condRef = append(p.condRef, condRef{group, at})
	return group
}

// pythonInt reads a whole number as Python's int() does: white space around it, a sign and single underscores are allowed.
func pythonInt(s string) (int, bool) {
	s = strings.TrimPrefix(strings.TrimSpace(s), "+")
	if strings.HasPrefix(s, "_") || strings.HasSuffix(s, "_") || strings.Contains(s, "__") {
		return 0, false
	}
	s = strings.ReplaceAll(s, "_", "")
	if s == "" || strings.Trim(s, digits) != "" {
		return 0, false
	}
	n, err := strconv.Atoi(s)
	return n, err == nil && n < 1<<30
}

func (p *parser) checkName(name string, at int) {
	if !isIdentifier(name) {
		p.fail(at, "bad character in group name "+quote(name))
	}
}

func isIdentifier(s string) bool {
	for i, r := range s {
		ok := r == '_' || unicode.In(r, unicode.L, unicode.Nl, unicode.Other_ID_Start)
		if i > 0 {
			ok = ok || unicode.In(r, unicode.Mn, unicode.Mc, unicode.Nd, unicode.Pc, unicode.Other_ID_Continue)
		}
		if !ok {
			return false
		}
	}
	return s != ""
}

// quote writes s as Python's repr does.
func quote(s string) string {
	q := "'"
	if strings.Contains(s, "'") && !strings.Contains(s, `"`) {
		q = `"`
	}
	var b strings.Builder
	b.WriteString(q)
	for _, r := range s {
		switch {
		case r == '\\' || string(r) == q:
			b.WriteString(`\` + string(r))
		case unicode.IsPrint(r):
			b.WriteRune(r)
		case r > 0xffff:
			fmt.Fprintf(&b, `\U%08x`, r)
		case r > 0xff:
			fmt.Fprintf(&b, `\u%04x`, r)
		case strings.ContainsRune("\n\r\t", r):
			b.WriteString(strings.Trim(strconv.QuoteRune(r), "'"))
		default:
			fmt.Fprintf(&b, `\x%02x`, r)
		}
	}
	return b.String() + q
}
