package shell

import (
	"cmp"
	"maps"
	"regexp"
	"strings"

	"mvdan.cc/sh/v3/expand"
	"mvdan.cc/sh/v3/pattern"
	"mvdan.cc/sh/v3/syntax"
)

// A runner goes through a script.
type runner struct {
	*Reader
	source    string
	vars      map[string]string
	args      []string // of the function at hand
	functions map[string]*syntax.Stmt
	under     string // the condition on which the commands at hand run
	rest      string // the condition on which all that follows runs
	gone      bool   // nothing that follows in the function runs
	over      bool   // nor does what called it
	strict    bool   // set -e
	work      int
}

const (
	maxWork  = 1 << 20 // bytes of words; a command counts as some, too
	maxValue = 4 << 10 // bytes of a variable
)

func (r *runner) stmts(all []*syntax.Stmt) Status {
	last := Success
	for _, s := range all {
		if r.work += 100; r.gone || r.work > maxWork {
			break
		}
		last = r.command(s)
		if s.Negated {
			last = last.not()
		}
		if r.strict && last == Unknown {
			r.rest = cmp.Or(r.rest, r.condition(s))
		}
	}
	return last
}

func (r *runner) command(s *syntax.Stmt) Status {
	status, rest := Success, r.rest
	switch n := s.Cmd.(type) {
	case nil, *syntax.CallExpr, *syntax.TestClause:
		return r.simple(s, &Command{})
	case *syntax.BinaryCmd:
		x, y := []*syntax.Stmt{n.X}, []*syntax.Stmt{n.Y}
		switch n.Op {
		case syntax.AndStmt:
			return r.branch(x, y, nil, Failure)
		case syntax.OrStmt:
			return r.branch(x, nil, y, Success)
		}
		return r.pipe(pipeline(s))
	case *syntax.Block:
		status = r.stmts(n.Stmts)
	case *syntax.Subshell:
		inner := *r
		inner.vars = maps.Clone(r.vars)
		status = inner.stmts(n.Stmts)
		r.work = inner.work
	case *syntax.IfClause:
		status = r.branch(n.Cond, n.Then, otherwise(n), Success)
	case *syntax.WhileClause:
		r.on(r.stmts(n.Cond), r.between(n.WhilePos, n.DoPos), n.Do)
		r.rest = rest
	case *syntax.ForClause:
		r.loop(n)
		r.rest = rest
	case *syntax.CaseClause:
		r.choose(n)
		status = Unknown
	case *syntax.FuncDecl:
		if n.Name != nil { // the parser lets one have none
			r.functions[n.Name.Value] = n.Body
		}
	case *syntax.TimeClause:
		if n.Stmt != nil {
			status = r.stmts([]*syntax.Stmt{n.Stmt})
		}
	case *syntax.CoprocClause:
		status = r.stmts([]*syntax.Stmt{n.Stmt})
	case *syntax.DeclClause:
		r.assign(n.Args)
	default:
		status = Unknown
	}
	if c := (Command{}); s.Redirs != nil {
		if r.redirect(s, &c); len(c.Writes) > 0 {
			r.visit(s, &c, "")
		}
	}
	return status
}

// on runs commands that depend on the end of others, unless it is known that they do not run.
func (r *runner) on(s Status, condition string, all []*syntax.Stmt) Status {
	was := r.under
	if s == Unknown {
		r.under = cmp.Or(r.under, condition)
	}
	status := r.stmts(all)
	r.under = was
	return status
}

// branch runs commands of which it depends on a condition which of them run. Where it is not met,
// and no commands are for that, the whole ends as given.
func (r *runner) branch(condition, yes, no []*syntax.Stmt, without Status) Status {
	s, name := r.stmts(condition), r.condition(condition[len(condition)-1])
	met, unmet := Success, without
	if s != Failure && yes != nil {
		met = r.on(s, name, yes)
	}
	if s != Success && no != nil {
		unmet = r.on(s, name, no)
	}
	switch s {
	case Success:
		return met
	case Failure:
		return unmet
	case Either:
		return join(met, unmet)
	}
	return Unknown
}

