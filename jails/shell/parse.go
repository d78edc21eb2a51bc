package shell

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// A node is a part of a script: one of the types below.
type node any

type (
	simple struct {
		assigned  []assignment
		words     []word
		redirects []*redirect
		text      string
	}
	assignment struct {
		name  string
		value word
	}
	redirect struct {
		op, end string
		target  word
		here    string // the text of a here-document
	}
	pipeline struct {
		all []node
		not bool
	}
	either struct { // a && b, a || b
		left, right node
		and         bool
	}
	sequence  []node
	condition struct{ test, yes, no node }
	loop      struct {
		name  string // of for
		words []word
		test  node // of while and until
		body  node
		text  string
	}
	choice struct {
		of   word
		arms []arm
		text string
	}
	arm struct {
		patterns []word
		body     node
	}
	group struct {
		body      node
		sub       bool
		redirects []*redirect
	}
	function struct {
		name string
		body node
	}
)

const (
	maxDepth  = 50
	maxScript = 1 << 20
)

type parser struct {
	s     string
	i     int
	whole func(string) bool
	depth int
	err   error
	here  []*redirect // whose text follows the line
}

func parse(script string, whole func(string) bool) (node, error) {
	if len(script) > maxScript {
		return nil, errors.New("the script is too long")
	}
	return parseIn(script, whole, 0)
}

func parseIn(script string, whole func(string) bool, depth int) (node, error) {
	p := parser{s: script, whole: whole, depth: depth}
	body := p.list()
	if p.i < len(p.s) {
		p.fail(fmt.Sprintf("%q is not expected", unmarked(p.s[p.i:min(len(p.s), p.i+10)])))
	}
	return body, p.err
}

func (p *parser) failed() bool { return p.err != nil }

func (p *parser) fail(message string) {
	if p.err == nil {
		p.err = errors.New(message)
	}
	p.i = len(p.s)
}

// blanks skips blanks, marks, joined lines and comments.
func (p *parser) blanks() {
	for p.i < len(p.s) {
		switch c := p.s[p.i]; {
		case c == ' ' || c == '\t' || c == '\r' || c == End:
			p.i++
		case c == '\\' && strings.HasPrefix(p.s[p.i:], "\\\n"):
			p.i += 2
		case c == '#' && (p.i == 0 || strings.IndexByte(" \t\n;", p.s[p.i-1]) >= 0):
			for p.i < len(p.s) && p.s[p.i] != '\n' {
				p.i++
			}
		default:
			return
		}
	}
}

// begins skips what may stand before a command.
func (p *parser) begins() {
	for p.i < len(p.s) {
		if p.blanks(); p.i < len(p.s) && p.s[p.i] == Begin {
			p.i++
			continue
		}
		return
	}
}

// lines skips the ends of lines too, and reads the here-documents that follow one.
func (p *parser) lines() {
	for p.begins(); p.i < len(p.s) && p.s[p.i] == '\n'; p.begins() {
		p.i++
		p.hereDocuments()
	}
}

func (p *parser) hereDocuments() {
	for _, r := range p.here {
		var text strings.Builder
		for p.i < len(p.s) {
			line, _, _ := strings.Cut(p.s[p.i:], "\n")
			p.i = min(len(p.s), p.i+len(line)+1)
			line = strings.TrimLeft(unmarked(line), "\t ") // the files of actions are indented
			if line == r.end {
				break
			}
			text.WriteString(line + "\n")
		}
		r.here = text.String()
	}
	p.here = nil
}

// operator takes the operator that stands next.
func (p *parser) operator(op string) bool {
	p.blanks()
	if !strings.HasPrefix(p.s[p.i:], op) {
		return false
	}
	p.i += len(op)
	return true
}

// keyword tells which of the words stands next where a command may begin, and takes it.
func (p *parser) keyword(words ...string) string {
	p.begins()
	for _, w := range words {
		if rest, ok := strings.CutPrefix(p.s[p.i:], w); ok && (rest == "" || strings.IndexByte(" \t\n;&|()", rest[0]) >= 0 || rest[0] >= End) {
			p.i += len(w)
			return w
		}
	}
	return ""
}

