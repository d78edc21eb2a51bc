package date

import (
	"slices"

	"bailiff/jails/match"
)

// Cuts tell where in a line the dates can stand that a detector of the patterns finds.
func (p *Patterns) Cuts() (cuts []match.Cut) {
	for _, t := range p.templates {
		if c := t.cut(); !slices.Contains(cuts, c) {
			cuts = append(cuts, c)
		}
	}
	return cuts
}

// cut tells where the template's dates can stand. The parsers' dates end in a letter or a digit, so that a word ends
// there; so they begin, but for those that may begin with a blank, a sign or an @. What is tied to the line's begin has
// at most two characters before it that are no word. The date in angle brackets is all that stands at the line's begin.
func (t *template) cut() match.Cut {
	switch {
	case t.parse == nil:
		p, err := t.pattern()
		if err != nil {
			return match.NewCut(-1, nil, nil)
		}
		return p.Cut(1, endsBetweenWords(t.expr))
	case t.front == frontCaret:
		return match.NewCut(0, nil, nil)
	case t.front == frontLine:
		return match.NewCut(2, noWord, noWord)
	case t.near == nearAt || t.begins&(classBlank|classSign) != 0:
		return match.NewCut(-1, nil, noWord)
	}
	return match.NewCut(-1, noWord, noWord)
}

func noWord(b byte) bool { return !isWord(b) }
