//go:build !cgo

package journal

// openSDJournal says that this build cannot: libsystemd is reached through cgo.
func openSDJournal(Options) (reader, error) { return nil, errNoReader }
