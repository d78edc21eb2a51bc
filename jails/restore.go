package jails

import (
	"context"
	"time"

	"bailiff/jails/event"
)

// Restore puts the bans of the jails back into the kernel, as one batch for each jail, lifts those of whom ignoreip spares
// by now, and lets go what was released. It is to be called before Run, which tries again what the kernel refuses.
func (e *Enforcer) Restore(ctx context.Context, bans []event.Ban, now time.Time) {
	e.Readmit(bans, now)
	e.work(ctx)
	e.retry(ctx)
}

// Readmit is Restore while Run is at work: what is banned already stays as it is, and Run puts the others into the
// kernel.
func (e *Enforcer) Readmit(bans []event.Ban, now time.Time) {
	for name, bans := range byJail(bans) {
		e.mu.Lock()
		if j := e.jails[name]; j != nil { // else its bans end by themselves
			stand, spared := j.Restore(j.missing(bans), now)
			e.put(&order{bans: stand, restored: true})
			e.spare(j, spared)
		}
		e.mu.Unlock()
	}
}

// spare lets those go whose bans are not restored: the kernel may hold them still. The mutex is held.
func (e *Enforcer) spare(j *Jail, bans []event.Ban) {
	if len(bans) > 0 {
		e.Store.Lift(j.Name, subjectsOf(bans)...)
		e.put(&order{jail: j, lifted: bans})
	}
}

// Sweep tells of bans that end and has the jails forget old failures, until ctx ends. The kernel lets bans go by itself, but
// knows nothing of a clock that was set: it is asked all the same. beat is called after each round.
func (e *Enforcer) Sweep(ctx context.Context, beat func()) error {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case now := <-tick.C:
			for _, j := range e.all() {
				ended := j.sweep(now)
				e.Release(j.Name, networksOf(ended)...)
				e.tellUnban(j.Name, subjectsOf(ended))
			}
			beat()
		}
	}
}
