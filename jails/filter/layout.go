package filter

// A layout is where the groups of a match stand: those of the prefregex, and among and behind them the failregex's. It is
// the same for all matches, but for groups that others fill.
type layout struct {
	blank      groups // every group, none of which took part
	pref, fail []placed
}

// A placed is where a group of a regex stands.
type placed struct {
	caps int // where its match does among the captures
	at   int // in the list
}

// newLayout lays out the groups of a failregex, over those of the prefregex, if any, but for its content.
func newLayout(pref, fail *regex) *layout {
	l := &layout{}
	if pref != nil {
		l.pref = l.place(pref, func(n named) bool { return n.label != content })
	}
	l.fail = l.place(fail, func(named) bool { return true })
	return l
}

// place makes room for a regex's groups that are wanted, and returns where they are.
func (l *layout) place(r *regex, wanted func(named) bool) (places []placed) {
	for _, n := range r.named {
		if !wanted(n) {
			continue
		}
		if l.blank.index(n.label) < 0 {
			l.blank.put(entry{label: n.label, kind: Null})
		}
		places = append(places, placed{caps: 2 * n.group, at: l.blank.index(n.label)})
	}
	return places
}

// start makes g the layout's groups.
func (l *layout) start(g *groups) {
	g.list = append(g.list[:0], l.blank.list...)
	g.at = l.blank.at
}

// capture sets the groups of a match in text that took part in it and have a place in g.
func (r *regex) capture(g *groups, places []placed, caps []int, text []byte) {
	g.text = append(g.text, 0) // not even an empty value of before stands where the text begins
	from := len(g.text)
	g.text = append(g.text, text...)
	for _, p := range places {
		if start := caps[p.caps]; start >= 0 {
			e := &g.list[p.at]
			e.start, e.end, e.kind = int32(from+start), int32(from+caps[p.caps+1]), Text
		}
	}
	if len(r.alts) > 0 || len(r.tuples) > 0 {
		r.fill(g, int32(from))
	}
}

// fill sets the groups that others fill or extend. The text of all of them begins at from.
func (r *regex) fill(g *groups, from int32) {
	for _, a := range r.alts {
		if e := g.since(from, a.label); !e.isEmpty() && g.since(from, a.target).isEmpty() {
			e.label = a.target
			g.put(e)
		}
	}
	values := map[label][]Group{}
	value := func(l label) Group {
		e := g.since(from, l)
		return Group{Value: string(g.value(e)), Kind: e.kind}
	}
	for _, t := range r.tuples {
		if values[t.target] == nil {
			values[t.target] = []Group{value(t.target)}
		}
		values[t.target] = append(values[t.target], value(t.label))
		g.set(t.target, Literal, []byte(tupleRepr(values[t.target])))
	}
}
