package match

import (
	"bytes"
	"cmp"
	"math"
	"slices"
)

// The shortest string that is looked for, and the one for which the wide stride does.
const (
	leastString = 4
	wideString  = 7
)

// commonly is the part of the sample's lines, one in commonly, at which a string is no use, unless the lines match.
const commonly = 4

// nearly is the part, one in nearly, by which numbers may differ that say the same: the sample is cut off somewhere.
const nearly = 16

// sampleSize is how much of a sample is looked at.
const sampleSize = 32 << 10

// A plan says for each pattern of the rules how its lines are found.
type plan struct {
	strings  []gramString // by strings
	shortest int
	short    []shortPattern // which is it?
	weak     []int32        // by the automaton
	deepest  float64        // how many bytes of a line it has to read
	always   []int32        // every line
	often    *[1 << gramBits]uint16
	sample   []byte // the end of the sample
	lower    []byte // the same in lower case
	lines    int
}

func newPlan(o Options) *plan {
	sample := o.Sample[max(0, len(o.Sample)-sampleSize):]
	return &plan{
		shortest: wideString, often: countFours(sample),
		sample: sample, lower: bytes.ToLower(sample), lines: bytes.Count(sample, []byte{'\n'}),
	}
}

// add plans for one pattern.
func (p *plan) add(r Rule, pattern *Pattern, id int32) {
	best, met := p.choose(r.needs(pattern), r.Cuts)
	isExpressible := p.isExpressible(r)
	switch {
	case isExpressible && (best == nil || met*commonly > p.lines && !p.tells(best, r, pattern)):
		p.weak = append(p.weak, id)
		p.deepest = max(p.deepest, p.depth(r, pattern))
	case best == nil:
		p.always = append(p.always, id)
	case best.shortest() >= wideString:
		p.strings = addNeed(p.strings, best, id)
	default:
		p.short = append(p.short, p.shortPattern(r, pattern, id, best))
	}
}

// enough is how many lines of the sample are looked at to say what most are like.
const enough = 50

// tells tells whether most lines that meet the need, which are many, are what the pattern looks for, as in a storm of
// failures: an automaton, which reads every line, would find nothing better.
func (p *plan) tells(n need, r Rule, pattern *Pattern) bool {
	d := automaton(r, pattern)
	met, accepted := 0, 0
	var ids []int32
	for line := range bytes.Lines(p.sample) {
		lower := bytes.ToLower(line)
		if !slices.ContainsFunc(n, func(s string) bool { return bytes.Contains(lower, []byte(s)) }) {
			continue
		}
		if ids, _ = d.scan(bytes.TrimSuffix(line, []byte{'\n'}), ids[:0]); len(ids) > 0 {
			accepted++
		}
		if met++; met == enough {
			break
		}
	}
	return 2*accepted > met
}

// automaton makes the automaton of one of the rule's patterns.
func automaton(r Rule, pattern *Pattern) *dfa {
	a := &nfa{}
	a.addRule(Rule{Prefix: r.Prefix, Patterns: []*Pattern{pattern}, Cuts: r.Cuts}, []int32{0})
	return newDFA(a)
}

// A shortPattern needs short strings only, for which every byte or two have to be looked at. It can run as an automaton
// instead.
type shortPattern struct {
	id   int32
	need need
	met  float64 // how often the strings are met in a line of the sample, in vain
	read float64 // how many bytes of a line the automaton reads; never where it can decide nothing
}

const never = 1e9

// What it costs to look for strings at every fourth byte, for each byte of the text; to ask the automaton about a line; and
// to match a line: in bytes that the automaton could have read meanwhile. Reckoned from profiles on two processors, which differ.
const (
	sweepCost = 0.1
	askCost   = 6
	matchCost = 150
)

// divide decides about the patterns with short strings.
func (p *plan) divide() {
	slices.SortFunc(p.short, func(a, b shortPattern) int { return cmp.Compare(a.read, b.read) })
	var weak []bool
	least := math.Inf(1)
	for stride := 4; stride > 0; stride /= 2 {
		if w, cost := p.split(stride); cost < least {
			weak, least = w, cost
		}
	}
	for i, s := range p.short {
		if weak[i] {
			p.weak = append(p.weak, s.id)
			continue
		}
		p.strings = addNeed(p.strings, s.need, s.id)
		p.shortest = min(p.shortest, s.need.shortest())
	}
	slices.Sort(p.weak)
}

// split divides the patterns so that the strings are long enough for the stride, and says what a line costs then.
func (p *plan) split(stride int) (weak []bool, cost float64) {
	weak = make([]bool, len(p.short))
	deepest := p.deepest
	if len(p.weak)+len(p.always) == 0 {
		deepest = -askCost
	}
	cost = float64(4/stride) * sweepCost * float64(len(p.sample)) / float64(max(p.lines, 1))
	for i, s := range p.short {
		if s.need.shortest() < stride+leastString-1 {
			weak[i], cost, deepest = true, cost+max(s.read-deepest, 0), max(s.read, deepest)
		}
	}
	for i, s := range p.short {
		switch more := max(s.read-deepest, 0); {
		case weak[i]:
		case s.met*matchCost > more:
			weak[i], cost, deepest = true, cost+more, max(s.read, deepest)
		default:
			cost += s.met * matchCost
		}
	}
	return weak, cost
}

