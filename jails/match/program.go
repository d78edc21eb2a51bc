package match

import (
	"encoding/binary"
	"slices"
)

// An opcode says what an instruction does.
type opcode uint8

const (
	opMatch     opcode = iota // the whole pattern has matched
	opChar                    // one byte
	opString                  // a string
	opClass                   // one character of a class
	opSpan                    // a run of a class, as long as possible
	opSpanOnly                // the same, of which nothing is given back
	opSpanLazy                // a run of a class, as short as possible
	opBranch                  // one of several ways
	opGuarded                 // the same, where a way may need a string farther on
	opLoopStart               // enters a loop
	opLoop                    // the body's end: once more if possible
	opLoopLazy                // the body's end: once more if necessary
	opMark                    // the start or the end of a group
	opAt                      // a place
	opLook                    // starts a look round, which ends in opLookEnd
	opLookEnd
	opNot // starts a negative look round, which ends in opNotEnd
	opNotEnd
	opAtomic // starts an atomic group, which ends in opAtomicEnd
	opAtomicEnd
	opBackref // what a group matched
	opCond    // next if a group has matched, else other
	opFail    // matches nothing
)

// An inst is one instruction. It goes on at next. What forward does not look at, or seldom, stands apart, so that the rest
// is a line of the processor's cache.
type inst struct {
	op       opcode
	move     move
	byte     byte      // of opChar; where opString's head is short, by how many bits
	self     int32     // the instruction's own number
	slot     int32     // number of a mark, group, loop or cut
	min, max int32     // of a span or loop
	size     int32     // of a string, in bytes
	to       *inst     // the next one
	table    *byteSet  // of a class, the bytes it has; of a span, those it takes without a look at the character
	dispatch *dispatch // of a branch, by the next byte
	head     uint64    // a string's first eight bytes
	*detail
}

// A detail is more about an instruction.
type detail struct {
	next      int32
	other     int32 // the body of a loop, look or atomic group; the way of a condition not met
	class     *class
	str       []byte
	first     *first  // what can follow the span or loop
	follow    []byte  // the literal after a span, where there is one
	stop      []byte  // a span goes no further than to where this begins; nil: no such string
	body      *first  // what the body of a loop can begin with
	ways      []way   // of a branch
	loops     []int32 // the loops around
	back      int     // characters a look behind goes back
	point     int32   // number of a point that a linear search remembers; -1: none
	at        place   // of opAt
	fold      fold    // of a backreference
	asks      uint8   // the conditions that may still come, a bit each
	empty     bool    // the body of a loop can match nothing
	givesBack bool    // a span that could give back, but need not
}

// A way is one alternative of a branch.
type way struct {
	pc    int32
	first *first
	guard []byte // what must stand somewhere behind; nil: nothing is known
}

// A program is a compiled pattern. Instruction 0 is opMatch.
type program struct {
	insts    []inst
	start    int32
	groups   int
	unset    []int // the marks of no group: -1 for each
	loops    int
	cuts     int
	anchored bool    // matches at the very start of the text only
	first    *first  // what a match can begin with
	prefix   []byte  // what a match begins with
	conds    []int32 // the groups that conditions ask for
	points   int     // how many points a linear search remembers, all states told apart
	linear   bool    // a linear search exists
}

// A compiler turns a tree into a program, from its end to its start: what follows a node is there before it.
type compiler struct {
	insts []inst
	loops []int32 // the loops around the node at hand
	conds []int32
	count int // loops so far
	cuts  int
}

func compile(tree *node, groups int) *program {
	c := &compiler{insts: make([]inst, 1, 64)}
	c.insts[0].detail = &detail{}
	p := &program{groups: groups, unset: slices.Repeat([]int{-1}, 2*(groups+1))}
	p.start = c.node(tree.withoutConditions(), 0)
	p.insts, p.loops, p.cuts, p.conds = c.insts, c.count, c.cuts, c.conds
	p.analyse()
	p.link()
	p.findPoints()
	return p
}

// link prepares the instructions for forward.
func (p *program) link() {
	for i := range p.insts {
		in := &p.insts[i]
		in.to, in.move = &p.insts[in.next], in.choose()
		switch in.op {
		case opString:
			var head [8]byte
			copy(head[:], in.str)
			in.head, in.size = binary.LittleEndian.Uint64(head[:]), int32(len(in.str))
			in.byte = byte(64 - 8*min(len(in.str), 8))
		case opClass:
			in.table = in.class.bytes
		case opSpan, opSpanOnly:
			in.table = in.class.steps
		}
	}
}

