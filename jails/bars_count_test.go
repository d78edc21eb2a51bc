//go:build bars

package jails

import (
	"os"
	"strconv"
	"testing"
)

// TestMatchPasses goes over a log of 10,000 lines as often as PASSES says, for callgrind: what more passes cost, by
// pass and line, is what a line costs.
func TestMatchPasses(t *testing.T) {
	n, _ := strconv.Atoi(os.Getenv("PASSES"))
	m := map[string]mix{"ordinary": ordinary, "attacked": attacked}[os.Getenv("MIX")]
	r := &race{t: t, jails: stockJails(t)}
	work := r.inMemory(r.named("sshd"), 1, makeLog(m, 10_000, 1, 2), true)
	for range n {
		work()
	}
}