// otherwise is what stands behind elif or else.
func otherwise(n *syntax.IfClause) []*syntax.Stmt {
	switch {
	case n.Else == nil:
		return nil
	case n.Else.ThenPos.IsValid():
		return []*syntax.Stmt{{Position: n.Else.Position, Cmd: n.Else}}
	}
	return n.Else.Then
}

// pipeline is the commands of a pipe.
func pipeline(s *syntax.Stmt) []*syntax.Stmt {
	n, ok := s.Cmd.(*syntax.BinaryCmd)
	if !ok || n.Op == syntax.AndStmt || n.Op == syntax.OrStmt {
		return []*syntax.Stmt{s}
	}
	return append(pipeline(n.X), n.Y)
}

func (r *runner) pipe(all []*syntax.Stmt) (s Status) {
	var from *Command
	for _, n := range all {
		if _, ok := n.Cmd.(*syntax.CallExpr); !ok {
			from, s = nil, r.stmts([]*syntax.Stmt{n})
			continue
		}
		made := &Command{From: from}
		if from != nil {
			made.Input = from.output()
		}
		s = r.simple(n, made)
		from = made
	}
	return s
}

func (r *runner) loop(n *syntax.ForClause) {
	list, ok := n.Loop.(*syntax.WordIter)
	if !ok {
		r.on(Unknown, r.between(n.ForPos, n.DoPos), n.Do)
		return
	}
	values := r.args
	if list.InPos.IsValid() {
		values = nil
		for _, w := range list.Items {
			values = append(values, r.expand(w, true)...)
		}
	}
	for _, value := range values {
		r.Set(list.Name.Value, expand.Variable{Str: value})
		r.stmts(n.Do)
	}
}

func (r *runner) choose(n *syntax.CaseClause) {
	of := word(r.one(n.Word))
	for _, item := range n.Items {
		s := Failure
		for i := 0; i < len(item.Patterns) && s == Failure; i++ {
			s = meets(of, word(r.one(item.Patterns[i])))
		}
		if s != Failure {
			r.on(s, r.between(n.Case, n.Word.End()), item.Stmts)
		}
		if s == Success {
			return
		}
	}
}

// meets reports whether a value meets a pattern.
func meets(of, glob Word) Status {
	if of.dynamic() || glob.dynamic() {
		return Unknown
	}
	expr, err := pattern.Regexp(glob.Text, pattern.EntireString)
	ok, _ := regexp.MatchString(expr, of.Text)
	return truth(ok && err == nil)
}

// between is a part of the script as it is written.
func (r *runner) between(from, to syntax.Pos) string {
	end := min(int(to.Offset()), len(r.source))
	return plain(r.source[min(int(from.Offset()), end):end])
}

func (r *runner) text(n syntax.Node) string { return r.between(n.Pos(), n.End()) }

// condition is how a command is named on which others depend.
func (r *runner) condition(s *syntax.Stmt) string {
	switch n := s.Cmd.(type) {
	case *syntax.BinaryCmd:
		if n.Op == syntax.AndStmt || n.Op == syntax.OrStmt {
			return r.condition(n.X)
		}
	case *syntax.Block:
		return r.condition(n.Stmts[len(n.Stmts)-1])
	case *syntax.Subshell:
		return r.condition(n.Stmts[len(n.Stmts)-1])
	case *syntax.IfClause:
		return r.condition(n.Cond[len(n.Cond)-1])
	}
	end := s.Position
	if s.Cmd != nil {
		end = s.Cmd.End()
	}
	for _, d := range s.Redirs {
		if d.Word.End().After(end) {
			end = d.Word.End()
		}
	}
	return strings.TrimSpace(strings.TrimPrefix(r.between(s.Position, end), "!"))
}