// shortPattern says what looking for a pattern costs.
func (p *plan) shortPattern(r Rule, pattern *Pattern, id int32, n need) shortPattern {
	s := shortPattern{id: id, need: n, read: never, met: float64(p.met(n)) / float64(max(p.lines, 1))}
	if p.lines > 0 && len(r.Cuts) == 0 && p.isExpressible(r) { // with a part of the line left out, it could go on anywhere
		s.read = p.depth(r, pattern)
	}
	if s.met*commonly > 1 && p.isExpressible(r) && p.tells(n, r, pattern) {
		s.met = 0
	}
	return s
}

// depth returns how many bytes of a line of the sample an automaton reads.
func (p *plan) depth(r Rule, pattern *Pattern) float64 {
	const most = 200
	d := automaton(r, pattern)
	read, lines := 0, 0
	for line := range bytes.Lines(p.sample) {
		read += d.depth(bytes.TrimSuffix(line, []byte{'\n'}))
		if lines++; lines == most {
			break
		}
	}
	return float64(read) / float64(max(lines, 1))
}

// isExpressible tells whether an automaton can decide about the rule's patterns.
func (p *plan) isExpressible(r Rule) bool { return r.Lines <= 1 && r.isContentSure() }

// needs lists what a line must have for the pattern to match because of it.
func (r Rule) needs(pattern *Pattern) []placed {
	switch {
	case r.Lines > 1 && r.Prefix != nil:
		return nil
	case r.Lines > 1:
		return pattern.tree.lastLine().needs()
	case r.Prefix != nil:
		return append(pattern.tree.needs(), r.Prefix.tree.needs()...)
	}
	return pattern.tree.needs()
}

// choose returns the need that is met least and how often it is, or nil if all are too short. Of those met nearly as often the
// strongest is chosen.
func (p *plan) choose(needs []placed, cuts []Cut) (best need, least int) {
	for _, whole := range needs {
		for _, n := range whole.pieces(cuts) {
			if n.shortest() < leastString {
				continue
			}
			met := p.met(n)
			if isNear := nearly*abs(met-least) <= min(met, least); best == nil || !isNear && met < least || isNear && n.weight() > best.weight() {
				best, least = n, met
			}
		}
	}
	return best, least
}

func abs(n int) int { return max(n, -n) }

// met counts how often the need is met in the sample.
func (p *plan) met(n need) (sum int) {
	for _, s := range n {
		sum += bytes.Count(p.lower, []byte(s))
	}
	return sum
}

// pieces returns what a text must have because of a need after a cut: the longest part of each string that the cut cannot
// have stood in, or both halves of each, one of which is whole.
func (n placed) pieces(cuts []Cut) []need {
	parts, split := make(need, len(n.need)), false
	for i, s := range n.need {
		parts[i] = s[:0]
		from := 0
		for at := 1; at <= len(s); at++ {
			if at < len(s) && !slices.ContainsFunc(cuts, func(c Cut) bool { return c.splits(s, at, n.at) }) {
				continue
			}
			if at-from > len(parts[i]) {
				parts[i] = s[from:at]
			}
			from = at
		}
		split = split || len(parts[i]) < len(s)
	}
	if !split {
		return []need{n.need}
	}
	return []need{parts, n.halves()}
}

// halves returns both halves of each string.
func (n need) halves() (parts need) {
	for _, s := range n {
		parts = append(parts, s[:len(s)/2], s[len(s)/2:])
	}
	return parts
}

// addNeed adds the strings of a need, and joins them to those that are there.
func addNeed(to []gramString, n need, id int32) []gramString {
	for _, s := range n {
		i := slices.IndexFunc(to, func(g gramString) bool { return g.text == s })
		if i < 0 {
			i = len(to)
			to = append(to, gramString{text: s})
		}
		if !slices.Contains(to[i].ids, id) {
			to[i].ids = append(to[i].ids, id)
		}
	}
	return to
}

// isContentSure tells whether the patterns are matched against the content group, if there is a prefix: fail2ban takes the
// whole line where the group is empty or took no part.
func (r Rule) isContentSure() bool {
	if r.Prefix == nil {
		return true
	}
	content := r.Prefix.GroupIndex("content")
	return content > 0 && r.Prefix.tree.mustCapture(content)
}

// mustCapture tells whether group has matched something wherever n matches.
func (n *node) mustCapture(group int) bool {
	switch n.kind {
	case kindSeq, kindAtomic, kindGroup:
		if n.kind == kindGroup && n.group == group {
			return !n.canBeEmpty()
		}
		return slices.ContainsFunc(n.subs, func(s *node) bool { return s.mustCapture(group) })
	}
	return false
}
