package config

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"bailiff/jails/ini"
)

// commentHint is for values with a comment behind them. Behind a value only blank and semicolon
// begin one.
const commentHint = "comments need a line of their own: begin that line with #"

// comment is where in a value something stands that was meant as a comment: # or // behind a blank.
// It is -1 when there is none.
func comment(value string) int {
	for i, r := range value {
		if r != '#' && r != ';' && !strings.HasPrefix(value[i:], "// ") {
			continue
		}
		if i == 0 || unicode.IsSpace(rune(value[i-1])) {
			return i
		}
	}
	return -1
}

// explained is what is wrong with a value, and how to mend it: where it has a comment in it or
// stands in quotes, that is the cause.
func explained(value, message, hint string) (string, string) {
	if at := comment(value); at >= 0 {
		return because(message, value[at:]), commentHint
	}
	if plain, ok := strings.CutSuffix(value, ";"); ok {
		return message, "write it without the semicolon: " + plain
	}
	if n := len(value); n > 2 && (value[0] == '"' || value[0] == '\'') && value[n-1] == value[0] {
		return message, "write it without quotes: " + value[1:n-1]
	}
	if _, next, ok := strings.Cut(value, "\n"); ok {
		if name, _, ok := strings.Cut(next, "="); ok && isOption(strings.TrimSpace(name)) {
			return message, fmt.Sprintf("the line of %s %s", strings.TrimSpace(name), continues)
		}
	}
	return message, hint
}

// continues ends the hint for an option on an indented line.
const continues = "begins with blanks and so continues the value above it"

// because is a message with the comment that is the cause.
func because(message, comment string) string {
	line, _, _ := strings.Cut(comment, "\n")
	return fmt.Sprintf("%s, for %s is part of the value", message, quoted(line))
}

func isOption(name string) bool {
	name = strings.ToLower(name)
	return isOneOf(jailOptions, name) || isOneOf(ownOptions, name)
}

// origin is where the text of a value was written: where a comment in it stands, or else the option
// that it is a reference to and nothing else.
func (w *written) origin(value string) (at spot, ok bool) {
	if !strings.Contains(w.Text, "%(") || w.resolved(w.Text) != value {
		return spot{}, false
	}
	if c := comment(value); c >= 0 {
		at, ok = w.locate(c, 0)
		return at, ok && at.Place != nil && at.Place != w.Place
	}
	const deepest = 10
	at.written = w
	for range deepest {
		raw := strings.TrimSpace(at.Text)
		if n := reference(raw); n == 0 || n != len(raw) {
			break
		}
		next, found := at.follow(raw)
		if !found || next.Place == nil {
			break
		}
		at.written, ok = next, true
	}
	return at, ok
}

// reference is the length of the reference that a text begins with, 0 where there is none.
func reference(s string) int {
	end := strings.Index(s, ")s")
	if !strings.HasPrefix(s, "%(") || end < 0 {
		return 0
	}
	return end + len(")s")
}

// blame makes a fault of a value: of the nth line of the option, or of what it was made of.
func (w *written) blame(n int, section, value, message, hint string) *Fault {
	why, hint := explained(value, message, hint)
	if s, ok := w.origin(value); ok {
		if hint == commentHint {
			why = because(message, s.line[s.at:])
		}
		return s.Fault(s.n, s.home(), s.option, why, hint)
	}
	return w.Fault(n, section, w.option, why, hint)
}

// asWritten is the option of a set of jails or of the service as its author wrote it, and v is what
// was made of it.
func (t *tree) asWritten(set *ini.Set, section, option string, v ini.Value) *written {
	raw, ok := set.Raw(section, option)
	if !ok || raw.Place != v.Place {
		raw = v
	}
	return &written{Value: raw, section: section, option: option, set: set}
}

// freeText are options in which anything may stand, and so what looks like a comment.
var freeText = []string{
	"failregex", "ignoreregex", "prefregex", "datepattern", "ignorecommand", "bantime.formula",
}

// warnComments warns of comments behind values and of lines that continue a value by mistake, where
// nothing else that is said of the value explains it.
func (b *builder) warnComments() {
	hints := map[string]string{}
	for _, f := range slices.Concat(b.faults, b.warnings) {
		hints[fmt.Sprint(f.File, ":", f.Line)] = f.Hint
	}
	said := func(v ini.Value, n int) bool {
		_, here := hints[fmt.Sprint(v.Source.Path, ":", v.Line(n))]
		return here || strings.HasSuffix(hints[fmt.Sprint(v.Source.Path, ":", v.Line(0))], continues)
	}
	look := func(set *ini.Set, section string, options []string) {
		for _, option := range options {
			v, ok := set.Own(section, option)
			if !ok || v.Place == nil || slices.Contains(freeText, option) ||
				strings.HasPrefix(option, "action") || strings.HasPrefix(option, knownPrefix) {
				continue
			}
			for n, line := range strings.Split(v.Text, "\n") {
				if message, hint := explainedLine(n, line); message != "" && !said(v, n) {
					b.warn(v.Fault(n, section, option, message, hint))
				}
			}
		}
	}
	look(b.all, ini.DefaultSection, b.all.Options(ini.DefaultSection))
	for _, name := range b.jailNames() {
		if b.maybeOn(name) {
			look(b.all, name, b.all.Options(name))
		}
	}
	for _, set := range b.definitions() {
		look(set, initSection, plainOptions)
		look(set, definitionSection, plainOptions)
	}
	for _, set := range []*ini.Set{b.main, b.own} {
		look(set, definitionSection, set.Options(definitionSection))
		look(set, ini.DefaultSection, set.Options(ini.DefaultSection))
	}
}

// maybeOn reports whether somebody enabled a jail, or seems to have meant to.
func (b *builder) maybeOn(name string) bool {
	v, ok := b.all.Own(name, "enabled")
	on := slices.ContainsFunc(b.jails, func(j *jail) bool { return j.name == name })
	return on || ok && comment(v.Text) >= 0
}

// plainOptions are those of filters and actions whose values are words.
var plainOptions = []string{
	"mode", "maxlines", "usedns", "logtype", "journalmatch", "port", "protocol", "chain",
	"blocktype", "returntype", "table", "name", "bantime",
}

// explainedLine is what is to be said of a line of a value that is read as it stands.
func explainedLine(n int, line string) (message, hint string) {
	if at := comment(line); at >= 0 {
		return fmt.Sprintf("%s is part of the value", quoted(line[at:])), commentHint
	}
	if name, _, ok := strings.Cut(line, "="); ok && n > 0 && isOption(strings.TrimSpace(name)) {
		return fmt.Sprintf("%s is part of the value", quoted(line)),
			"the line " + continues
	}
	return "", ""
}
