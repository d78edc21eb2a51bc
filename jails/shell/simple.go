package shell

import (
	"cmp"
	"maps"
	"strconv"
	"strings"
)

// simple runs a command of words.
func (r *runner) simple(c *simple, made *Command) Status {
	before := ""
	for i, w := range c.words {
		made.Args = append(made.Args, r.expand(w, i == 0 || !r.Whole(before))...)
		before = w.plain()
	}
	for _, a := range c.assigned {
		r.assign(a.name, r.whole(a.value))
	}
	made.Text, made.Under = c.text, cmp.Or(r.under, r.rest)
	for _, d := range c.redirects {
		switch {
		case d.here != "":
			made.Input = &Word{Text: d.here, Unknown: strings.ContainsAny(d.here, "$`")}
		case d.op == "<<<":
			text := r.whole(d.target)
			made.Input = &text
		case d.op[0] == '>' || strings.HasPrefix(d.op, "&>"):
			made.Writes = append(made.Writes, r.whole(d.target))
		}
	}
	if len(made.Args) == 0 {
		if len(made.Writes) > 0 {
			made.Args = []Word{{}}
			r.Visit(made)
		}
		return Success
	}
	if body, ok := r.functions[made.arg(0)]; ok {
		return r.call(body, made.Args[1:])
	}
	return r.builtin(made)
}

func (r *runner) assign(name string, value Word) {
	if cmp.Or(r.under, r.rest) != "" {
		value = Word{"$" + name, true}
	}
	r.vars[name] = value
}

// call runs a function.
func (r *runner) call(body node, args []Word) Status {
	if r.depth++; r.depth > maxDepth {
		return Unknown
	}
	vars := r.vars
	r.vars = maps.Clone(vars)
	for i, a := range args {
		r.vars[strconv.Itoa(i+1)] = a
	}
	s := r.run(body)
	r.vars, r.gone = vars, false
	r.depth--
	return s
}

// builtin runs what the shell does itself, and shows everything else to Visit.
func (r *runner) builtin(c *Command) Status {
	switch name := c.arg(0); name {
	case "true", ":":
		if len(c.Writes) == 0 {
			return Success
		}
	case "false":
		return Failure
	case "exit", "return", "break", "continue":
		if c.Under != "" {
			r.rest = c.Under
		} else {
			r.gone = name == "exit" || name == "return"
		}
		return Success
	case "set":
		r.strict = r.strict || len(c.Args) > 1 && strings.HasPrefix(c.arg(1), "-") && strings.Contains(c.arg(1), "e")
		return Success
	case "export", "local", "readonly", "declare":
		for _, w := range c.Args[1:] {
			if name, value, ok := strings.Cut(w.Text, "="); ok {
				r.assign(name, Word{value, w.Unknown})
			}
		}
		return Success
	case "[", "test", "[[":
		if s := decide(c.Args[1:]); s != Unknown {
			return s
		}
	}
	return r.Visit(c)
}

// decide is the outcome of a test of what is known.
func decide(args []Word) Status {
	var s []string
	for _, a := range args {
		if a.dynamic() {
			return Unknown
		}
		s = append(s, a.Text)
	}
	if n := len(s); n > 0 && (s[n-1] == "]" || s[n-1] == "]]") {
		s = s[:n-1]
	}
	if len(s) > 0 && s[0] == "!" {
		return of(s[1:]).not()
	}
	return of(s)
}

func of(s []string) Status {
	truth := func(b bool) Status {
		if b {
			return Success
		}
		return Failure
	}
	switch {
	case len(s) == 1:
		return truth(s[0] != "")
	case len(s) == 2 && s[0] == "-n":
		return truth(s[1] != "")
	case len(s) == 2 && s[0] == "-z":
		return truth(s[1] == "")
	case len(s) != 3:
		return Unknown
	}
	switch s[1] {
	case "=", "==":
		if !strings.ContainsAny(s[2], "*?[") {
			return truth(s[0] == s[2])
		}
	case "!=":
		return truth(s[0] != s[2])
	}
	a, err1 := strconv.Atoi(s[0])
	b, err2 := strconv.Atoi(s[2])
	if err1 != nil || err2 != nil {
		return Unknown
	}
	switch s[1] {
	case "-eq":
		return truth(a == b)
	case "-ne":
		return truth(a != b)
	case "-lt":
		return truth(a < b)
	case "-le":
		return truth(a <= b)
	case "-gt":
		return truth(a > b)
	case "-ge":
		return truth(a >= b)
	}
	return Unknown
}

