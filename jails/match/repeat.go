package match

import "slices"

// repeat compiles a repeat: of one character to a span, of 0 or 1 to a branch, of a short body to as many of them, else
// to a loop.
func (c *compiler) repeat(n *node, next int32) int32 {
	body := n.subs[0]
	if one := single(body); one != nil {
		return c.span(n, one, nil, next)
	}
	if one, stop := tempered(n); one != nil {
		return c.span(n, one, stop, next)
	}
	if n.mode == possessive {
		once := &node{kind: kindRepeat, min: n.min, max: n.max, subs: []*node{{kind: kindAtomic, subs: n.subs}}}
		return c.cut(opAtomic, opAtomicEnd, once, 0, next)
	}
	switch {
	case n.max == 0:
		return next
	case n.min == 1 && n.max == 1:
		return c.node(body, next)
	case n.min == 0 && n.max == 1:
		return c.optional(body, n.mode, next, next)
	case n.isUnrollable():
		return c.unroll(n, next)
	}
	return c.loop(n, next)
}

// optional compiles a body that goes on at then, or is left out.
func (c *compiler) optional(body *node, mode repeatMode, then, next int32) int32 {
	w := []way{{pc: c.node(body, then)}, {pc: next}}
	if mode == lazy {
		w[0], w[1] = w[1], w[0]
	}
	return c.emit(inst{op: opBranch}, detail{next: next, ways: w})
}

// unroll compiles a repeat as its body so often, one inside of the other where it may be left out.
func (c *compiler) unroll(n *node, next int32) int32 {
	pc := next
	for range n.max - n.min {
		pc = c.optional(n.subs[0], n.mode, pc, next)
	}
	for range n.min {
		pc = c.node(n.subs[0], pc)
	}
	return pc
}

// A repeat is unrolled if it has at most so many turns, of so many nodes together.
const (
	maxTurns = 4
	maxNodes = 128
)

// isUnrollable tells whether the repeat n is a few turns of a short body. Bodies with groups, or that can be empty, are
// left to loops.
func (n *node) isUnrollable() bool {
	if n.max > maxTurns || n.subs[0].canBeEmpty() || n.subs[0].hasGroups() {
		return false
	}
	return n.max*n.subs[0].count() <= maxNodes
}

// count returns how many nodes n consists of.
func (n *node) count() int {
	sum := 1
	for _, s := range n.subs {
		sum += s.count()
	}
	return sum
}

func (n *node) hasGroups() bool {
	return n.kind == kindGroup || n.kind == kindBackref || n.kind == kindCond || slices.ContainsFunc(n.subs, (*node).hasGroups)
}

func (c *compiler) loop(n *node, next int32) int32 {
	op := opLoop
	if n.mode == lazy {
		op = opLoopLazy
	}
	slot := int32(c.count)
	c.count++
	around := c.loops
	c.loops = append(around[:len(around):len(around)], int32(len(c.insts)))
	loop := c.emit(inst{op: op, slot: slot, min: int32(n.min), max: int32(n.max)},
		detail{next: next, empty: n.subs[0].canBeEmpty()})
	body := c.node(n.subs[0], loop)
	c.insts[loop].other = body
	c.loops = around
	return c.emit(inst{op: opLoopStart, slot: slot}, detail{next: loop})
}

// span compiles the repeat of one character, up to where stop begins.
func (c *compiler) span(n, one *node, stop []byte, next int32) int32 {
	in := inst{op: opSpan, min: int32(n.min), max: int32(n.max)}
	d := detail{next: next, class: one.class, stop: stop}
	if one.kind == kindLiteral {
		d.class = newClass([]item{{lo: one.char, hi: one.char}}, false, noFold)
	}
	switch {
	case n.mode == lazy && n.min != n.max:
		in.op = opSpanLazy
	case n.mode == possessive || n.min == n.max:
		in.op = opSpanOnly
	}
	return c.emit(in, d)
}

// single returns the node that matches exactly one character and is all there is in n, or nil.
func single(n *node) *node {
	for n.kind == kindSeq && len(n.subs) == 1 {
		n = n.subs[0]
	}
	if n.kind == kindLiteral || n.kind == kindClass {
		return n
	}
	return nil
}

// tempered takes apart a repeat such as (?:(?! from ).)*, any number of characters up to a string. It returns nil where
// n is something else.
func tempered(n *node) (one *node, stop []byte) {
	if n.min != 0 || n.max != unlimited {
		return nil, nil
	}
	body := flatten(nil, &node{subs: n.subs})
	if len(body) != 2 || body[0].kind != kindLook || !body[0].negative || body[0].behind {
		return nil, nil
	}
	var text []rune
	for _, l := range flatten(nil, &node{subs: body[0].subs}) {
		if l.kind != kindLiteral || isSurrogate(l.char) {
			return nil, nil
		}
		text = append(text, l.char)
	}
	if len(text) == 0 {
		return nil, nil
	}
	return single(body[1]), []byte(string(text))
}
