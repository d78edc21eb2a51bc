package match

import "slices"

// maxResolved bounds the nodes of a tree whose conditions were resolved.
const maxResolved = 2000

// withoutConditions returns a tree that matches as n does, in the same order, where it is known at compile time whether a
// group has matched that a condition asks for: what follows an alternative that decides about it stands in the tree
// once for each outcome. Conditions that nothing decides about stay.
func (n *node) withoutConditions() *node {
	if !n.hasConditions() {
		return n
	}
	r := resolver{left: maxResolved}
	if resolved := r.sequence(flatten(nil, &node{subs: []*node{n}})); r.left >= 0 {
		return resolved
	}
	return n
}

// A resolver resolves conditions, for at most left more nodes.
type resolver struct{ left int }

func (n *node) hasConditions() bool {
	return n.kind == kindCond || slices.ContainsFunc(n.subs, (*node).hasConditions)
}

// sequence makes a sequence of nodes, with conditions resolved.
func (r *resolver) sequence(nodes []*node) *node {
	for i, n := range nodes {
		rest := &node{kind: kindSeq, subs: nodes[i+1:]}
		for _, group := range rest.asked(nil) {
			outcomes, ok := n.outcomes(group)
			if !ok {
				continue
			}
			alt := &node{kind: kindAlt, decides: true}
			for _, o := range outcomes {
				if r.left -= o.node.count() + rest.count(); r.left < 0 {
					break
				}
				known := append([]*node{o.node}, rest.knowing(group, o.matched).subs...)
				alt.subs = append(alt.subs, r.sequence(flatten(nil, &node{subs: known})))
			}
			return &node{kind: kindSeq, subs: append(nodes[:i:i], alt)}
		}
	}
	return &node{kind: kindSeq, subs: nodes}
}

// asked appends the groups that conditions in n ask for.
func (n *node) asked(to []int) []int {
	if n.kind == kindCond && !slices.Contains(to, n.group) {
		to = append(to, n.group)
	}
	for _, s := range n.subs {
		to = s.asked(to)
	}
	return to
}

// knowing returns n with the conditions on group decided.
func (n *node) knowing(group int, matched bool) *node {
	if n.kind == kindCond && n.group == group {
		switch {
		case matched:
			return n.subs[0].knowing(group, matched)
		case len(n.subs) == 2:
			return n.subs[1].knowing(group, matched)
		}
		return &node{kind: kindSeq}
	}
	if !slices.Contains(n.asked(nil), group) {
		return n
	}
	known := *n
	known.subs = make([]*node, len(n.subs))
	for i, s := range n.subs {
		known.subs[i] = s.knowing(group, matched)
	}
	return &known
}

// An outcome is one way in which a node can match, and whether a group has matched then.
type outcome struct {
	node    *node
	matched bool
}

// outcomes lists the ways in which n can match, in their order, if each of them decides about the group. It does not
// look into loops, where a group may have matched in an earlier turn.
func (n *node) outcomes(group int) (all []outcome, ok bool) {
	switch {
	case !n.sets(group):
		return []outcome{{n, false}}, false
	case n.mustSet(group):
		return []outcome{{n, true}}, true
	}
	switch n.kind {
	case kindGroup:
		all, ok = n.subs[0].outcomes(group)
		for i, o := range all {
			inner := *n
			inner.subs = []*node{o.node}
			all[i].node = &inner
		}
		return all, ok
	case kindAlt:
		for _, s := range n.subs {
			some, _ := s.outcomes(group)
			if s.sets(group) && !s.mustSet(group) {
				return nil, false
			}
			all = append(all, some...)
		}
		return all, true
	case kindSeq:
		return n.sequenceOutcomes(group)
	case kindRepeat:
		if n.min != 0 || n.max != 1 || n.mode == possessive || !n.subs[0].mustSet(group) {
			return nil, false
		}
		all = []outcome{{n.subs[0], true}, {&node{kind: kindSeq}, false}}
		if n.mode == lazy {
			slices.Reverse(all)
		}
		return all, true
	}
	return nil, false
}

func (n *node) sequenceOutcomes(group int) (all []outcome, ok bool) {
	i := slices.IndexFunc(n.subs, func(s *node) bool { return s.sets(group) })
	some, ok := n.subs[i].outcomes(group)
	for _, o := range some {
		subs := slices.Clone(n.subs)
		subs[i] = o.node
		all = append(all, outcome{&node{kind: kindSeq, subs: subs}, o.matched})
	}
	return all, ok
}

// sets tells whether the group stands in n.
func (n *node) sets(group int) bool {
	return n.kind == kindGroup && n.group == group || slices.ContainsFunc(n.subs, func(s *node) bool { return s.sets(group) })
}

// mustSet tells whether the group has taken part wherever n matches.
func (n *node) mustSet(group int) bool {
	switch n.kind {
	case kindGroup:
		return n.group == group || n.subs[0].mustSet(group)
	case kindSeq, kindAtomic:
		return slices.ContainsFunc(n.subs, func(s *node) bool { return s.mustSet(group) })
	case kindRepeat:
		return n.min > 0 && n.subs[0].mustSet(group)
	}
	return false
}
