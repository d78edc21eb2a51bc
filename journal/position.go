package journal

import (
	"cmp"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// id is one of systemd's 128-bit ids.
type id [16]byte

func (x id) String() string { return hex.EncodeToString(x[:]) }

func parseID(s string) (id, error) {
	b, err := hex.DecodeString(s)
	if err != nil {
		return id{}, err
	}
	if len(b) != len(id{}) {
		return id{}, fmt.Errorf("%d digits in place of 32", len(s))
	}
	return id(b), nil
}

// A position is all that names an entry and orders it among others. A cursor is
// its text.
type position struct {
	seqnumID  id // whose sequence numbers: each journald counts by itself
	seqnum    uint64
	boot      id
	monotonic uint64 // microseconds
	realtime  uint64 // microseconds
	xor       uint64 // a hash of all fields
	now       bool   // the entry is from the boot that the machine is in
}

// String writes the position as sd_journal_get_cursor does.
func (p position) String() string {
	return fmt.Sprintf("s=%s;i=%x;b=%s;m=%x;t=%x;x=%x",
		p.seqnumID, p.seqnum, p.boot, p.monotonic, p.realtime, p.xor)
}

// IsCursor reports whether s is a cursor, of whatever entry.
func IsCursor(s string) bool {
	_, err := parseCursor(s)
	return err == nil
}

// parseCursor reads a cursor. All six parts must be there. Unknown ones are
// passed over, as libsystemd does.
func parseCursor(s string) (position, error) {
	parts := map[string]string{}
	for part := range strings.SplitSeq(s, ";") {
		key, value, _ := strings.Cut(part, "=")
		parts[key] = value
	}
	var fault error
	note := func(key string, err error) {
		if err != nil && fault == nil {
			fault = fmt.Errorf("cursor %q: part %q: %w", s, key+"="+parts[key], err)
		}
	}
	ofID := func(key string) id {
		x, err := parseID(parts[key])
		note(key, err)
		return x
	}
	number := func(key string) uint64 {
		n, err := strconv.ParseUint(parts[key], 16, 64)
		note(key, err)
		return n
	}
	p := position{seqnumID: ofID("s"), seqnum: number("i"), boot: ofID("b"),
		monotonic: number("m"), realtime: number("t"), xor: number("x")}
	return p, fault
}

func (p *position) time() time.Time { return time.UnixMicro(int64(p.realtime)) }

// compare orders two entries as sd-journal does: by sequence number where the
// same journald counted, else by the time since boot within one boot, else by
// the wall clock. 0 means that they are the same entry, or a copy.
//
// In one thing it differs. The boot that the machine is in comes after all
// others, for its clock may be behind theirs: what had been read would be read
// again, or not at all.
func (p *position) compare(q *position) int {
	switch {
	case p.seqnumID == q.seqnumID && p.seqnum != q.seqnum:
		return cmp.Compare(p.seqnum, q.seqnum)
	case p.boot == q.boot && p.monotonic != q.monotonic:
		return cmp.Compare(p.monotonic, q.monotonic)
	case p.now && !q.now:
		return 1
	case q.now && !p.now:
		return -1
	case p.realtime != q.realtime:
		return cmp.Compare(p.realtime, q.realtime)
	}
	return cmp.Compare(p.xor, q.xor)
}
