package match

import "slices"

// lastLine returns the end of n that stands in one line: what every match that needs the last of several lines has in
// that line. It is empty where nothing is sure.
func (n *node) lastLine() *node {
	nodes := flattenGroups(nil, n)
	i := len(nodes)
	for i > 0 && nodes[i-1].kind == kindAt {
		i--
	}
	if i > 0 && nodes[i-1].isFiller() && !slices.ContainsFunc(nodes[i:], func(n *node) bool { return !n.isLineEnd() }) {
		// It could have stopped at the end of an earlier line, where the match would have been found before.
		i--
		nodes = nodes[:i]
	}
	for i > 0 && !nodes[i-1].canCross() {
		i--
	}
	return &node{kind: kindSeq, subs: nodes[i:]}
}

// flattenGroups lists the nodes of a sequence, and of the sequences and groups in it.
func flattenGroups(to []*node, n *node) []*node {
	switch n.kind {
	case kindSeq, kindGroup, kindAtomic:
		for _, s := range n.subs {
			to = flattenGroups(to, s)
		}
		return to
	}
	return append(to, n)
}

// isFiller tells whether n is any number of characters of a class.
func (n *node) isFiller() bool {
	return n.kind == kindRepeat && n.min == 0 && n.max == unlimited && n.mode != possessive && single(n.subs[0]) != nil
}

func (n *node) isLineEnd() bool { return n.kind == kindAt && n.at == atLineEnd }

// canCross tells whether n may match, or look at, more than one line.
func (n *node) canCross() bool {
	switch n.kind {
	case kindLiteral:
		return n.char == '\n'
	case kindClass:
		return n.class.bytes['\n']
	case kindBackref:
		return true
	}
	return slices.ContainsFunc(n.subs, (*node).canCross)
}
