package match

// A kind says what a node of a parsed expression is.
type kind uint8

const (
	kindSeq     kind = iota // subs one after the other
	kindLiteral             // one character
	kindClass               // one character of a class
	kindAlt                 // one of subs
	kindRepeat              // subs[0], min to max times
	kindGroup               // subs[0], captured as group
	kindAtomic              // subs[0], tried once only
	kindLook                // subs[0] matches here, ahead or behind, or does not
	kindBackref             // what group matched
	kindCond                // subs[0] if group has matched, else subs[1] if there is one
	kindAt                  // a place between characters
)

// unlimited is the max of a repeat without one.
const unlimited = 1<<31 - 1

// A node of a parsed expression. Flags are resolved: what a node matches depends on nothing above it.
type node struct {
	kind     kind
	char     rune
	class    *class
	subs     []*node
	group    int
	min, max int
	mode     repeatMode
	at       place
	behind   bool // a look behind
	negative bool // a look that must not match
	fold     fold // of a backref
	width    int  // characters a look behind goes back
	decides  bool // alternatives with what follows them, since that hangs on which one it was
}

// A repeatMode says in which order a repeat is tried.
type repeatMode uint8

const (
	greedy repeatMode = iota
	lazy
	possessive
)

// A place is a position between two characters.
type place uint8

const (
	atStart            place = iota // \A, or ^
	atLineStart                     // ^ with Multiline
	atEnd                           // $: the end, or before a newline at the end
	atLineEnd                       // $ with Multiline
	atVeryEnd                       // \Z
	atBoundary                      // \b
	atNonBoundary                   // \B
	atASCIIBoundary                 // \b with ASCII
	atASCIINonBoundary              // \B with ASCII
)

// A width is the least and the greatest number of characters a group matches.
type width struct{ lo, hi int }

// widths gives the least and the greatest number of characters that n matches, as Python computes them.
// groups holds the widths of closed groups by number.
func (n *node) widths(groups []width) (lo, hi int) {
	switch n.kind {
	case kindLiteral, kindClass:
		return 1, 1
	case kindSeq:
		for _, s := range n.subs {
			l, h := s.widths(groups)
			lo, hi = plus(lo, l), plus(hi, h)
		}
	case kindAlt, kindCond:
		lo, hi = n.branchWidths(groups)
	case kindRepeat:
		l, h := n.subs[0].widths(groups)
		lo, hi = times(l, n.min), times(h, n.max)
	case kindGroup, kindAtomic:
		lo, hi = n.subs[0].widths(groups)
	case kindBackref:
		lo, hi = groups[n.group].lo, groups[n.group].hi
	}
	return min(lo, unlimited-1), min(hi, unlimited)
}

func (n *node) branchWidths(groups []width) (lo, hi int) {
	lo = unlimited - 1
	for _, s := range n.subs {
		l, h := s.widths(groups)
		lo, hi = min(lo, l), max(hi, h)
	}
	if n.kind == kindCond && len(n.subs) == 1 {
		lo = 0
	}
	return lo, hi
}

// plus adds two widths and stops at the greatest.
func plus(a, b int) int {
	if a > unlimited-b {
		return unlimited
	}
	return a + b
}

// times multiplies two widths and stops at the greatest.
func times(a, b int) int {
	if a != 0 && b > unlimited/a {
		return unlimited
	}
	return a * b
}

// canBeEmpty tells whether n may match no character at all.
func (n *node) canBeEmpty() bool {
	switch n.kind {
	case kindLiteral, kindClass:
		return false
	case kindAlt, kindCond:
		for _, s := range n.subs {
			if s.canBeEmpty() {
				return true
			}
		}
		return n.kind == kindCond && len(n.subs) == 1
	case kindSeq, kindGroup, kindAtomic:
		for _, s := range n.subs {
			if !s.canBeEmpty() {
				return false
			}
		}
	case kindRepeat:
		return n.min == 0 || n.subs[0].canBeEmpty()
	}
	return true
}
