package match

import (
	"bytes"
	"encoding/binary"
	"unicode/utf8"
)

// A Recall searches lines for one pattern, and remembers how lines that matched began: those of one host and daemon begin
// alike but for digits, and a pattern that takes all digits for the same matches them in the same way. What it remembers are
// beginnings as far as the search looked at them, before it took the rest of the line whatever that was.
//
// It is not for concurrent use.
type Recall struct {
	pattern    *Pattern
	scratch    Scratch
	caps       []int
	beginnings []*beginning // at most maxBeginnings, those met often first; nil where the pattern allows none
	wait       int          // how many lines that begin otherwise are passed over before the next is learned from
	vain       int          // how many there were before the last from which nothing was to be learned
}

// A Recall remembers so many beginnings of at most so many words of eight bytes. Once it is full, one in fullWait lines
// that begin otherwise takes the place of the last; the wait after lines that teach nothing doubles up to longestWait.
const (
	maxBeginnings  = 32
	beginningWords = 8
	fullWait       = 64
	longestWait    = 1 << 10
)

// A beginning is how lines began, and where the groups of a match stand then.
type beginning struct {
	least  int             // the size of the shortest line that begins so, in bytes
	words  []beginningWord // all but the last
	last   beginningWord   // lines differ in it rather than at their starts
	at     int             // where it stands
	starts []int           // the groups' starts and ends; those at or behind the end of the line are counted from there and negative
}

// A beginningWord is eight bytes, some of which are any digits and some behind the beginning's end.
type beginningWord struct {
	text   uint64 // the bytes that are to be the same, of which same has all bits
	same   uint64
	digits uint64 // the highest bits of the bytes that are to be digits
}

// NewRecall returns a Recall of p that remembers nothing yet.
func NewRecall(p *Pattern) *Recall {
	r := &Recall{pattern: p}
	if p.prog.anchored && p.prog.treatsDigitsAlike() {
		r.beginnings = make([]*beginning, 0, maxBeginnings)
	}
	return r
}

// Search is Pattern.Search from the start of the text. Only texts are recalled that are one line, with the newline at its
// end. The result is valid until the next search.
func (r *Recall) Search(text []byte) ([]int, error) {
	isLine := r.beginnings != nil && bytes.IndexByte(text, '\n') == len(text)-1
	for i := 0; isLine && i < len(r.beginnings); i++ {
		if b := r.beginnings[i]; len(text) >= b.least && b.last.begins(text, b.at) && b.begins(text) {
			if i > 0 {
				r.beginnings[i-1], r.beginnings[i] = b, r.beginnings[i-1]
			}
			return b.groups(r.caps, len(text)), nil
		}
	}
	caps, err := r.pattern.Search(&r.scratch, text, 0)
	if isLine && caps != nil {
		r.learn(text, caps)
	}
	return caps, err
}

// begins tells whether a line whose last word is right begins so.
func (b *beginning) begins(line []byte) bool {
	for i := range b.words {
		if !b.words[i].begins(line, 8*i) {
			return false
		}
	}
	return true
}

// begins tells whether the word stands at a place of the line.
func (w *beginningWord) begins(line []byte, at int) bool {
	text := binary.LittleEndian.Uint64(line[at:])
	return text&w.same == w.text && notDigits(text)&w.digits == 0
}

// notDigits returns the highest bits of the bytes that are no digits.
func notDigits(text uint64) uint64 {
	x := text ^ '0'*ones
	return ((x&^highs + (0x7f-9)*ones) | x) & highs
}

func (b *beginning) groups(to []int, size int) []int {
	for i, at := range b.starts {
		if at < -1 {
			at += size + 2
		}
		to[i] = at
	}
	return to
}

