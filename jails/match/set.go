package match

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"slices"
)

// A Rule is what one filter looks for: lines that its prefix and at least one of its patterns match. A prefix without a
// match spares the patterns, which are matched against the prefix's group content if it captured anything, else against
// the whole line.
type Rule struct {
	Prefix   *Pattern // nil: none
	Patterns []*Pattern
	// Cuts say what is cut out of a line before the patterns are matched: nothing, or one part at any of these places.
	Cuts []Cut
	// Lines is how many lines the patterns are matched against together, with Multiline; 0 is 1. Of several lines, that
	// one is found whose coming can make a pattern match.
	Lines int
}

// Options say what a Set can expect.
type Options struct {
	// Sample is text such as will be scanned, as much as there is; the last 32 KB are looked at.
	Sample []byte
}

// A Hit is a pattern of a rule that may match a line.
type Hit struct{ Rule, Pattern int }

// A Set finds the lines that patterns may match, without matching them: every line that a rule matches is found, and few
// others. It is not for concurrent use.
type Set struct {
	hits     []Hit // by id
	finder   *grams
	weak     *dfa
	weakIDs  []int32
	always   []int32
	overflow int
	idle     int // lines that the automaton is not asked about
	rest     int // how many there are next time it grows too large

	found  []found
	ids    []int32
	report []Hit
}

// NewSet plans a scan for all rules.
func NewSet(rules []Rule, o Options) *Set {
	s := &Set{}
	p := newPlan(o)
	for i, r := range rules {
		for j, pattern := range r.Patterns {
			p.add(r, pattern, int32(len(s.hits)))
			s.hits = append(s.hits, Hit{i, j})
		}
	}
	p.divide()
	s.use(p, s.automata(rules, p.weak))
	return s
}

// automata joins the automata of the patterns numbered by ids.
func (s *Set) automata(rules []Rule, ids []int32) *nfa {
	a := &nfa{}
	for len(ids) > 0 {
		rule := s.hits[ids[0]].Rule
		r := Rule{Prefix: rules[rule].Prefix, Cuts: rules[rule].Cuts}
		for len(r.Patterns) < len(ids) && s.hits[ids[len(r.Patterns)]].Rule == rule {
			r.Patterns = append(r.Patterns, rules[rule].Patterns[s.hits[ids[len(r.Patterns)]].Pattern])
		}
		a.addRule(r, ids[:len(r.Patterns)])
		ids = ids[len(r.Patterns):]
	}
	return a
}

func (s *Set) use(p *plan, a *nfa) {
	if len(p.strings) > 0 {
		s.finder = newGrams(p.strings, p.shortest, p.often)
	}
	if len(p.weak) > 0 {
		s.weak, s.weakIDs, s.rest = newDFA(a), p.weak, firstRest
	}
	s.always = p.always
}

// Overflows returns how many lines were taken for candidates because the automaton grew too large for them.
func (s *Set) Overflows() int { return s.overflow }

// Scan calls yield with the place of each line of text that some pattern may match, without its newline, and with these
// patterns, in the order of the rules; they are valid until yield returns. It ends when yield returns false. The text is
// valid UTF-8 and consists of whole lines; the last one need not be ended.
func (s *Set) Scan(text []byte, yield func(start, end int, hits []Hit) bool) {
	s.found = s.found[:0]
	if s.finder != nil {
		s.found = s.finder.scan(text, s.found)
	}
	if s.weak != nil || len(s.always) > 0 {
		s.everyLine(text, yield)
		return
	}
	rest := s.found
	for len(rest) > 0 {
		pos := int(rest[0].pos)
		start := lineStart(text, pos)
		end := lineEnd(text, pos)
		s.ids = s.ids[:0]
		rest = s.take(rest, end)
		if !s.yield(start, end, yield) {
			return
		}
	}
}

// Words of eight bytes: a 1 in each, and the highest bit of each.
const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// lineStart returns where the line begins that pos lies in. It reads eight bytes at a time, which bytes.LastIndexByte
// does not.
func lineStart(text []byte, pos int) int {
	for ; pos >= 8; pos -= 8 {
		x := binary.LittleEndian.Uint64(text[pos-8:]) ^ '\n'*ones
		if newlines := ^((x&^highs + ^uint64(highs)) | x | ^uint64(highs)); newlines != 0 {
			return pos - bits.LeadingZeros64(newlines)/8
		}
	}
	for pos > 0 && text[pos-1] != '\n' {
		pos--
	}
	return pos
}

func lineEnd(text []byte, pos int) int {
	if i := bytes.IndexByte(text[pos:], '\n'); i >= 0 {
		return pos + i
	}
	return len(text)
}

// take moves what was found before end to ids.
func (s *Set) take(f []found, end int) []found {
	i := 0
	for i < len(f) && int(f[i].pos) < end {
		s.ids = append(s.ids, f[i].id)
		i++
	}
	return f[i:]
}

// everyLine is Scan where some patterns have no string to look for.
func (s *Set) everyLine(text []byte, yield func(start, end int, hits []Hit) bool) {
	rest := s.found
	for start := 0; start < len(text); {
		if s.weak != nil && s.idle == 0 && len(s.always) == 0 {
			limit := len(text)
			if len(rest) > 0 {
				limit = int(rest[0].pos)
			}
			if start = s.weak.quiet(text, start, limit); start == len(text) {
				return
			}
		}
		end := lineEnd(text, start)
		s.ids = append(s.ids[:0], s.always...)
		rest = s.take(rest, end)
		if s.weak != nil {
			s.automaton(text[start:end])
		}
		if len(s.ids) > 0 && !s.yield(start, end, yield) {
			return
		}
		start = end + 1
	}
}

// firstRest is how many lines an automaton that grew too large is left alone. Building states anew for every line would be
// slower than matching the lines; each time it happens again it is left alone twice as long.
const firstRest = 100

// automaton adds what the automaton accepts.
func (s *Set) automaton(line []byte) {
	if s.idle > 0 {
		s.idle--
		s.overflow++
		s.ids = append(s.ids, s.weakIDs...)
		return
	}
	n := len(s.ids)
	ids, ok := s.weak.scan(line, s.ids)
	if !ok {
		s.overflow++
		s.idle = s.rest
		s.rest = min(2*s.rest, 1<<20)
		ids = append(ids[:n], s.weakIDs...)
	}
	s.ids = ids
}

func (s *Set) yield(start, end int, yield func(start, end int, hits []Hit) bool) bool {
	slices.Sort(s.ids)
	s.report = s.report[:0]
	for i, id := range s.ids {
		if i == 0 || id != s.ids[i-1] {
			s.report = append(s.report, s.hits[id])
		}
	}
	return yield(start, end, s.report)
}
