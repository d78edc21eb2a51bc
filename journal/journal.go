// Package journal reads the systemd journal: which entries, from where on, and on as they are written. It knows journald's
// files and nothing of jails.
//
// Two readers do the same work. The native one reads the files itself, in pure Go and through a memory map; the
// sdjournal one asks libsystemd and is there only in builds with the tag sdjournal.
package journal

import (
	"log/slog"
	"time"
)

// A Match chooses entries: any of its groups must hold, and of a group every term. A nil Match chooses every entry.
type Match [][]Term

// A Term holds for an entry whose field has one of the values. A field may occur several times in an entry: one of its
// values is enough.
type Term struct {
	Field  string
	Values []string
}

// Names of the readers, for Options.Reader.
const (
	ReaderAuto      = "auto"
	ReaderNative    = "native"
	ReaderSDJournal = "sdjournal"
)

// Flags choose among journals, with sd_journal_open's numbers: the first two among the machine's own, the others, by their
// names, among the files of any directory.
type Flags int

// The flags that are known. LocalOnly is what this package always does.
const (
	LocalOnly   Flags = 1 << iota
	RuntimeOnly       // only /run/log/journal
	System            // only the system's journal, no user's
	CurrentUser       // only the journal of the user the process runs as
)

// Options say what to read. The zero value reads every entry of the machine's own journals from the first one on.
type Options struct {
	Match  Match    // nil: every entry
	Fields []string // the fields to read; nil: all
	Once   bool     // of a field that occurs several times in an entry one value is enough, and the others are not looked for
	Flags  Flags

	// At most one of these three is set. None: the machine's own journals, /run/log/journal and /var/log/journal.
	Dir       string   // a journal directory, or one that holds such directories of machines; a namespace's is named itself
	Files     []string // journal files; globs as in path/filepath
	Namespace string   // a LogNamespace=; "*" is all of them, "+name" that one and the default

	Reader string // "" is ReaderAuto: native, and sdjournal where native cannot

	Cursor string    // resume after this entry
	Since  time.Time // without a cursor: the first entry's time; zero: the earliest there is

	// Idle is called whenever everything that is there has been yielded, before each wait, at least once a second. nil: off.
	Idle func()

	// Reached is called now and then, before Idle, and at the end, with the newest entry of all, without fields, when everything up
	// to it has been looked at and nothing after the last one yielded was chosen. Whoever resumes there misses nothing, and is not
	// told of a gap when the last chosen entry is gone. The native reader does so for the machine's own journals. nil: off.
	Reached func(*Entry)

	// Lost is called when entries that should have been yielded are gone, before the first one after them is yielded. nil: off.
	Lost func(Gap)

	Counters *Counters    // nil: not counted
	Log      *slog.Logger // nil: silent

	once bool // only what is there now is read: nothing need be watched
}

func (o Options) log() *slog.Logger {
	if o.Log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return o.Log
}

func (o Options) idle() {
	if o.Idle != nil {
		o.Idle()
	}
}