func (c *compiler) emit(in inst, d detail) int32 {
	in.detail = &d
	in.self, in.loops = int32(len(c.insts)), c.loops
	c.insts = append(c.insts, in)
	return in.self
}

// node compiles n so that next follows, and returns where it begins.
func (c *compiler) node(n *node, next int32) int32 {
	switch n.kind {
	case kindSeq:
		return c.sequence(flatten(nil, n), next)
	case kindLiteral, kindClass:
		return c.character(n, next)
	case kindAlt:
		return c.alternatives(n, n.subs, next)
	case kindRepeat:
		return c.repeat(n, next)
	case kindGroup:
		end := c.emit(inst{op: opMark, slot: int32(2*n.group + 1)}, detail{next: next})
		return c.emit(inst{op: opMark, slot: int32(2 * n.group)}, detail{next: c.node(n.subs[0], end)})
	case kindAtomic:
		return c.cut(opAtomic, opAtomicEnd, n.subs[0], 0, next)
	case kindLook:
		if n.negative {
			return c.cut(opNot, opNotEnd, n.subs[0], n.width, next)
		}
		return c.cut(opLook, opLookEnd, n.subs[0], n.width, next)
	case kindBackref:
		return c.emit(inst{op: opBackref, slot: int32(n.group)}, detail{fold: n.fold, next: next})
	case kindCond:
		other := next
		if len(n.subs) == 2 {
			other = c.node(n.subs[1], next)
		}
		if g := int32(n.group); !slices.Contains(c.conds, g) {
			c.conds = append(c.conds, g)
		}
		return c.emit(inst{op: opCond, slot: int32(n.group)}, detail{next: c.node(n.subs[0], next), other: other})
	}
	return c.emit(inst{op: opAt}, detail{next: next, at: n.at})
}

func (c *compiler) alternatives(n *node, nodes []*node, next int32) int32 {
	op, d := opBranch, detail{next: next}
	if n.decides {
		op = opGuarded
	}
	var more int32
	if len(nodes) > maxWays {
		more = c.alternatives(n, nodes[maxWays-1:], next)
		nodes = nodes[:maxWays-1]
	}
	for _, s := range nodes {
		d.ways = append(d.ways, way{pc: c.node(s, next)})
	}
	if more > 0 {
		d.ways = append(d.ways, way{pc: more})
	}
	return c.emit(inst{op: op}, d)
}

// flatten lists the nodes of a sequence and of the sequences in it.
func flatten(to []*node, n *node) []*node {
	for _, s := range n.subs {
		if s.kind == kindSeq {
			to = flatten(to, s)
		} else {
			to = append(to, s)
		}
	}
	return to
}

// sequence compiles nodes one after the other; neighbouring literals become a string.
func (c *compiler) sequence(nodes []*node, next int32) int32 {
	for i := len(nodes) - 1; i >= 0; i-- {
		end := i + 1
		for i > 0 && nodes[i].kind == kindLiteral && nodes[i-1].kind == kindLiteral {
			i--
		}
		if end-i > 1 {
			next = c.literals(nodes[i:end], next)
		} else {
			next = c.node(nodes[i], next)
		}
	}
	return next
}

func (c *compiler) literals(nodes []*node, next int32) int32 {
	text := make([]rune, len(nodes))
	for i, n := range nodes {
		if isSurrogate(n.char) {
			return c.emit(inst{op: opFail}, detail{})
		}
		text[i] = n.char
	}
	return c.emit(inst{op: opString}, detail{str: []byte(string(text)), next: next})
}

// character compiles what matches one character.
func (c *compiler) character(n *node, next int32) int32 {
	switch {
	case n.kind == kindClass:
		return c.emit(inst{op: opClass}, detail{class: n.class, next: next})
	case n.char < 0x80:
		return c.emit(inst{op: opChar, byte: byte(n.char)}, detail{next: next})
	}
	return c.literals([]*node{n}, next)
}

// isSurrogate tells whether r is half a character of UTF-16. Python's patterns may hold one, its texts here never do.
func isSurrogate(r rune) bool { return r >= 0xd800 && r < 0xe000 }

// cut compiles a body whose way of matching is not tried again.
func (c *compiler) cut(op, end opcode, body *node, back int, next int32) int32 {
	slot := int32(c.cuts)
	c.cuts++
	e := c.emit(inst{op: end, slot: slot}, detail{next: next})
	return c.emit(inst{op: op, slot: slot}, detail{next: next, other: c.node(body, e), back: back})
}
