//go:build bars

package jails

import (
	"os"
	"strconv"
	"testing"

	"bailiff/jails/config"
)

// TestMatchPasses goes over a log of 10,000 lines as often as PASSES says, for callgrind: what more passes cost, by
// pass and line, is what a line costs. JAILS is sshd, ten or all; with DATED the log is a file's. With COUNTED a jail of
// sshd counts the failures of a file's log; COUNTED=banned has banned them all before.
func TestMatchPasses(t *testing.T) {
	n, _ := strconv.Atoi(os.Getenv("PASSES"))
	m, ok := map[string]mix{"ordinary": ordinary, "attacked": attacked, "stormed": stormed, "access": access}[os.Getenv("MIX")]
	if n > 0 && !ok {
		t.Fatalf("MIX=%q is none of ordinary, attacked, stormed, access", os.Getenv("MIX"))
	}
	r := &race{t: t, jails: stockJails(t)}
	jails := map[string][]*config.Jail{"": r.named("sshd"), "sshd": r.named("sshd"), "ten": r.named(ten...), "all": r.jails}[os.Getenv("JAILS")]
	if jails == nil {
		t.Fatalf("JAILS=%q is none of sshd, ten, all", os.Getenv("JAILS"))
	}
	log := makeLog(m, 10_000, 1, 2)
	work := inMemory(jails, 1, log.blocks(os.Getenv("DATED") == ""))
	if how := os.Getenv("COUNTED"); how != "" {
		work = counted(t, jails[0], log, how == "banned")
	}
	for range n {
		work()
	}
}
