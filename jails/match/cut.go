package match

import "unicode/utf8"

// A Cut says where a date can have stood that is cut out of a line before patterns are matched.
type Cut struct {
	before, after bitSet // bytes that can stand right before it and right behind it, if any does
	reach         int    // how many characters can stand before it; unlimited
}

// NewCut makes a Cut behind at most reach characters, or behind any number where reach is negative. Before and after tell
// which bytes can stand next to it; nil is any. Bytes of characters beyond ASCII always can.
func NewCut(reach int, before, after func(byte) bool) Cut {
	c := Cut{reach: reach}
	if reach < 0 {
		c.reach = unlimited
	}
	for b := range 256 {
		if before == nil || b >= utf8.RuneSelf || before(byte(b)) {
			c.before.add(byte(b))
		}
		if after == nil || b >= utf8.RuneSelf || after(byte(b)) {
			c.after.add(byte(b))
		}
	}
	return c
}

// Cut says where the text of a group can stand in what the pattern matches. Bound says that no match ends between two
// characters of a word.
func (p *Pattern) Cut(group int, bound bool) Cut {
	c := NewCut(-1, nil, nil)
	inside, before, after, ok := p.tree.beside(group)
	if !ok {
		return c
	}
	var set bitSet
	if !set.addEdge(before, true) {
		c.before = set
	}
	set = bitSet{}
	if !set.addEdge(after, false) {
		c.after = set
	} else if set = (bitSet{}); bound && !set.addEdge([]*node{inside}, true) && set.isWord() {
		c.after = NewCut(0, nil, func(b byte) bool { return !isASCIIWord(b) }).after
	}
	if len(before) > 0 && before[0].isStart() {
		c.reach = 0
		for _, n := range before {
			_, most := n.widths(make([]width, len(p.names)))
			c.reach = plus(c.reach, most)
		}
	}
	return c
}

func (n *node) isStart() bool { return n.kind == kindAt && n.at == atStart }

// beside returns what a group consists of, and the nodes before and behind it. It returns false where the group may stand
// there several times.
func (n *node) beside(group int) (inside *node, before, after []*node, ok bool) {
	if n.kind == kindGroup && n.group == group {
		return n.subs[0], nil, nil, true
	}
	if n.kind == kindRepeat && n.max > 1 || n.kind == kindLook {
		return nil, nil, nil, false
	}
	for i, s := range n.subs {
		if inside, before, after, ok = s.beside(group); !ok {
			continue
		}
		if n.kind == kindSeq {
			before = append(n.subs[:i:i], before...)
			after = append(after[:len(after):len(after)], n.subs[i+1:]...)
		}
		return inside, before, after, true
	}
	return nil, nil, nil, false
}

// addEdge adds the bytes that a sequence of nodes can begin with, or end with. It returns true where what stands before
// or behind the nodes can do so too.
func (s *bitSet) addEdge(nodes []*node, last bool) (open bool) {
	for i := range nodes {
		n := nodes[i]
		if last {
			n = nodes[len(nodes)-1-i]
		}
		if last && n.isStart() {
			return false
		}
		s.addNode(n, last)
		if !n.canBeEmpty() {
			return false
		}
	}
	return true
}

func (s *bitSet) addNode(n *node, last bool) {
	switch n.kind {
	case kindLiteral:
		if n.char < utf8.RuneSelf {
			s.add(byte(n.char))
			return
		}
		s.addRange(utf8.RuneSelf, 0xff)
	case kindClass:
		for i := range s {
			s[i] |= n.class.set[i]
		}
	case kindBackref:
		s.addRange(0, 0xff)
	case kindSeq:
		s.addEdge(n.subs, last)
	case kindLook, kindAt:
	default:
		for _, sub := range n.subs {
			s.addNode(sub, last)
		}
	}
}

func (s *bitSet) addRange(from, to int) {
	for b := from; b <= to; b++ {
		s.add(byte(b))
	}
}

// isWord tells whether all bytes are of words of ASCII.
func (s *bitSet) isWord() bool {
	for b := range 256 {
		if s.has(byte(b)) && !isASCIIWord(byte(b)) {
			return false
		}
	}
	return true
}

// splits tells whether what is cut out may have stood at i in the text s, of which at characters or more stand before.
// Case does not count in s.
func (c *Cut) splits(s string, i, at int) bool {
	if at+utf8.RuneCountInString(s[:i]) > c.reach {
		return false
	}
	return c.before.hasFold(s[i-1]) && c.after.hasFold(s[i])
}

// hasFold tells whether the set has a byte of lower case, or its upper case.
func (s *bitSet) hasFold(b byte) bool {
	return s.has(b) || b >= 'a' && b <= 'z' && s.has(b-'a'+'A')
}

// join returns a cut that may stand wherever one of cuts may.
func join(cuts []Cut) (all Cut) {
	for _, c := range cuts {
		for i := range all.before {
			all.before[i] |= c.before[i]
			all.after[i] |= c.after[i]
		}
		all.reach = max(all.reach, c.reach)
	}
	return all
}
