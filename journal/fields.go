package journal

import (
	"bytes"
	"slices"
)

const (
	// maxNames bounds how many field names are remembered: a sender may invent
	// them.
	maxNames = 4096
	// maxEntry bounds how much of an entry's values is read: a sender may
	// repeat a field a thousand times.
	maxEntry = 1 << 20
	// maxItems bounds how many fields an entry may have. journald allows 1024.
	maxItems = 2048
)

// A picker reads the fields of entries. What it fills an entry with is valid
// until it fills the next.
type picker struct {
	all    bool
	once   bool     // one value of each field is enough
	wanted []wanted // unless all
	names  map[string]string
	buf    []byte
	entry  uint64 // counts those filled
	known  [knownData]datum
}

// wanted is a field that is to be read.
type wanted struct {
	name  string
	key   []byte // the name and its '='
	start uint64 // the key's first 8 bytes as a number
	mask  uint64 // which of these bytes count
	entry uint64 // the last entry that had the field
	back  int    // which of an entry's items the field was last, from the back
}

const (
	knownData   = 512 // a power of two
	knownLength = 256 // the longest value that is kept with what is known of its object
	knownShared = 4   // how many entries must share an object for that
)

// A datum is what is known of the data object at an offset of a file. An entry
// shares most of its data with others, and what nobody wants need not be looked
// at again.
type datum struct {
	file, at uint64
	field    int    // the index in wanted; nobody: none of them
	value    []byte // never changed
}

const nobody = -1

func newPicker(fields []string, once bool) *picker {
	p := &picker{all: fields == nil, once: once, names: map[string]string{}}
	for _, name := range fields {
		w := wanted{name: name, key: []byte(name + "="), back: 1}
		var start, mask [8]byte
		copy(start[:], w.key)
		for i := range min(8, len(w.key)) {
			mask[i] = 0xff
		}
		w.start, w.mask = le.Uint64(start[:]), le.Uint64(mask[:])
		p.wanted = append(p.wanted, w)
	}
	return p
}

// begins reports whether a payload begins with the field's key. start is the
// payload's first 8 bytes as a number.
func (w *wanted) begins(payload []byte, start uint64) bool {
	return start&w.mask == w.start && (len(w.key) <= 8 || bytes.HasPrefix(payload, w.key))
}

// fill appends the fields of an entry object, which names them by offset and in
// order of offset. It returns how many of them were damaged.
func (p *picker) fill(m *mapping, entry []byte, fields []Field) (_ []Field, bad int) {
	p.buf = p.buf[:0]
	p.entry++
	if len(entry) > entryItems+maxItems*int(m.entryItem) {
		return fields, 1
	}
	switch {
	case p.all:
		return p.fillAll(m, entry, fields)
	case p.once:
		return p.fillOnce(m, entry, fields)
	}
	item := int(m.entryItem)
	for i := entryItems; i <= len(entry)-item; i += item {
		at := m.itemOf(entry, i)
		d := &p.known[(at>>3^m.serial<<4)*0x9e3779b97f4a7c15>>(64-9)]
		field, value := d.field, d.value
		if d.at != at || d.file != m.serial {
			var ok bool
			if field, value, ok = p.decode(m, at, d); !ok {
				bad++
			}
		}
		if field != nobody {
			fields = add(fields, p.wanted[field].name, value)
		}
	}
	return fields, bad
}

// fillAll appends all fields of an entry object.
func (p *picker) fillAll(m *mapping, entry []byte, fields []Field) (_ []Field, bad int) {
	item := int(m.entryItem)
	for i := entryItems; i <= len(entry)-item; i += item {
		_, payload, ok := m.payload(m.itemOf(entry, i))
		if !ok {
			bad++
		} else if name, value, ok := bytes.Cut(payload, []byte{'='}); ok {
			fields = append(fields, Field{p.name(name), p.keep(value)})
		}
	}
	return fields, bad
}

// fillOnce appends one value of each field. Most often an entry has a field at
// the same item from the back as the entry before.
func (p *picker) fillOnce(m *mapping, entry []byte, fields []Field) (_ []Field, bad int) {
	left := len(p.wanted)
	for i := range p.wanted {
		w := &p.wanted[i]
		at := len(entry) - w.back*int(m.entryItem)
		if at < entryItems {
			continue
		}
		if value, ok := w.plain(m, m.itemOf(entry, at)); ok {
			w.entry = p.entry
			left--
			fields = add(fields, w.name, p.keep(value))
		}
	}
	if left == 0 {
		return fields, 0
	}
	return p.fillRest(m, entry, fields, left)
}

