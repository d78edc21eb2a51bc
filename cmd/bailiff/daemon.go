package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"bailiff/cmd/internal/control"
	"bailiff/cmd/internal/logging"
	"bailiff/cmd/internal/sdnotify"
	"bailiff/firewall"
	"bailiff/jails"
	"bailiff/jails/config"
	"bailiff/jails/resolve"
	"bailiff/metrics"
)

const (
	purgeEvery  = time.Hour
	statusEvery = 5 * time.Second
	extendEvery = time.Second

	// catchUpHeap is how much more garbage may gather, in place of what the runtime does without being told, until what was
	// logged before the start has been read: that is much work that keeps little, and collecting would be a tenth of it.
	catchUpHeap = 4
)

// A daemon is bailiff at work: everything that cmd wires together.
type daemon struct {
	flags    runFlags
	log      *slog.Logger
	lines    *logging.Log // where log's lines go
	level    *slog.LevelVar
	started  time.Time
	metrics  *metrics.Metrics
	server   *metrics.Server
	stored   *stored
	unsaved  unsaved
	marks    *marks
	firewall *firewall.Firewall
	enforcer *jails.Enforcer
	names    *resolve.Resolver
	ignored  *jails.IgnoreLists

	unattributed unattributed
	sources      *sources
	watchdog     *sdnotify.Watchdog
	unheard      atomic.Bool // systemd did not hear what it was told last
	diverged     divergences
	problems     problems
	caughtUp     func() // called when what was logged before has been read

	reloads  chan reloadOrder
	progress progress // of a reload
	hup      <-chan os.Signal
	begun    config.Daemon // the options of the start
	keeper   *keeper

	mu     sync.Mutex
	config *config.Config
	jails  []*jails.Jail // in the order of the configuration
}

// runDaemon runs until ctx ends. Nothing is touched when nothing of the configuration can run.
func runDaemon(ctx context.Context, flags runFlags) error {
	ctx, hup, stop := daemonSignals(ctx) // first of all: a SIGHUP would end a daemon that is starting
	defer stop()
	k := newKeeper(flags)
	c, err := unlessEnded(ctx, k.choose)
	if ctx.Err() != nil {
		return nil
	}
	if err != nil {
		return errors.Join(fmt.Errorf("the configuration has faults, and no jail can run:\n%w", err), c.note)
	}
	d := &daemon{flags: flags, started: time.Now(), level: new(slog.LevelVar), reloads: make(chan reloadOrder), hup: hup,
		config: c.Config, begun: c.Daemon, keeper: k}
	d.beginLog()
	k.log = d.log
	writing, endLog := context.WithCancel(context.WithoutCancel(ctx)) // the last words are written, too
	var g errgroup.Group
	g.Go(func() error { return d.lines.Run(writing) })
	err = d.guard(ctx, c)
	endLog()
	return errors.Join(err, g.Wait())
}

// guard starts the daemon, and works until ctx ends.
func (d *daemon) guard(ctx context.Context, c reading) error {
	d.tell(sdnotify.Extend(10 * extendEvery)) // however long the start is about to take
	d.tellShortfalls(c)
	tellFaults(d.log, slog.LevelWarn, "", c.Warnings)
	if len(c.Jails) == 0 {
		d.log.Warn(nothingGuarded)
	}
	d.noticeFail2ban()
	socket, err := d.listen() // before all else: a second daemon must not touch what the first holds
	if err != nil {
		return err
	}
	defer socket.Close()
	err = d.work(ctx, socket, c)
	if ctx.Err() != nil { // it was ended, perhaps while it started, and what then failed did so for that
		err = nil
	}
	switch {
	case err != nil:
	case d.flags.dryRun:
		d.log.Info("stopped")
	default:
		d.log.Info("stopped; bans stay in the kernel")
	}
	return err
}

// work opens what the daemon works with, works until ctx ends, and closes it.
func (d *daemon) work(ctx context.Context, socket net.Listener, c reading) error {
	defer d.close()
	if err := d.open(ctx); err != nil {
		return err
	}
	usual := debug.SetGCPercent(-1)
	debug.SetGCPercent(catchUpHeap * usual) // -1, off, stays off
	defer debug.SetGCPercent(usual)
	d.caughtUp = func() { debug.SetGCPercent(usual) }
	return d.run(ctx, socket, c)
}

