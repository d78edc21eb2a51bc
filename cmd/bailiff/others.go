package main

import (
	"context"
	"strings"
	"time"
)

// liftOthers removes what another firewall has left here, as after a change of the configuration, once the one in use
// holds everybody who is banned. It ends when nothing is left, or with ctx.
func (d *daemon) liftOthers(ctx context.Context) error {
	for {
		done, err := d.liftOthersOnce(ctx)
		if err != nil && ctx.Err() == nil {
			d.log.Warn("what another firewall has left here is not lifted", "err", err, "hint", "bailiff firewall remove does, with the daemon stopped")
		}
		if done || err != nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(compareEvery):
		}
	}
}

func (d *daemon) liftOthersOnce(ctx context.Context) (done bool, err error) {
	others, err := d.firewall.Others(ctx)
	if err != nil || len(others) == 0 {
		return true, err
	}
	_, running := d.state()
	for _, j := range running {
		if j.Config().Firewall.Kind == "none" {
			continue
		}
		if found, err := d.diverges(ctx, j, 0); err != nil || len(found.Missing) > 0 {
			return false, err
		}
	}
	lifted, err := d.firewall.LiftOthers(ctx)
	if len(lifted) > 0 {
		d.log.Info("lifted what another firewall had left here", "where", strings.Join(lifted, ", "))
	}
	return true, err
}
