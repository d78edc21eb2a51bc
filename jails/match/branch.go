package match

// branch takes the first way from number i on that can begin with the text at pos.
func (s *Scratch) branch(in *inst, text []byte, pos, i int) (pc int32, at int) {
	i = in.viable(text, pos, i)
	if i < 0 {
		return -1, 0
	}
	if j := in.viable(text, pos, i+1); j >= 0 {
		s.push(frame{kind: retryWay, pc: in.self, pos: int32(pos), low: int32(j)})
	}
	return in.ways[i].pc, pos
}

// viable returns the number of the first way from i on that can begin with the text at pos, or -1.
func (in *inst) viable(text []byte, pos, i int) int {
	for ; i < len(in.ways); i++ {
		if in.ways[i].first.at(text, pos) {
			return i
		}
	}
	return -1
}

// loop comes to the end of a loop's body, or to its start: another turn, if there may be one, else on.
func (s *Scratch) loop(in *inst, text []byte, pos int) (pc int32, at int) {
	l := &s.loops[in.slot]
	count := l.count + 1
	if !s.spend(1) {
		return -1, 0
	}
	if count < in.min {
		s.pushLoop(in.slot, l)
		l.count = count
		return in.other, pos
	}
	if count < in.max && pos != l.last && in.body.at(text, pos) {
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
	if count < in.min {
		s.pushLoop(in.slot, l)
		l.count = count
		return in.other, pos
	}
	if count < in.max && pos != l.last && in.body.at(text, pos) {
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
