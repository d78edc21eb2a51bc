package date

import (
	"sync"

	"bailiff/jails/match"
)

// An expression is a template's compiled expr and what its groups mean.
type expression struct {
	*match.Pattern
	groups []group
	unit   unit
	number int // the group of the epoch
}

// compileOnce returns a function that compiles expr when it is first called. Detectors seldom need the expressions of
// the default templates.
func compileOnce(expr string, u unit, number int) func() (*expression, error) {
	return sync.OnceValues(func() (*expression, error) {
		p, err := match.Compile(expr, 0)
		if err != nil {
			return nil, err
		}
		return &expression{Pattern: p, groups: groupsOf(p), unit: u, number: number}, nil
	})
}

// slow runs the template's expression. A search that was given up found nothing.
func (t *template) slow(text []byte, from int, w *work, h *hit) bool {
	p, err := t.pattern()
	if err != nil {
		return false
	}
	caps, err := p.Search(&w.scratch, text, from)
	if err != nil {
		w.gaveUp++
		return false
	}
	if caps == nil {
		return false
	}
	h.start, h.end, h.from, h.to = caps[0], caps[1], 0, 0
	if caps[2] >= 0 {
		h.from, h.to = caps[2], caps[3]
	}
	h.fields = fields{}
	p.read(&h.fields, text, caps)
	return true
}

// read fills in f from the groups of a match.
func (p *expression) read(f *fields, text []byte, caps []int) {
	group := func(i int) []byte {
		if caps[2*i] < 0 {
			return nil
		}
		return text[caps[2*i]:caps[2*i+1]]
	}
	if p.unit != unitNone {
		f.readEpoch(p.unit, group(p.number))
		return
	}
	for _, g := range p.groups {
		if s := group(g.index); s != nil {
			f.set(g.name, s)
		}
	}
	if !f.halfDay {
		return
	}
	var half []byte
	if i := p.GroupIndex("p"); i > 0 {
		if half = group(i); half == nil {
			f.has |= broken
		}
	}
	f.setHalf(half)
}
