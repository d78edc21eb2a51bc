// Package journal reads the systemd journal: the entries that a match chooses,
// from a position on, and new ones as they are written. It knows journald's
// files and nothing of jails.
//
// Two readers do the same work. The native one reads the files itself, in Go
// and through memory maps. The other one asks libsystemd. It is the native
// one's twin in tests, and is only in builds with the tag sdjournal.
package journal

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"
)

// A Match chooses entries: one of its groups must hold, and of a group every
// term. A nil Match chooses every entry.
type Match [][]Term

// A Term holds for an entry whose field has one of the values. An entry may
// have a field several times: one of its values is enough.
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

// Flags choose among journals. They have sd_journal_open's numbers. The first
// two choose among the machine's own journals, the others among the files of
// any directory, by their names.
type Flags int

// The flags that are known. LocalOnly is what this package always does.
const (
	LocalOnly   Flags = 1 << iota
	RuntimeOnly       // only /run/log/journal
	System            // only the system's journal, no user's
	CurrentUser       // only the journal of the user the process runs as
)

// Options say what to read. The zero value reads every entry of the machine's
// own journals from the first one on. Functions and pointers may be nil.
type Options struct {
	Match  Match    // nil: every entry
	Fields []string // the fields to read; nil: all
	Once   bool     // one value of each field is enough
	Flags  Flags

	// At most one of these three is set. Without one the machine's own journals
	// are read, those in /run/log/journal and /var/log/journal.
	Dir       string   // a directory of journals, or of machines' such directories
	Files     []string // journal files; globs as in path/filepath
	Namespace string   // a LogNamespace=; "*": all, "+name": that one and the default

	Reader string // "" is ReaderAuto: native, and sdjournal where native cannot

	Cursor string    // reading goes on after this entry
	Since  time.Time // without a cursor: from when on; zero: from the first entry on

	// Idle is called before each wait, when everything that is there has been
	// yielded, and at least once a second.
	Idle func()

	// Reached is called now and then, before Idle, and at the end. It gets the
	// newest entry of all, without fields. Everything up to that entry has been
	// looked at, and nothing was chosen since the last one that was yielded.
	// Whoever resumes there misses nothing, and hears of no gap when the last
	// chosen entry is gone. Only the native reader calls it, and only for the
	// machine's own journals.
	Reached func(*Entry)

	// Lost is called when entries are gone that should have been yielded,
	// before the first one after them is yielded.
	Lost func(Gap)

	Counters *Counters
	Log      *slog.Logger

	once bool // only what is there now is read: nothing need be watched
}

// defaults fills in what may be nil.
func (o Options) defaults() Options {
	if o.Idle == nil {
		o.Idle = func() {}
	}
	if o.Reached == nil {
		o.Reached = func(*Entry) {}
	}
	if o.Lost == nil {
		o.Lost = func(Gap) {}
	}
	o.Counters = cmp.Or(o.Counters, &Counters{})
	o.Log = cmp.Or(o.Log, slog.New(slog.DiscardHandler))
	return o
}

// check finds what no reader could make sense of.
func (o Options) check() error {
	known := []string{"", ReaderAuto, ReaderNative, ReaderSDJournal}
	if !slices.Contains(known, o.Reader) {
		return fmt.Errorf("unknown reader %q", o.Reader)
	}
	named := 0
	for _, set := range []bool{o.Dir != "", len(o.Files) > 0, o.Namespace != ""} {
		if set {
			named++
		}
	}
	if named > 1 {
		return errors.New("more than one of directory, files and namespace is named")
	}
	for _, group := range o.Match {
		for _, t := range group {
			if t.Field == "" || len(t.Values) == 0 {
				return fmt.Errorf("match on %q has no field or no values", t.Field)
			}
		}
	}
	return nil
}
