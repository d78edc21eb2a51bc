package journal

import (
	"bytes"
	"slices"
)

const (
	// maxNames bounds how many field names are remembered: a sender may invent them.
	maxNames = 4096
	// maxEntry bounds how much of an entry's values is read: a sender may repeat a field a thousand times.
	maxEntry = 1 << 20
	// maxItems bounds how many fields an entry may have. journald allows 1024.
	maxItems = 2048
)

// A picker reads the fields of entries. What it fills an entry with is valid until it fills the next.
type picker struct {
	all    bool
	once   bool     // one value of each field is enough
	wanted []wanted // unless all
	names  map[string]string
	buf    []byte
	unpack *unpacker
	entry  uint64 // counts those filled
	known  [knownData]datum
}

// wanted is a field that is asked for.
type wanted struct {
	name  string
	key   []byte // the name and its '='
	start uint64 // the key's first 8 bytes as a number, and which of them count
	mask  uint64
	entry uint64 // the last entry that had it
	back  int    // which of an entry's items it was last, from the back
}

const (
	knownData   = 512 // a power of two
	knownLength = 256 // the longest value that is kept with what is known of its object
	knownShared = 4   // how many entries must share an object for that
)

// A datum is what is known of the data object at an offset of a file. Most of an entry's data it shares with others, and
// what nobody asks for need not be looked at again.
type datum struct {
	file, at uint64
	field    int    // of those wanted; nobody: none of them
	value    []byte // never changed
}

const nobody = -1

