package match

// A frameKind says what is done when a frame comes back to the top of the stack.
type frameKind uint8

const (
	retry      frameKind = iota // go on at instruction pc at pos
	retrySpan                   // give back characters of the span at pc, which ends at pos, down to low
	retryLazy                   // take one more character of the lazy span at pc, of which low remain
	retryWay                    // the ways of the branch at pc that are in the set low
	retryLoop                   // the body of the lazy loop at pc
	undoMark                    // mark pc was pos
	undoLoop                    // loop pc had count pos and last low
	cutHere                     // an atomic group or look began here
	notMatched                  // a negative look at pc began at pos: it holds
	remember                    // what began at point pos has failed
)

// A frame is something to go back to, or to undo on the way there.
type frame struct {
	kind frameKind
	pc   int32
	pos  int32
	low  int32
}

func (s *Scratch) push(f frame) { s.stack = append(s.stack, f) }

func (s *Scratch) pushLoop(slot int32, l *loopState) {
	s.push(frame{kind: undoLoop, pc: slot, pos: int32(l.count), low: int32(l.last)})
}

// spend takes steps from the budget and tells whether there is any left.
func (s *Scratch) spend(n int) bool {
	s.steps += n
	if s.steps > s.limit {
		s.over = true
	}
	return !s.over
}

// back undoes what was done since the last way not tried yet, and returns where that begins; -1 if there is none.
func (s *Scratch) back(p *program, text []byte) (pc int32, pos int) {
	if !s.spend(1) {
		return -1, 0
	}
	for len(s.stack) > 0 {
		f := s.stack[len(s.stack)-1]
		s.stack = s.stack[:len(s.stack)-1]
		switch f.kind {
		case undoMark:
			s.marks[f.pc] = int(f.pos)
			continue
		case undoLoop:
			s.loops[f.pc] = loopState{int(f.pos), int(f.low)}
			continue
		case cutHere:
			continue
		case remember:
			s.failed.set(int(f.pos))
			continue
		case retry:
			return f.pc, int(f.pos)
		case notMatched:
			return p.insts[f.pc].next, int(f.pos)
		case retrySpan:
			pc, pos = s.shorten(p, f, text)
		case retryLazy:
			pc, pos = s.lengthen(p, f, text)
		case retryWay:
			pc, pos = s.take(&p.insts[f.pc], int(f.pos), uint8(f.low))
		case retryLoop:
			pc, pos = s.again(&p.insts[f.pc], int(f.pos))
		}
		if pc >= 0 {
			return pc, pos
		}
		if s.over {
			break
		}
	}
	return -1, 0
}

// cutTo takes the ways not tried yet from above height and keeps what is to be undone.
func (s *Scratch) cutTo(height int) {
	kept := s.stack[:height]
	for _, f := range s.stack[height:] {
		if f.kind == undoMark || f.kind == undoLoop {
			kept = append(kept, f)
		}
	}
	s.stack = kept
}

// undoTo undoes everything above height.
func (s *Scratch) undoTo(height int) {
	for i := len(s.stack) - 1; i >= height; i-- {
		switch f := s.stack[i]; f.kind {
		case undoMark:
			s.marks[f.pc] = int(f.pos)
		case undoLoop:
			s.loops[f.pc] = loopState{int(f.pos), int(f.low)}
		}
	}
	s.stack = s.stack[:height]
}
