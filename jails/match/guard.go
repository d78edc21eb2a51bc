package match

import "slices"

// maxMusts is how many strings are kept in mind that must come.
const maxMusts = 8

// guard finds strings by which the ways of guarded branches can be told apart long before they fail: those that must come
// after one way, but not after every other.
func (p *program) guard() {
	musts := make([][]string, len(p.insts))
	for i := range p.insts {
		musts[i] = p.musts(&p.insts[i], musts)
	}
	for i := range p.insts {
		in := &p.insts[i]
		if in.op != opGuarded {
			continue
		}
		for j := range in.ways {
			w := &in.ways[j]
			for _, s := range musts[w.pc] {
				if len(s) > len(w.guard) && s != string(p.literalAt(w.pc)) && !inAll(musts, in.ways, s) {
					w.guard = []byte(s)
				}
			}
		}
	}
}

// musts lists strings that come in the text from an instruction on, wherever the pattern matches. Those of what comes
// after it are known.
func (p *program) musts(in *inst, known [][]string) []string {
	switch in.op {
	case opMatch, opLookEnd, opNotEnd:
		return nil
	case opString:
		return append(slices.Clone(known[in.next][max(0, len(known[in.next])-maxMusts+1):]), string(in.str))
	case opBranch, opGuarded:
		return slices.DeleteFunc(slices.Clone(known[in.ways[0].pc]), func(s string) bool { return !inAll(known, in.ways, s) })
	case opCond:
		return slices.DeleteFunc(slices.Clone(known[in.next]), func(s string) bool { return !slices.Contains(known[in.other], s) })
	}
	return known[in.next]
}

// inAll tells whether s must come whichever way is taken.
func inAll(known [][]string, ways []way, s string) bool {
	return !slices.ContainsFunc(ways, func(w way) bool { return !slices.Contains(known[w.pc], s) })
}