// beginLog makes the log.
func (d *daemon) beginLog() {
	d.level.Set(d.flags.logLevel(d.config.Daemon.LogLevel))
	d.lines = logging.New(d.logTarget())
	d.lines.Trouble = d.logTrouble
	d.log = slog.New(d.lines.Handler(d.level))
}

// logTrouble tells that the log cannot be written, and that it can again.
func (d *daemon) logTrouble(output string, err error) {
	if now := d.lines.Err(); now != nil {
		d.problems.set(logNotWritten, "the log cannot be written: "+now.Error())
	} else {
		d.problems.clear(logNotWritten)
	}
	switch {
	case err == nil:
		d.log.Info("the log is written again", "to", output)
	case output == logging.Stderr || output == logging.Stdout:
		d.log.Error("the log cannot be written, trying again", "to", output, "err", err)
	default:
		d.log.Error("logtarget cannot be used, logging to standard error alone and trying again", "logtarget", output, "err", err)
	}
}

// logTarget is where to log to. A dry run leaves files alone.
func (d *daemon) logTarget() string {
	if d.flags.dryRun {
		return ""
	}
	return d.config.Daemon.LogTarget
}

// open opens the store and the firewall, and makes the parts that work with them.
func (d *daemon) open(ctx context.Context) (err error) {
	if d.stored, err = d.openStore(ctx); err != nil {
		return err
	}
	backend := cmp.Or(d.config.Daemon.Firewall, "auto")
	if d.flags.dryRun {
		backend = "dry"
	}
	o := firewall.Options{Backend: backend, Restore: d.remaining, RuntimeDir: filepath.Dir(d.socket()), Log: d.log,
		Trouble: d.rulesDoNotStand}
	if d.firewall, err = firewall.Open(ctx, o); err != nil {
		return err
	}
	if d.watchdog, err = sdnotify.NewWatchdog(d.log); err != nil {
		return err
	}
	if !d.flags.dryRun {
		d.unsaved.path = filepath.Join(d.runtimeDir(), "unsaved-unbans.json")
	}
	queue := d.stored.queue
	d.marks = &marks{queue: queue, have: d.stored.marks}
	d.metrics = metrics.New(version, d.samples)
	d.server = d.metricsServer()
	d.enforcer = jails.NewEnforcer(queue, d.firewall, d.log, d.metrics)
	d.enforcer.DryRun = d.flags.dryRun
	d.enforcer.Problem = func(text string) { d.problems.setOrClear(bansRefused, text) }
	queue.Problem, queue.Merge = d.tellStore, d.merge
	d.names = resolve.New(net.DefaultResolver.LookupNetIP, d.log)
	d.ignored = jails.NewIgnoreLists(d.names, d.marks, d.log)
	d.sources = newSources(d.log, d.lines, d.metrics, d.marks, d.enforcer, d.names, d.watchdog)
	return nil
}

// close closes what open has opened, also where a later step of it failed.
func (d *daemon) close() {
	if d.firewall != nil {
		d.firewall.Close()
	}
	if d.stored != nil {
		d.stored.close()
	}
}

