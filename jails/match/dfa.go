package match

import (
	"slices"
	"unicode/utf8"
)

// A dfa is the deterministic automaton of an nfa, whose states are made when they are first met. It holds a bounded number
// of them and starts again when it is full.
type dfa struct {
	nfa     *nfa
	classes [256]uint8 // bytes that every node treats alike
	samples []byte     // a byte of each class
	width   int        // how many classes there are
	next    []uint32   // by state and class: where the next state's row begins, or a special value
	states  []dfaState
	byKey   map[string]uint32
	initial uint32
	set     nodeSet
}

// A dfaState is a set of nodes, of which some byte or the end is next.
type dfaState struct {
	nodes   []int32
	accepts []int32 // patterns that may have matched on the way here
	atEnd   []int32 // and those that may match if the line ends here; nil: not looked at yet
	ended   bool
}

// How many states a dfa may have, and the number of the one that nothing comes after.
const (
	maxDFA = 2000
	dead   = 1
)

// Special values of next: a row may have the flag that says its state accepts something.
const (
	isSpecial = 1 << 31
	unmade    = isSpecial
	accepts   = isSpecial | 1<<30
	deadRow   = isSpecial | 1<<29
	lineEnds  = isSpecial | 1<<28
	rowBits   = 1<<29 - 1
)

func newDFA(a *nfa) *dfa {
	d := &dfa{nfa: a}
	d.set.seen = make([]uint8, len(a.nodes))
	d.classify()
	d.reset()
	return d
}

// classify finds the bytes that all nodes treat alike. The bytes inside of a character beyond ASCII get none: they are
// passed over.
func (d *dfa) classify() {
	var sets []bitSet
	for i := range d.nfa.nodes {
		if n := &d.nfa.nodes[i]; n.op == nodeByte && !slices.Contains(sets, n.set) {
			sets = append(sets, n.set)
		}
	}
	keys := map[string]uint8{}
	for b := range 256 {
		if b >= utf8.RuneSelf && b < 0xc0 || b == '\n' {
			continue
		}
		key := make([]byte, len(sets))
		for i := range sets {
			key[i] = byte(sets[i][b>>6] >> (b & 63) & 1)
		}
		c, ok := keys[string(key)]
		if !ok {
			c = uint8(len(keys))
			keys[string(key)] = c
			d.samples = append(d.samples, byte(b))
		}
		d.classes[b] = c
	}
	for b := utf8.RuneSelf; b < 0xc0; b++ {
		d.classes[b] = uint8(len(keys)) // at most 192 classes, so this fits
	}
	d.classes['\n'] = uint8(len(keys) + 1) // it ends the line
	d.width = len(keys) + 2
}

// reset forgets all states but the dead and the initial one.
func (d *dfa) reset() {
	d.next = make([]uint32, d.width, 16*d.width)
	d.states = []dfaState{{}}
	d.byKey = map[string]uint32{}
	d.set.clear()
	d.intern() // dead
	for _, n := range d.nfa.start {
		d.follow(n, true, false)
	}
	d.initial = d.intern()
}

// intern returns the state of the nodes in set.
func (d *dfa) intern() uint32 {
	s := &d.set
	slices.Sort(s.nodes)
	slices.Sort(s.accepts)
	key := make([]byte, 0, 4*(len(s.nodes)+len(s.accepts)+1))
	for _, list := range [][]int32{s.nodes, {-1}, s.accepts} {
		for _, n := range list {
			key = append(key, byte(n), byte(n>>8), byte(n>>16), byte(n>>24))
		}
	}
	if id, ok := d.byKey[string(key)]; ok {
		return id
	}
	id := uint32(len(d.states))
	d.states = append(d.states, dfaState{nodes: slices.Clone(s.nodes), accepts: slices.Clone(s.accepts)})
	for range d.width {
		d.next = append(d.next, unmade)
	}
	row := id * uint32(d.width)
	d.next[row+uint32(d.classes[utf8.RuneSelf])] = row // what this accepts was seen at the character's first byte
	d.next[row+uint32(d.classes['\n'])] = lineEnds
	d.byKey[string(key)] = id
	return id
}

// A nodeSet collects nodes that can be reached without taking a byte.
type nodeSet struct {
	seen    []uint8 // 1: as usual, 2: at the start
	touched []int32
	nodes   []int32
	accepts []int32
}

func (s *nodeSet) clear() {
	for _, n := range s.touched {
		s.seen[n] = 0
	}
	s.touched, s.nodes, s.accepts = s.touched[:0], s.nodes[:0], s.accepts[:0]
}

