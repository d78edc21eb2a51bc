// Package event holds the nouns every stage speaks: the Line a source yields, the Failure a filter finds in it and
// the Ban a jail decides on. It imports the standard library only.
package event

import (
	"net/netip"
	"time"
)

// A Block is one or more complete lines of one source, in order. Sources yield blocks and not lines, so that a matcher
// can scan raw text and delimit only the lines it is interested in.
//
// A block and all it refers to is valid only until the call it was handed to returns.
type Block struct {
	Origin  string   // the file's path, or the journal's name: for people
	Text    []byte   // the lines, valid UTF-8, each ended by one '\n'
	Entries []Entry  // the journal's entries, one a line of Text and in the same order; nil for a file
	Jails   []string // the jails that the block is for; nil: all that follow the source
	Live    bool     // the source has reached its end once: these lines are being written now

	// Past tells that the block lies before the source's saved position. For the jails in Known, which had read it
	// before a restart, it only rebuilds counters; for others it is new.
	Past  bool
	Known []string
}

// Effects are what a block led to.
type Effects struct {
	Any bool // there was a failure: the position behind the block is worth saving at once
	// Judged is closed when every failure of the block has been judged and its bans are on their way to the store: before
	// that, no position behind the block may be saved. Nil: they have been.
	Judged <-chan struct{}
}

// An Entry is what the journal knows of one line of a Block.
type Entry struct {
	Start  int       // where its line begins in the block's Text
	Time   time.Time // _SOURCE_REALTIME_TIMESTAMP, else __REALTIME_TIMESTAMP
	Fields []Field   // those fields that some jail asked for
}

// A Field is one field of a journal entry. A name may occur several times.
type Field struct {
	Name  string
	Value []byte
}

// A Line is one line as a filter reads it. Like the block it came from it is valid only until the call it was handed to
// returns.
type Line struct {
	Origin string
	Text   []byte    // without its line end
	Time   time.Time // the journal entry's time; zero for files, whose date stands in Text
	Fields []Field   // the journal entry's fields; nil for files
	Entry  int       // the journal entry's number in the block; 0 for files
	Before []byte    // what stood before it in its block: whole lines
	Live   bool
}

// A Failure is one failed attempt by one subject. It owns its memory but for its Evidence.
type Failure struct {
	Subject  Subject   // zero while a host name could not be resolved
	Time     time.Time // when it happened, by the log
	Attempts int       // how many attempts it stands for, at least 1
	// Evidence has what the following do not say yet: most failures lead to no ban, and nobody reads of them. It is valid
	// as long as whoever found the failure says. Nil: they say all.
	Evidence Evidence
	Host     string            // the raw text that named the subject
	Lines    []string          // the lines that led to it, oldest first
	Fields   map[string]string // captured groups, named as in fail2ban: "user" for <F-USER>
}

// Evidence is what a failure was found by.
type Evidence interface {
	AddLines(to *Lines)
	Fields() map[string]string
}

// AddLines adds the lines that led to the failure.
func (f *Failure) AddLines(to *Lines) {
	if f.Evidence != nil {
		f.Evidence.AddLines(to)
	}
	for _, l := range f.Lines {
		to.Add([]byte(l))
	}
}

// Captures returns the captured groups.
func (f *Failure) Captures() map[string]string {
	if f.Evidence != nil {
		return f.Evidence.Fields()
	}
	return f.Fields
}

// A Ban is a jail's verdict on a subject. It owns its memory.
type Ban struct {
	Jail     string
	Subject  Subject
	At       time.Time
	Until    time.Time // zero: permanent
	Failures int       // how many failures led to it; 0 for a manual ban
	Lines    []string
	Fields   map[string]string

	Before *Ban // the ban in whose place it came, if one stood

	// Wide4 and Wide6 are the length of the network around the subject's address that is blocked with it, as the jail's
	// action has it; 0 means the address alone. They are not stored.
	Wide4, Wide6 uint8
}

// Prolonged tells whether the ban stood already and only ends later now.
func (b Ban) Prolonged() bool { return b.Before != nil && b.Before.At.Equal(b.At) }

// Network is what the kernel blocks: the subject's network, or, of an opaque id, the address that its failures named;
// in a jail whose action blocks more than addresses, the network around it.
func (b Ban) Network() (p netip.Prefix, ok bool) {
	if p, ok = b.Subject.Prefix(); !ok {
		s, err := ParseSubject(b.Fields["ip"])
		if err != nil {
			return netip.Prefix{}, false
		}
		if p, ok = s.Prefix(); !ok {
			return p, false
		}
	}
	wide := int(b.Wide6)
	if p.Addr().Is4() {
		wide = int(b.Wide4)
	}
	if wide > 0 && wide < p.Bits() {
		p, _ = p.Addr().WithZone("").Prefix(wide)
	}
	return p, true
}

// Permanent tells whether the ban never ends by itself.
func (b Ban) Permanent() bool { return b.Until.IsZero() }

// Active tells whether the ban is in force at t.
func (b Ban) Active(t time.Time) bool { return b.Permanent() || b.Until.After(t) }
