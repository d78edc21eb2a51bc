package match

// A cutter makes nodes that accept lines with a part left out, from nodes that accept lines as they are.
type cutter struct {
	*nfa
	cut      Cut
	from, to int32 // the nodes that accept lines as they are
	behind   int32 // how much higher the nodes behind the part are numbered
	skips    map[int32]int32
}

// withCut lets the nodes from number from on, which begin at starts, accept lines of which a part is left out too. It
// returns where these begin.
func (a *nfa) withCut(from int, starts []int32, cut Cut) (begins []int32) {
	c := cutter{nfa: a, cut: cut, from: int32(from), to: int32(len(a.nodes)), skips: map[int32]int32{}}
	c.behind = c.copy()
	level := int32(0) // how much higher the nodes are numbered that know how many characters came before
	if cut.reach == unlimited {
		c.leave(0, 0)
	}
	for left := cut.reach; left > 0 && cut.reach < unlimited; left-- {
		next := c.copy()
		c.leave(next, level)
		level = next
	}
	for _, s := range starts {
		begins = append(begins, s+level, c.skip(s))
	}
	return begins
}

// copy adds the nodes once more and returns how much higher they are numbered.
func (c *cutter) copy() (higher int32) {
	higher = int32(len(c.nodes)) - c.from
	for i := c.from; i < c.to; i++ {
		n := c.nodes[i]
		if n.op != nodeAccept {
			outs := make([]int32, len(n.outs))
			for j, o := range n.outs {
				outs[j] = o + higher
			}
			n.outs = outs
		}
		c.nodes = append(c.nodes, n)
	}
	return higher
}

// leave lets the copy that is numbered higher go on in the one called next, and skip the part behind each byte it can
// stand behind.
func (c *cutter) leave(higher, next int32) {
	for i := c.from; i < c.to; i++ {
		n := c.nodes[i+higher]
		if n.op != nodeByte {
			continue
		}
		out := n.outs[0] - higher
		stay := nfaNode{op: nodeByte, set: n.set, outs: []int32{out + next}}
		skip := nfaNode{op: nodeByte, set: n.set, outs: []int32{c.skip(out)}}
		for j := range skip.set {
			skip.set[j] &= c.cut.before[j]
		}
		c.nodes[i+higher] = nfaNode{outs: []int32{c.add(stay), c.add(skip)}}
	}
}

// skip returns a node that passes over the part and then goes on as node did.
func (c *cutter) skip(node int32) int32 {
	if s, ok := c.skips[node]; ok {
		return s
	}
	s := c.add(nfaNode{})
	any := nfaNode{op: nodeByte, outs: []int32{s}, set: bitSet{^uint64(0), ^uint64(0), ^uint64(0), ^uint64(0)}}
	c.nodes[s].outs = []int32{node + c.behind, c.add(any)}
	c.skips[node] = s
	return s
}
