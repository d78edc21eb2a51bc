//go:build bars && sdjournal

package journal_test

import (
	"fmt"
	"strings"
	"testing"
	"text/tabwriter"
	"time"
)

// rounds is how often each contestant runs, by turns with all others. The best of them counts.
const rounds = 5

// TestJournalBars holds the native reader and the daemon against their peers on one journal.
func TestJournalBars(t *testing.T) {
	dir := bigJournal(t)
	readers := append(peers(t, dir, "every MESSAGE", "0"), peers(t, dir, "four of sshd's", "1")...)
	best := compete(t, readers, rounds)
	ours, theirs := bailiffDaemon(t, dir), fail2banDaemon(t, dir)
	for name, f := range compete(t, []contestant{ours, theirs}, rounds) {
		best[name] = f
	}
	t.Log(table(append(readers, ours, theirs), best))

	atLeast(t, "every MESSAGE", 10, best["every MESSAGE, native"], best["every MESSAGE, libsystemd in C"])
	atLeast(t, "with matches", 3, best["four of sshd's, native"], best["four of sshd's, libsystemd in C"])
	atLeast(t, "the daemon", 40, best[ours.name], best[theirs.name])
	if ours, theirs := best["every MESSAGE, native"].memory, best["every MESSAGE, libsystemd in C"].memory; ours > theirs {
		t.Errorf("%d MB of memory, of which most is the page cache's, are more than libsystemd's %d", ours>>10, theirs>>10)
	}
}

// atLeast holds that ours took at most the given part of what theirs did for the same entries.
func atLeast(t *testing.T, what string, bar float64, ours, theirs figure) {
	t.Helper()
	ratio := float64(theirs.cpu) / float64(ours.cpu)
	t.Logf("%s: %.1f times less; the bar is %.0f", what, ratio, bar)
	if ratio < bar || ours.entries != theirs.entries {
		t.Errorf("%s: %.1f times less is below %.0f, or %d entries are not %d", what, ratio, bar, ours.entries, theirs.entries)
	}
}

// compete runs the contestants by turns and returns the best of each.
func compete(t *testing.T, all []contestant, rounds int) map[string]figure {
	best := map[string]figure{}
	for range rounds {
		for _, c := range all {
			f := c.run(t)
			if was, ok := best[c.name]; ok {
				f.cpu, f.memory = min(f.cpu, was.cpu), max(f.memory, was.memory)
			}
			best[c.name] = f
		}
	}
	return best
}

func table(all []contestant, best map[string]figure) string {
	var text strings.Builder
	w := tabwriter.NewWriter(&text, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "\nwork and reader\tentries\tCPU\tns/entry\tentries/s\tMB\t")
	for _, c := range all {
		f := best[c.name]
		fmt.Fprintf(w, "%s\t%d\t%v\t%d\t%.0f\t%d\t\n", c.name, f.entries, f.cpu.Round(100*time.Microsecond),
			f.cpu.Nanoseconds()/int64(max(1, f.entries)), float64(f.entries)/f.cpu.Seconds(), f.memory>>10)
	}
	w.Flush()
	return text.String()
}
