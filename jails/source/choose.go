package source

import (
	"fmt"
	"strings"

	"bailiff/filefollow"
)

// A Kind is where a jail's lines come from.
type Kind string

// The kinds of sources.
const (
	FromJournal Kind = "journal"
	FromFiles   Kind = "files"
	FromNowhere Kind = "none"
)

// A Wish is what a jail's configuration says about where to read.
type Wish struct {
	Backend  string   // auto, systemd[...], polling or another of fail2ban's file backends
	Globs    []string // logpath
	OwnMatch bool     // the jail itself names a journal match
	HasMatch bool     // the jail or its filter has a journal match
}

// A Choice is what the wish comes down to now, and why.
type Choice struct {
	Kind  Kind
	Why   string
	Empty bool // there is nothing to read yet, and nobody is found
}

// Choose decides where a jail reads. journal returns nil when a journal can be
// read, else the reason why not; it is asked only where that matters, for to
// open a journal is much work. A jail never reads both: with backend auto one
// that names a match reads the journal when it can, any other its files, and
// the journal only while none of them exists.
func (w Wish) Choose(journal func() error) Choice {
	switch {
	case strings.HasPrefix(w.Backend, "systemd"):
		if err := journal(); err != nil {
			return Choice{FromNowhere, fmt.Sprintf("waits for a journal: %v", err), true}
		}
		return Choice{FromJournal, "backend = systemd", false}
	case w.Backend != "auto":
		return w.files("backend = " + w.Backend)
	case w.OwnMatch:
		if err := journal(); err != nil {
			return w.files(fmt.Sprintf("no journal can be read (%v)", err))
		}
		return Choice{FromJournal, "the jail names a journal match", false}
	case w.HasMatch && w.existing() == "" && journal() == nil:
		why := "no file of logpath exists and the filter has a journalmatch"
		return Choice{FromJournal, why, false}
	}
	return w.files("backend = auto")
}

// files chooses the jail's log files for the given reason.
func (w Wish) files(why string) Choice {
	if len(w.Globs) == 0 {
		return Choice{FromNowhere, why + ", and the jail has no logpath", true}
	}
	if first := w.existing(); first != "" {
		return Choice{FromFiles, why + ", and " + first + " exists", false}
	}
	why += "; waits for " + strings.Join(w.Globs, " or ") + " to appear"
	return Choice{FromFiles, why, true}
}

// existing is the first existing file of the wish, "" for none.
func (w Wish) existing() string {
	for _, g := range w.Globs {
		if first := filefollow.First(g); first != "" {
			return first
		}
	}
	return ""
}