// follow adds node and what can be reached from it.
func (d *dfa) follow(node int32, start, end bool) {
	mark := uint8(1)
	if start {
		mark = 2
	}
	s := &d.set
	if s.seen[node]&mark != 0 {
		return
	}
	first := s.seen[node] == 0
	s.seen[node] |= mark
	if first {
		s.touched = append(s.touched, node)
	}
	n := &d.nfa.nodes[node]
	switch n.op {
	case nodeByte:
		if first {
			s.nodes = append(s.nodes, node)
		}
		return
	case nodeAccept:
		if first {
			s.accepts = append(s.accepts, n.outs[0])
		}
		return
	case nodeStart:
		if !start {
			return
		}
	case nodeEnd:
		if !end {
			if first {
				s.nodes = append(s.nodes, node)
			}
			return
		}
	case nodeEnter:
		start = true
	}
	for _, o := range n.outs {
		d.follow(o, start, end)
	}
}

// step makes the state that comes after the one at row on a byte of class. It returns unmade where there are too many.
func (d *dfa) step(row uint32, class uint8) uint32 {
	if len(d.states) > maxDFA {
		return unmade
	}
	b := d.samples[class]
	d.set.clear()
	for _, node := range d.states[int(row)/d.width].nodes {
		if n := &d.nfa.nodes[node]; n.op == nodeByte && n.set.has(b) {
			d.follow(n.outs[0], false, false)
		}
	}
	id := d.intern()
	v := id * uint32(d.width)
	switch {
	case len(d.states[id].accepts) > 0:
		v |= accepts
	case id == dead:
		v = deadRow
	}
	d.next[row+uint32(class)] = v
	return v
}

// finish finds what a state accepts where the line ends: before the newline, or with it.
func (d *dfa) finish(state uint32, empty bool) []int32 {
	s := &d.states[state]
	if s.ended && !empty {
		return s.atEnd
	}
	d.set.clear()
	for _, node := range s.nodes {
		d.follow(node, empty, true) // an empty line ends where it starts
	}
	for i := 0; i < len(d.set.nodes); i++ { // follow adds to them
		n := &d.nfa.nodes[d.set.nodes[i]]
		if n.op == nodeByte && n.set.has('\n') {
			d.follow(n.outs[0], true, true) // after a newline a line starts
		}
	}
	atEnd := slices.Clone(d.set.accepts)
	if !empty {
		s.ended, s.atEnd = true, atEnd
	}
	return atEnd
}

// scan adds the patterns that line, without its newline, may match to found. It returns false where the automaton grew
// too large to say.
func (d *dfa) scan(line []byte, found []int32) ([]int32, bool) {
	found = append(found, d.states[d.initial].accepts...)
	row, at := d.initial*uint32(d.width), 0
	for {
		var v uint32
		row, v, at = d.walk(line, row, at)
		switch v {
		case 0:
			return append(found, d.finish(row/uint32(d.width), len(line) == 0)...), true
		case unmade:
			d.reset()
			return found, false
		case deadRow:
			return found, true
		}
		row = v & rowBits
		found = append(found, d.states[int(row)/d.width].accepts...)
	}
}

// quiet returns the start of the first line, from the one at start on, that it is not sure about, or that goes on to limit
// or beyond: before it no pattern matches. It may stop early.
func (d *dfa) quiet(text []byte, start, limit int) int {
	table, classes, first := d.next, &d.classes, d.initial*uint32(d.width)
	if len(d.states[d.initial].accepts) > 0 {
		return start
	}
	for start < len(text) {
		row, v, at := first, uint32(0), start
		for i, b := range text[start:] {
			if v = table[row+uint32(classes[b])]; v >= isSpecial {
				at += i
				break
			}
			row = v
		}
		switch {
		case v == deadRow:
			at = lineEnd(text, at)
		case v != lineEnds || at == start || !d.endsQuietly(row):
			return start
		}
		if at >= limit && limit < len(text) {
			return start
		}
		start = at + 1
	}
	return len(text)
}

// endsQuietly tells whether it is known that nothing is accepted where a line ends in the state at row.
func (d *dfa) endsQuietly(row uint32) bool {
	s := &d.states[int(row)/d.width]
	return s.ended && len(s.atEnd) == 0
}

// walk goes on from at until there is something to look at: it returns the last row, what comes next, which is 0 at the
// line's end, and where.
func (d *dfa) walk(line []byte, row uint32, at int) (last, v uint32, next int) {
	table, classes := d.next, &d.classes
	for i, b := range line[at:] {
		class := classes[b]
		v := table[row+uint32(class)]
		if v < isSpecial {
			row = v
			continue
		}
		if v == unmade {
			v = d.step(row, class)
			table = d.next
		}
		if v >= isSpecial {
			return row, v, at + i + 1
		}
		row = v
	}
	return row, 0, len(line)
}

// depth returns how many bytes of line are read before something is sure.
func (d *dfa) depth(line []byte) int {
	_, _, at := d.walk(line, d.initial*uint32(d.width), 0)
	return at
}
