package journal

import "time"

// How long a reader sleeps before it looks again. journald's own notifications come up to half a second late.
const (
	shortestWait = 5 * time.Millisecond
	longestWait  = 80 * time.Millisecond
)

// pace returns how long to wait when the last entry came the given time ago: a tenth of that, so that a reader is quick
// while entries flow and costs next to nothing while none do.
func pace(quiet time.Duration) time.Duration {
	return min(max(quiet/10, shortestWait), longestWait)
}