func newPicker(fields []string, once bool, u *unpacker) *picker {
	p := &picker{all: fields == nil, once: once, names: map[string]string{}, unpack: u}
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

// fill reads the fields of an entry object, which names them by offset and in order of offset. It returns how many of
// them were damaged.
func (p *picker) fill(f *file, entry []byte, fields []Field) (_ []Field, bad int) {
	p.buf = p.buf[:0]
	p.entry++
	if len(entry) > entryItems+maxItems*int(f.entryItem) {
		return fields, 1
	}
	switch {
	case p.all:
		return p.fillAll(f, entry, fields)
	case p.once:
		return p.fillOnce(f, entry, fields)
	}
	item := int(f.entryItem)
	for i := entryItems; i <= len(entry)-item; i += item {
		at := f.itemOf(entry, i)
		d := &p.known[(at>>3^f.serial<<4)*0x9e3779b97f4a7c15>>(64-9)]
		field, value := d.field, d.value
		if d.at != at || d.file != f.serial {
			var ok bool
			if field, value, ok = p.look(f, at, d); !ok {
				bad++
			}
		}
		if field != nobody {
			fields = add(fields, p.wanted[field].name, value)
		}
	}
	return fields, bad
}

// fillOnce reads one value of each field. Where the entry before had a field this one has it too, more often than not.
func (p *picker) fillOnce(f *file, entry []byte, fields []Field) (_ []Field, bad int) {
	left := len(p.wanted)
	for i := range p.wanted {
		w := &p.wanted[i]
		at := len(entry) - w.back*int(f.entryItem)
		if at < entryItems {
			continue
		}
		if value, ok := f.plain(f.itemOf(entry, at), w); ok {
			w.entry = p.entry
			left--
			fields = add(fields, w.name, p.keep(value))
		}
	}
	if left == 0 {
		return fields, 0
	}
	return p.fillRest(f, entry, fields, left)
}

// fillRest reads one value of each field that is left, from the back and no further than needed: what was written with the
// entry itself comes last, above all its MESSAGE, and what it shares with older entries before that.
func (p *picker) fillRest(f *file, entry []byte, fields []Field, left int) (_ []Field, bad int) {
	item := int(f.entryItem)
	for back := 1; left > 0 && len(entry)-back*item >= entryItems; back++ {
		at := f.itemOf(entry, len(entry)-back*item)
		if p.other(f, at) {
			continue
		}
		_, payload, ok := p.payload(f, at)
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

// plain returns the value that the data object at an offset holds, when it is the field's and not compressed.
func (f *file) plain(at uint64, w *wanted) (value []byte, ok bool) {
	data, ok := f.object(at, objectData, f.payload+8)
	if !ok || data[1]&compressedAny != 0 {
		return nil, false
	}
	payload := data[f.payload:]
	if le.Uint64(payload)&w.mask != w.start || len(w.key) > 8 && !bytes.HasPrefix(payload, w.key) {
		return nil, false
	}
	return payload[len(w.key):], true
}

// add appends a field, part by part. Copied as a whole it would be read back in other pieces than it is just being written
// in, and the processor would have to wait until it is.
func add(fields []Field, name string, value []byte) []Field {
	n := len(fields)
	if n == cap(fields) {
		fields = slices.Grow(fields, 1)
	}
	fields = fields[:n+1]
	fields[n].Name, fields[n].Value = name, value
	return fields
}

// fillAll reads all fields of an entry object.
func (p *picker) fillAll(f *file, entry []byte, fields []Field) (_ []Field, bad int) {
	item := int(f.entryItem)
	for i := entryItems; i <= len(entry)-item; i += item {
		_, payload, ok := p.payload(f, f.itemOf(entry, i))
		if !ok {
			bad++
		} else if name, value, ok := bytes.Cut(payload, []byte{'='}); ok {
			fields = append(fields, Field{p.name(name), p.keep(value)})
		}
	}
	return fields, bad
}

// look finds out which field the data object at an offset is, and keeps what is worth it. It returns false when the
// object is damaged.
func (p *picker) look(f *file, at uint64, d *datum) (field int, value []byte, ok bool) {
	if p.other(f, at) {
		*d = datum{f.serial, at, nobody, nil}
		return nobody, nil, true
	}
	data, payload, ok := p.payload(f, at)
	if !ok {
		return nobody, nil, false
	}
	if field = p.fieldOf(payload); field == nobody {
		*d = datum{f.serial, at, nobody, nil}
		return nobody, nil, true
	}
	value = payload[len(p.wanted[field].key):]
	if le.Uint64(data[atDataEntries:]) < knownShared || len(value) > knownLength {
		return field, p.keep(value), true
	}
	value = bytes.Clone(value)
	*d = datum{f.serial, at, field, value}
	return field, value, true
}

// payload returns the data object at an offset and its payload, unpacked.
func (p *picker) payload(f *file, at uint64) (data, payload []byte, ok bool) {
	if data, ok = f.object(at, objectData, f.payload); !ok {
		return nil, nil, false
	}
	payload = data[f.payload:]
	if data[1]&compressedAny != 0 {
		var err error
		if payload, err = p.unpack.unpack(data[1], payload); err != nil {
			return nil, nil, false
		}
	}
	return data, payload, true
}

// other tells whether the data object at an offset is plainly of a field that is not asked for. That takes one look at its
// payload and spares one at its head, which may lie in memory that is still far away.
func (p *picker) other(f *file, at uint64) bool {
	at += f.payload
	if at > uint64(len(f.b))-8 || f.lz4 {
		return false
	}
	start := le.Uint64(f.b[at:])
	for i := range p.wanted {
		if w := &p.wanted[i]; start&w.mask == w.start {
			return false
		}
	}
	first := byte(start)
	return first == '_' || first >= 'A' && first <= 'Z' // or else perhaps compressed
}

// itemOf returns the offset of the data object that an entry names at one of its items.
func (l *layout) itemOf(entry []byte, i int) uint64 {
	if l.compact {
		return uint64(le.Uint32(entry[i:]))
	}
	return le.Uint64(entry[i:])
}

// fieldOf returns which of the fields asked for the payload is.
func (p *picker) fieldOf(payload []byte) int {
	if len(payload) < 8 {
		return slices.IndexFunc(p.wanted, func(w wanted) bool { return bytes.HasPrefix(payload, w.key) })
	}
	start := le.Uint64(payload)
	for i := range p.wanted {
		w := &p.wanted[i]
		if start&w.mask == w.start && (len(w.key) <= 8 || bytes.HasPrefix(payload, w.key)) {
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
