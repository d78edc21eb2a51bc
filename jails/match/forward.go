package match

import (
	"encoding/binary"
	"unicode/utf8"
)

// A move is what forward does for an instruction.
type move uint8

const (
	leave      move = iota // it leaves the instruction to step
	moveChar               // opChar
	moveString             // opString of at most eight bytes
	moveLong               // a longer one
	moveClass              // opClass
	moveRun                // opSpanOnly, where it can count bytes in place of characters
	moveSpan               // opSpan, where it can count bytes
	moveBranch             // opBranch
	moveMark               // opMark
	moveStart              // opAt at the start of the text
	moveEnd                // opAt at the end of the text
)

// choose returns what forward does for in.
func (in *inst) choose() move {
	switch in.op {
	case opChar:
		return moveChar
	case opString:
		if len(in.str) > 8 {
			return moveLong
		}
		return moveString
	case opClass:
		return moveClass
	case opBranch:
		return moveBranch
	case opMark:
		return moveMark
	case opSpanOnly:
		if in.countsBytes() {
			return moveRun
		}
	case opSpan:
		if in.countsBytes() && in.first != nil && len(in.follow) < 2 {
			return moveSpan
		}
	case opAt:
		switch in.at {
		case atStart:
			return moveStart
		case atEnd:
			return moveEnd
		}
	}
	return leave
}

// countsBytes tells whether a span can count bytes in place of characters, up to where it meets one beyond ASCII. Up to a
// byte that is the only one to stop at, step has a faster way.
func (in *inst) countsBytes() bool {
	return in.stop == nil && in.class.without < 0 && (in.class.beyond != beyondAll || in.max == unlimited && in.min <= 1)
}

// What a move comes to in place of where it leads.
const (
	failed = -1 // the text does not match
	left   = -2 // the instruction is left to step
)

// forward does what step does, many times over, for the instructions that are met most and need no more than a look at
// the text. It returns where it stopped: at an instruction that is left to step, or at nil where the text does not match.
//
// Matching spends its time here. Every call is inlined, so that what is worked on stays in registers, and run has seen to it
// that the stack has room for a frame of every instruction, none of which comes twice. The cases are tried in order of how
// often they are met: that is faster than a jump to where a table says, which processors seldom foresee.
func (s *Scratch) forward(p *program, in *inst, text []byte, pos int) (*inst, int) {
	n, start, at := len(s.stack), pos, pos
	for {
		switch m := in.move; {
		case m == moveBranch:
			t := in.dispatch.at(text, pos)
			if rest := t.rest(); rest != 0 && t != nowhere {
				f := &s.stack[:cap(s.stack)][n]
				f.kind, f.pc, f.pos, f.low = retryWay, in.self, int32(pos), int32(rest)
				n++
			}
			if at = failed; t != nowhere {
				in = &p.insts[t.pc()]
				continue
			}
		case m == moveRun:
			if at = in.quickRun(text, pos); at < len(text) && text[at] >= utf8.RuneSelf {
				at = left
			} else if at-pos < int(in.min) {
				pos, at = at, failed
			}
		case m == moveMark:
			mark := &s.marks[in.slot]
			if n > 0 {
				f := &s.stack[:cap(s.stack)][n]
				f.kind, f.pc, f.pos = undoMark, in.slot, int32(*mark)
				n++
			}
			*mark, at = pos, pos
		case m == moveString:
			at = in.afterString(text, pos)
		case m == moveChar:
			at = in.afterChar(text, pos)
		case m == moveSpan:
			end, low := in.quickRun(text, pos), pos+int(in.min)
			at = in.lastEnd(text, low, end)
			s.steps += (end - at) >> 4
			if end < len(text) && text[end] >= utf8.RuneSelf || at >= low && at < len(text) && text[at] >= utf8.RuneSelf {
				at = left
			} else if at < low {
				pos, at = end, failed
			} else if at > low {
				f := &s.stack[:cap(s.stack)][n]
				f.kind, f.pc, f.pos, f.low = retrySpan, in.self, int32(at), int32(low)
				n++
			}
		case m == moveEnd:
			if at = pos; pos < len(text) && (pos < len(text)-1 || text[pos] != '\n') {
				at = failed
			}
		case m == moveLong:
			if at = failed; len(text)-pos >= int(in.size) && isSame(text[pos:], in.str) {
				at = pos + int(in.size)
			}
		case m == moveStart:
			if at = pos; pos > 0 {
				at = failed
			}
		case m == moveClass:
			at = in.afterClass(text, pos)
		default:
			at = left
		}
		if at < 0 {
			break
		}
		in, pos = in.to, at
	}
	s.stack = s.stack[:n]
	s.steps += (pos - start) >> 4
	if at == failed {
		return nil, pos
	}
	return in, pos
}

// afterChar returns where the byte ends that moveChar wants at pos.
func (in *inst) afterChar(text []byte, pos int) int {
	if pos >= len(text) || text[pos] != in.byte {
		return failed
	}
	return pos + 1
}

// afterString returns where the string ends that moveString wants at pos.
func (in *inst) afterString(text []byte, pos int) int {
	if len(text)-pos < 8 {
		return left
	}
	if (binary.LittleEndian.Uint64(text[pos:])^in.head)<<(in.byte&63) != 0 {
		return failed
	}
	return pos + int(in.size)
}

// afterClass returns where the character ends that moveClass wants at pos.
func (in *inst) afterClass(text []byte, pos int) int {
	if pos >= len(text) || !in.table[text[pos]] {
		return failed
	}
	if text[pos] >= utf8.RuneSelf {
		return left
	}
	return pos + 1
}

// lastEnd returns the last place from end down to low where what follows the span can begin; less than low if there is none.
func (in *inst) lastEnd(text []byte, low, end int) int {
	for ; end >= low; end-- {
		if end < len(text) && in.first.bytes.has(text[end]) || end == len(text) && in.first.end {
			break
		}
	}
	return end
}

// quickRun returns where a run of the span's class ends, counted in bytes.
func (in *inst) quickRun(text []byte, pos int) int {
	if in.max != unlimited {
		text = text[:min(pos+int(in.max), len(text))]
	}
	table := in.table
	for pos < len(text) && table[text[pos]] {
		pos++
	}
	return pos
}

// isSame tells whether text begins with str, of eight bytes or more.
func isSame(text, str []byte) bool {
	for at := 0; at < len(str); at += 8 {
		at = min(at, len(str)-8)
		if binary.LittleEndian.Uint64(text[at:]) != binary.LittleEndian.Uint64(str[at:]) {
			return false
		}
	}
	return true
}
