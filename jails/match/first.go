package match

import (
	"slices"
	"unicode/utf8"
)

// A bitSet is a set of bytes.
type bitSet [4]uint64

func (s *bitSet) has(b byte) bool { return s[b>>6]>>(b&63)&1 != 0 }
func (s *bitSet) add(b byte)      { s[b>>6] |= 1 << (b & 63) }

// A first is what can come next: bytes, or the end of the text. nil is anything.
type first struct {
	bytes bitSet
	end   bool
}

// at tells whether the text at pos can come next.
func (f *first) at(text []byte, pos int) bool {
	if f == nil {
		return true
	}
	if pos < len(text) {
		return f.bytes.has(text[pos])
	}
	return f.end
}

// has tells whether what a dispatch calls b can come next.
func (f *first) has(b int) bool {
	switch b {
	case beyondASCII:
		return f.bytes[2]|f.bytes[3] != 0
	case textEnd:
		return f.end
	}
	return f.bytes.has(byte(b))
}

// A firstFinder collects what can come next at an instruction.
type firstFinder struct {
	insts   []inst
	seen    []bool
	known   map[first]*first
	classes []*class // the classes of what was found last that have characters beyond ASCII
	beyond  bool     // and whether it has others
}

// find returns what can come next at pc.
func (f *firstFinder) find(pc int32) *first {
	clear(f.seen)
	f.classes, f.beyond = f.classes[:0], false
	var set first
	if !f.collect(pc, &set) {
		return nil
	}
	if known := f.known[set]; known != nil {
		return known
	}
	f.known[set] = &set
	return &set
}

// collect adds what can come next at pc to set, or returns false where that is anything.
func (f *firstFinder) collect(pc int32, set *first) bool {
	for !f.seen[pc] {
		f.seen[pc] = true
		in := &f.insts[pc]
		switch in.op {
		case opChar:
			set.bytes.add(in.byte)
			return true
		case opString:
			set.bytes.add(in.str[0])
			f.beyond = f.beyond || in.str[0] >= utf8.RuneSelf
			return true
		case opClass, opSpan, opSpanOnly, opSpanLazy:
			if in.max > 0 || in.op == opClass {
				set.addClass(in.class)
				if in.class.beyond != beyondNone {
					f.classes = append(f.classes, in.class)
				}
			}
			if in.op == opClass || in.min > 0 {
				return true
			}
		case opBranch, opGuarded:
			for _, w := range in.ways {
				if !f.collect(w.pc, set) {
					return false
				}
			}
			return true
		case opLoop, opLoopLazy, opCond, opAtomic:
			if !f.collect(in.other, set) {
				return false
			}
			if in.op == opAtomic {
				return true
			}
		case opAt:
			if set.addEnd(in.at) {
				return true
			}
		case opFail:
			return true
		case opMatch, opBackref, opLookEnd, opNotEnd, opAtomicEnd:
			return false
		}
		pc = in.next
	}
	return true
}

// excludes tells whether no character of c can come next, where set is what was found last.
func (f *firstFinder) excludes(c *class, set *first) bool {
	if c.set[0]&set.bytes[0]|c.set[1]&set.bytes[1] != 0 {
		return false
	}
	if c.beyond == beyondNone {
		return true
	}
	return !f.beyond && !slices.ContainsFunc(f.classes, func(d *class) bool { return !c.isOpposite(d) })
}

func (f *first) addClass(c *class) {
	for i := range f.bytes {
		f.bytes[i] |= c.set[i]
	}
}

// addEnd adds what can follow a place at the end of something; other places leave it open.
func (f *first) addEnd(at place) bool {
	switch at {
	case atEnd, atLineEnd:
		f.end = true
		f.bytes.add('\n')
	case atVeryEnd:
		f.end = true
	default:
		return false
	}
	return true
}

// analyse fills in what is known about the program once it is complete.
func (p *program) analyse() {
	f := &firstFinder{insts: p.insts, seen: make([]bool, len(p.insts)), known: map[first]*first{}}
	for i := range p.insts {
		in := &p.insts[i]
		switch in.op {
		case opBranch, opGuarded:
			for j := range in.ways {
				in.ways[j].first = f.find(in.ways[j].pc)
			}
			in.dispatch = newDispatch(p.insts, in.ways)
		case opLoop, opLoopLazy:
			in.body = f.find(in.other)
			in.first = f.find(in.next)
		case opSpan, opSpanLazy:
			in.first = f.find(in.next)
			in.follow = p.literalAt(in.next)
			if in.op == opSpan && in.first != nil && f.excludes(in.class, in.first) {
				in.op, in.givesBack = opSpanOnly, true
			}
		}
	}
	p.first = f.find(p.start)
	p.prefix = p.literalAt(p.start)
	p.anchored = p.isAnchored(p.start, 0)
	p.guard()
}

// literalAt returns the literal that pc begins with, or nil.
func (p *program) literalAt(pc int32) []byte {
	for p.insts[pc].op == opMark {
		pc = p.insts[pc].next
	}
	switch in := &p.insts[pc]; in.op {
	case opString:
		return in.str
	case opChar:
		return []byte{in.byte}
	}
	return nil
}

// isAnchored tells whether every way from pc passes the start of the text before it matches a character.
func (p *program) isAnchored(pc int32, depth int) bool {
	for ; depth < 100; depth++ {
		in := &p.insts[pc]
		switch in.op {
		case opAt:
			if in.at == atStart {
				return true
			}
		case opMark:
		case opAtomic:
			return p.isAnchored(in.other, depth+1)
		case opBranch, opGuarded:
			for _, w := range in.ways {
				if !p.isAnchored(w.pc, depth+1) {
					return false
				}
			}
			return true
		default:
			return false
		}
		pc = in.next
	}
	return false
}
