package shell

import (
	"cmp"
	"strconv"
	"strings"

	"mvdan.cc/sh/v3/expand"
	"mvdan.cc/sh/v3/syntax"
)

// simple runs a command of words.
func (r *runner) simple(s *syntax.Stmt, made *Command) Status {
	var args []string
	switch n := s.Cmd.(type) {
	case *syntax.TestClause:
		args = strings.Fields(r.text(n))
	case *syntax.CallExpr:
		before := ""
		for _, w := range n.Args {
			args = append(args, r.expand(w, !r.whole(before))...)
			before = strings.Trim(r.text(w), `'"\`)
		}
		if len(n.Args) == 0 {
			r.assign(n.Assigns)
		}
	}
	if r.redirect(s, made); len(args) == 0 {
		if len(made.Writes) == 0 {
			return Success
		}
		args = []string{""}
	}
	if body, ok := r.functions[args[0]]; ok {
		return r.call(body, args[1:])
	}
	status, ok := r.builtin(args, cmp.Or(r.under, r.rest))
	if !ok || len(made.Writes) > 0 {
		visited := r.visit(s, made, args...)
		if !ok {
			return visited
		}
	}
	return status
}

// visit shows a command to Visit.
func (r *runner) visit(s *syntax.Stmt, c *Command, args ...string) Status {
	for _, a := range args {
		c.Args = append(c.Args, word(a))
	}
	c.Text, c.Under = r.condition(s), cmp.Or(r.under, r.rest)
	return r.Visit(c)
}

// redirect notes where a command reads and writes.
func (r *runner) redirect(s *syntax.Stmt, made *Command) {
	for _, d := range s.Redirs {
		switch d.Op {
		case syntax.Hdoc, syntax.DashHdoc, syntax.WordHdoc:
			from := d.Word
			if d.Op != syntax.WordHdoc {
				from = d.Hdoc
			}
			text := word(r.one(from))
			made.Input = &text
		case syntax.RdrOut, syntax.AppOut, syntax.RdrClob, syntax.RdrAll, syntax.AppAll:
			if d.N == nil || d.N.Value == "1" { // nobody keeps errors
				made.Writes = append(made.Writes, word(r.one(d.Word)))
			}
		}
	}
}

func (r *runner) assign(all []*syntax.Assign) {
	for _, a := range all {
		value := r.one(a.Value)
		if a.Append {
			value = r.vars[a.Name.Value] + value
		}
		if a.Array != nil || a.Index != nil {
			value = mask(r.text(a), later)
		}
		if a.Name != nil && !a.Naked {
			r.Set(a.Name.Value, expand.Variable{Str: value})
		}
	}
}

// call runs a function.
func (r *runner) call(body *syntax.Stmt, args []string) Status {
	was := r.args
	r.args = args
	s := r.stmts([]*syntax.Stmt{body})
	r.args, r.gone = was, r.over
	return s
}

// builtin runs what the shell does itself.
func (r *runner) builtin(args []string, under string) (s Status, ok bool) {
	switch args[0] {
	case "true", ":":
	case "false":
		return Failure, true
	case "exit", "return", "break", "continue":
		r.rest = cmp.Or(r.rest, under)
		r.gone = under == "" && (args[0] == "exit" || args[0] == "return")
		r.over = r.gone && args[0] == "exit"
	case "set":
		flags := append(args, "")[1]
		r.strict = r.strict || strings.HasPrefix(flags, "-") && strings.Contains(flags, "e")
	case "shift":
		r.args = r.args[min(1, len(r.args)):]
	case "export", "local", "readonly":
		for _, a := range args[1:] {
			if name, value, ok := strings.Cut(a, "="); ok {
				r.Set(name, expand.Variable{Str: value})
			}
		}
	case "[", "test", "[[":
		s = decide(args[1:])
		return s, s != Unknown
	default:
		return Unknown, false
	}
	return Success, true
}

// decide is the outcome of a test of what is known.
func decide(args []string) Status {
	var s []string
	for _, a := range args {
		w := word(a)
		if w.dynamic() {
			return Unknown
		}
		s = append(s, w.Text)
	}
	if n := len(s); n > 0 && (s[n-1] == "]" || s[n-1] == "]]") {
		s = s[:n-1]
	}
	switch {
	case len(s) > 1 && s[0] == "!":
		return decide(s[1:]).not()
	case len(s) == 1:
		return truth(s[0] != "")
	case len(s) == 2 && (s[0] == "-n" || s[0] == "-z"):
		return truth((s[1] == "") == (s[0] == "-z"))
	case len(s) != 3:
		return Unknown
	case s[1] == "!=", (s[1] == "=" || s[1] == "==") && !strings.ContainsAny(s[2], "*?["):
		return truth((s[0] == s[2]) == (s[1] != "!="))
	}
	a, err1 := strconv.Atoi(s[0])
	b, err2 := strconv.Atoi(s[2])
	met, ok := map[string]bool{"-eq": a == b, "-ne": a != b, "-lt": a < b, "-le": a <= b,
		"-gt": a > b, "-ge": a >= b}[s[1]]
	if err1 != nil || err2 != nil || !ok {
		return Unknown
	}
	return truth(met)
}
