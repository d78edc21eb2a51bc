package journal

import "sync/atomic"

// Counters are what a reader counts. They may be read at any time and by anybody; several readers may share one. Its
// methods accept a nil receiver.
type Counters struct {
	Entries     atomic.Uint64 // yielded
	Gaps        atomic.Uint64 // times entries were gone before they could be read
	GapEntries  atomic.Uint64 // how many, where that is known
	GapSeconds  atomic.Uint64 // and the time they cover
	Suppressed  atomic.Uint64 // messages journald itself dropped by its rate limit (N_DROPPED)
	BadFiles    atomic.Uint64 // files given up as corrupt or unreadable
	BadEntries  atomic.Uint64 // corrupt entries passed over
	FilesOpened atomic.Uint64
	FilesClosed atomic.Uint64 // opened less closed is what is held now
}

func (c *Counters) entry() {
	if c != nil {
		c.Entries.Add(1)
	}
}

func (c *Counters) gap(g Gap) {
	if c != nil {
		c.Gaps.Add(1)
		c.GapEntries.Add(g.Entries)
		c.GapSeconds.Add(uint64(max(0, g.To.Sub(g.From).Seconds())))
	}
}

func (c *Counters) suppressed(n uint64) {
	if c != nil {
		c.Suppressed.Add(n)
	}
}

func (c *Counters) opened() {
	if c != nil {
		c.FilesOpened.Add(1)
	}
}

func (c *Counters) closed() {
	if c != nil {
		c.FilesClosed.Add(1)
	}
}

func (c *Counters) badFile() {
	if c != nil {
		c.BadFiles.Add(1)
	}
}

func (c *Counters) badEntries(n uint64) {
	if c != nil {
		c.BadEntries.Add(n)
	}
}
