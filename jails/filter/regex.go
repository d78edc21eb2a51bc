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

type named struct {
	group int
	name  string
}

// A part is a group that fills (alt_) or extends (tuple_) the group called target.
type part struct{ name, target string }

// compileRegex expands the tags of source and compiles it. A syntax error speaks of source, not of what the tags
// expand to.
func compileRegex(source, usedns string, flags match.Flags) (*regex, error) {
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
		r.addGroup(i, name)
	}
	byName := func(a, b part) int { return strings.Compare(a.name, b.name) }
	slices.SortFunc(r.alts, byName)
	slices.SortFunc(r.tuples, byName)
	return r, nil
}

func (r *regex) addGroup(i int, name string) {
	if name == "" {
		return
	}
	r.named = append(r.named, named{i, name})
	if strings.HasPrefix(name, "skiplines") {
		r.skips = append(r.skips, i)
	}
	m := complexName.FindStringSubmatch(name)
	if m == nil {
		return
	}
	p := part{name: name, target: groupName(m[2])}
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

// groups copies the named groups of a match out of text, but for the one called without, and appends them to g.
func (r *regex) groups(g groups, caps []int, text []byte, without string) groups {
	g = slices.Grow(g, len(r.named)+2)
	first, last := r.extent(caps, without)
	copied := string(text[first:last])
	for _, n := range r.named {
		if n.name == without {
			continue
		}
		e := Group{Name: n.name, Kind: Null}
		if start, end := caps[2*n.group], caps[2*n.group+1]; start >= 0 {
			e.Value, e.Kind = copied[start-first:end-first], Text
		}
		g = append(g, e)
	}
	for _, a := range r.alts {
		if v, _ := g.get(a.name); v != "" && !g.holds(a.target) {
			g.set(Group{Name: a.target, Value: v})
		}
	}
	r.addTuples(&g)
	return g
}

// extent is the part of the text that all named groups lie in, but for the one called without.
func (r *regex) extent(caps []int, without string) (first, last int) {
	first = -1
	for _, n := range r.named {
		start, end := caps[2*n.group], caps[2*n.group+1]
		if start < 0 || n.name == without {
			continue
		}
		if first < 0 || start < first {
			first = start
		}
		last = max(last, end)
	}
	return max(first, 0), last
}

// addTuples joins the values of tuple_ groups to their target's.
func (r *regex) addTuples(g *groups) {
	if len(r.tuples) == 0 {
		return
	}
	parts := map[string][]Group{}
	for _, t := range r.tuples {
		if parts[t.target] == nil {
			parts[t.target] = []Group{g.at(t.target)}
		}
		parts[t.target] = append(parts[t.target], g.at(t.name))
		g.set(Group{Name: t.target, Value: tupleRepr(parts[t.target]), Kind: Literal})
	}
}

func (g groups) at(name string) Group {
	if i := g.index(name); i >= 0 {
		return g[i]
	}
	return Group{Name: name, Kind: Null}
}
