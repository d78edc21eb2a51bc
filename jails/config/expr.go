package config

import (
	"errors"
	"fmt"
)

// An Expr is an arithmetic expression in Python's syntax, as times and bantime.formula are written: numbers,
// + - * / // % ** << >>, comparisons, `a if c else b`, a few functions, and the names of the ban. It cannot do more
// than compute a number, and a bounded work.
type Expr struct {
	source string
	root   node
}

// A node computes one operand. The names of the ban are known while a formula runs only.
type node func(v *Vars) (number, error)

// Vars are the names an expression may use.
type Vars struct {
	Time   float64        // ban.Time: the jail's bantime in seconds
	Count  int            // ban.Count: how often the subject was banned before
	Factor float64        // banFactor: bantime.factor
	Random func() float64 // random.random(), from 0 to below 1; nil: always 0
}

// ParseExpr reads an expression.
func ParseExpr(s string) (*Expr, error) {
	tokens, err := lex(s)
	if err != nil {
		return nil, err
	}
	p := &parser{tokens: tokens}
	root := p.conditional()
	if p.err == nil && p.peek() != "" {
		p.fail("%s is not expected", quoted(p.peek()))
	}
	if p.err != nil {
		return nil, p.err
	}
	return &Expr{source: s, root: root}, nil
}

// String is the expression as written.
func (e *Expr) String() string { return e.source }

// Eval computes the expression; v may be nil when it uses no names.
func (e *Expr) Eval(v *Vars) (float64, error) {
	n, err := e.root(v)
	return n.float(), err
}

func evaluate(s string, v *Vars) (number, error) {
	e, err := ParseExpr(s)
	if err != nil {
		return number{}, err
	}
	return e.root(v)
}

// A parser descends by precedence. After the first error it goes on to the end without effect.
type parser struct {
	tokens []token
	at     int
	depth  int
	err    error
}

const maxExprDepth = 100

func (p *parser) peek() string { return p.tokens[p.at].text }

func (p *parser) next() token {
	t := p.tokens[p.at]
	if p.at < len(p.tokens)-1 {
		p.at++
	}
	return t
}

func (p *parser) accept(words ...string) string {
	t := p.tokens[p.at]
	for _, w := range words {
		if t.number == nil && t.text == w {
			p.next()
			return w
		}
	}
	return ""
}

func (p *parser) expect(word string) {
	if p.accept(word) == "" {
		if p.peek() == "" {
			p.fail("%s is missing at the end", quoted(word))
		} else {
			p.fail("%s is expected before %s", quoted(word), quoted(p.peek()))
		}
	}
}

func (p *parser) fail(format string, args ...any) {
	if p.err == nil {
		p.err = fmt.Errorf(format, args...)
	}
	p.at = len(p.tokens) - 1
}

// conditional reads `a if c else b`.
func (p *parser) conditional() node {
	if p.depth++; p.depth > maxExprDepth {
		p.fail("the expression is nested more than %d deep", maxExprDepth)
	}
	defer func() { p.depth-- }()
	value := p.comparison()
	if p.accept("if") == "" {
		return value
	}
	condition := p.comparison()
	p.expect("else")
	if p.err != nil {
		return nil
	}
	other := p.conditional()
	return func(v *Vars) (number, error) {
		c, err := condition(v)
		if err != nil {
			return c, err
		}
		if c.float() != 0 {
			return value(v)
		}
		return other(v)
	}
}

// comparison reads a < b <= c: every neighbour is compared, as in Python.
func (p *parser) comparison() node {
	first := p.binary(0)
	var rest []node
	var ops []string
	for op := p.comparer(); op != ""; op = p.comparer() {
		ops = append(ops, op)
		rest = append(rest, p.binary(0))
	}
	if len(ops) == 0 {
		return first
	}
	return func(v *Vars) (number, error) {
		left, err := first(v)
		for i := range ops {
			right, rightErr := rest[i](v)
			if err = errors.Join(err, rightErr); err != nil || !compare(ops[i], left, right) {
				return whole(0), err
			}
			left = right
		}
		return whole(1), nil
	}
}

func (p *parser) comparer() string { return p.accept("<=", ">=", "==", "!=", "<", ">") }

// levels are the operators that group to the left, the loosest first.
var levels = [][]string{{"<<", ">>"}, {"+", "-"}, {"*", "//", "/", "%"}}

func (p *parser) binary(level int) node {
	if level == len(levels) {
		return p.sign()
	}
	left := p.binary(level + 1)
	for op := p.accept(levels[level]...); op != ""; op = p.accept(levels[level]...) {
		left = apply(op, left, p.binary(level+1))
	}
	return left
}

func (p *parser) sign() node {
	if p.depth++; p.depth > maxExprDepth {
		p.fail("the expression is nested more than %d deep", maxExprDepth)
	}
	defer func() { p.depth-- }()
	switch p.accept("-", "+") {
	case "-":
		return apply("-", constant(whole(0)), p.sign())
	case "+":
		return p.sign()
	}
	base := p.operand()
	if p.accept("**") == "" {
		return base
	}
	return apply("**", base, p.sign())
}

func (p *parser) operand() node {
	t := p.next()
	switch {
	case p.err != nil:
		return nil
	case t.number != nil:
		return constant(*t.number)
	case t.text == "(":
		inner := p.conditional()
		p.expect(")")
		return inner
	case t.isName() && p.accept("(") != "":
		return p.call(t.text)
	case t.isName():
		return p.name(t.text)
	case t.text == "":
		p.fail("a number is missing at the end")
	default:
		p.fail("a number is expected before %s", quoted(t.text))
	}
	return nil
}

func (p *parser) call(function string) node {
	var args []node
	for p.accept(")") == "" && p.err == nil {
		args = append(args, p.conditional())
		if p.accept(",") == "" && p.peek() != ")" {
			p.expect(")")
		}
	}
	f, ok := functions[function]
	if !ok {
		p.fail("the function %s is not known here", function)
	} else if len(args) < f.min || len(args) > f.max {
		p.fail("the function %s does not take %d values", function, len(args))
	}
	return func(v *Vars) (number, error) {
		values := make([]number, len(args))
		for i, a := range args {
			var err error
			if values[i], err = a(v); err != nil {
				return number{}, err
			}
		}
		return f.run(v, values)
	}
}

func (p *parser) name(name string) node {
	read, ok := names[name]
	if !ok {
		p.fail("the name %s is not known here", quoted(name))
	}
	return func(v *Vars) (number, error) {
		if v == nil {
			return number{}, fmt.Errorf("the name %s is only known in bantime.formula", name)
		}
		return read(v), nil
	}
}