// ahead tells whether one of the words stands next.
func (p *parser) ahead(words ...string) bool {
	p.begins()
	i := p.i
	found := p.keyword(words...) != ""
	p.i = i
	return found
}

// closing are the words and signs that end a list of commands.
var closing = []string{"then", "else", "elif", "fi", "do", "done", "esac", "}"}

// list reads commands up to what closes them.
func (p *parser) list() node {
	var all sequence
	if p.depth++; p.depth > maxDepth {
		p.fail("the script is nested too deep")
	}
	defer func() { p.depth-- }()
	for !p.failed() {
		p.lines()
		if p.i == len(p.s) || p.s[p.i] == ')' || strings.HasPrefix(p.s[p.i:], ";;") || p.ahead(closing...) {
			break
		}
		all = append(all, p.andOr())
		if p.blanks(); strings.HasPrefix(p.s[p.i:], ";;") {
			break
		}
		if !p.operator(";") && !p.operator("&") && p.i < len(p.s) && strings.IndexByte("\n)", p.s[p.i]) < 0 {
			p.fail(fmt.Sprintf("%q is not expected", p.s[p.i:p.i+1]))
		}
	}
	return all
}

func (p *parser) andOr() node {
	left := p.pipeline()
	for !p.failed() {
		and := p.operator("&&")
		if !and && !p.operator("||") {
			break
		}
		p.lines()
		left = &either{left, p.pipeline(), and}
	}
	return left
}

func (p *parser) pipeline() node {
	made := &pipeline{not: p.keyword("!") != ""}
	for !p.failed() {
		made.all = append(made.all, p.command())
		if p.blanks(); strings.HasPrefix(p.s[p.i:], "||") || !p.operator("|") {
			break
		}
		p.operator("&")
		p.lines()
	}
	return made
}

func (p *parser) command() node {
	start := p.i
	switch p.keyword("if", "for", "while", "until", "case", "{") {
	case "if":
		return p.redirected(p.condition())
	case "for":
		return p.redirected(p.forLoop(start))
	case "while":
		return p.redirected(p.while(start, false))
	case "until":
		return p.redirected(p.while(start, true))
	case "case":
		return p.redirected(p.choice(start))
	case "{":
		body := p.list()
		p.expect("}")
		return p.redirected(body)
	}
	if p.operator("(") {
		return &group{p.until(')'), true, p.redirects()}
	}
	return p.simple()
}

// until reads commands up to a sign, and takes it.
func (p *parser) until(sign byte) node {
	body := p.list()
	if p.i == len(p.s) || p.s[p.i] != sign {
		p.fail(fmt.Sprintf("a %c is missing", sign))
		return body
	}
	p.i++
	return body
}

func (p *parser) expect(word string) {
	p.lines()
	if p.keyword(word) == "" {
		p.fail(word + " is missing")
	}
}

func (p *parser) redirected(body node) node { return &group{body, false, p.redirects()} }

func (p *parser) condition() node {
	c := &condition{test: p.list()}
	p.expect("then")
	c.yes = p.list()
	switch p.keyword("elif", "else", "fi") {
	case "elif":
		c.no = p.condition()
	case "else":
		c.no = p.list()
		p.expect("fi")
	case "":
		p.fail("fi is missing")
	}
	return c
}

func (p *parser) forLoop(start int) node {
	p.blanks()
	l := &loop{name: p.word("").literal()}
	p.lines()
	if p.keyword("in") != "" {
		for before := "in"; !p.failed(); before = "" {
			p.blanks()
			w := p.word(before)
			if w.parts == nil {
				break
			}
			l.words = append(l.words, w)
		}
	}
	p.operator(";")
	l.text = unmarked(p.s[start:p.i])
	p.body(l)
	return l
}

func (p *parser) while(start int, until bool) node {
	l := &loop{test: p.list()}
	if until {
		l.test = &pipeline{all: []node{l.test}, not: true}
	}
	l.text = unmarked(p.s[start:p.i])
	p.body(l)
	return l
}

