package source

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"strings"
	"time"

	"bailiff/filefollow"
	"bailiff/jails/event"
	"bailiff/journal"
)

// saveEvery is how often a position is saved while lines without effects go by.
const saveEvery = time.Second

// Positions keeps positions over restarts.
type Positions interface {
	Load(key string) (value string, ok bool)
	// SaveAfter keeps a position from now on. It saves it for the next start once
	// judged is closed (nil: it is) and all positions that were set before under
	// the key have been saved.
	SaveAfter(ctx context.Context, judged <-chan struct{}, key, value string) error
}

// A position is how far a source was read, and for which jails that holds. A
// jail that is not named has never read the source, and begins findtime ago.
type position struct {
	Cursor string          `json:"cursor,omitempty"`   // in a journal
	Time   time.Time       `json:"time,omitzero"`      // in a journal: of the cursor's entry
	File   json.RawMessage `json:"position,omitempty"` // in a log file
	Jails  []string        `json:"jails"`
}

// empty reports whether nothing was ever saved.
func (p position) empty() bool { return p.Cursor == "" && p.File == nil }

// inFile returns the position in a log file.
func (p position) inFile() (in filefollow.Position, ok bool) {
	ok = p.File != nil && json.Unmarshal(p.File, &in) == nil
	return in, ok
}

// load returns the saved position. It is empty when there is none or when, which
// is logged, it makes no sense.
func load(saved Positions, key string, log *slog.Logger) (p position) {
	value, ok := saved.Load(key)
	if !ok {
		return position{}
	}
	err := json.Unmarshal([]byte(value), &p)
	if err != nil || p.Cursor != "" && !journal.IsCursor(p.Cursor) {
		log.Warn("saved position makes no sense; reading begins anew",
			"source", key, "position", value)
		return position{}
	}
	return p
}

// save saves the position once judged is closed.
func (p position) save(ctx context.Context, to Positions, key string,
	judged <-chan struct{}) error {
	value, err := json.Marshal(p)
	if err != nil {
		return err
	}
	return to.SaveAfter(ctx, judged, key, string(value))
}

// A saver saves how far a reader has got: at once behind lines with effects,
// else now and then.
type saver struct {
	to      Positions
	unsaved map[string]position // by key
	saved   time.Time
}

func newSaver(to Positions) *saver { return &saver{to: to, unsaved: map[string]position{}} }

// move notes where lines with these effects end.
func (s *saver) move(ctx context.Context, key string, p position, e event.Effects) error {
	s.unsaved[key] = p
	if e.Judged != nil {
		delete(s.unsaved, key)
		if err := p.save(ctx, s.to, key, e.Judged); err != nil {
			return err
		}
	}
	return s.save(ctx, e.Any)
}

// save saves the positions that have moved: at once when asked to, else when it
// is time.
func (s *saver) save(ctx context.Context, now bool) error {
	if len(s.unsaved) == 0 || !now && time.Since(s.saved) < saveEvery {
		return nil
	}
	for key, p := range s.unsaved {
		if err := p.save(ctx, s.to, key, nil); err != nil {
			return err
		}
		delete(s.unsaved, key)
	}
	s.saved = time.Now()
	return nil
}

// Vanished reports whether what is saved under a key is the position in a log
// that is gone and will not be missed: there is no file at its path, and it was
// last written to before a time since which lines still count. Should such a log
// come back, it is read like one that appears.
func Vanished(key, value string, since time.Time) bool {
	log, ok := strings.CutPrefix(key, "file:")
	slash := strings.IndexByte(log, '/')
	if !ok || slash < 0 {
		return false
	}
	var p position
	if json.Unmarshal([]byte(value), &p) != nil {
		return false
	}
	in, ok := p.inFile()
	if !ok || !time.Unix(0, in.Time).Before(since) {
		return false
	}
	_, err := os.Lstat(log[slash:])
	return errors.Is(err, fs.ErrNotExist)
}
