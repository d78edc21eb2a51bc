package firewall

import (
	"context"
	"time"

	"golang.org/x/sync/errgroup"
)

// Run watches over what Ensure has made and sets it right within a second when others have removed or moved it, until
// ctx ends; it then returns nil. Sets that were lost are filled again with what Options.Restore tells. It renews bans
// that are longer than the kernel's limit, and cuts the connections of the banned. It must run in the network namespace
// that Open was called in.
// The backend dry has nothing to watch.
func (fw *Firewall) Run(ctx context.Context) error {
	if fw.name == "dry" {
		<-ctx.Done()
		return nil
	}
	group, ctx := errgroup.WithContext(ctx)
	end := fw.watching(ctx)
	defer end()
	fw.lookSoon() // what others have changed since Ensure was not heard of
	if l, err := listen(); err != nil {
		fw.log.Info("firewall changes are not notified", "err", err)
	} else {
		group.Go(func() error { return l.run(ctx, fw.changes) })
	}
	if c, err := openCutter(); err != nil {
		fw.log.Info("connections of the banned cannot be cut", "err", err)
	} else {
		defer c.close()
		due := fw.cutting(true)
		defer fw.cutting(false)
		group.Go(func() error { c.run(ctx, fw, due); return nil })
	}
	fw.watch(ctx)
	return group.Wait()
}

// lateAfter is how long bans that wait for a program may still take when Run is to end.
const lateAfter = 2 * time.Second

// watching notes that Run is at work, until the function that it returns is called.
func (fw *Firewall) watching(ctx context.Context) (end func()) {
	late, cancel := context.WithCancel(context.Background())
	context.AfterFunc(ctx, func() { time.AfterFunc(lateAfter, cancel) })
	fw.mu.Lock()
	defer fw.mu.Unlock()
	fw.watched, fw.late = true, late
	return func() {
		fw.mu.Lock()
		defer fw.mu.Unlock()
		fw.watched = false
	}
}

// untilLate is a context that ends when the firewall is to be closed at last, also where the ban is not to be broken off.
func (fw *Firewall) untilLate(ctx context.Context) (context.Context, context.CancelFunc) {
	fw.mu.Lock()
	late := fw.late
	fw.mu.Unlock()
	ctx, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(late, cancel)
	return ctx, func() { stop(); cancel() }
}

func (fw *Firewall) watch(ctx context.Context) {
	glance, look, renew := time.NewTicker(glanceEvery), time.NewTicker(lookEvery), time.NewTicker(renewEvery)
	defer glance.Stop()
	defer look.Stop()
	defer renew.Stop()
	var looked time.Time
	for {
		full := true
		select {
		case <-ctx.Done():
			return
		case <-fw.changes:
			wait(ctx, max(settle, time.Until(looked.Add(lookNoMore))))
		case <-look.C:
		case <-glance.C:
			full = false
		case <-renew.C:
			fw.renew(ctx)
		}
		err := fw.check(ctx, full)
		if ctx.Err() != nil { // a program that was ended says so in other words
			return
		}
		fw.tell(err)
		if full {
			looked = time.Now()
		}
		if glance.Reset(glanceEvery); err != nil {
			glance.Reset(retryEvery)
		}
	}
}

func wait(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
