package match

import (
	"bytes"
	"math/bits"
	"unicode/utf8"
)

// maxWays is how many ways a branch has; a longer one goes on in another.
const maxWays = 8

// A dispatch says where a branch goes by the next byte; what lies beyond ASCII is one byte, and so is the end of the text.
type dispatch [textEnd + 1]target

const (
	beyondASCII = utf8.RuneSelf
	textEnd     = utf8.RuneSelf + 1
)

// at returns where the branch goes with the text at pos.
func (d *dispatch) at(text []byte, pos int) target {
	if pos < len(text) {
		return d[min(text[pos], beyondASCII)]
	}
	return d[textEnd]
}

// A target is where a branch goes, and a set of its ways that are left then. Where the way it goes looks at the text no sooner
// than behind other branches and spans of nothing, the target lies there.
type target int32

const nowhere target = -1

func newTarget(pc int32, rest uint8) target { return target(pc<<8 | int32(rest)) }

func (t target) pc() int32   { return int32(t) >> 8 }
func (t target) rest() uint8 { return uint8(t) }

// newDispatch makes the dispatch of a branch; those of the branches it can come to are there.
func newDispatch(insts []inst, ways []way) *dispatch {
	var d dispatch
	for b := range d {
		pc, rest := int32(-1), uint8(0)
		for i, w := range ways {
			switch {
			case w.first != nil && !w.first.has(b):
			case pc < 0:
				pc = w.pc
			default:
				rest |= 1 << i
			}
		}
		d[b] = nowhere
		if pc >= 0 {
			d[b] = newTarget(pc, rest).behind(insts, b)
		}
	}
	return &d
}

// behind returns where the target leads to before anything looks at the text, which goes on with b.
func (t target) behind(insts []inst, b int) target {
	for {
		in := &insts[t.pc()]
		switch {
		case in.op == opBranch && in.dispatch[b] == nowhere && t.rest() == 0:
			return nowhere
		case in.op == opBranch && in.dispatch[b].rest() == 0:
			t = newTarget(in.dispatch[b].pc(), t.rest())
		case in.isEmpty(b):
			t = newTarget(in.next, t.rest())
		default:
			return t
		}
	}
}

// isEmpty tells whether in is a span that matches nothing where the text goes on with b.
func (in *inst) isEmpty(b int) bool {
	switch in.op {
	case opSpan, opSpanOnly, opSpanLazy:
		return in.min == 0 && (b == textEnd || b < beyondASCII && !in.class.bytes[b])
	}
	return false
}

// take takes the first of the ways in the set.
func (s *Scratch) take(in *inst, pos int, ways uint8) (pc int32, at int) {
	if ways == 0 {
		return -1, 0
	}
	first := bits.TrailingZeros8(ways)
	if ways &= ways - 1; ways != 0 {
		s.push(frame{kind: retryWay, pc: in.self, pos: int32(pos), low: int32(ways)})
	}
	return in.ways[first].pc, pos
}

// guarded is a branch whose ways need certain strings in the text that is left.
func (s *Scratch) guarded(in *inst, text []byte, pos int) (pc int32, at int) {
	ways := uint8(0)
	for i := range in.ways {
		if w := &in.ways[i]; w.first.at(text, pos) && bytes.Contains(text[pos:], w.guard) {
			ways |= 1 << i
		}
	}
	s.steps += (len(text) - pos) >> 4
	return s.take(in, pos, ways)
}

// loop comes to the end of a loop's body, or to its start: another turn, if there may be one, else on.
func (s *Scratch) loop(in *inst, text []byte, pos int) (pc int32, at int) {
	l := &s.loops[in.slot]
	count := l.count + 1
	if !s.spend(1) {
		return -1, 0
	}
	if count < int(in.min) {
		s.pushLoop(in.slot, l)
		l.count = count
		return in.other, pos
	}
	if count < int(in.max) && pos != l.last && in.body.at(text, pos) {
		if in.first.at(text, pos) {
			s.push(frame{kind: retry, pc: in.next, pos: int32(pos)})
		}
		s.pushLoop(in.slot, l)
		l.count, l.last = count, pos
		return in.other, pos
	}
	return in.next, pos
}

// loopLazy comes to the end of a lazy loop's body, or to its start: on, and another turn only if that fails.
func (s *Scratch) loopLazy(in *inst, text []byte, pos int) (pc int32, at int) {
	l := &s.loops[in.slot]
	count := l.count + 1
	if !s.spend(1) {
		return -1, 0
	}
	if count < int(in.min) {
		s.pushLoop(in.slot, l)
		l.count = count
		return in.other, pos
	}
	if count < int(in.max) && pos != l.last && in.body.at(text, pos) {
		if !in.first.at(text, pos) {
			return s.again(in, pos)
		}
		s.push(frame{kind: retryLoop, pc: in.self, pos: int32(pos)})
	}
	return in.next, pos
}

// again takes another turn of a lazy loop.
func (s *Scratch) again(in *inst, pos int) (pc int32, at int) {
	l := &s.loops[in.slot]
	s.pushLoop(in.slot, l)
	l.count, l.last = l.count+1, pos
	return in.other, pos
}

// group runs what has to do with groups that have matched, or that are matched once only.
func (s *Scratch) group(in *inst, text []byte, pos int) (pc int32, at int) {
	switch in.op {
	case opCond:
		if start, end := s.marks[2*in.slot], s.marks[2*in.slot+1]; start < 0 || end < start {
			return in.other, pos
		}
		return in.next, pos
	case opBackref:
		return s.backref(in, text, pos)
	case opLook, opNot, opAtomic:
		return s.enterCut(in, text, pos)
	}
	c := s.cuts[in.slot]
	if !s.spend(1 + (len(s.stack)-c.height)/8) {
		return -1, 0
	}
	switch in.op {
	case opNotEnd:
		s.undoTo(c.height)
		return -1, 0
	case opLookEnd:
		pos = c.pos
	}
	s.cutTo(c.height)
	return in.next, pos
}

// enterCut starts a look round or an atomic group.
func (s *Scratch) enterCut(in *inst, text []byte, pos int) (pc int32, at int) {
	s.cuts[in.slot] = cut{height: len(s.stack), pos: pos}
	at = pos
	s.steps += in.back >> 2
	for range in.back {
		if at == 0 {
			if in.op == opNot {
				return in.next, pos
			}
			return -1, 0
		}
		at = previous(text, at)
	}
	if in.op == opNot {
		s.push(frame{kind: notMatched, pc: in.self, pos: int32(pos)})
	} else {
		s.push(frame{kind: cutHere})
	}
	return in.other, at
}