// run starts everything and ends with ctx, or when a part that nothing works without fails.
func (d *daemon) run(ctx context.Context, socket net.Listener, c reading) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return d.names.Run(ctx) })
	g.Go(func() error { return d.ignored.Run(ctx) })
	if err := d.restore(ctx); err != nil {
		cancel()
		return errors.Join(err, g.Wait())
	}
	d.metrics.Loaded(len(c.shortfalls()) == 0)
	d.keeper.keep(c)
	enforcerBeat, jailsBeat := d.watchdog.Part("firewall worker"), d.watchdog.Part("jails")
	d.enforcer.Beat = enforcerBeat.Round
	// Both work until those whose verdicts they carry out have ended, the store longest.
	defer d.lasting(ctx, d.stored.queue.Run)()
	defer d.lasting(ctx, d.enforcer.Run)()
	g.Go(func() error { return d.enforcer.Sweep(ctx, jailsBeat.Round) })
	g.Go(func() error { return d.firewall.Run(ctx) })
	g.Go(func() error { return d.marks.Run(ctx) })
	g.Go(func() error { return d.sources.Run(ctx) })
	g.Go(func() error { return d.watchdog.Run(ctx) })
	g.Go(func() error { return d.server.Run(ctx) })
	g.Go(func() error { return d.controlServer().Run(ctx, socket) })
	g.Go(func() error { return d.reloadWhenAsked(ctx, d.hup) })
	g.Go(func() error { return d.keeper.Run(ctx) })
	g.Go(func() error { return d.purge(ctx) })
	g.Go(func() error { return d.compare(ctx) })
	g.Go(func() error { return d.liftOthers(ctx) })
	g.Go(func() error { return d.countUnattributed(ctx) })
	g.Go(func() error { return d.tellSystemd(ctx) })
	return d.awaitEnd(ctx, g)
}

// endLimit is how long the daemon's parts may take to end. What hangs longer, as on a disk that does not answer, is left
// alone: what there is to save is to be saved before systemd loses patience.
const endLimit = 15 * time.Second

// awaitEnd waits until all parts have ended, and no longer than endLimit after ctx.
func (d *daemon) awaitEnd(ctx context.Context, g *errgroup.Group) error {
	ended := make(chan error, 1)
	go func() { ended <- g.Wait() }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	select {
	case err := <-ended:
		return err
	case <-time.After(endLimit):
		d.log.Error("a part of the daemon hangs, ended without it")
		return context.Cause(ctx)
	}
}

// lasting has work go on when ctx ends, until the function that it returns is called, which waits for its end as awaitEnd
// does.
func (d *daemon) lasting(ctx context.Context, work func(context.Context) error) (end func()) {
	working, stop := context.WithCancel(context.WithoutCancel(ctx))
	g := new(errgroup.Group)
	g.Go(func() error { return work(working) })
	return func() {
		stop()
		_ = d.awaitEnd(working, g) // it ends without an error, and a hang is logged
	}
}

// restore sets up the firewall, and puts the bans that stand back into it.
func (d *daemon) restore(ctx context.Context) error {
	d.metrics.Loaded(true)
	d.ignored.Learn(ctx, d.config.Holding())
	var running []*jails.Jail
	for _, c := range d.config.Holding() {
		d.metrics.Jail(c.Name)
		running = append(running, jails.NewJail(c, d.ignored, d.log, d.metrics))
	}
	d.become(d.config, running)
	if err := d.firewall.Ensure(ctx, specs(d.config)); err != nil {
		if ctx.Err() != nil {
			return err
		}
		d.log.Error("the firewall does not stand, it is tried again every second", "err", err)
	}
	now := time.Now()
	bans := d.storedBans(now)
	d.warnOfWaitingBans(d.stored.left())
	d.enforcer.Restore(ctx, bans, now)
	d.enforcer.Restore(ctx, d.adopt(ctx, now), now)
	d.stored.endStart()
	return nil
}

// rulesDoNotStand notes why; "" means that they do again.
func (d *daemon) rulesDoNotStand(why string) {
	if why == "" {
		d.problems.clear(rulesMissing)
	} else {
		d.problems.set(rulesMissing, why)
	}
}

// become makes the configuration and its jails the ones in force: those that run, and behind them those that are left out
// and hold bans.
func (d *daemon) become(c *config.Config, running []*jails.Jail) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.config, d.jails = c, running
	d.enforcer.Jails(running)
	d.sources.follow(running[:len(c.Jails)], c.Daemon.JournalReader)
	if len(c.Jails) == 0 {
		d.problems.set(noJails, nothingGuarded)
	} else {
		d.problems.clear(noJails)
	}
}

// state returns the configuration in force and its jails.
func (d *daemon) state() (*config.Config, []*jails.Jail) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.config, d.jails
}

func (d *daemon) socket() string {
	return cmp.Or(d.flags.socket, d.config.Daemon.Socket, defaultSocket)
}