// learn remembers how a line began, from time to time: it takes another search, step by step.
func (r *Recall) learn(line []byte, caps []int) {
	if r.wait > 0 {
		r.wait--
		return
	}
	b, ok := newBeginning(line, caps, new(Scratch).seen(r.pattern.prog, line))
	switch {
	case !ok:
		r.vain = min(2*r.vain+1, longestWait)
		r.wait = r.vain
		return
	case len(r.beginnings) == maxBeginnings:
		r.beginnings[maxBeginnings-1], r.wait = b, fullWait
	default:
		r.beginnings = append(r.beginnings, b)
	}
	r.caps, r.vain = resize(r.caps, len(caps)), 0
}

// newBeginning returns the first size bytes of a line as a beginning. It returns false where they do not say where the
// groups stand.
func newBeginning(line []byte, caps []int, size int) (b *beginning, ok bool) {
	if size > 8*beginningWords || size >= len(line)-1 {
		return nil, false
	}
	words := make([]beginningWord, (size+7)/8)
	for i, c := range line[:size] {
		w, shift := &words[i/8], 8*(i%8)
		switch {
		case c >= utf8.RuneSelf:
			return nil, false
		case isDigit(c):
			w.digits |= 0x80 << shift
		default:
			w.text |= uint64(c) << shift
			w.same |= 0xff << shift
		}
	}
	b = &beginning{least: max(size+2, 8*len(words)), starts: make([]int, len(caps))}
	b.words, b.last, b.at = words[:len(words)-1], words[len(words)-1], 8*(len(words)-1)
	for i, at := range caps {
		switch {
		case at <= size:
			b.starts[i] = at
		case at >= len(line)-1:
			b.starts[i] = at - len(line) - 2
		default:
			return nil, false
		}
	}
	return b, true
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// treatsDigitsAlike tells whether the program cannot tell a digit from another.
func (p *program) treatsDigitsAlike() bool {
	for i := range p.insts {
		in := &p.insts[i]
		if in.op == opChar && isDigit(in.byte) || bytes.ContainsAny(in.str, "0123456789") || in.stop != nil || in.op == opBackref {
			return false
		}
		for d := byte('0'); in.class != nil && d <= '9'; d++ {
			if in.class.bytes[d] != in.class.bytes['0'] {
				return false
			}
		}
	}
	return true
}

// seen returns how many bytes of a line that p matches the search looks at before it takes the rest, whatever that is. Where
// that cannot be said it is the whole line.
func (s *Scratch) seen(p *program, line []byte) int {
	s.limit = budget
	s.prepare(p)
	in, pos, seen, atRest := &p.insts[p.start], 0, 1, false
	for in.op != opMatch {
		switch {
		case in.takesRest():
			atRest = true
		case atRest && (in.op == opMark || in.op == opAt && in.at.isEnd()):
		default:
			atRest = false
			seen = max(seen, in.sees(line, pos))
		}
		pc, at := s.step(p, in, line, pos)
		if pc < 0 {
			atRest = false
			if pc, at = s.back(p, line); pc < 0 {
				return len(line)
			}
		}
		in, pos = &p.insts[pc], at
	}
	return seen
}

// takesRest tells whether in goes on to the newline.
func (in *inst) takesRest() bool {
	return in.op == opSpanOnly && in.stop == nil && in.class.without == '\n' && in.max == unlimited && in.min <= 1
}

func (at place) isEnd() bool { return at == atEnd || at == atLineEnd }

// sees returns the end of what in looks at in the line at pos, now and when it gives back.
func (in *inst) sees(line []byte, pos int) int {
	switch in.op {
	case opMark, opFail, opLoopStart, opCond:
		return 0
	case opChar, opClass, opBranch, opAt, opLoop:
		return pos + 1
	case opString:
		for i, c := range in.str {
			if pos >= len(line) || line[pos] != c || i == len(in.str)-1 {
				break
			}
			pos++
		}
		return pos + 1
	case opSpan, opSpanOnly:
		end, _ := in.class.runUpTo(line, pos, int(in.max))
		return end + max(1, len(in.follow))
	}
	return len(line)
}
