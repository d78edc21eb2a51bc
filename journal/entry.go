package journal

import (
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// maxValue is where a field's value is cut. libsystemd cuts there too unless told otherwise.
const maxValue = 64 << 10

// An Entry is one entry of the journal. It and all it refers to is valid only until the call it was handed to returns.
type Entry struct {
	Fields []Field // of one name in the order of the journal, else in no particular order

	at     position
	cursor string // as libsystemd wrote it; "" where all of at is set
}

// A Field is one field of an entry. A name may occur several times; through libsystemd only the first of them is seen.
// Values longer than 64 KiB are cut.
type Field struct {
	Name  string
	Value []byte
}

// Realtime returns when journald received the entry, by the wall clock, to the microsecond.
func (e *Entry) Realtime() time.Time { return time.UnixMicro(int64(e.at.realtime)) }

// Monotonic returns when journald received the entry, since boot, to the microsecond.
func (e *Entry) Monotonic() time.Duration { return time.Duration(e.at.monotonic) * time.Microsecond }

// Cursor returns the entry's name, in systemd's own form: journalctl --after-cursor takes it, and so do both readers.
func (e *Entry) Cursor() string {
	if e.cursor != "" {
		return e.cursor
	}
	return e.at.String()
}

// Get returns the first value of the field, nil when the entry lacks it or it was not asked for.
func (e *Entry) Get(name string) []byte {
	for _, f := range e.Fields {
		if f.Name == name {
			return f.Value
		}
	}
	return nil
}

// id is one of systemd's 128-bit ids.
type id [16]byte

func (x id) String() string { return hex.EncodeToString(x[:]) }

// A position is all that names an entry and orders it among others: a cursor, taken apart.
type position struct {
	seqnumID  id // whose sequence numbers
	seqnum    uint64
	boot      id
	monotonic uint64 // microseconds
	realtime  uint64 // microseconds
	xor       uint64 // a hash of all fields
	now       bool   // it is from the boot that the machine is in
}

// String writes the position as sd_journal_get_cursor does.
func (p position) String() string {
	return fmt.Sprintf("s=%s;i=%x;b=%s;m=%x;t=%x;x=%x", p.seqnumID, p.seqnum, p.boot, p.monotonic, p.realtime, p.xor)
}

// IsCursor tells whether s is a cursor, of whatever entry.
func IsCursor(s string) bool {
	_, err := parseCursor(s)
	return err == nil
}

// parseCursor reads a cursor. All six parts must be there; unknown ones are passed over, as libsystemd does.
func parseCursor(s string) (position, error) {
	var p position
	seen := map[string]bool{}
	for part := range strings.SplitSeq(s, ";") {
		key, value, _ := strings.Cut(part, "=")
		var err error
		switch key {
		case "s":
			p.seqnumID, err = parseID(value)
		case "b":
			p.boot, err = parseID(value)
		case "i":
			p.seqnum, err = strconv.ParseUint(value, 16, 64)
		case "m":
			p.monotonic, err = strconv.ParseUint(value, 16, 64)
		case "t":
			p.realtime, err = strconv.ParseUint(value, 16, 64)
		case "x":
			p.xor, err = strconv.ParseUint(value, 16, 64)
		}
		if err != nil {
			return position{}, fmt.Errorf("cursor %q: part %q: %w", s, part, err)
		}
		seen[key] = true
	}
	for _, key := range []string{"s", "i", "b", "m", "t", "x"} {
		if !seen[key] {
			return position{}, fmt.Errorf("cursor %q: part %q is missing", s, key)
		}
	}
	return p, nil
}

func parseID(s string) (id, error) {
	var x id
	b, err := hex.DecodeString(s)
	if err != nil {
		return x, err
	}
	if len(b) != len(x) {
		return x, fmt.Errorf("%d digits in place of 32", len(s))
	}
	return id(b), nil
}
