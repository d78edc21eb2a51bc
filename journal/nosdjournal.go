//go:build !cgo

package journal

import "errors"

// openSDJournal says that this build cannot: libsystemd is reached through cgo.
func openSDJournal(Options) (reader, error) {
	return nil, errors.New("open journal: this build has no sdjournal reader, for it was built without cgo")
}
