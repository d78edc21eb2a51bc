package journal

import "time"

// A Gap is a stretch of the journal that was gone before it could be read.
type Gap struct {
	Entries uint64    // how many entries, of any kind and not only matching ones; 0: not known
	From    time.Time // of the last entry before
	To      time.Time // of the first entry after; From when there is none
	Reason  string    // for people
}

// lost tells everybody who wants to know.
func (o Options) lost(g Gap) {
	o.log().Warn("journal entries are gone", "entries", g.Entries, "from", g.From, "to", g.To, "reason", g.Reason)
	o.Counters.gap(g)
	if o.Lost != nil {
		o.Lost(g)
	}
}
