package match

import (
	"bytes"
	"unicode/utf8"
)

// match returns the size of the character at pos if the class has it, else 0.
func (c *class) match(text []byte, pos int) int {
	if pos >= len(text) || !c.bytes[text[pos]] {
		return 0
	}
	if text[pos] < utf8.RuneSelf {
		return 1
	}
	r, size := utf8.DecodeRune(text[pos:])
	if c.beyond != beyondAll && !c.lookup(r) {
		return 0
	}
	return size
}

// run returns where the longest run of the class from pos ends.
func (c *class) run(text []byte, pos int) int {
	if c.without >= 0 {
		if i := bytes.IndexByte(text[pos:], byte(c.without)); i >= 0 {
			return pos + i
		}
		return len(text)
	}
	for {
		for pos < len(text) && c.steps[text[pos]] {
			pos++
		}
		n := 0
		if c.beyond == beyondSome {
			n = c.match(text, pos)
		}
		if n == 0 {
			return pos
		}
		pos += n
	}
}

// runUpTo is run with at most n characters. It returns also how many there were.
func (c *class) runUpTo(text []byte, pos, n int) (end, count int) {
	for count < n {
		if pos < len(text) && text[pos] < utf8.RuneSelf {
			if !c.bytes[text[pos]] {
				break
			}
			pos++
			count++
			continue
		}
		size := c.match(text, pos)
		if size == 0 {
			break
		}
		pos += size
		count++
	}
	return pos, count
}

// one returns the size of the character at pos if a span can take it, else 0.
func (in *inst) one(text []byte, pos int) int {
	if in.stop != nil && bytes.HasPrefix(text[pos:], in.stop) {
		return 0
	}
	return in.class.match(text, pos)
}

// run returns where the longest run of an unlimited span from pos ends.
func (in *inst) run(text []byte, pos int) int {
	end := in.class.run(text, pos)
	if in.stop != nil {
		if i := bytes.Index(text[pos:min(end+len(in.stop)-1, len(text))], in.stop); i >= 0 {
			return pos + i
		}
	}
	return end
}

// canEnd tells whether what follows a span can begin at pos, if a character begins there.
func (in *inst) canEnd(text []byte, pos int) bool {
	if !in.first.at(text, pos) || pos < len(text) && !utf8.RuneStart(text[pos]) {
		return false
	}
	return len(in.follow) < 2 || bytes.HasPrefix(text[pos:], in.follow)
}

// spanOnly returns where a span from pos ends that gives nothing back; -1 if it does not match.
func (s *Scratch) spanOnly(in *inst, text []byte, pos int) (end int) {
	if in.max == unlimited && in.min <= 1 {
		end = in.run(text, pos)
		s.steps += (end - pos) >> 4
		if end == pos && in.min > 0 {
			return -1
		}
		return end
	}
	end, n := in.class.runUpTo(text, pos, int(in.max))
	s.steps += n >> 4
	if n < int(in.min) {
		return -1
	}
	return end
}

// extent returns where a span from pos may end at the earliest and at the latest; -1 if it does not match.
func (s *Scratch) extent(in *inst, text []byte, pos int) (low, end int) {
	switch {
	case in.max == unlimited && in.min == 1:
		if end = in.run(text, pos); end == pos {
			return -1, 0
		}
		low = next(text, pos)
	case in.max == unlimited:
		if low = s.least(in, text, pos); low < 0 {
			return -1, 0
		}
		end = in.run(text, low)
	default:
		if low = s.least(in, text, pos); low < 0 {
			return -1, 0
		}
		end, _ = in.class.runUpTo(text, low, int(in.max-in.min))
	}
	s.steps += (end - pos) >> 4
	return low, end
}

// least returns where a span from pos may end at the earliest, or -1.
func (s *Scratch) least(in *inst, text []byte, pos int) int {
	switch in.min {
	case 0:
		return pos
	case 1:
		if n := in.class.match(text, pos); n > 0 {
			return pos + n
		}
		return -1
	}
	low, n := in.class.runUpTo(text, pos, int(in.min))
	s.steps += n >> 4
	if n < int(in.min) {
		return -1
	}
	return low
}

