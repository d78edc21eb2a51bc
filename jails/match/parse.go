package match

import (
	"strconv"
	"strings"
)

const (
	digits      = "0123456789"
	octalDigits = "01234567"
	hexDigits   = "0123456789abcdefABCDEF"
	space       = " \t\n\r\v\f"
)

// maxNesting is how deep groups may stand in groups.
const maxNesting = 1000

// A parser reads one expression. Its grammar and its messages are those of Python 3.11's re.
type parser struct {
	*tokens
	global  Flags
	names   []string       // of the groups opened so far, by number
	byName  map[string]int // the same, by name
	closed  []bool         // the groups that are closed, by number
	widths  []width        // of the closed groups
	inside  int            // groups opened before the outermost look behind around us; 0 outside of one
	condRef []condRef
	unfixed int // where the first look behind of no fixed width stands; -1: none
}

// A condRef is a group number in a condition, which may be that of a later group.
type condRef struct{ group, pos int }

// parse returns the expression's tree and the groups' names by number.
func parse(expr string, flags Flags) (tree *node, names []string, err error) {
	defer func() {
		if r := recover(); r != nil {
			syntax, ok := r.(*SyntaxError)
			if !ok {
				panic(r)
			}
			err = syntax
		}
	}()
	p := &parser{
		tokens: newTokens(expr), global: flags, unfixed: -1,
		names: []string{""}, byName: map[string]int{}, closed: []bool{false}, widths: make([]width, 1),
	}
	tree = p.alternatives(flags, 0)
	if p.next != "" {
		p.fail(p.pos(), "unbalanced parenthesis")
	}
	for _, ref := range p.condRef {
		if ref.group >= len(p.names) {
			p.fail(ref.pos, "invalid group reference "+strconv.Itoa(ref.group))
		}
	}
	if p.unfixed >= 0 {
		p.fail(p.unfixed, "look-behind requires fixed-width pattern")
	}
	return tree, p.names, nil
}

// alternatives reads a|b|c up to a closing parenthesis or the end.
func (p *parser) alternatives(flags Flags, depth int) *node {
	if depth > maxNesting {
		p.fail(p.pos(), "groups nested too deeply")
	}
	first := p.sequence(flags, depth, depth == 0)
	if p.next != "|" {
		return first
	}
	alt := &node{kind: kindAlt, subs: []*node{first}}
	for p.accept("|") {
		if depth == 0 {
			flags = p.global
		}
		alt.subs = append(alt.subs, p.sequence(flags, depth, false))
	}
	return alt
}

// sequence reads one alternative. Only the first one of the whole expression may begin with global flags.
func (p *parser) sequence(flags Flags, depth int, first bool) *node {
	seq := &node{kind: kindSeq}
	for p.next != "" && p.next != "|" && p.next != ")" {
		start := p.pos()
		tok := p.get()
		switch {
		case flags&Verbose != 0 && strings.Contains(space, tok):
		case flags&Verbose != 0 && tok == "#":
			for tok != "" && tok != "\n" {
				tok = p.get()
			}
		case tok == "(":
			sub := p.parenthesis(start, flags, depth, first && len(seq.subs) == 0)
			if sub != nil {
				seq.subs = append(seq.subs, sub)
			}
			if first && depth == 0 {
				flags = p.global
			}
		case len(tok) == 1 && strings.Contains("*+?{", tok):
			p.repeat(seq, tok, start, flags)
		default:
			seq.subs = append(seq.subs, p.atom(tok, start, flags))
		}
	}
	return seq
}

// atom reads what is neither a group nor a repeat.
func (p *parser) atom(tok string, start int, flags Flags) *node {
	switch {
	case tok[0] == '\\':
		return p.escape(tok, start, flags)
	case tok == "[":
		return p.set(start, flags)
	case tok == ".":
		return anyCharacter(flags)
	case tok == "^" && flags&Multiline != 0:
		return &node{kind: kindAt, at: atLineStart}
	case tok == "^":
		return &node{kind: kindAt, at: atStart}
	case tok == "$" && flags&Multiline != 0:
		return &node{kind: kindAt, at: atLineEnd}
	case tok == "$":
		return &node{kind: kindAt, at: atEnd}
	}
	return literal(firstRune(tok), flags)
}

// repeat reads the rest of a repeat and puts it round the last node of seq.
func (p *parser) repeat(seq *node, tok string, start int, flags Flags) {
	rep := &node{kind: kindRepeat, max: unlimited}
	switch tok {
	case "?":
		rep.max = 1
	case "+":
		rep.min = 1
	case "{":
		if !p.bounds(rep) {
			seq.subs = append(seq.subs, literal('{', flags))
			return
		}
	}
	if len(seq.subs) == 0 {
		p.fail(start, "nothing to repeat")
	}
	item := &seq.subs[len(seq.subs)-1]
	switch (*item).kind {
	case kindAt:
		p.fail(start, "nothing to repeat")
	case kindRepeat:
		p.fail(start, "multiple repeat")
	}
	rep.subs = []*node{*item}
	switch {
	case p.accept("?"):
		rep.mode = lazy
	case p.accept("+"):
		rep.mode = possessive
	}
	*item = rep
}

// bounds reads {3}, {3,}, {,3} or {3,4} after the brace. Anything else is no repeat: the brace stands for itself.
func (p *parser) bounds(rep *node) bool {
	start := p.pos()
	if p.next == "}" {
		return false
	}
	lo := p.while(-1, digits)
	hi := lo
	if p.accept(",") {
		hi = p.while(-1, digits)
	}
	if !p.accept("}") {
		p.seek(start)
		return false
	}
	if lo != "" {
		rep.min = p.number(lo, start)
	}
	if hi != "" {
		rep.max = p.number(hi, start)
		if rep.max < rep.min {
			p.fail(start, "min repeat greater than max repeat")
		}
	}
	return true
}

func (p *parser) number(s string, pos int) int {
	n, err := strconv.Atoi(s)
	if err != nil || n >= unlimited {
		p.fail(pos, "the repetition number is too large")
	}
	return n
}
