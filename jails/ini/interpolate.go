package ini

import (
	"fmt"
	"maps"
	"strings"
	"unicode"
)

// maxDepth is how deep values may refer to each other, as in Python's configparser.
const maxDepth = 10

// Bounds of one value: what it may grow to, and how many references may be followed for it.
const (
	maxValue      = 1 << 20
	maxReferences = 100_000
)

// Vars are values that take precedence over those of a section. They are asked for names in lower case.
type Vars interface {
	Lookup(option string) (text string, ok bool)
}

// Get is an option of a section with every %(reference)s replaced: of vars, else of the section, else of [DEFAULT].
// ok is false when there is no such option or no such section. The option's name is in lower case.
//
// A reference is an option's name, or SECTION/OPTION, default/OPTION, or known/OPTION for what the option was before
// a later file overrode it. Referred values are resolved as if they stood in the section itself.
func (s *Set) Get(section, option string, vars Vars) (v Value, ok bool, fault *Fault) {
	own := s.section(section)
	raw, ok := s.lookup(own, option, vars)
	if !ok || own == nil {
		return Value{}, false, nil
	}
	v, fault = s.Expand(section, option, raw, vars)
	return v, true, fault
}

// Expand replaces the references of a value as if it were the option of the section.
func (s *Set) Expand(section, option string, raw Value, vars Vars) (Value, *Fault) {
	if !strings.Contains(raw.Text, "%") {
		return raw, nil
	}
	in := interpolation{set: s, section: section, own: s.section(section), vars: vars}
	s.out = s.out[:0]
	if fault := in.expand(raw, option, nil, 1); fault != nil {
		return Value{}, fault
	}
	return Value{string(s.out), raw.Place}, nil
}

// lookup is the option of vars, of a section if there is one, or of [DEFAULT].
func (s *Set) lookup(own *Section, option string, vars Vars) (Value, bool) {
	if vars != nil {
		if text, ok := vars.Lookup(option); ok {
			return Value{Text: text}, true
		}
	}
	if own != nil {
		if v, ok := own.get(option); ok {
			return v, true
		}
	}
	return s.defaults.get(option)
}

type interpolation struct {
	set     *Set
	section string
	own     *Section // nil: there is none of the name
	vars    Vars
	count   int // of references
}

// expand appends the value of an option with its references replaced. seen is what SECTION/OPTION references of the
// values above resolve to.
func (in *interpolation) expand(v Value, option string, seen map[string]Value, depth int) *Fault {
	if depth > maxDepth {
		return in.fault(v, 0, option, fmt.Sprintf("values refer to each other in a circle, or more than %d deep", maxDepth),
			"%(known/option)s reaches back one file only")
	}
	seen = in.qualified(v.Text, seen)
	rest := v.Text
	for {
		i := strings.IndexByte(rest, '%')
		if i < 0 {
			in.set.out = append(in.set.out, rest...)
			return nil
		}
		in.set.out = append(in.set.out, rest[:i]...)
		at := len(v.Text) - len(rest) + i
		rest = rest[i:]
		if strings.HasPrefix(rest, "%%") {
			in.set.out = append(in.set.out, '%')
			rest = rest[2:]
			continue
		}
		ref, n := reference(rest)
		if n == 0 {
			return in.syntax(v, at, option, rest)
		}
		rest = rest[n:]
		target, ok := in.resolve(strings.ToLower(ref), seen)
		if !ok {
			return in.fault(v, at, option, fmt.Sprintf("%%(%s)s refers to an option that is not set", ref),
				"set it in this section or in [DEFAULT], or write %% for a percent sign")
		}
		if in.count++; in.count > maxReferences || len(in.set.out) > maxValue {
			return in.fault(v, at, option, "the value grows too large with its references", "")
		}
		if fault := in.expand(target, ref[strings.LastIndexByte(ref, '/')+1:], seen, depth+1); fault != nil {
			return fault
		}
	}
}

