package journal

import "bytes"

const (
	// maxNames bounds how many field names are remembered: a sender may invent them.
	maxNames = 4096
	// maxItems bounds how many fields an entry may have. journald allows 1024.
	maxItems = 2048
)

// A picker reads the fields of entries. What it fills an entry with is valid until it fills the next.
type picker struct {
	all    bool
	wanted []wanted // otherwise
	names  map[string]string
	buf    []byte
	unpack *unpacker
}

// wanted is a field that is asked for.
type wanted struct {
	name  string
	key   []byte // the name and its '='
	start uint64 // the key's first 8 bytes as a number, and which of them count
	mask  uint64
}

func newPicker(fields []string, u *unpacker) *picker {
	p := &picker{all: fields == nil, names: map[string]string{}, unpack: u}
	for _, name := range fields {
		w := wanted{name: name, key: []byte(name + "=")}
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

// fill reads the fields of an entry object. It returns how many of them were damaged.
//
// An entry names its fields by offset, in order of offset. What was written with the entry itself comes last, above all
// its MESSAGE, and what it shares with older entries before that: so it is read from the back, and no further than
// needed.
func (p *picker) fill(f *file, entry []byte, fields []Field) (_ []Field, bad int) {
	p.buf = p.buf[:0]
	if len(entry) > entryItems+maxItems*int(f.entryItem) {
		return fields, 1
	}
	for i := len(entry) - int(f.entryItem); i >= entryItems; i -= int(f.entryItem) {
		at := f.itemOf(entry, i)
		if !p.all && p.other(f, at) {
			continue
		}
		data, ok := f.object(at, objectData, f.payload)
		if !ok {
			bad++
			continue
		}
		payload := data[f.payload:]
		if data[1]&compressedAny != 0 {
			var err error
			if payload, err = p.unpack.unpack(data[1], payload); err != nil {
				bad++
				continue
			}
		}
		fields = p.pick(payload, fields)
		if !p.all && len(fields) == len(p.wanted) {
			break
		}
	}
	return fields, bad
}

// other tells whether the data object at an offset is plainly of a field that is not asked for. That takes one look at its
// payload and spares one at its head, which may lie in memory that is still far away.
func (p *picker) other(f *file, at uint64) bool {
	at += f.payload
	if at > uint64(len(f.b))-8 || f.lz4 {
		return false
	}
	start := le.Uint64(f.b[at:])
	if first := byte(start); first != '_' && (first < 'A' || first > 'Z') {
		return false // perhaps compressed
	}
	for i := range p.wanted {
		if start&p.wanted[i].mask == p.wanted[i].start {
			return false
		}
	}
	return true
}

// itemOf returns the offset of the data object that an entry names at one of its items.
func (l *layout) itemOf(entry []byte, i int) uint64 {
	if l.compact {
		return uint64(le.Uint32(entry[i:]))
	}
	return le.Uint64(entry[i:])
}

// pick adds the field, when it is asked for.
func (p *picker) pick(payload []byte, fields []Field) []Field {
	if p.all {
		name, value, ok := bytes.Cut(payload, []byte{'='})
		if !ok {
			return fields
		}
		return append(fields, Field{p.name(name), p.keep(value)})
	}
	if len(payload) < 8 {
		return p.pickShort(payload, fields)
	}
	start := le.Uint64(payload)
	for i := range p.wanted {
		w := &p.wanted[i]
		if start&w.mask == w.start && bytes.HasPrefix(payload, w.key) {
			return p.once(fields, Field{w.name, p.keep(payload[len(w.key):])})
		}
	}
	return fields
}

func (p *picker) pickShort(payload []byte, fields []Field) []Field {
	for i := range p.wanted {
		if w := &p.wanted[i]; bytes.HasPrefix(payload, w.key) {
			return p.once(fields, Field{w.name, p.keep(payload[len(w.key):])})
		}
	}
	return fields
}

// once adds the field unless the entry has shown one of that name already.
func (p *picker) once(fields []Field, add Field) []Field {
	for i := range fields {
		if fields[i].Name == add.Name {
			return fields
		}
	}
	return append(fields, add)
}

// keep copies a value out of the map, which may be cut off behind our back.
func (p *picker) keep(value []byte) []byte {
	begin := len(p.buf)
	p.buf = append(p.buf, value[:min(len(value), maxValue)]...)
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
