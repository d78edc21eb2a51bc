package sdnotify

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
)

// A Watchdog pings systemd only while every part of the daemon makes rounds, so that systemd kills and restarts a
// daemon that lives but no longer works. A nil Watchdog is off.
type Watchdog struct {
	interval time.Duration
	log      *slog.Logger

	mu    sync.Mutex
	beats []*Beat
}

// NewWatchdog returns the watchdog that systemd asked for by WATCHDOG_USEC, and nil when it asked for none.
func NewWatchdog(log *slog.Logger) (*Watchdog, error) {
	interval, err := daemon.SdWatchdogEnabled(false)
	if err != nil {
		return nil, fmt.Errorf("read WATCHDOG_USEC: %w", err)
	}
	if interval == 0 {
		return nil, nil
	}
	return &Watchdog{interval: interval, log: log}, nil
}

// A Beat is the sign of life of one part. A nil Beat is off.
type Beat struct {
	part string
	made atomic.Bool // a round since the last ping
	told bool        // the log knows that it is stuck; guarded by Watchdog.mu
}

// Round says that the part has made a round. It must be called at least every half of the watchdog's interval, idle
// or not. It costs one atomic store and may be called from anywhere.
func (b *Beat) Round() {
	if b != nil {
		b.made.Store(true)
	}
}

// Part adds a part, named for the log. From now on there is no ping without its rounds.
func (w *Watchdog) Part(name string) *Beat {
	if w == nil {
		return nil
	}
	b := &Beat{part: name}
	b.made.Store(true) // it has the time until the next ping but one for its first round
	w.mu.Lock()
	defer w.mu.Unlock()
	w.beats = append(w.beats, b)
	return b
}

// Retire removes a part that has ended, as a reload does.
func (w *Watchdog) Retire(b *Beat) {
	if w == nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for i := range w.beats {
		if w.beats[i] == b {
			w.beats = append(w.beats[:i], w.beats[i+1:]...)
			return
		}
	}
}

// Run pings at half the interval, or as soon after as all parts have made a round since the last ping, until ctx ends.
// What keeps it from pinging is logged once, when a quarter of the interval is left.
func (w *Watchdog) Run(ctx context.Context) error {
	if w == nil {
		<-ctx.Done()
		return nil
	}
	tick := time.NewTicker(w.interval / 8)
	defer tick.Stop()
	last := time.Now()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		since := time.Since(last)
		if since < w.interval/2 || !w.alive(since >= w.interval*3/4) {
			continue
		}
		if err := send(daemon.SdNotifyWatchdog); err != nil {
			return err
		}
		last = time.Now()
	}
}

// alive tells whether every part has made a round, and if so begins the next. With late set it logs who has not.
func (w *Watchdog) alive(late bool) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	alive := true
	for _, b := range w.beats {
		if b.made.Load() {
			b.told = false
			continue
		}
		alive = false
		if late && !b.told {
			b.told = true
			w.log.Error("stuck: the watchdog stops its pings", "part", b.part)
		}
	}
	if alive {
		for _, b := range w.beats {
			b.made.Store(false)
		}
	}
	return alive
}
