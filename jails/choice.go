package jails

import (
	"encoding/binary"
	"slices"

	"bailiff/jails/event"
)

// A choice tells which selectors hold for journal entries. Entries that are alike in all that the selectors ask for, as
// those of one unit mostly are, are chosen once.
type choice struct {
	selectors []event.Selector
	fields    []string // that they ask for
	known     map[string]*kind
	seen      []*kind // those of the block at hand
	key       []byte
}

// A kind is entries that are alike.
type kind struct {
	held    []bool // by selector
	entries int    // how many the block at hand has
}

// knownKinds bounds what values that hardly come again, as those of identifiers with numbers, can occupy.
const knownKinds = 1000

func newChoice(selectors []event.Selector) *choice {
	c := &choice{selectors: selectors, known: map[string]*kind{}}
	for _, s := range selectors {
		for _, g := range s {
			for _, t := range g {
				if !slices.Contains(c.fields, t.Field) {
					c.fields = append(c.fields, t.Field)
				}
			}
		}
	}
	return c
}

// begin says that another block begins.
func (c *choice) begin() {
	for _, k := range c.seen {
		k.entries = 0
	}
	c.seen = c.seen[:0]
}

// count counts an entry of the block at hand and returns its kind.
func (c *choice) count(fields []event.Field) *kind {
	k := c.kind(fields)
	if k.entries == 0 {
		c.seen = append(c.seen, k)
	}
	k.entries++
	return k
}

// kind is the kind of an entry with these fields.
func (c *choice) kind(fields []event.Field) *kind {
	c.key = c.key[:0]
	for i, name := range c.fields {
		for _, f := range fields {
			if f.Name == name {
				c.key = binary.AppendUvarint(c.key, uint64(i))
				c.key = append(binary.AppendUvarint(c.key, uint64(len(f.Value))), f.Value...)
			}
		}
	}
	if k := c.known[string(c.key)]; k != nil {
		return k
	}
	if len(c.known) >= knownKinds {
		clear(c.known)
	}
	k := &kind{}
	for _, s := range c.selectors {
		k.held = append(k.held, s.Holds(fields))
	}
	c.known[string(c.key)] = k
	return k
}

// held is how many entries of the block at hand each selector holds for.
func (c *choice) held() []int {
	n := make([]int, len(c.selectors))
	for _, k := range c.seen {
		for i, held := range k.held {
			if held {
				n[i] += k.entries
			}
		}
	}
	return n
}
