package shell

import (
	"maps"
	"path"
	"strings"
)

// A runner goes through a script.
type runner struct {
	*Reader
	vars      map[string]Word
	functions map[string]node
	under     string // the condition on which the commands at hand run
	rest      string // the condition on which all that follows runs
	gone      bool   // nothing that follows runs
	strict    bool   // set -e
	steps     int
	depth     int
}

// maxSteps is how many commands of a script are looked at, loops and functions included.
const maxSteps = 10_000

func (r *runner) run(n node) Status {
	if r.steps++; n == nil || r.gone || r.steps > maxSteps {
		return Success
	}
	switch n := n.(type) {
	case sequence:
		return r.sequence(n)
	case *pipeline:
		s := r.pipe(n)
		if n.not {
			s = s.not()
		}
		return s
	case *either:
		return r.either(n)
	case *condition:
		return r.branch(r.run(n.test), words(n.test), n.yes, n.no)
	case *loop:
		r.loop(n)
		return Success
	case *choice:
		r.choice(n)
		return Unknown
	case *group:
		return r.group(n)
	case *function:
		r.functions[n.name] = n.body
		return Success
	case *simple:
		return r.simple(n, &Command{})
	}
	return Unknown
}

func (r *runner) sequence(all sequence) Status {
	last := Success
	for _, n := range all {
		if r.gone {
			break
		}
		last = r.run(n)
		if r.strict && last == Unknown && r.rest == "" {
			r.rest = words(n)
		}
	}
	return last
}

// words is how a condition is named.
func words(n node) string {
	switch n := n.(type) {
	case sequence:
		if len(n) > 0 {
			return words(n[len(n)-1])
		}
	case *pipeline:
		var all []string
		for _, c := range n.all {
			all = append(all, words(c))
		}
		return strings.Join(all, " | ")
	case *either:
		return words(n.left)
	case *group:
		return words(n.body)
	case *condition:
		return words(n.test)
	case *simple:
		return n.text
	case *loop:
		return n.text
	case *choice:
		return n.text
	}
	return "a condition"
}

// on runs commands on a condition.
func (r *runner) on(condition string, n node) Status {
	was := r.under
	if r.under == "" {
		r.under = condition
	}
	s := r.run(n)
	r.under = was
	return s
}

func (r *runner) branch(s Status, condition string, yes, no node) Status {
	switch s {
	case Success:
		return r.run(yes)
	case Failure:
		return r.run(no)
	case Either:
		return join(r.run(yes), r.run(no))
	}
	r.on(condition, yes)
	r.on(condition, no)
	return Unknown
}

// join is the status of one of two commands, nobody knows which.
func join(a, b Status) Status {
	switch {
	case a == b:
		return a
	case a == Unknown || b == Unknown:
		return Unknown
	}
	return Either
}

func (r *runner) either(e *either) Status {
	s := r.run(e.left)
	if s == Success && !e.and || s == Failure && e.and {
		return s
	}
	if s == Unknown {
		r.on(words(e.left), e.right)
		return Unknown
	}
	right := r.run(e.right)
	if s == Either {
		return join(right, Either)
	}
	return right
}

func (r *runner) pipe(p *pipeline) Status {
	if len(p.all) == 1 {
		return r.run(p.all[0])
	}
	var from *Command
	s := Success
	for i, n := range p.all {
		c, ok := n.(*simple)
		if !ok {
			from = nil
			s = r.run(n)
			continue
		}
		made := &Command{From: from, Piped: i < len(p.all)-1}
		if from != nil {
			made.Input = printed(from)
		}
		s = r.simple(c, made)
		from = made
	}
	return s
}

// printed is what echo and printf print, nil for other commands.
func printed(c *Command) *Word {
	if name := c.Name(); name != "echo" && name != "printf" {
		return nil
	}
	out := &Word{}
	var texts []string
	for _, w := range c.Args[1:] {
		if w.Text == "-e" || w.Text == "-n" || w.Text == "-en" {
			continue
		}
		out.Unknown = out.Unknown || w.Unknown
		texts = append(texts, w.Text)
	}
	if c.Name() == "printf" && len(texts) > 1 && strings.HasPrefix(texts[0], "%s") {
		texts = texts[1:]
	}
	out.Text = strings.ReplaceAll(strings.Join(texts, " "), `\n`, "\n")
	return out
}

func (r *runner) group(g *group) Status {
	if !g.sub {
		return r.run(g.body)
	}
	rest, vars, strict := r.rest, r.vars, r.strict
	r.vars = maps.Clone(vars)
	s := r.run(g.body)
	r.rest, r.vars, r.strict, r.gone = rest, vars, strict, false
	return s
}

func (r *runner) loop(l *loop) {
	rest := r.rest
	defer func() { r.rest = rest }()
	if l.test != nil {
		if s := r.run(l.test); s == Unknown {
			r.on(l.text, l.body)
		} else {
			r.run(l.body)
		}
		return
	}
	for _, w := range l.words {
		for _, value := range r.expand(w, true) {
			r.vars[l.name] = value
			r.run(l.body)
		}
	}
}

func (r *runner) choice(c *choice) {
	of := r.whole(c.of)
	for _, a := range c.arms {
		met, certain := r.meets(of, a.patterns)
		if certain && met {
			r.run(a.body)
			return
		}
		if !certain {
			r.on(c.text, a.body)
		}
	}
}

// meets tells whether a value meets one of the patterns, and whether that is certain.
func (r *runner) meets(of Word, patterns []word) (met, certain bool) {
	for _, p := range patterns {
		pattern := r.whole(p)
		if of.dynamic() || pattern.dynamic() {
			return false, false
		}
		if ok, err := path.Match(pattern.Text, of.Text); ok && err == nil {
			return true, true
		}
	}
	return false, true
}

// dynamic tells whether the word is known only when the script runs.
func (w Word) dynamic() bool { return w.Unknown || strings.Contains(w.Text, "<") }