// whole expands a word that stays one.
func (r *runner) whole(w word) Word {
	all := r.expand(w, false)
	if len(all) == 0 {
		return Word{}
	}
	return all[0]
}

// expand is what becomes of a word. With split, what is put into it unquoted may make several words of it.
func (r *runner) expand(w word, split bool) []Word {
	var all []Word
	now, empty := Word{}, true
	for _, p := range w.parts {
		value, put := r.value(p)
		now.Unknown = now.Unknown || value.Unknown
		if !put || p.quoted || !split || value.Unknown {
			now.Text += value.Text
			empty = empty && put && !p.quoted && value.Text == ""
			continue
		}
		fields := strings.FieldsFunc(value.Text, func(c rune) bool { return c == ' ' || c == '\t' || c == '\n' })
		for i, f := range fields {
			if i > 0 {
				all = append(all, now)
				now = Word{}
			}
			now.Text += f
			empty = false
		}
	}
	if empty {
		return all
	}
	return append(all, now)
}

// value is the text of a part; put tells whether it is put in place of something else.
func (r *runner) value(p part) (value Word, put bool) {
	switch {
	case p.sub != nil:
		return r.output(p), true
	case p.dollar:
		return Word{p.text, true}, true
	case p.name == "":
		return Word{p.text, false}, false
	}
	if v, ok := r.vars[p.name]; ok && (v.Text != "" || p.spare == "") {
		return v, true
	}
	switch {
	case p.spare != "":
		return Word{p.spare, false}, true
	case p.name == "EUID" || p.name == "UID":
		return Word{"0", false}, true
	}
	return Word{p.text, true}, true
}

// output is what a command in the place of a word prints.
func (r *runner) output(p part) Word {
	var last *Word
	inner := *r
	inner.Reader = &Reader{Whole: r.Whole, Visit: func(c *Command) Status {
		s := r.Visit(c)
		switch c.Name() {
		case "echo", "printf":
			last = printed(c)
		case "sed", "tr":
			last = reseparate(c, last)
		case "id":
			last = nil
			if c.Text == "id -u" {
				last = &Word{Text: "0"}
			}
		default:
			last = nil
		}
		return s
	}}
	seq, _ := p.sub.(sequence)
	inner.run(p.sub)
	r.steps = inner.steps
	if _, pipe := only(seq).(*pipeline); last == nil || !pipe {
		return Word{p.text, true}
	}
	return *last
}

func only(all sequence) node {
	if len(all) != 1 {
		return nil
	}
	return all[0]
}

// reseparate is what sed or tr make of a list in which they put other separators between the parts, nil when they do
// something else.
func reseparate(c *Command, from *Word) *Word {
	const separators = " ,:;-\n"
	before, after := "", ""
	if len(c.Args) == 3 && c.Name() == "tr" {
		before, after = unescape(c.arg(1)), unescape(c.arg(2))
	} else if script := c.arg(1); c.Name() == "sed" && len(c.Args) == 2 && len(script) > 4 && script[0] == 's' {
		parts := strings.Split(script[2:], script[1:2])
		if len(parts) != 3 || parts[2] != "g" {
			return nil
		}
		before, after = strings.Trim(parts[0], "[]"), parts[1]
	}
	if from == nil || before == "" || after == "" || strings.Trim(before+after, separators) != "" {
		return nil
	}
	made := *from
	made.Text = strings.Map(func(r rune) rune {
		if i := strings.IndexRune(before, r); i >= 0 {
			return rune(after[min(i, len(after)-1)])
		}
		return r
	}, from.Text)
	return &made
}

func unescape(s string) string { return strings.ReplaceAll(s, `\n`, "\n") }
