package shell

import (
	"cmp"
	"io"
	"maps"
	"strconv"
	"strings"

	"mvdan.cc/sh/v3/expand"
	"mvdan.cc/sh/v3/syntax"
)

// prepare changes a part of a script so that the library expands what is known. What is known only
// when the script runs is put there as it is written, masked.
func (r *runner) prepare(n syntax.Node) bool {
	switch n := n.(type) {
	case *syntax.Redirect:
		if n.Hdoc != nil && n.Word.Lit() != "" {
			n.Hdoc.Parts = []syntax.WordPart{&syntax.DblQuoted{Parts: n.Hdoc.Parts}}
		}
	case *syntax.Word:
		for _, p := range n.Parts {
			if l, ok := p.(*syntax.Lit); ok {
				l.Value = quoteLiteral(l.Value)
			}
		}
		r.later(n.Parts)
	case *syntax.DblQuoted:
		r.later(n.Parts)
	}
	return true
}

// quoteLiteral masks what is quoted, and what only some shells expand.
func quoteLiteral(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && i+1 < len(s):
			i++
			b.WriteString(mask(s[i:i+1], masked))
		case strings.IndexByte("{~", s[i]) >= 0:
			b.WriteString(mask(s[i:i+1], masked))
		default:
			b.WriteByte(s[i])
		}
	}
	return b.String()
}

// later masks the parts of a word that the library would expand otherwise than a shell that runs.
func (r *runner) later(parts []syntax.WordPart) {
	for i, p := range parts {
		known := true
		switch p := p.(type) {
		case *syntax.ArithmExp, *syntax.ExtGlob:
			known = false
		case *syntax.ProcSubst:
			parts[i] = &syntax.CmdSubst{Left: p.OpPos, Right: p.Rparen, Stmts: p.Stmts, TempFile: true}
		case *syntax.ParamExp:
			known = !p.Excl && p.Slice == nil && p.Index == nil
			if p.Exp == nil && p.Repl == nil && !p.Length && !strings.Contains("@*", p.Param.Value) {
				unset := &syntax.Lit{Value: mask(r.text(p), later)}
				p.Exp = &syntax.Expansion{Op: syntax.DefaultUnset,
					Word: &syntax.Word{Parts: []syntax.WordPart{unset}}}
			}
		}
		if !known {
			parts[i] = &syntax.Lit{ValuePos: p.Pos(), ValueEnd: p.End(), Value: mask(r.text(p), later)}
		}
	}
}

// expand returns what becomes of a word. With split, what is put into it unquoted may make several.
func (r *runner) expand(w *syntax.Word, split bool) []string {
	all, err := []string{w.Lit()}, error(nil)
	if all[0] != "" {
		return all
	}
	config := &expand.Config{Env: r, CmdSubst: r.substitute}
	if split {
		all, err = expand.Fields(config, w)
	} else {
		all[0], err = expand.Literal(config, w)
	}
	if err != nil {
		all = []string{mask(r.text(w), later)}
	}
	for _, text := range all {
		r.work += len(text)
	}
	return all
}

// one expands a word that stays one. It may be nil.
func (r *runner) one(w *syntax.Word) string {
	if w == nil {
		return ""
	}
	return r.expand(w, false)[0]
}

// word is expanded text as others are to see it.
func word(text string) Word {
	all := plain(text)
	return Word{all, all != unmask(text, later)}
}

// Get returns a variable of the script. Its name, and Each and Set, are the library's.
func (r *runner) Get(name string) expand.Variable {
	text, ok := r.vars[name]
	if i, err := strconv.Atoi(name); err == nil && i > 0 && i <= len(r.args) {
		text, ok = r.args[i-1], true
	} else if name == "@" || name == "*" {
		return expand.Variable{Set: true, Kind: expand.Indexed, List: r.args}
	} else if !ok && (name == "UID" || name == "EUID") {
		text, ok = "0", true
	}
	if r.work += len(text); r.work > maxWork {
		text = ""
	}
	return expand.Variable{Set: ok, Kind: expand.String, Str: text}
}

// Each is not needed: the script's variables are nobody else's.
func (r *runner) Each(func(string, expand.Variable) bool) {}

// Set gives a variable a value, of which nothing is known where that depends on a condition.
func (r *runner) Set(name string, v expand.Variable) error {
	r.vars[name] = unmask(v.Str, later)
	if cmp.Or(r.under, r.rest) != "" || len(v.Str) > maxValue {
		r.vars[name] = mask("$"+name, later)
	}
	return nil
}

// substitute writes what a command in the place of a word prints.
func (r *runner) substitute(w io.Writer, s *syntax.CmdSubst) error {
	var last *Word
	inner, n := *r, 0
	inner.vars = maps.Clone(r.vars)
	inner.Reader = &Reader{Whole: r.Whole, Visit: func(c *Command) Status {
		n++
		if last = c.output(); c.Under != cmp.Or(r.under, r.rest) {
			n++
		}
		return r.Visit(c)
	}}
	inner.stmts(s.Stmts)
	r.work = inner.work
	text := mask(r.text(s), later)
	if last != nil && !last.Unknown && !s.TempFile && len(s.Stmts) == 1 &&
		n == len(pipeline(s.Stmts[0])) {
		text = last.Text
	}
	_, err := io.WriteString(w, text)
	return err
}

// output is what a command prints, nil when that is known only when it runs.
func (c *Command) output() *Word {
	switch name := c.Name(); {
	case name == "echo", name == "printf":
		return c.printed()
	case name == "sed" && len(c.Args) == 2, name == "tr" && len(c.Args) == 3:
		return c.reseparated()
	case name == "cat" && len(c.Args) == 1:
		return c.Input
	case c.Text == "id -u":
		return &Word{Text: "0"}
	}
	return nil
}

// printed is what echo and printf print.
func (c *Command) printed() *Word {
	out := &Word{}
	for i, w := range c.Args[1:] {
		if !strings.HasPrefix(w.Text, "-") && (i > 0 || !strings.HasPrefix(w.Text, "%s")) {
			out.Unknown = out.Unknown || w.Unknown
			out.Text += w.Text + " "
		}
	}
	out.Text = strings.ReplaceAll(strings.TrimSuffix(out.Text, " "), `\n`, "\n")
	return out
}

// reseparated is what sed or tr make of a list whose separators they replace.
func (c *Command) reseparated() *Word {
	parts := []string{"s", c.arg(1), c.arg(2), "g"}
	if c.Name() == "sed" {
		parts = strings.Split(c.arg(1), "/")
	}
	if c.Input == nil || len(parts) != 4 || parts[0] != "s" || parts[3] != "g" ||
		parts[1] == "" || strings.Trim(parts[1], " ,:;-[]\\n") != "" {
		return nil
	}
	lines := strings.NewReplacer(`\n`, "\n", "[", "", "]", "")
	from, to := lines.Replace(parts[1]), lines.Replace(parts[2])
	text := strings.Join(strings.FieldsFunc(c.Input.Text,
		func(r rune) bool { return strings.ContainsRune(from, r) }), to)
	return &Word{text, c.Input.Unknown}
}