// fillRest appends one value of each field that is left. It goes from the back
// and no further than needed. What was written with the entry itself comes
// last, above all its MESSAGE, and what it shares with older entries before
// that.
func (p *picker) fillRest(m *mapping, entry []byte, fields []Field, left int) (
	_ []Field, bad int) {
	item := int(m.entryItem)
	for back := 1; left > 0 && len(entry)-back*item >= entryItems; back++ {
		at := m.itemOf(entry, len(entry)-back*item)
		if p.unwanted(m, at) {
			continue
		}
		_, payload, ok := m.payload(at)
		if !ok {
			bad++
			continue
		}
		field := p.fieldOf(payload)
		if field == nobody || p.wanted[field].entry == p.entry {
			continue
		}
		w := &p.wanted[field]
		w.entry, w.back = p.entry, back
		left--
		fields = add(fields, w.name, p.keep(payload[len(w.key):]))
	}
	return fields, bad
}

// plain returns the value that the data object at an offset holds, if that is
// the field's and not compressed.
func (w *wanted) plain(m *mapping, at uint64) (value []byte, ok bool) {
	data, ok := m.object(at, objectData, m.payloadAt+8)
	if !ok || data[1]&compressedAny != 0 {
		return nil, false
	}
	payload := data[m.payloadAt:]
	if !w.begins(payload, le.Uint64(payload)) {
		return nil, false
	}
	return payload[len(w.key):], true
}

// add appends a field, part by part. The processor would have to wait if it
// read the field back in other pieces than it is just being written in.
func add(fields []Field, name string, value []byte) []Field {
	n := len(fields)
	if n == cap(fields) {
		fields = slices.Grow(fields, 1)
	}
	fields = fields[:n+1]
	fields[n].Name, fields[n].Value = name, value
	return fields
}

// decode finds out which field the data object at an offset is, and remembers
// in d what is worth it. It returns false when the object is damaged.
func (p *picker) decode(m *mapping, at uint64, d *datum) (field int, value []byte, ok bool) {
	field = nobody
	var data, payload []byte
	if !p.unwanted(m, at) {
		if data, payload, ok = m.payload(at); !ok {
			return nobody, nil, false
		}
		field = p.fieldOf(payload)
	}
	if field == nobody {
		*d = datum{m.serial, at, nobody, nil}
		return nobody, nil, true
	}
	value = payload[len(p.wanted[field].key):]
	if le.Uint64(data[atDataEntries:]) < knownShared || len(value) > knownLength {
		return field, p.keep(value), true
	}
	value = bytes.Clone(value)
	*d = datum{m.serial, at, field, value}
	return field, value, true
}

// unwanted reports whether the data object at an offset is plainly of no field
// that is wanted. That takes one look at its payload and spares one at its
// head, which may lie in memory that is still far away.
func (p *picker) unwanted(m *mapping, at uint64) bool {
	at += m.payloadAt
	if at > uint64(len(m.b))-8 || m.lz4 {
		return false
	}
	start := le.Uint64(m.b[at:])
	for i := range p.wanted {
		if w := &p.wanted[i]; start&w.mask == w.start {
			return false
		}
	}
	first := byte(start)
	return first == '_' || first >= 'A' && first <= 'Z' // or else perhaps compressed
}

// fieldOf returns the index in wanted of the field that the payload is.
func (p *picker) fieldOf(payload []byte) int {
	if len(payload) < 8 {
		return slices.IndexFunc(p.wanted, func(w wanted) bool {
			return bytes.HasPrefix(payload, w.key)
		})
	}
	start := le.Uint64(payload)
	for i := range p.wanted {
		if p.wanted[i].begins(payload, start) {
			return i
		}
	}
	return nobody
}

// keep copies a value out of the map, which may be cut off behind our back.
func (p *picker) keep(value []byte) []byte {
	begin := len(p.buf)
	p.buf = append(p.buf, value[:min(len(value), maxValue, max(0, maxEntry-begin))]...)
	return p.buf[begin:len(p.buf):len(p.buf)]
}

func (p *picker) name(b []byte) string {
	if s, ok := p.names[string(b)]; ok {
		return s
	}
	if len(p.names) == maxNames {
		clear(p.names)
	}
	s := string(b)
	p.names[s] = s
	return s
}
