package filter

import "slices"

// A Group is one captured group of a match.
type Group struct {
	Name  string
	Value string
	Kind  Kind
}

// A Kind tells how a group's Value is to be read.
type Kind uint8

// The kinds of groups.
const (
	Text    Kind = iota // the text that matched
	Null                // the group took no part in the match
	Literal             // several values, written as Python writes a tuple or a set
)

// groups are captured groups in the order in which fail2ban would hold them. Nobody reads most of them, so they have
// no strings of their own.
type groups struct {
	list []entry
	text []byte        // what their values are parts of
	at   [known]uint16 // where in list the groups with these labels stand, from 1; 0: nowhere
}

// An entry is one group: its value is a part of a text.
type entry struct {
	start, end int32
	label      label
	kind       Kind
}

func (e entry) isEmpty() bool { return e.start == e.end }

// reset makes the groups empty and keeps their memory, up to most bytes.
func (g *groups) reset(most int) {
	g.list, g.text, g.at = g.list[:0], g.text[:0], [known]uint16{}
	if cap(g.text) > most {
		g.text = nil
	}
}

// index returns where in the list a group stands, or -1.
func (g *groups) index(l label) int {
	if l < known {
		return int(g.at[l]) - 1
	}
	return slices.IndexFunc(g.list, func(e entry) bool { return e.label == l })
}

// get returns the value of a group that took part in the match, until the groups change.
func (g *groups) get(l label) (value []byte, ok bool) {
	if i := g.index(l); i >= 0 && g.list[i].kind != Null {
		return g.value(g.list[i]), true
	}
	return nil, false
}

func (g *groups) value(e entry) []byte { return g.text[e.start:e.end] }

// holds tells whether a group has a value that is not empty.
func (g *groups) holds(l label) bool {
	i := g.index(l)
	return i >= 0 && !g.list[i].isEmpty()
}

// since is a group whose value stands at from or behind; Null if there is none.
func (g *groups) since(from int32, l label) entry {
	if i := g.index(l); i >= 0 && g.list[i].start >= from {
		return g.list[i]
	}
	return entry{label: l, kind: Null}
}

// put sets a group to a part of the text.
func (g *groups) put(e entry) {
	if i := g.index(e.label); i >= 0 {
		g.list[i] = e
		return
	}
	g.list = append(g.list, e)
	if e.label < known {
		g.at[e.label] = uint16(len(g.list))
	}
}

// set sets a group to a copy of the value.
func (g *groups) set(l label, k Kind, value []byte) {
	start := int32(len(g.text))
	g.text = append(g.text, value...)
	g.put(entry{start: start, end: int32(len(g.text)), label: l, kind: k})
}

func (g *groups) drop(l label) {
	i := g.index(l)
	if i < 0 {
		return
	}
	g.list = slices.Delete(g.list, i, i+1)
	g.at[l] = 0
	for j := range g.at {
		if int(g.at[j]) > i {
			g.at[j]--
		}
	}
}

// overlay copies every group of more that took part in its match.
func (g *groups) overlay(more *groups) {
	for _, e := range more.list {
		if e.kind != Null {
			g.set(e.label, e.kind, more.value(e))
		}
	}
	g.compact()
}

// slack is how much text groups may keep that is none of theirs any more.
const slack = 1 << 10

// compact lets go the text of values that were replaced, once it is much.
func (g *groups) compact() {
	size := 0
	for _, e := range g.list {
		size += int(e.end - e.start)
	}
	if len(g.text) < 2*size+slack {
		return
	}
	text := make([]byte, 0, size+slack)
	for i, e := range g.list {
		g.list[i].start = int32(len(text))
		text = append(text, g.value(e)...)
		g.list[i].end = int32(len(text))
	}
	g.text = text
}

// named returns the groups with their names, copied.
func (g *groups) named(names labels) []Group {
	all := make([]Group, len(g.list))
	for i, e := range g.list {
		all[i] = Group{Name: names[e.label], Value: string(g.value(e)), Kind: e.kind}
	}
	return all
}