// reference reads %(name)s at the start of text; n is its length, 0 when there is none.
func reference(text string) (ref string, n int) {
	end := strings.IndexByte(text, ')')
	if !strings.HasPrefix(text, "%(") || end < 3 || !strings.HasPrefix(text[end:], ")s") {
		return "", 0
	}
	return text[2:end], end + 2
}

func (in *interpolation) resolve(ref string, seen map[string]Value) (Value, bool) {
	if v, ok := seen[ref]; ok {
		return v, true
	}
	if ref == "__name__" {
		return Value{Text: in.section}, true
	}
	return in.set.lookup(in.own, ref, in.vars)
}

// qualified resolves the SECTION/OPTION references of a text. fail2ban compares their names as written with the lower
// case of the reference, so that sections with capital letters cannot be referred to; nor can they here.
func (in *interpolation) qualified(text string, seen map[string]Value) map[string]Value {
	if strings.IndexByte(text, '/') < 0 {
		return seen
	}
	shared := true // with the values above
	for ref, rest := nextQualified(text); ref != ""; ref, rest = nextQualified(rest) {
		if _, ok := seen[ref]; ok {
			continue
		}
		if _, ok := in.set.lookup(in.own, ref, in.vars); ok {
			continue
		}
		v, ok := in.named(ref)
		if !ok {
			continue
		}
		if shared {
			seen, shared = maps.Clone(seen), false
		}
		if seen == nil {
			seen = map[string]Value{}
		}
		seen[ref] = v
	}
	return seen
}

// nextQualified finds the next SECTION/OPTION reference of a text, and what stands behind it.
func nextQualified(text string) (ref, rest string) {
	for i := strings.Index(text, "%("); i >= 0; i = strings.Index(text, "%(") {
		text = text[i:]
		ref, n := reference(text)
		if section, option, ok := strings.Cut(ref, "/"); ok && section != "" && option != "" && !strings.ContainsFunc(section, notName) {
			return ref, text[n:]
		}
		text = text[1:]
	}
	return "", ""
}

func notName(r rune) bool { return r != '-' && !isWord(r) }

func (in *interpolation) named(ref string) (Value, bool) {
	section, option, _ := strings.Cut(ref, "/")
	switch strings.ToLower(section) {
	case "default":
	case "known":
		if v, ok := in.set.Known(in.section, option); ok {
			return v, true
		}
	default:
		if !in.set.Has(section) {
			return Value{}, false
		}
		if v, ok := in.set.Own(section, option); ok {
			return v, true
		}
	}
	return in.set.Own(DefaultSection, option)
}

func (in *interpolation) syntax(v Value, at int, option, rest string) *Fault {
	if strings.HasPrefix(rest, "%(") {
		return in.fault(v, at, option, fmt.Sprintf("%s is not a reference", quote(firstLine(rest))), "a reference is written %(option)s")
	}
	hint := "write %% for a percent sign"
	if strings.HasPrefix(rest, "%{") || strings.HasPrefix(rest, "%[") {
		hint = "a reference is written %(option)s"
	}
	return in.fault(v, at, option, fmt.Sprintf("%% must be followed by %% or (, found %s", quote(firstLine(rest))), hint)
}

// fault blames the line of the value where byte at of its text stands.
func (in *interpolation) fault(v Value, at int, option, message, hint string) *Fault {
	section := strings.TrimPrefix(in.section, KnownPrefix)
	if v.Place == nil {
		return in.set.Header(section).Fault(0, section, option, message, hint)
	}
	return v.Fault(strings.Count(v.Text[:at], "\n"), section, option, message, hint)
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return line
}

// isWord is Python's idea of a word character.
func isWord(r rune) bool { return r == '_' || unicode.IsLetter(r) || unicode.IsNumber(r) }

// Referred is the option that %(ref)s in a section refers to, as written.
func (s *Set) Referred(section, ref string, vars Vars) (Value, bool) {
	in := interpolation{set: s, section: section, own: s.section(section), vars: vars}
	return in.resolve(strings.ToLower(ref), in.qualified("%("+ref+")s", nil))
}
