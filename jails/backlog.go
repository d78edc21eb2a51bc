package jails

import (
	"errors"

	"bailiff/jails/event"
)

// An order is something for the kernel to do and where to say what became of it: bans to make, or bans of a jail that were
// lifted.
type order struct {
	bans     []event.Ban
	restored bool // the bans stood before: they are no news
	jail     *Jail
	lifted   []event.Ban
	saved    <-chan struct{} // closed when the store has saved it; nil: it has not to
	done     chan struct{}   // closed when the kernel has answered; nil: nobody waits
	err      error           // once done is closed
}

// finish says what became of the order.
func (o *order) finish(err error) {
	if o.done != nil {
		o.err = err
		close(o.done)
	}
}

// failed is the error of the order's own bans among those that failed.
func (o *order) failed(failed []NotEnforced) error {
	if o.done == nil || len(failed) == 0 {
		return nil
	}
	mine := map[event.Subject]string{}
	for _, b := range o.bans {
		mine[b.Subject] = b.Jail
	}
	var errs []error
	for _, f := range failed {
		if jail, ok := mine[f.Ban.Subject]; ok && jail == f.Ban.Jail {
			errs = append(errs, &f)
		}
	}
	return errors.Join(errs...)
}

const (
	bulky = 1000 // the size of an order that others overtake. Those below it are done within some 50 ms.

	// backlogLimit is how many bans wait as they came; beyond it of each subject only the first waits: how long it is
	// banned is asked when its turn comes.
	backlogLimit = 20000
)

// A backlog is the orders that wait, in the order in which they came but for bulky ones.
type backlog struct {
	small []*order
	bulky []*order
	late  bool // it is the turn of a bulky order
	bans  int
	limit int // how many bans may wait until they are compacted
}

func (b *backlog) add(o *order) {
	if b.bans += len(o.bans); b.bans > max(b.limit, backlogLimit) {
		b.compact()
	}
	if len(o.bans) < bulky {
		b.small = append(b.small, o)
	} else {
		b.bulky = append(b.bulky, o)
	}
}

// last adds an order that comes when all that waits has been done.
func (b *backlog) last(o *order) {
	if len(b.bulky) > 0 {
		b.bulky = append(b.bulky, o)
	} else {
		b.small = append(b.small, o)
	}
}

// take takes what is to be done next: all small orders, and in turn with them one bulky order.
func (b *backlog) take() (orders []*order) {
	if len(b.bulky) > 0 && (b.late || len(b.small) == 0) {
		orders = append(orders, b.bulky[0])
		b.bulky = b.bulky[1:]
		b.late = false
	} else {
		orders, b.small = b.small, nil
		b.late = len(b.bulky) > 0
	}
	for _, o := range orders {
		b.bans -= len(o.bans)
	}
	return orders
}

// compact drops the prolongations of bans that wait themselves.
func (b *backlog) compact() {
	type key struct {
		jail    string
		subject event.Subject
		at      int64
	}
	known := map[key]bool{}
	b.bans = 0
	for _, orders := range [][]*order{b.small, b.bulky} {
		for _, o := range orders {
			kept := o.bans[:0]
			for _, ban := range o.bans {
				k := key{ban.Jail, ban.Subject, ban.At.UnixNano()}
				if !known[k] {
					kept = append(kept, ban)
				}
				known[k] = true
			}
			o.bans = kept
			b.bans += len(kept)
		}
	}
	b.limit = 2 * b.bans
}
