package match

import (
	"bytes"
	"slices"
	"unicode/utf8"
)

// budget is how many steps a search may take before it is made linear, and linearBudget how many it may take then.
// A step is a way tried, or some bytes run over.
const (
	budget       = 200_000
	linearBudget = 10_000_000
)

// A Scratch is the reusable memory of searches. The zero value is ready; it is not for concurrent use.
type Scratch struct {
	marks  []int // the groups' starts and ends; -1 where unset
	stack  []frame
	loops  []loopState
	cuts   []cut
	steps  int
	limit  int
	over   bool // the budget ran out
	failed memory
}

// A loopState is how often a loop's body has matched and where its last match began; -1 for never.
type loopState struct{ count, last int }

// A cut is where an atomic group or a look round began.
type cut struct{ height, pos int }

// Steps returns how many steps the last search took.
func (s *Scratch) Steps() int { return s.steps }

// Search finds the leftmost match at or after from, as Python's pattern.search(text, from) does: ^ and looks behind see
// the text before from. It returns the byte offsets of each group's start and end, -1 for a group that took no part,
// or nil for no match. They belong to s and are valid until its next search.
//
// The text must be valid UTF-8 and shorter than 2 GiB. The error is ErrBudget or nil.
func (p *Pattern) Search(s *Scratch, text []byte, from int) ([]int, error) {
	s.steps, s.limit = 0, budget
	s.failed.on = false
	caps := p.prog.search(s, text, from)
	if s.over && s.failed.start(p.prog, len(text)) {
		s.limit += linearBudget
		caps = p.prog.search(s, text, from)
	}
	s.trim()
	if s.over {
		return nil, ErrBudget
	}
	return caps, nil
}

func (p *program) search(s *Scratch, text []byte, from int) []int {
	s.prepare(p)
	for pos := from; pos <= len(text); {
		if pos = p.skip(text, pos); pos < 0 {
			return nil
		}
		if end := s.run(p, text, pos); end >= 0 {
			s.marks[0], s.marks[1] = pos, end
			return s.marks
		}
		if s.over || p.anchored {
			return nil
		}
		s.forget(p)
		pos = next(text, pos)
	}
	return nil
}

// next returns where the character after the one at pos begins; past the end, one more than the end.
func next(text []byte, pos int) int {
	for pos++; pos < len(text) && !utf8.RuneStart(text[pos]); pos++ {
	}
	return pos
}

// previous returns where the character before pos begins.
func previous(text []byte, pos int) int {
	for pos--; pos > 0 && !utf8.RuneStart(text[pos]); pos-- {
	}
	return pos
}

// skip returns the first place at or after pos where a match can begin, or -1.
func (p *program) skip(text []byte, pos int) int {
	switch {
	case p.anchored:
		if pos > 0 || !p.first.at(text, 0) {
			return -1
		}
		return 0
	case len(p.prefix) > 0:
		i := bytes.Index(text[pos:], p.prefix)
		if i < 0 {
			return -1
		}
		return pos + i
	case p.first == nil:
		return pos
	}
	for ; pos < len(text); pos++ {
		if p.first.bytes.has(text[pos]) && utf8.RuneStart(text[pos]) {
			return pos
		}
	}
	if p.first.end {
		return pos
	}
	return -1
}

// prepare makes room for p's groups, loops and cuts.
func (s *Scratch) prepare(p *program) {
	s.over = false
	s.marks = resize(s.marks, 2*(p.groups+1))
	s.loops = resize(s.loops, p.loops)
	s.cuts = resize(s.cuts, p.cuts)
	s.forget(p)
}

// maxKept is how many frames are kept from one search to the next.
const maxKept = 32 << 10

// trim gives back what an unusual search took.
func (s *Scratch) trim() {
	if cap(s.stack) > maxKept {
		s.stack = nil
	}
	if len(s.failed.bits) > maxKept {
		s.failed.bits = nil
	}
}

func resize[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}

// forget makes ready for another start.
func (s *Scratch) forget(p *program) {
	s.stack = s.stack[:0]
	copy(s.marks, p.unset)
}

// run matches the program at pos and returns the end of the match, or -1.
func (s *Scratch) run(p *program, text []byte, pos int) int {
	in := &p.insts[p.start]
	for {
		if !s.failed.on {
			if cap(s.stack)-len(s.stack) < len(p.insts) {
				s.stack = slices.Grow(s.stack, len(p.insts))
			}
			in, pos = s.forward(p, in, text, pos)
		}
		pc := int32(-1)
		if in != nil {
			if in.op == opMatch {
				return pos
			}
			pc, pos = s.step(p, in, text, pos)
		}
		if pc < 0 {
			if pc, pos = s.back(p, text); pc < 0 {
				return -1
			}
		}
		in = &p.insts[pc]
	}
}

// step runs an instruction. It returns where to go on, -1 for a failure.
func (s *Scratch) step(p *program, in *inst, text []byte, pos int) (pc int32, at int) {
	op := in.op
	if s.failed.on {
		op = s.linear(p, in, pos)
	}
	switch op {
	case opChar:
		if pos < len(text) && text[pos] == in.byte {
			return in.next, pos + 1
		}
	case opString:
		if bytes.HasPrefix(text[pos:], in.str) {
			return in.next, pos + len(in.str)
		}
	case opClass:
		if n := in.class.match(text, pos); n > 0 {
			return in.next, pos + n
		}
	case opSpanOnly:
		if end := s.spanOnly(in, text, pos); end >= 0 {
			return in.next, end
		}
	case opSpan:
		return s.span(p, in, text, pos)
	case opBranch:
		if t := in.dispatch.at(text, pos); t != nowhere {
			if t.rest() != 0 {
				s.push(frame{kind: retryWay, pc: in.self, pos: int32(pos), low: int32(t.rest())})
			}
			return t.pc(), pos
		}
	case opMark:
		if len(s.stack) > 0 {
			s.push(frame{kind: undoMark, pc: in.slot, pos: int32(s.marks[in.slot])})
		}
		s.marks[in.slot] = pos
		return in.next, pos
	case opAt:
		if in.at.holds(text, pos) {
			return in.next, pos
		}
	case opFail:
	case opSpanLazy:
		return s.spanLazy(p, in, text, pos)
	case opLoopStart:
		l := &s.loops[in.slot]
		s.pushLoop(in.slot, l)
		l.count, l.last = -1, -1
		return in.next, pos
	case opLoop:
		return s.loop(in, text, pos)
	case opLoopLazy:
		return s.loopLazy(in, text, pos)
	case opGuarded:
		return s.guarded(in, text, pos)
	default:
		return s.group(in, text, pos)
	}
	return -1, 0
}

// linear returns what is done for in at pos in a linear search: a point that has failed there fails again, and where a
// span would only be thought to give nothing back, it does.
func (s *Scratch) linear(p *program, in *inst, pos int) opcode {
	switch {
	case in.point >= 0 && !s.enter(p, in, pos):
		return opFail
	case in.op == opSpanOnly && in.max == unlimited && in.point >= 0:
		return opSpan
	}
	return in.op
}
