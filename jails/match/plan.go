package match

import (
	"bytes"
	"slices"
)

// The shortest string that is looked for, and the one for which the wide stride does.
const (
	leastString = 4
	wideString  = 7
)

// commonly is the part of the sample's lines, one in commonly, at which a string is no use, unless the lines match.
const commonly = 4

// sampleSize is how much of a sample is looked at.
const sampleSize = 32 << 10

// A plan says for each pattern of the rules how its lines are found.
type plan struct {
	strings  []gramString // by strings
	shortest int
	short    []shortPattern // which is it?
	weak     []int32        // by the automaton
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
	case best == nil:
		p.always = append(p.always, id)
	case best.shortest() >= wideString:
		p.strings = addNeed(p.strings, best, id)
	default:
		p.short = append(p.short, shortPattern{r, pattern, id, best})
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

// A shortPattern needs short strings only, for which every byte or two have to be looked at.
type shortPattern struct {
	rule    Rule
	pattern *Pattern
	id      int32
	need    need
}

// early is how many bytes of a line the automaton may read to be faster than the search for short strings.
const early = 40

// divide decides about the patterns with short strings. Where every line has to be looked at anyway, those that fail early
// on the sample's lines run as an automaton.
func (p *plan) divide() {
	everyLine := len(p.weak) > 0 || slices.ContainsFunc(p.short, p.isCostly)
	for _, s := range p.short {
		if everyLine && p.failsEarly(s) {
			p.weak = append(p.weak, s.id)
			continue
		}
		p.strings = addNeed(p.strings, s.need, s.id)
		p.shortest = min(p.shortest, s.need.shortest())
	}
	slices.Sort(p.weak)
}

// isCostly tells whether it is better to look at every line than to search for the strings of s, since they are very short
// or often there.
func (p *plan) isCostly(s shortPattern) bool {
	return (s.need.shortest() < 5 || 20*p.met(s.need) > p.lines) && p.failsEarly(s)
}

// failsEarly tells whether the pattern can run as an automaton, and does not read much of the sample's lines.
func (p *plan) failsEarly(s shortPattern) bool {
	if len(s.rule.Cuts) > 0 || !p.isExpressible(s.rule) {
		return false // with a part of the line left out, it could go on anywhere
	}
	d := automaton(s.rule, s.pattern)
	read, lines := 0, 0
	for line := range bytes.Lines(p.sample) {
		read += d.depth(bytes.TrimSuffix(line, []byte{'\n'}))
		if lines++; lines == 200 {
			break
		}
	}
	return lines > 0 && read < early*lines
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

// choose returns the need that is met least and how often it is, or nil if all are too short.
func (p *plan) choose(needs []placed, cuts []Cut) (best need, least int) {
	for _, whole := range needs {
		for _, n := range whole.pieces(cuts) {
			if n.shortest() < leastString {
				continue
			}
			if met := p.met(n); best == nil || met < least || met == least && n.weight() > best.weight() {
				best, least = n, met
			}
		}
	}
	return best, least
}

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
