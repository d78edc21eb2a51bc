package journal

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// A reader is one way to read journals.
type reader interface {
	// drain yields until there is no more for now, and says how many entries that were.
	drain(ctx context.Context, yield func(*Entry) error) (int, error)
	// wait returns when there may be more, after d, or when ctx ends.
	wait(ctx context.Context, d time.Duration)
	// reached returns the newest entry, without fields, if all entries up to it have been looked at; ok is false when nothing has
	// been since the last one that was yielded, or when that is not known.
	reached() (e Entry, ok bool)
	close()
}

// reachedEvery is how often Reached is called. It is saved, and nothing but a needless report of a gap depends on it.
const reachedEvery = 10 * time.Minute

// Follow yields the entries that o chooses, first those that are there and then each as it is written, until ctx ends or
// yield returns an error, which Follow then returns as it is. When yield returns nil the entry is done with: its cursor
// may be saved. Everything happens on the caller's goroutine.
func Follow(ctx context.Context, o Options, yield func(*Entry) error) error {
	r, err := open(o)
	if err != nil {
		return err
	}
	defer r.close()
	defer o.tellReached(r)
	last, told := time.Now(), time.Now()
	for {
		n, err := r.drain(ctx, yield)
		if err != nil {
			return err
		}
		if n > 0 {
			last = time.Now()
		}
		if time.Since(told) > reachedEvery {
			o.tellReached(r)
			told = time.Now()
		}
		o.idle()
		r.wait(ctx, pace(time.Since(last)))
	}
}

func (o Options) tellReached(r reader) {
	if o.Reached == nil {
		return
	}
	if e, ok := r.reached(); ok {
		o.Reached(&e)
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

// Available returns nil when the journals o names can be read here, and the reason when they cannot.
func Available(o Options) error {
	o.once, o.Log, o.Counters, o.Lost = true, nil, nil, nil
	r, err := open(o)
	if err != nil {
		return err
	}
	r.close()
	return nil
}

// drain yields what next fills an entry with, until that returns false because there is no more for now. It adds to n how many
// entries were dealt with.
func (o Options) drain(ctx context.Context, next func(*Entry) (bool, error), yield func(*Entry) error, n *int) error {
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
		o.Counters.entry()
		*n++
	}
}

func open(o Options) (reader, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	switch o.Reader {
	case ReaderNative:
		n, err := newNative(o)
		if err != nil {
			return nil, err
		}
		return n, nil
	case ReaderSDJournal:
		return openSDJournal(o)
	case ReaderAuto, "":
		return openAuto(o)
	default:
		return nil, fmt.Errorf("open journal: unknown reader %q", o.Reader)
	}
}

// openAuto opens the native reader, and libsystemd's where that may read files that are too new for the native one. Of files
// that neither may read libsystemd would say nothing.
func openAuto(o Options) (reader, error) {
	n, err := newNative(o)
	if err == nil {
		if err = n.newer; err == nil {
			return n, nil
		}
	}
	if errors.Is(err, errNewer) {
		if r, sdErr := openSDJournal(o); sdErr == nil {
			o.log().Info("reading the journal through libsystemd", "why", err)
			n.close()
			return r, nil
		}
	}
	if n != nil {
		return n, nil
	}
	return nil, err
}

// check finds what no reader could make sense of.
func (o Options) check() error {
	named := 0
	for _, set := range []bool{o.Dir != "", len(o.Files) > 0, o.Namespace != ""} {
		if set {
			named++
		}
	}
	if named > 1 {
		return errors.New("open journal: more than one of directory, files and namespace is named")
	}
	for _, group := range o.Match {
		for _, t := range group {
			if t.Field == "" || len(t.Values) == 0 {
				return fmt.Errorf("open journal: match on %q has no field or no values", t.Field)
			}
		}
	}
	return nil
}