func (p *parser) body(l *loop) {
	p.expect("do")
	l.body = p.list()
	p.expect("done")
}

func (p *parser) choice(start int) node {
	p.begins()
	c := &choice{of: p.word("")}
	c.text = unmarked(p.s[start:p.i])
	p.expect("in")
	for !p.failed() {
		if p.lines(); p.keyword("esac") != "" {
			break
		}
		p.operator("(")
		var a arm
		for !p.failed() {
			p.begins()
			a.patterns = append(a.patterns, p.word(""))
			if !p.operator("|") {
				break
			}
		}
		if !p.operator(")") {
			p.fail("a ) is missing")
		}
		a.body = p.list()
		p.operator(";;")
		c.arms = append(c.arms, a)
	}
	return c
}

// simple reads a command of words, or the definition of a function.
func (p *parser) simple() node {
	c := &simple{}
	start, before := p.i, ""
	for !p.failed() {
		p.blanks()
		if r := p.redirect(); r != nil {
			c.redirects = append(c.redirects, r)
			continue
		}
		w := p.word(before)
		if w.parts == nil {
			break
		}
		before = w.plain()
		if name := assigned(w); name != "" && len(c.words) == 0 {
			w.parts[0].text = w.parts[0].text[len(name)+1:]
			c.assigned = append(c.assigned, assignment{name, w})
			continue
		}
		c.words = append(c.words, w)
		if len(c.words) == 1 && w.literal() != "" && p.operator("()") {
			p.lines()
			return &function{before, p.command()}
		}
		if w.literal() == "[[" {
			p.test(c)
		}
	}
	if len(c.words)+len(c.assigned)+len(c.redirects) == 0 {
		p.fail("a command is missing")
	}
	c.text = strings.TrimSpace(unmarked(p.s[start:p.i]))
	return c
}

// test reads what stands between [[ and ]], where signs are words.
func (p *parser) test(c *simple) {
	for !p.failed() {
		p.lines()
		w := p.word("")
		if w.parts == nil {
			if p.i == len(p.s) {
				p.fail("]] is missing")
				return
			}
			w.add(p.s[p.i:p.i+1], false)
			p.i++
		}
		c.words = append(c.words, w)
		if w.literal() == "]]" {
			return
		}
	}
}

// assigned is the variable that a word such as A=b gives a value.
func assigned(w word) string {
	first := w.parts[0]
	if first.quoted || first.name != "" || first.dollar || first.sub != nil {
		return ""
	}
	name, _, ok := strings.Cut(first.text, "=")
	if !ok || nameLength(name) != len(name) {
		return ""
	}
	return name
}

func (p *parser) redirects() (all []*redirect) {
	for p.blanks(); !p.failed(); p.blanks() {
		r := p.redirect()
		if r == nil {
			break
		}
		all = append(all, r)
	}
	return all
}

// redirections are the operators, the longest first.
var redirections = []string{"<<<", "<<-", "<<", "<&", "<>", "<", "&>>", "&>", ">>", ">|", ">&", ">"}

// redirect reads a redirection if one stands next.
func (p *parser) redirect() *redirect {
	at := p.i
	for at < len(p.s) && p.s[at] >= '0' && p.s[at] <= '9' {
		at++
	}
	number := p.s[p.i:at]
	i := slices.IndexFunc(redirections, func(op string) bool { return strings.HasPrefix(p.s[at:], op) })
	if i < 0 || tag(p.s[at:]) > 0 {
		return nil
	}
	r := &redirect{op: redirections[i]}
	p.i = at + len(r.op)
	p.begins()
	r.target = p.word("")
	if r.target.parts == nil {
		p.fail("a file is missing behind " + r.op)
	}
	if r.op == "<<" || r.op == "<<-" {
		for _, part := range r.target.parts {
			r.end += part.text
		}
		p.here = append(p.here, r)
	}
	if number != "" && number != "1" && r.op[0] == '>' {
		r.op = "2>" // errors, which nobody keeps
	}
	return r
}
