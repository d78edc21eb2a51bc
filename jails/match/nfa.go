package match

import "unicode/utf8"

// A nodeOp says what a node of an automaton does.
type nodeOp uint8

const (
	nodeSplit  nodeOp = iota // goes on at each of outs
	nodeByte                 // takes a byte of set; one of a character beyond ASCII stands for all of it
	nodeStart                // holds at the start only
	nodeEnd                  // holds at the end of the line only
	nodeEnter                // starts a pattern: goes on at each of outs as at the start
	nodeAccept               // the pattern numbered outs[0] may have matched
)

// An nfaNode is a node of an automaton.
type nfaNode struct {
	op   nodeOp
	set  bitSet
	outs []int32
}

// An nfa is a nondeterministic automaton that accepts at least every line some patterns match: what an automaton cannot
// express, it takes to hold.
type nfa struct {
	nodes []nfaNode
	start []int32
}

func (a *nfa) add(n nfaNode) int32 {
	a.nodes = append(a.nodes, n)
	return int32(len(a.nodes) - 1)
}

// addRule adds a rule. ids are what its patterns are called when they are accepted.
func (a *nfa) addRule(r Rule, ids []int32) {
	from := len(a.nodes)
	starts := a.rule(r, ids)
	if len(r.Cuts) > 0 {
		starts = a.withCut(from, starts, join(r.Cuts))
	}
	a.start = append(a.start, starts...)
}

// rule adds the nodes of a rule and returns where they begin.
func (a *nfa) rule(r Rule, ids []int32) (starts []int32) {
	var enters []int32
	for i, p := range r.Patterns {
		accept := a.add(nfaNode{op: nodeAccept, outs: ids[i : i+1]})
		enters = append(enters, a.enter(a.program(p.prog, accept, r.Prefix != nil, nil), p.prog.anchored))
	}
	if r.Prefix == nil {
		return enters
	}
	content := int32(2 * r.Prefix.GroupIndex("content"))
	entry := a.program(r.Prefix.prog, -1, false, func(in *inst) []int32 {
		if in.op == opMark && in.slot == content {
			return enters
		}
		return nil
	})
	return []int32{a.enter(entry, r.Prefix.prog.anchored)}
}

// enter lets a pattern begin at the start, or anywhere if it is not anchored.
func (a *nfa) enter(start int32, anchored bool) int32 {
	outs := []int32{start}
	if !anchored {
		anywhere := a.add(nfaNode{op: nodeSplit})
		any := nfaNode{op: nodeByte, outs: []int32{anywhere}}
		any.set = bitSet{^uint64(0), ^uint64(0), ^uint64(0), ^uint64(0)}
		a.nodes[anywhere].outs = []int32{start, a.add(any)}
		outs = append(outs, anywhere)
	}
	return a.add(nfaNode{op: nodeEnter, outs: outs})
}

// program adds the nodes of a program and returns the first. A match goes on at accept. Where instead returns nodes for
// an instruction, they stand for it and all that follows. open says that the text may go on after the end, which is seen
// as a newline, as in a part of a line.
func (a *nfa) program(p *program, accept int32, open bool, instead func(*inst) []int32) int32 {
	base := int32(len(a.nodes))
	a.nodes = append(a.nodes, make([]nfaNode, len(p.insts))...)
	for i := range p.insts {
		in := &p.insts[i]
		var n nfaNode
		if instead != nil {
			n.outs = instead(in)
		}
		if n.outs == nil {
			n = a.inst(in, base, accept, open)
		}
		a.nodes[base+int32(i)] = n
	}
	return base + p.start
}

// inst makes the node of an instruction.
func (a *nfa) inst(in *inst, base, accept int32, open bool) nfaNode {
	next := base + in.next
	switch in.op {
	case opMatch:
		if accept < 0 {
			return nfaNode{}
		}
		return nfaNode{outs: []int32{accept}}
	case opFail:
		return nfaNode{}
	case opChar:
		return a.text(string(rune(in.byte)), next, open)
	case opString:
		return a.text(string(in.str), next, open)
	case opClass:
		return a.class(in.class.set, next, open)
	case opSpan, opSpanOnly, opSpanLazy:
		return a.span(in, next, open)
	case opBranch, opGuarded:
		n := nfaNode{}
		for _, w := range in.ways {
			n.outs = append(n.outs, base+w.pc)
		}
		return n
	case opLoop, opLoopLazy, opCond:
		return nfaNode{outs: []int32{base + in.other, next}}
	case opAtomic:
		return nfaNode{outs: []int32{base + in.other}}
	case opBackref:
		return a.backref(next, open)
	case opAt:
		return placeNode(in.at, next, open)
	}
	return nfaNode{outs: []int32{next}}
}

func placeNode(at place, next int32, open bool) nfaNode {
	n := nfaNode{outs: []int32{next}}
	switch at {
	case atStart:
		n.op = nodeStart
	case atLineStart:
		if !open {
			n.op = nodeStart
		}
	case atEnd, atLineEnd, atVeryEnd:
		if !open {
			n.op = nodeEnd
		}
	}
	return n
}

// class makes a node that takes one byte of set.
func (a *nfa) class(set bitSet, next int32, open bool) nfaNode {
	n := nfaNode{op: nodeByte, set: set, outs: []int32{next}}
	if !open || !set.has('\n') {
		return n
	}
	return nfaNode{outs: []int32{a.add(n), next}}
}

// text makes a chain of nodes for a string.
func (a *nfa) text(s string, next int32, open bool) nfaNode {
	first, size := utf8.DecodeRuneInString(s)
	if size < len(s) {
		rest := a.text(s[size:], next, open)
		next = a.add(rest)
	}
	var set bitSet
	if first < utf8.RuneSelf {
		set.add(byte(first))
	} else {
		set = [4]uint64{0, 0, 0, ^uint64(0)}
	}
	return a.class(set, next, open)
}

// span makes a loop, without its bounds.
func (a *nfa) span(in *inst, next int32, open bool) nfaNode {
	loop := a.add(nfaNode{})
	one := a.add(a.class(in.class.set, loop, open))
	switch {
	case in.max == 0:
		return nfaNode{outs: []int32{next}}
	case in.max == 1:
		a.nodes[loop].outs = []int32{next}
	default:
		a.nodes[loop].outs = []int32{one, next}
	}
	if in.min > 0 {
		return nfaNode{outs: []int32{one}}
	}
	return nfaNode{outs: []int32{one, next}}
}

// backref makes a loop over anything.
func (a *nfa) backref(next int32, open bool) nfaNode {
	loop := a.add(nfaNode{})
	one := a.add(a.class(bitSet{^uint64(0), ^uint64(0), ^uint64(0), ^uint64(0)}, loop, open))
	a.nodes[loop].outs = []int32{one, next}
	return nfaNode{outs: []int32{one, next}}
}
