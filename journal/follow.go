package journal

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// A reader is one way to read journals.
type reader interface {
	// drain yields until there is no more for now, and returns how many entries
	// that were.
	drain(ctx context.Context, yield func(*Entry) error) (int, error)
	// wait returns when there may be more, at the latest after d.
	wait(ctx context.Context, d time.Duration)
	close()
}

// How long a reader sleeps before it looks again. journald's own notifications
// come up to half a second late.
const (
	shortestWait = 5 * time.Millisecond
	longestWait  = 80 * time.Millisecond
)

// pace returns how long to wait when the last entry came the given time ago: a
// tenth of that. A reader is quick while entries flow, and costs next to
// nothing while none do.
func pace(quiet time.Duration) time.Duration {
	return min(max(quiet/10, shortestWait), longestWait)
}

// Follow yields the entries that o chooses, first those that are there and then
// each as it is written. It ends when ctx does or when yield returns an error,
// which it returns as it is. When yield returns nil the entry is done with, and
// its cursor may be saved. Everything happens on the caller's goroutine.
func Follow(ctx context.Context, o Options, yield func(*Entry) error) error {
	r, err := open(o)
	if err != nil {
		return err
	}
	defer r.close()
	for last := time.Now(); ; {
		n, err := r.drain(ctx, yield)
		if err != nil {
			return err
		}
		if n > 0 {
			last = time.Now()
		}
		if o.Idle != nil {
			o.Idle()
		}
		r.wait(ctx, pace(time.Since(last)))
	}
}

// Read yields the entries that o chooses and that are there now, and returns.
func Read(ctx context.Context, o Options, yield func(*Entry) error) error {
	o.once = true
	r, err := open(o)
	if err != nil {
		return err
	}
	defer r.close()
	_, err = r.drain(ctx, yield)
	return err
}

// Available returns nil when the journals that o names can be read here, and
// the reason when they cannot.
func Available(o Options) error {
	o.once, o.Log, o.Counters, o.Lost = true, nil, nil, nil
	r, err := open(o)
	if err != nil {
		return err
	}
	r.close()
	return nil
}

// drain yields what next fills an entry with, until that returns false because
// there is no more for now. It adds to n how many entries were dealt with.
func (o Options) drain(ctx context.Context, next func(*Entry) (bool, error),
	yield func(*Entry) error, n *int) error {
	var e Entry
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		ok, err := next(&e)
		if err != nil {
			return fmt.Errorf("read journal: %w", err)
		}
		if !ok {
			return nil
		}
		if err := yield(&e); err != nil {
			return err
		}
		o.Counters.Entries.Add(1)
		*n++
	}
}

// open opens the reader that o names. Automatic is the native one, and
// libsystemd's where that may read files that are too new for the native one:
// of files that neither can read libsystemd would say nothing.
func open(o Options) (r reader, err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("open journal: %w", err)
		}
	}()
	if err := o.check(); err != nil {
		return nil, err
	}
	o = o.defaults()
	if o.Reader == ReaderSDJournal {
		return openSDJournal(o)
	}
	n, err := newNative(o)
	newer := err
	if err == nil {
		newer = n.set.refused
	}
	if o.Reader != ReaderNative && errors.Is(newer, errNewer) {
		if r, sdErr := openSDJournal(o); sdErr == nil {
			o.Log.Info("reading the journal through libsystemd", "why", newer)
			if err == nil {
				n.close()
			}
			return r, nil
		}
	}
	if err != nil {
		return nil, err
	}
	return n, nil
}
