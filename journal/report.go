package journal

import (
	"strconv"
	"sync/atomic"
	"time"
)

// Counters are what a reader counts. Anybody may read them at any time, and
// several readers may share them.
type Counters struct {
	Entries     atomic.Uint64 // yielded
	Gaps        atomic.Uint64 // times that entries were gone before they could be read
	GapEntries  atomic.Uint64 // how many entries that were, where it is known
	GapSeconds  atomic.Uint64 // the time that they cover
	Suppressed  atomic.Uint64 // messages that journald dropped by its rate limit
	BadFiles    atomic.Uint64 // files given up as damaged or unreadable
	BadEntries  atomic.Uint64 // damaged entries passed over
	FilesOpened atomic.Uint64
	FilesClosed atomic.Uint64 // opened less closed is what is open now
}

// A Gap is a stretch of the journal that was gone before it could be read.
type Gap struct {
	Entries uint64    // how many entries of any kind, chosen or not; 0: unknown
	From    time.Time // of the last entry before
	To      time.Time // of the first entry after; From when there is none
	Reason  string    // for people
}

// lost reports a gap to everybody who wants to know.
func (o Options) lost(g Gap) {
	o.Log.Warn("journal entries are gone",
		"entries", g.Entries, "from", g.From, "to", g.To, "reason", g.Reason)
	o.Counters.Gaps.Add(1)
	o.Counters.GapEntries.Add(g.Entries)
	o.Counters.GapSeconds.Add(uint64(max(0, g.To.Sub(g.From).Seconds())))
	o.Lost(g)
}

// suppressionID is the MESSAGE_ID of the note that journald leaves when its
// rate limit dropped messages.
const suppressionID = "a596d6fe7bfa4994828e72309e95d61e"

// suppression matches that note. Anybody may send an entry with its MESSAGE_ID,
// but only journald's own have this transport.
var suppression = []Term{
	{"MESSAGE_ID", []string{suppressionID}}, {"_TRANSPORT", []string{"driver"}},
}

// suppressed reports that journald dropped messages before a reader could see
// them.
func (o Options) suppressed(dropped, message string) {
	n, err := strconv.ParseUint(dropped, 10, 64)
	if err != nil {
		return
	}
	o.Log.Warn("journald dropped messages by its rate limit", "dropped", n, "note", message)
	o.Counters.Suppressed.Add(n)
}
