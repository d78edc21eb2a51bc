package match

import (
	"slices"
	"strings"
)

// A need is what a text must have to match: one of some strings, in any case of ASCII letters.
type need []string

// A need has at most so many strings, or so many if they are alternatives as they stand, each of at most so many bytes.
const (
	maxStrings      = 192
	maxAlternatives = 500
	maxBytes        = 64
)

// A placed need stands behind at characters or more.
type placed struct {
	need
	at int
}

// needs lists what a text must have for n to match in it. Nothing in it crosses a line.
func (n *node) needs() []placed {
	f := needFinder{run: need{""}}
	f.visit(n)
	f.flush()
	return f.found
}

// A needFinder walks through a pattern. run is what the text must have right before the node at hand.
type needFinder struct {
	run   need
	runAt int // the least number of characters before run
	at    int // and before the node at hand
	found []placed
}

func (f *needFinder) visit(n *node) {
	if all, ok := n.strings(); ok {
		if longer, ok := cross(f.run, all); ok {
			f.run = longer
		} else {
			f.flush()
			f.run = all
		}
		f.at += n.least()
		return
	}
	switch n.kind {
	case kindSeq, kindGroup, kindAtomic:
		for _, s := range n.subs {
			f.visit(s)
		}
		return
	case kindRepeat:
		if n.min > 0 {
			f.visit(n.subs[0])
			f.at -= n.subs[0].least()
		}
	case kindAlt:
		f.flush()
		f.alternatives(n)
	}
	f.at += n.least()
	f.flush()
}

// flush ends the run: what comes next may stand anywhere.
func (f *needFinder) flush() {
	if f.run.shortest() > 0 {
		f.found = append(f.found, placed{f.run.prune(), f.runAt})
	}
	f.run, f.runAt = need{""}, f.at
}

// least is the least number of characters that n matches, if it is not large.
func (n *node) least() (sum int) {
	switch n.kind {
	case kindLiteral, kindClass:
		return 1
	case kindSeq, kindGroup, kindAtomic:
		for _, s := range n.subs {
			sum = min(sum+s.least(), maxBytes)
		}
	case kindRepeat:
		sum = min(n.min, maxBytes) * n.subs[0].least()
	case kindAlt, kindCond:
		sum = maxBytes
		for _, s := range n.subs {
			sum = min(sum, s.least())
		}
		if n.kind == kindCond && len(n.subs) == 1 {
			return 0
		}
	}
	return min(sum, maxBytes)
}

// prune leaves out strings that have another one in them.
func (n need) prune() need {
	var out need
	for i, s := range n {
		covered := func(t string) bool { return t != s && strings.Contains(s, t) }
		if !slices.ContainsFunc(n, covered) && !slices.Contains(n[:i], s) {
			out = append(out, s)
		}
	}
	return out
}

// alternatives joins the best need of each alternative, if all have one.
func (f *needFinder) alternatives(n *node) {
	var all need
	for _, s := range n.subs {
		best := s.bestNeed()
		if best == nil {
			return
		}
		all = append(all, best...)
	}
	if len(all) <= maxAlternatives {
		f.found = append(f.found, placed{all.prune(), f.at})
	}
}

func (n *node) bestNeed() (best need) {
	for _, c := range n.needs() {
		if best == nil || c.weight() > best.weight() {
			best = c.need
		}
	}
	return best
}

// shortest is the length of the shortest string.
func (n need) shortest() int {
	least := maxBytes
	for _, s := range n {
		least = min(least, len(s))
	}
	return least
}

// weight says how seldom the need is met by chance.
func (n need) weight() int { return 16*min(n.shortest(), 16) - len(n) }

// strings lists all strings that n matches, in lower case, if they are few.
func (n *node) strings() (need, bool) {
	switch n.kind {
	case kindLiteral:
		if n.char == '\n' || isSurrogate(n.char) {
			return nil, false
		}
		return need{string(asciiFold.lower(n.char))}, true
	case kindClass:
		return n.class.strings()
	case kindAt, kindLook:
		return need{""}, true
	case kindSeq, kindGroup, kindAtomic:
		return product(n.subs)
	case kindAlt, kindCond:
		return n.union()
	case kindRepeat:
		return n.repeated()
	}
	return nil, false
}

func product(nodes []*node) (need, bool) {
	all := need{""}
	for _, n := range nodes {
		strings, ok := n.strings()
		if !ok {
			return nil, false
		}
		if all, ok = cross(all, strings); !ok {
			return nil, false
		}
	}
	return all, true
}

func (n *node) union() (all need, ok bool) {
	for _, s := range n.subs {
		strings, ok := s.strings()
		if !ok || len(all)+len(strings) > maxStrings {
			return nil, false
		}
		all = append(all, strings...)
	}
	if n.kind == kindCond && len(n.subs) == 1 {
		all = append(all, "")
	}
	return all, true
}

func (n *node) repeated() (need, bool) {
	if n.max > 8 || n.min != n.max && n.max != 1 {
		return nil, false
	}
	turns := make([]*node, n.max)
	for i := range turns {
		turns[i] = n.subs[0]
	}
	all, ok := product(turns)
	if ok && n.min == 0 && n.max == 1 {
		all = append(all[:len(all):len(all)], "")
	}
	return all, ok
}

// strings lists the members of a small class, in lower case.
func (c *class) strings() (all need, ok bool) {
	if c.beyond != beyondNone || c.bytes['\n'] {
		return nil, false
	}
	for b := range rune(0x80) {
		if !c.bytes[b] || b >= 'A' && b <= 'Z' && c.bytes[b+'a'-'A'] {
			continue
		}
		if len(all) == 4 {
			return nil, false
		}
		all = append(all, string(asciiFold.lower(b)))
	}
	return all, len(all) > 0
}

// cross joins every string of a with every string of b.
func cross(a, b need) (need, bool) {
	if len(a)*len(b) > maxStrings {
		return nil, false
	}
	all := make(need, 0, len(a)*len(b))
	for _, s := range a {
		for _, t := range b {
			if len(s)+len(t) > maxBytes {
				return nil, false
			}
			all = append(all, s+t)
		}
	}
	return all, true
}
