package filter

import (
	"errors"
	"regexp"
	"slices"
	"strings"

	"bailiff/jails/match"
)

// idGroups are the groups one of which every failregex, or the prefregex, must have.
var idGroups = []string{"fid", "ip4", "ip6", "dns", "mlfid"}

// complexName is the name of a group that fills or extends another: <F-ALT_USER_1>, <F-TUPLE_ID>.
var complexName = regexp.MustCompile(`^(alt_|tuple_)(.*?)(?:_\d+)?$`)

// A regex is one compiled regex of a filter with what its groups mean.
type regex struct {
	expansion
	pattern *match.Pattern
	named   []named
	alts    []part // in the order in which they are tried
	tuples  []part
	skips   []int // the groups of <SKIPLINES>
	content int   // the group of <F-CONTENT>, -1 for none
}

// A named is a group that has a name.
type named struct {
	group int
	label label
}

// A part is a group that fills (alt_) or extends (tuple_) its target.
type part struct {
	name          string
	label, target label
}

// compileRegex expands the tags of source and compiles it. A syntax error speaks of source, not of what the tags
// expand to. The names of its groups are added to names.
func compileRegex(source, usedns string, flags match.Flags, names *labels) (*regex, error) {
	r := &regex{expansion: expand(source, usedns)}
	if strings.TrimSpace(r.expr) == "" {
		return nil, errors.New("empty regex")
	}
	var err error
	if r.pattern, err = match.Compile(r.expr, flags); err != nil {
		return nil, r.inSource(err)
	}
	r.content = r.pattern.GroupIndex("content")
	for i, name := range r.pattern.GroupNames() {
		r.addGroup(i, name, names)
	}
	byName := func(a, b part) int { return strings.Compare(a.name, b.name) }
	slices.SortFunc(r.alts, byName)
	slices.SortFunc(r.tuples, byName)
	return r, nil
}

func (r *regex) addGroup(i int, name string, names *labels) {
	if name == "" {
		return
	}
	r.named = append(r.named, named{i, names.label(name)})
	if strings.HasPrefix(name, "skiplines") {
		r.skips = append(r.skips, i)
	}
	m := complexName.FindStringSubmatch(name)
	if m == nil {
		return
	}
	p := part{name: name, label: names.label(name), target: names.label(groupName(m[2]))}
	if m[1] == "alt_" {
		r.alts = append(r.alts, p)
	} else {
		r.tuples = append(r.tuples, p)
	}
}

// inSource turns a syntax error in the expanded regex into one in the source.
func (r *regex) inSource(err error) error {
	var s *match.SyntaxError
	if !errors.As(err, &s) {
		return err
	}
	return &match.SyntaxError{Expr: r.source, Pos: r.origin(s.Pos), Msg: s.Msg}
}

func (r *regex) hasID() bool {
	return r != nil && slices.ContainsFunc(idGroups, func(name string) bool { return r.pattern.GroupIndex(name) >= 0 })
}
