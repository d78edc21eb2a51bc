package match

import (
	"math/bits"
	"slices"
)

// A linear search remembers at most so many bits, and a point may be reached in at most so many states.
const (
	maxMemory = 16 << 20
	maxStates = 256
)

// A memory holds what a linear search has tried in vain: points of the program, by place in the text and by state, which
// is how often the loops around the point have run, whether their last turn began right there, and which groups that conditions ask for are set. The same point at
// the same place in the same state fails again, so it is not tried again.
type memory struct {
	on   bool
	bits []uint64
	size int // places in the text
}

// start makes the memory ready for a search of a text of n bytes. It returns false if there can be no linear search.
func (m *memory) start(p *program, n int) bool {
	bits := (n + 1) * p.points
	if !p.linear || bits > maxMemory {
		return false
	}
	m.on, m.size = true, n+1
	m.bits = resize(m.bits, (bits+63)/64)
	clear(m.bits)
	return true
}

func (m *memory) set(bit int)      { m.bits[bit/64] |= 1 << (bit % 64) }
func (m *memory) has(bit int) bool { return m.bits[bit/64]>>(bit%64)&1 != 0 }

// bit is the number of the point in at pos, in the present state.
func (s *Scratch) bit(p *program, in *inst, pos int) int {
	state := 0
	for _, pc := range in.loops {
		loop := &p.insts[pc]
		l := s.loops[loop.slot]
		turns := loop.turns()
		state = state*turns + min(l.count+1, turns-1)
		if loop.empty {
			state *= 2
			if l.last == pos {
				state++
			}
		}
	}
	for i, g := range p.conds {
		if in.asks>>i&1 == 0 {
			continue
		}
		state *= 2
		if start := s.marks[2*g]; start >= 0 && s.marks[2*g+1] >= start {
			state++
		}
	}
	return (int(in.point)+state)*s.failed.size + pos
}

// turns is how many numbers of turns of a loop have to be told apart.
func (in *inst) turns() int {
	if in.max == unlimited {
		return int(in.min) + 1
	}
	return int(in.max) + 1
}

// enter tells whether the point in at pos has not failed before, and sees to it that a failure is remembered.
func (s *Scratch) enter(p *program, in *inst, pos int) bool {
	if in.isOpenSpan() {
		return true // it remembers its ends instead
	}
	return s.try(s.bit(p, in, pos))
}

func (s *Scratch) try(bit int) bool {
	if s.failed.has(bit) {
		return false
	}
	s.push(frame{kind: remember, pos: int32(bit)})
	return true
}

// isOpenSpan tells whether in is a span of any length that may give back.
func (in *inst) isOpenSpan() bool {
	switch in.op {
	case opSpan, opSpanLazy, opSpanOnly:
		return in.max == unlimited
	}
	return false
}

// reach is how far a span from low on runs before a place from which all ends have failed.
func (s *Scratch) reach(p *program, in *inst, text []byte, low int) int {
	pos, last := low, low-1
	for !s.failed.has(s.bit(p, in, pos)) {
		s.steps++
		last = pos
		size := in.one(text, pos)
		if size == 0 {
			break
		}
		pos += size
	}
	return last
}

// giveBack is shrink for a linear search: it remembers all ends it leaves out.
func (s *Scratch) giveBack(p *program, in *inst, text []byte, low, end int) (pc int32, at int) {
	for end >= low && !in.canEnd(text, end) {
		s.failed.set(s.bit(p, in, end))
		s.steps++
		end--
	}
	if end < low {
		return -1, 0
	}
	s.push(frame{kind: retrySpan, pc: in.self, pos: int32(end), low: int32(low)})
	return in.next, end
}

// findPoints numbers the points that a linear search remembers, if there can be one.
func (p *program) findPoints() {
	p.linear = len(p.conds) <= 8
	p.findConditions()
	for i := range p.insts {
		in := &p.insts[i]
		in.point = -1
		if in.op == opBackref {
			p.linear = false
		}
		if !in.isPoint() {
			continue
		}
		states := p.states(in)
		if states > maxStates {
			p.linear = false
		}
		in.point = int32(p.points)
		p.points += states
	}
}

// isPoint tells whether a linear search remembers the failures of in.
func (in *inst) isPoint() bool {
	switch in.op {
	case opBranch, opGuarded, opSpan, opSpanLazy, opLoop, opLoopLazy, opLook, opNot, opAtomic:
		return true
	}
	return in.op == opSpanOnly && in.givesBack
}

// states returns in how many states in may be reached; a little more than maxStates, if it is more.
func (p *program) states(in *inst) int {
	states := 1 << bits.OnesCount8(in.asks)
	for _, pc := range in.loops {
		states *= min(p.insts[pc].turns(), maxStates+1)
		if p.insts[pc].empty {
			states *= 2
		}
		states = min(states, maxStates+1)
	}
	return states
}

// findConditions finds out which groups each instruction may still ask for on its way to the end.
func (p *program) findConditions() {
	for changed := len(p.conds) > 0; changed; {
		changed = false
		for i := range p.insts {
			in := &p.insts[i]
			was := in.asks
			in.asks |= p.insts[in.next].asks | p.insts[in.other].asks
			for _, w := range in.ways {
				in.asks |= p.insts[w.pc].asks
			}
			if in.op == opCond {
				in.asks |= 1 << slices.Index(p.conds, in.slot)
			}
			changed = changed || in.asks != was
		}
	}
}