// span matches the longest run and leaves the shorter ones on the stack, if any is to be tried.
func (s *Scratch) span(p *program, in *inst, text []byte, pos int) (pc int32, at int) {
	if s.failed.on && in.max == unlimited && in.point >= 0 {
		low := s.least(in, text, pos)
		if low < 0 {
			return -1, 0
		}
		return s.giveBack(p, in, text, low, s.reach(p, in, text, low))
	}
	low, end := s.extent(in, text, pos)
	if low < 0 {
		return -1, 0
	}
	return s.shrink(in, text, low, end)
}

// shorten takes up a span where it was left.
func (s *Scratch) shorten(p *program, f frame, text []byte) (pc int32, at int) {
	in := &p.insts[f.pc]
	if s.failed.on && in.max == unlimited {
		s.failed.set(s.bit(p, in, int(f.pos)))
		return s.giveBack(p, in, text, int(f.low), int(f.pos)-1)
	}
	return s.shrink(in, text, int(f.low), int(f.pos)-1)
}

// shrink finds the last end from end down to low that what follows can begin at.
func (s *Scratch) shrink(in *inst, text []byte, low, end int) (pc int32, at int) {
	from := end
	for {
		end = in.lastStart(text, low, end)
		if end < low || in.canEnd(text, end) {
			break
		}
		end--
	}
	s.steps += (from - end) >> 4
	if end < low {
		return -1, 0
	}
	if end > low {
		s.push(frame{kind: retrySpan, pc: in.self, pos: int32(end), low: int32(low)})
	}
	return in.next, end
}

// lastStart returns the last place from end down to low where the first two bytes of what follows a span stand, or as many
// as are known; less than low if there is none.
func (in *inst) lastStart(text []byte, low, end int) int {
	switch len(in.follow) {
	case 0:
		return end
	case 1:
		end = min(end, len(text)-1)
		for end >= low && text[end] != in.follow[0] {
			end--
		}
		return end
	}
	end = min(end, len(text)-2)
	for end >= low && (text[end] != in.follow[0] || text[end+1] != in.follow[1]) {
		end--
	}
	return end
}

// spanLazy matches the shortest run and leaves the longer ones on the stack.
func (s *Scratch) spanLazy(p *program, in *inst, text []byte, pos int) (pc int32, at int) {
	low := s.least(in, text, pos)
	if low < 0 {
		return -1, 0
	}
	return s.grow(p, in, text, low, int(in.max-in.min))
}

// lengthen takes up a lazy span where it was left.
func (s *Scratch) lengthen(p *program, f frame, text []byte) (pc int32, at int) {
	in := &p.insts[f.pc]
	size := in.one(text, int(f.pos))
	if size == 0 {
		return -1, 0
	}
	return s.grow(p, in, text, int(f.pos)+size, int(f.low)-1)
}

// grow finds the first end from pos on that what follows can begin at. The span may take left more characters.
func (s *Scratch) grow(p *program, in *inst, text []byte, pos, left int) (pc int32, at int) {
	if s.failed.on && in.max == unlimited {
		return s.growOnce(p, in, text, pos, left)
	}
	from := pos
	if len(in.follow) > 1 && left > len(text) {
		if pos = in.jump(text, pos); pos < 0 {
			s.steps += (len(text) - from) >> 5
			return -1, 0
		}
	}
	for !in.first.at(text, pos) {
		size := in.one(text, pos)
		if size == 0 || left == 0 {
			s.steps += (pos - from) >> 2
			return -1, 0
		}
		pos += size
		left--
	}
	s.steps += (pos - from) >> 2
	if left > 0 {
		s.push(frame{kind: retryLazy, pc: in.self, pos: int32(pos), low: int32(left)})
	}
	return in.next, pos
}

// growOnce is grow for a linear search: it remembers each end.
func (s *Scratch) growOnce(p *program, in *inst, text []byte, pos, left int) (pc int32, at int) {
	for s.try(s.bit(p, in, pos)) {
		s.steps++
		if in.first.at(text, pos) {
			s.push(frame{kind: retryLazy, pc: in.self, pos: int32(pos), low: int32(left)})
			return in.next, pos
		}
		size := in.one(text, pos)
		if size == 0 {
			break
		}
		pos += size
	}
	return -1, 0
}

// jump returns where the literal after a lazy span stands next, if the span can reach it; else -1.
func (in *inst) jump(text []byte, pos int) int {
	i := bytes.Index(text[pos:], in.follow)
	if i < 0 || in.class.run(text[:pos+i], pos) < pos+i || in.stop != nil && in.run(text, pos) < pos+i {
		return -1
	}
	return pos + i
}
