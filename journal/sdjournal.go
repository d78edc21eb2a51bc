//go:build sdjournal

package journal

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/coreos/go-systemd/v22/sdjournal"
)

// An sdReader reads through libsystemd. Of a field that occurs several times in an entry it sees one value; several terms of
// one group on the same field are alternatives to it; and with the flag System it reads users' journals too.
type sdReader struct {
	o Options
	j *sdjournal.Journal

	pending bool // the current entry is still to be yielded
}

func openSDJournal(o Options) (reader, error) {
	j, err := openLibrary(o)
	if err != nil {
		return nil, fmt.Errorf("open journal: %w", err)
	}
	r := &sdReader{o: o, j: j}
	if err := r.start(); err != nil {
		r.close()
		return nil, fmt.Errorf("open journal: %w", err)
	}
	return r, nil
}

// openLibrary opens the journals that o names. libsystemd succeeds where there is none; that is an error here.
func openLibrary(o Options) (*sdjournal.Journal, error) {
	switch {
	case o.Namespace != "" || o.Flags&(RuntimeOnly|CurrentUser) != 0:
		return nil, errors.New("the sdjournal reader knows neither namespaces nor these flags")
	case o.Dir != "":
		if _, err := os.ReadDir(o.Dir); err != nil {
			return nil, err
		}
		return sdjournal.NewJournalFromDir(o.Dir)
	case len(o.Files) > 0:
		var paths []string
		for _, pattern := range o.Files {
			found, err := filepath.Glob(pattern)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", pattern, err)
			}
			paths = append(paths, found...)
		}
		return sdjournal.NewJournalFromFiles(paths...)
	}
	return openOwn()
}

// openOwn opens the machine's own journals, when it has any.
func openOwn() (*sdjournal.Journal, error) {
	j, err := sdjournal.NewJournal()
	if err != nil {
		return nil, err
	}
	if used, err := j.GetUsage(); err != nil || used == 0 {
		j.Close()
		return nil, errors.New("no journal here that may be read")
	}
	return j, nil
}

func (r *sdReader) close() { r.j.Close() }

// start sets the matches and goes to where reading begins.
func (r *sdReader) start() error {
	if err := r.addMatches(); err != nil {
		return err
	}
	switch {
	case r.o.Cursor != "":
		return r.resume()
	case !r.o.Since.IsZero():
		return r.j.SeekRealtimeUsec(uint64(max(0, r.o.Since.UnixMicro())))
	}
	return r.j.SeekHead()
}

// addMatches tells libsystemd the match, and the note journald leaves where it dropped messages.
func (r *sdReader) addMatches() error {
	if r.o.Match == nil {
		return nil
	}
	for _, group := range append(slices.Clone(r.o.Match), suppression) {
		for _, t := range group {
			for _, v := range t.Values {
				if err := r.j.AddMatch(t.Field + "=" + v); err != nil {
					return fmt.Errorf("match %s=%s: %w", t.Field, v, err)
				}
			}
		}
		if err := r.j.AddDisjunction(); err != nil {
			return err
		}
	}
	return nil
}

// resume goes behind the cursor's entry, or, where that is gone, before the earliest one after it.
func (r *sdReader) resume() error {
	was, err := parseCursor(r.o.Cursor)
	if err != nil {
		return err
	}
	if err := r.reportGap(was); err != nil {
		return err
	}
	if err := r.j.SeekCursor(r.o.Cursor); err != nil {
		return err
	}
	n, err := r.j.Next()
	if err != nil || n == 0 {
		return err
	}
	r.pending = r.j.TestCursor(r.o.Cursor) != nil
	return nil
}

// reportGap looks at all entries, not only those that match, for the cursor's own.
func (r *sdReader) reportGap(was position) error {
	j, err := openLibrary(r.o)
	if err != nil {
		return err
	}
	defer j.Close()
	if err := j.SeekCursor(r.o.Cursor); err != nil {
		return err
	}
	n, err := j.Next()
	if err != nil || n > 0 && j.TestCursor(r.o.Cursor) == nil {
		return err
	}
	g := Gap{From: time.UnixMicro(int64(was.realtime)), Reason: "the saved cursor's entry is gone"}
	g.To = g.From
	if n > 0 {
		text, err := j.GetCursor()
		if err != nil {
			return err
		}
		now, err := parseCursor(text)
		if err != nil {
			return err
		}
		g.To = time.UnixMicro(int64(now.realtime))
		if now.seqnumID == was.seqnumID && now.seqnum > was.seqnum {
			g.Entries = now.seqnum - was.seqnum - 1
		}
	}
	r.o.lost(g)
	return nil
}

func (r *sdReader) drain(ctx context.Context, yield func(*Entry) error) (n int, err error) {
	err = r.o.drain(ctx, r.next, yield, &n)
	return n, err
}

// next fills e with the next entry, if there is one for now.
func (r *sdReader) next(e *Entry) (bool, error) {
	for {
		if !r.pending {
			n, err := r.j.Next()
			if err != nil || n == 0 {
				return false, err
			}
		}
		r.pending = false
		if r.noteSuppression() {
			continue
		}
		return true, r.fill(e)
	}
}

// wait sleeps, and has libsystemd look for new files.
func (r *sdReader) reached() (e Entry, ok bool) { return e, false }

func (r *sdReader) wait(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
		r.j.Wait(0)
	}
}

func (r *sdReader) fill(e *Entry) error {
	text, err := r.j.GetCursor()
	if err != nil {
		return err
	}
	if e.at, err = parseCursor(text); err != nil {
		return err
	}
	e.cursor = text
	e.Fields = e.Fields[:0]
	if r.o.Fields == nil {
		return r.fillAll(e)
	}
	for _, name := range r.o.Fields {
		if v, err := r.j.GetDataValueBytes(name); err == nil {
			e.Fields = append(e.Fields, Field{name, v[:min(len(v), maxValue)]})
		}
	}
	return nil
}

func (r *sdReader) fillAll(e *Entry) error {
	all, err := r.j.GetEntry()
	if err != nil {
		return err
	}
	for name, v := range all.Fields {
		e.Fields = append(e.Fields, Field{name, []byte(v[:min(len(v), maxValue)])})
	}
	return nil
}

// noteSuppression counts the entry when it is journald's note of dropped messages. It returns whether only that brought
// the entry here.
func (r *sdReader) noteSuppression() bool {
	if v, err := r.j.GetDataValue("MESSAGE_ID"); err != nil || v != suppressionID {
		return false
	}
	if v, err := r.j.GetDataValue("_TRANSPORT"); err != nil || v != "driver" {
		return false
	}
	dropped, _ := r.j.GetDataValue("N_DROPPED")
	message, _ := r.j.GetDataValue("MESSAGE")
	r.o.suppressed(dropped, message)
	return r.o.Match != nil && !r.o.Match.holds(func(field string) string {
		v, _ := r.j.GetDataValue(field)
		return v
	})
}

// holds tells whether the match chooses an entry with these fields.
func (m Match) holds(get func(field string) string) bool {
	return m == nil || slices.ContainsFunc(m, func(group []Term) bool {
		return !slices.ContainsFunc(group, func(t Term) bool { return !slices.Contains(t.Values, get(t.Field)) })
	})
}
