//go:build sdjournal

package journal

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/coreos/go-systemd/v22/sdjournal"
)

// An sdReader reads through libsystemd. Of a field that an entry has several
// times it sees one value. Several terms of one group on the same field are
// alternatives to it. With the flag System it reads users' journals too.
type sdReader struct {
	o       Options
	j       *sdjournal.Journal
	pending bool // the current entry is still to be yielded
}

func openSDJournal(o Options) (reader, error) {
	j, err := openLibrary(o)
	if err != nil {
		return nil, err
	}
	r := &sdReader{o: o, j: j}
	if err := errors.Join(r.addMatches(), r.seek()); err != nil {
		r.close()
		return nil, err
	}
	return r, nil
}

// openLibrary opens the journals that o names. libsystemd succeeds where there
// is none; that is an error here.
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
		places := o.places()
		paths, _, err := places.scan()
		if err != nil {
			return nil, err
		}
		return sdjournal.NewJournalFromFiles(paths...)
	}
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

// addMatches tells libsystemd the match, and the note that journald leaves
// where it dropped messages.
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

// seek goes to where reading begins: with a cursor behind its entry or, where
// that is gone, before the earliest one after it.
func (r *sdReader) seek() error {
	switch {
	case r.o.Cursor == "" && r.o.Since.IsZero():
		return r.j.SeekHead()
	case r.o.Cursor == "":
		return r.j.SeekRealtimeUsec(micros(r.o.Since))
	}
	if err := r.reportGap(); err != nil {
		return err
	}
	there, found, err := seekCursor(r.j, r.o.Cursor)
	r.pending = there && !found
	return err
}

// seekCursor goes to the cursor's entry or the earliest one after it. It
// reports whether there is one, and whether that is the cursor's own.
func seekCursor(j *sdjournal.Journal, cursor string) (there, found bool, err error) {
	if err := j.SeekCursor(cursor); err != nil {
		return false, false, err
	}
	n, err := j.Next()
	if err != nil || n == 0 {
		return false, false, err
	}
	return true, j.TestCursor(cursor) == nil, nil
}

// reportGap looks for the cursor's entry among all, not only those that match.
func (r *sdReader) reportGap() error {
	was, err := parseCursor(r.o.Cursor)
	if err != nil {
		return err
	}
	j, err := openLibrary(r.o)
	if err != nil {
		return err
	}
	defer j.Close()
	there, found, err := seekCursor(j, r.o.Cursor)
	if err != nil || found {
		return err
	}
	g := Gap{From: was.time(), To: was.time(), Reason: "the saved cursor's entry is gone"}
	if there {
		text, err := j.GetCursor()
		if err != nil {
			return err
		}
		next, err := parseCursor(text)
		if err != nil {
			return err
		}
		g.To = next.time()
		if next.seqnumID == was.seqnumID && next.seqnum > was.seqnum {
			g.Entries = next.seqnum - was.seqnum - 1
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
		if !r.noteSuppression() {
			return true, r.fill(e)
		}
	}
}

// wait sleeps, and has libsystemd look for new files.
func (r *sdReader) wait(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
		r.j.Wait(0)
	}
}

func (r *sdReader) fill(e *Entry) (err error) {
	if e.cursor, err = r.j.GetCursor(); err != nil {
		return err
	}
	if e.at, err = parseCursor(e.cursor); err != nil {
		return err
	}
	e.Fields = e.Fields[:0]
	for _, name := range r.o.Fields {
		if v, err := r.j.GetDataValueBytes(name); err == nil {
			e.Fields = append(e.Fields, Field{name, v[:min(len(v), maxValue)]})
		}
	}
	if r.o.Fields != nil {
		return nil
	}
	all, err := r.j.GetEntry()
	if err != nil {
		return err
	}
	for name, v := range all.Fields {
		e.Fields = append(e.Fields, Field{name, []byte(v[:min(len(v), maxValue)])})
	}
	return nil
}

// noteSuppression counts the entry when it is journald's note of dropped
// messages. It reports whether only that brought the entry here.
func (r *sdReader) noteSuppression() bool {
	value := func(field string) string {
		v, _ := r.j.GetDataValue(field)
		return v
	}
	holds := func(group []Term) bool {
		return !slices.ContainsFunc(group, func(t Term) bool {
			return !slices.Contains(t.Values, value(t.Field))
		})
	}
	if !holds(suppression) {
		return false
	}
	r.o.suppressed(value("N_DROPPED"), value("MESSAGE"))
	return r.o.Match != nil && !slices.ContainsFunc(r.o.Match, holds)
}
