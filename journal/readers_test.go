//go:build !sdjournal

package journal_test

import "bailiff/journal"

// readers are those this build has; every test of behaviour runs with each.
var readers = []string{journal.ReaderNative}
