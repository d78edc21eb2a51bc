package source

import (
	"bailiff/jails/event"
	"bailiff/jails/filter"
	"bailiff/journal"
)

const (
	blockEntries = 2048      // entries that are judged together while there is more to read
	blockBytes   = 256 << 10 // and the size of their lines
)

// A block gathers entries of the journal that are judged together.
type block struct {
	event.Block
	memory []byte        // what the fields refer to
	fields []event.Field // what the entries refer to
	newest journal.Entry // without its fields
}

// append adds an entry's line.
func (b *block) append(e *journal.Entry) {
	fields := b.keepFields(e.Fields)
	b.Entries = append(b.Entries, event.Entry{
		Start: len(b.Text), Time: e.Sent(), Fields: fields,
	})
	b.Text = append(filter.Synthesise(b.Text, fields, e.Monotonic()), '\n')
	b.newest = *e
	b.newest.Fields = nil
}

// full reports whether the block is to be judged before more is added.
func (b *block) full() bool {
	return len(b.Entries) >= blockEntries || len(b.Text) >= blockBytes
}

// reset empties the block and keeps its memory.
func (b *block) reset() {
	b.Text, b.Entries, b.memory, b.fields = b.Text[:0], b.Entries[:0], b.memory[:0], b.fields[:0]
}

// keepFields copies an entry's fields into the block's memory. When that has to
// grow, what was kept before stays where it is.
func (b *block) keepFields(fields []journal.Field) []event.Field {
	begin, end := len(b.fields), len(b.fields)+len(fields)
	if end > cap(b.fields) {
		begin, end = 0, len(fields)
		b.fields = make([]event.Field, 0, max(2*cap(b.fields), end, 1<<10))
	}
	b.fields = b.fields[:end]
	kept := b.fields[begin:end:end]
	for i := range fields { // part by part: see journal's add
		kept[i].Name, kept[i].Value = fields[i].Name, b.keep(fields[i].Value)
	}
	return kept
}

// keep copies a value likewise.
func (b *block) keep(value []byte) []byte {
	if len(b.memory)+len(value) > cap(b.memory) {
		b.memory = make([]byte, 0, max(2*cap(b.memory), len(value), 64<<10))
	}
	n := len(b.memory)
	b.memory = append(b.memory, value...)
	return b.memory[n:len(b.memory):len(b.memory)]
}
