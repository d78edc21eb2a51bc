// Package source turns the journal and log files into blocks of lines for the jails. It saves how far it has read only
// after the lines' effects are durable, and reads again what a restarted jail has forgotten.
package source

import (
	"context"
	"encoding/json"
	"log/slog"
	"time"

	"bailiff/jails/event"
	"bailiff/journal"
)

// markEvery is how often a position is saved while lines without effects go by.
const markEvery = time.Second

// See judges a block. When it returns nil the block need not be read again, but for what a crash loses; the effects say when
// a position behind it may be saved.
type See func(ctx context.Context, b *event.Block) (event.Effects, error)

// Marks keeps positions over restarts.
type Marks interface {
	Mark(key string) (value string, ok bool)
	// SetMarkAfter keeps a position from now on, and saves it for the next start once judged is closed (nil: it is) and all
	// positions that were set before under the key have been saved.
	SetMarkAfter(ctx context.Context, judged <-chan struct{}, key, value string) error
}

// A mark is the text that is saved for a source: where it is, and for which jails that is true. A jail that is not
// named has never read the source and begins findtime ago.
type mark struct {
	Cursor   string          `json:"cursor,omitempty"`   // journal
	Time     time.Time       `json:"time,omitzero"`      // journal: the cursor's entry
	Position json.RawMessage `json:"position,omitempty"` // file
	Jails    []string        `json:"jails"`
}

// empty tells that nothing was ever saved.
func (m mark) empty() bool { return m.Cursor == "" && m.Position == nil }

// loadMark returns the saved mark, an empty one when there is none or, which it tells, it makes no sense.
func loadMark(marks Marks, key string, log *slog.Logger) (m mark) {
	value, ok := marks.Mark(key)
	if !ok {
		return mark{}
	}
	if err := json.Unmarshal([]byte(value), &m); err != nil || m.Cursor != "" && !journal.IsCursor(m.Cursor) {
		log.Warn("saved position makes no sense; reading begins anew", "source", key, "position", value)
		return mark{}
	}
	return m
}

// save saves the mark once judged is closed.
func (m mark) save(ctx context.Context, marks Marks, key string, judged <-chan struct{}) error {
	value, err := json.Marshal(m)
	if err != nil {
		return err
	}
	return marks.SetMarkAfter(ctx, judged, key, string(value))
}
