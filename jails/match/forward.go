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
	moveUntil              // the same, up to the only byte that ends it
	moveSpan               // opSpan, where it can count bytes
	moveBranch             // opBranch
	moveMark               // opMark
	moveStart              // opAt at the start of the text
	moveEnd                // opAt at the end of the text
)

// Words of eight bytes: a 1 in each, and the highest bit of each.
const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
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
		switch {
		case !in.countsBytes():
			return leave
		case in.class.without > 0 && in.max == unlimited:
			return moveUntil
		}
		return moveRun
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

// countsBytes tells whether a span can count bytes in place of characters, up to where it meets one beyond ASCII.
func (in *inst) countsBytes() bool {
	return in.stop == nil && (in.class.beyond != beyondAll || in.max == unlimited && in.min <= 1)
}

// forward does what step does, many times over, for the instructions that are met most and need no more than a look at
// the text. It returns where it stopped: at an instruction that is left to step, or at nil where the text does not match.
//
// Matching spends its time here. Every call is inlined, so that what is worked on stays in registers, and run has seen to it
// that the stack has room for a frame of every instruction, none of which comes twice. The cases are tried in order of how
// often they are met: that is faster than a jump to where a table says, which processors seldom foresee.
func (s *Scratch) forward(p *program, in *inst, text []byte, pos int) (*inst, int) {
	n, start := len(s.stack), pos
loop:
	for {
		switch m := in.move; {
		case m == moveBranch:
			t := in.dispatch.at(text, pos)
			if t == nowhere {
				in = nil
				break loop
			}
			if rest := t.rest(); rest != 0 {
				f := &s.stack[:cap(s.stack)][n]
				f.kind, f.pc, f.pos, f.low = retryWay, in.self, int32(pos), int32(rest)
				n++
			}
			in = &p.insts[t.pc()]
			continue
		case m == moveRun:
			end := in.quickRun(text, pos)
			if end < len(text) && text[end] >= utf8.RuneSelf {
				break loop
			}
			if end-pos < int(in.min) {
				in, pos = nil, end
				break loop
			}
			pos = end
		case m == moveMark:
			mark := &s.marks[in.slot]
			if n > 0 {
				f := &s.stack[:cap(s.stack)][n]
				f.kind, f.pc, f.pos = undoMark, in.slot, int32(*mark)
				n++
			}
			*mark = pos
		case m == moveString:
			if len(text)-pos < 8 {
				break loop
			}
			if (binary.LittleEndian.Uint64(text[pos:])^in.head)<<(in.byte&63) != 0 {
				in = nil
				break loop
			}
			pos += int(in.size)
		case m == moveChar:
			if pos >= len(text) || text[pos] != in.byte {
				in = nil
				break loop
			}
			pos++
		case m == moveSpan:
			end := in.quickRun(text, pos)
			if end < len(text) && text[end] >= utf8.RuneSelf {
				break loop
			}
			at, low, first := end, pos+int(in.min), in.first
			for ; at >= low; at-- {
				if at < len(text) && first.bytes.has(text[at]) || at == len(text) && first.end {
					break
				}
			}
			if at < end {
				s.steps += (end - at) >> 4
			}
			if at < low {
				in, pos = nil, end
				break loop
			}
			if at < len(text) && text[at] >= utf8.RuneSelf {
				break loop
			}
			if pos = at; pos > low {
				f := &s.stack[:cap(s.stack)][n]
				f.kind, f.pc, f.pos, f.low = retrySpan, in.self, int32(pos), int32(low)
				n++
			}
		case m == moveEnd:
			if pos < len(text) && (pos < len(text)-1 || text[pos] != '\n') {
				in = nil
				break loop
			}
		case m == moveUntil:
			end := until(text, pos, in.byte)
			if end-pos < int(in.min) {
				in, pos = nil, end
				break loop
			}
			pos = end
		case m == moveLong:
			if len(text)-pos < int(in.size) || !isSame(text[pos:], in.str) {
				in = nil
				break loop
			}
			pos += int(in.size)
		case m == moveStart:
			if pos > 0 {
				in = nil
				break loop
			}
		case m == moveClass:
			if pos >= len(text) || !in.table[text[pos]] {
				in = nil
				break loop
			}
			if text[pos] >= utf8.RuneSelf {
				break loop
			}
			pos++
		default:
			break loop
		}
		in = in.to
	}
	s.stack = s.stack[:n]
	s.steps += (pos - start) >> 4
	return in, pos
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

// until returns where b stands next, or the end of the text.
func until(text []byte, pos int, b byte) int {
	for len(text)-pos >= 8 {
		if x := binary.LittleEndian.Uint64(text[pos:]) ^ ones*uint64(b); (x-ones)&^x&highs != 0 {
			break
		}
		pos += 8
	}
	for pos < len(text) && text[pos] != b {
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
