package journal

import (
	"strconv"
	"time"
)

// maxValue is where a field's value is cut. libsystemd cuts there too unless
// told otherwise.
const maxValue = 64 << 10

// An Entry is one entry of the journal. It and all it refers to is valid only
// until the call that it was handed to returns.
type Entry struct {
	Fields []Field // those of one name in the journal's order, others in no particular order

	at     position
	cursor string // what Cursor returns; "" where at is all set, and says it
}

// A Field is one field of an entry. An entry may have a name several times;
// through libsystemd only the first of them is seen. Values longer than 64 KiB
// are cut.
type Field struct {
	Name  string
	Value []byte
}

// Realtime returns when journald received the entry, by the wall clock, to the
// microsecond.
func (e *Entry) Realtime() time.Time { return e.at.time() }

// Sent returns when the sender sent the entry, where journald recorded that and
// _SOURCE_REALTIME_TIMESTAMP is among the fields, else Realtime.
func (e *Entry) Sent() time.Time {
	text := e.Get("_SOURCE_REALTIME_TIMESTAMP")
	if len(text) == 0 {
		return e.Realtime()
	}
	us, err := strconv.ParseUint(string(text), 10, 59) // up to the year 20000
	if err != nil || us == 0 {
		return e.Realtime()
	}
	return time.UnixMicro(int64(us))
}

// Monotonic returns when journald received the entry, since boot, to the
// microsecond.
func (e *Entry) Monotonic() time.Duration {
	return time.Duration(e.at.monotonic) * time.Microsecond
}

// Cursor returns the entry's name in systemd's own form. journalctl
// --after-cursor takes it, and so do both readers.
func (e *Entry) Cursor() string {
	if e.cursor != "" {
		return e.cursor
	}
	return e.at.String()
}

// Get returns the first value of the field, nil when the entry lacks it or it
// was not among those to read.
func (e *Entry) Get(name string) []byte {
	for _, f := range e.Fields {
		if f.Name == name {
			return f.Value
		}
	}
	return nil
}