// remaining tells how much longer each ban of a jail lasts, for a firewall that lost its sets.
func (d *daemon) remaining(_ context.Context, jail string) (map[netip.Prefix]time.Duration, error) {
	_, running := d.state()
	for _, j := range running {
		if j.Name == jail {
			return j.Remaining(time.Now()), nil
		}
	}
	return nil, nil
}

func (d *daemon) listen() (net.Listener, error) {
	path := d.socket()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, fmt.Errorf("listen on %s: %w", path, err)
	}
	return control.Listen(path, "bailiff")
}

func (d *daemon) metricsServer() *metrics.Server {
	addr := defaultListen
	if configured := d.config.Daemon.Metrics; configured != nil {
		addr = *configured
	}
	if d.flags.metricsSet {
		addr = d.flags.metrics
	}
	return &metrics.Server{Addr: addr, Metrics: d.metrics, Health: d.health, Log: d.log}
}

func (d *daemon) controlServer() *control.Server {
	return &control.Server{Version: version, Reader: d, Changer: d, Log: d.log}
}

// tellSystemd says READY once sets, rules and sources stand, and from then on how many bans there are.
func (d *daemon) tellSystemd(ctx context.Context) error {
	if !d.awaitReady(ctx) {
		return nil
	}
	d.caughtUp()
	d.tell(sdnotify.Status(d.summary()), sdnotify.Ready())
	c, _ := d.state()
	d.log.Info("ready", "jails", len(c.Jails))
	tick := time.NewTicker(statusEvery)
	defer tick.Stop()
	last := ""
	for {
		select {
		case <-ctx.Done():
			d.tell(sdnotify.Stopping())
			return nil
		case <-tick.C:
		}
		line := d.summary()
		switch {
		case d.unheard.Load():
			d.tell(sdnotify.Status(line), sdnotify.Ready()) // it may have been this that was not heard
		case line != last:
			d.tell(sdnotify.Status(line))
		}
		last = line
	}
}

// awaitReady waits until the sources stand, and has systemd wait as long as they get on with what was there.
func (d *daemon) awaitReady(ctx context.Context) bool {
	tick := time.NewTicker(extendEvery)
	defer tick.Stop()
	for last := uint64(0); ; {
		select {
		case <-d.sources.ready:
			d.enforcer.Settle()
			return true
		case <-ctx.Done():
			return false
		case <-tick.C:
		}
		if n := d.sources.rounds.Load(); n != last {
			d.tell(sdnotify.Extend(10*extendEvery), sdnotify.Status("reading what was logged before"))
			last = n
		}
	}
}

// health is why the daemon is not well: it is not ready yet, or has problems.
func (d *daemon) health() error {
	select {
	case <-d.sources.ready:
		return d.problems.err()
	default:
		return errors.Join(errors.New("starting"), d.problems.err())
	}
}

// tell logs that something could not be told to systemd, once.
func (d *daemon) tell(errs ...error) {
	err := errors.Join(errs...)
	if before := d.unheard.Swap(err != nil); err != nil && !before {
		d.log.Warn("systemd does not listen", "err", err)
	}
}

// summary is the line that systemctl status shows.
func (d *daemon) summary() string {
	c, running := d.state()
	bans := 0
	for _, j := range running {
		bans += j.Status().Banned
	}
	line := counted(len(c.Jails), "jail") + ", " + counted(bans, "ban")
	if d.flags.dryRun {
		line = "dry run: " + line + " that would be"
	}
	return strings.Join(append([]string{line}, d.problems.texts()...), "; ")
}

// purge forgets bans that ended longer ago than dbpurgeage, and positions in logs that are gone.
func (d *daemon) purge(ctx context.Context) error {
	tick := time.NewTicker(purgeEvery)
	defer tick.Stop()
	for {
		c, _ := d.state()
		d.stored.queue.Purge(time.Now().Add(-c.Daemon.DBPurgeAge))
		d.marks.purge(time.Now().Add(-lookBack(c.Jails)), d.ignored.Forgotten)
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// lookBack is how old a line may be that still counts in some jail, a day at least.
func lookBack(js []*config.Jail) time.Duration {
	back := 24 * time.Hour
	for _, j := range js {
		back = max(back, j.FindTime)
	}
	return back
}
