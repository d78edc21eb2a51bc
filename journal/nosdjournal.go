//go:build !sdjournal

package journal

import "errors"

// openSDJournal says that this build cannot: libsystemd is linked only where
// somebody wants it.
func openSDJournal(Options) (reader, error) {
	return nil, errors.New("this build has no sdjournal reader: " +
		"build it with CGO_ENABLED=1 and -tags sdjournal")
}
