package jails

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"net/netip"
	"slices"
	"sync"
	"time"

	"bailiff/jails/config"
	"bailiff/jails/event"
	"bailiff/metrics"
)

// A Jail counts the failures that its filter finds and decides whom to ban. It is safe for concurrent use: only
// failures take its lock, never lines.
type Jail struct {
	Name string

	lists   *IgnoreLists
	log     *slog.Logger
	metrics *metrics.Metrics

	mu         sync.Mutex
	config     *config.Jail
	counter    counter
	unkeptTold time.Time // when the log said that lines are not kept
	queue      queue     // failures that are judged later
	nameless   nameless
	ignore     *ignoreList
	overlap    overlap
	bans       map[event.Subject]event.Ban // those in force
	failed     int                         // failures since the start
	banned     int                         // bans since the start, those restored included
	untold     int                         // failures that the metrics do not know of
	seconds    event.Seconds               // of the times of failures, for the log
	words      []byte                      // of the log's line at hand
	flood      flood                       // failures that are logged together
	pardons    map[event.Subject]time.Time // up to when failures do not count
}

// NewJail returns a jail as c describes it. It has no bans; Restore gives it those that stand.
func NewJail(c *config.Jail, l *IgnoreLists, log *slog.Logger, m *metrics.Metrics) *Jail {
	j := &Jail{Name: c.Name, lists: l, log: log, metrics: m, bans: map[event.Subject]event.Ban{}}
	j.seconds.Layout = time.DateTime
	j.Configure(c)
	return j
}

// Configure gives the jail new settings. Failures and bans stay.
func (j *Jail) Configure(c *config.Jail) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.config = c
	j.counter.findtime, j.counter.maxretry = c.FindTime, c.MaxRetry
	j.counter.maxmatches, j.counter.sliding = c.MaxMatches, c.Sliding
	j.ignore = j.lists.list(c.IgnoreIP, c.IgnoreSelf)
	j.overlap.isOn = c.Backend == "auto" && c.HasJournalMatch && len(c.LogPaths) > 0
}

// Moved says that the jail's lines come from another source from now on. What both sources tell counts once.
func (j *Jail) Moved() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.overlap.moved()
}

// Config returns the jail's settings, which are not to be changed.
func (j *Jail) Config() *config.Jail {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.config
}

// blocks tells whether the jail's bans are the kernel's business.
func (j *Jail) blocks() bool { return j.Config().Firewall.Kind != "none" }

// prolongBy is the least by which a ban is prolonged: a flood from somebody who is banned need not be saved failure by failure.
const prolongBy = time.Second

// judge counts a failure and returns the ban it led to, if it did. A known failure was judged before a restart: it only
// rebuilds the counter, and a threshold it reaches resets the counter as it did then. A time that is missing or that lies
// ahead becomes now. j.mu is held.
func (j *Jail) judge(f *event.Failure, now time.Time, known bool) (event.Ban, bool) {
	var captures map[string]string
	if _, isNet := f.Subject.Prefix(); !isNet {
		captures = f.Captures()
	}
	if rule := j.ignores(f.Subject, captures); rule != "" {
		if !known {
			j.log.Info(fmt.Sprintf("[%s] Ignore %s by %s", j.Name, f.Subject.Word(), rule))
		}
		return event.Ban{}, false
	}
	if f.Time.IsZero() || f.Time.After(now) {
		f.Time = now
	}
	if j.isPardoned(f) || j.overlap.repeats(f) {
		return event.Ban{}, false
	}
	j.overlap.note(f)
	if !known {
		j.failed++
		j.untold++
		j.tellFound(f, now)
	}
	c := j.counter.add(f)
	if c == nil || known {
		return event.Ban{}, false
	}
	if b, ok := j.bans[f.Subject]; ok && b.Active(now) {
		return j.prolong(b, c.last)
	}
	return j.sentence(f, c, now)
}

// Pardon has failures of a subject up to a time not count: it was unbanned then, and they may be read once more.
func (j *Jail) Pardon(s event.Subject, until time.Time) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.pardons == nil {
		j.pardons = map[event.Subject]time.Time{}
	}
	j.pardons[s] = until
}

// isPardoned reports whether a failure does not count. j.mu is held.
func (j *Jail) isPardoned(f *event.Failure) bool {
	until, ok := j.pardons[f.Subject]
	if ok && f.Time.After(until) {
		delete(j.pardons, f.Subject)
		return false
	}
	return ok
}

// ignores tells which rule spares a subject, or the address that would be blocked for an opaque id, which the fields of its
// failures name. j.mu is held.
func (j *Jail) ignores(s event.Subject, fields map[string]string) (rule string) {
	if rule = j.ignore.holds(s); rule != "" {
		return rule
	}
	if _, isNet := s.Prefix(); isNet {
		return ""
	}
	if p, ok := (event.Ban{Subject: s, Fields: fields}).Network(); ok {
		return j.ignore.holds(event.Network(p))
	}
	return ""
}

// tellMetrics makes the metrics know of all failures.
func (j *Jail) tellMetrics() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.metrics.Failures(j.Name, j.untold)
	j.untold = 0
}

// A lineHandler is a slog.Handler that also takes a line that has been written already, and keeps nothing of it.
type lineHandler interface {
	HandleLine(at time.Time, level slog.Level, line []byte) error
}

// tellFound writes a failure into the log. Floods of them come: one that nobody reads about costs no words, the others
// nothing that only makes a call more convenient. j.mu is held.
func (j *Jail) tellFound(f *event.Failure, now time.Time) {
	ctx, h := context.Background(), j.log.Handler()
	if !h.Enabled(ctx, slog.LevelInfo) {
		return
	}
	if j.tellFlood(now); j.flood.takes(f.Subject, now) {
		return
	}
	j.words = append(append(append(j.words[:0], '['), j.Name...), "] Found "...)
	j.words = append(f.Subject.AppendWord(j.words), " - "...)
	j.words = append(j.words, j.seconds.Text(f.Time)...)
	// As with slog.Logger's methods, nobody hears of an error.
	if h, ok := h.(lineHandler); ok {
		_ = h.HandleLine(now, slog.LevelInfo, j.words)
		return
	}
	_ = h.Handle(ctx, slog.NewRecord(now, slog.LevelInfo, string(j.words), 0))
}

// sentence makes the ban that a subject has earned by its failures, f being the last. j.mu is held.
func (j *Jail) sentence(f *event.Failure, c *charge, now time.Time) (event.Ban, bool) {
	b := event.Ban{Jail: j.Name, Subject: f.Subject, At: c.last, Until: j.end(c.last), Failures: c.failures, Lines: c.lines}
	if !b.Active(now) {
		j.log.Info(fmt.Sprintf("[%s] Ignore %s, expired bantime", j.Name, f.Subject.Word()))
		return event.Ban{}, false
	}
	b.Fields = f.Captures()
	j.widen(&b)
	j.bans[f.Subject] = b
	j.banned++
	return b, true
}

// end is when a ban from at on is over, zero for never.
func (j *Jail) end(at time.Time) time.Time {
	if j.config.BanTime < 0 {
		return time.Time{}
	}
	return at.Add(j.config.BanTime)
}

// prolong is for a subject that reaches maxretry although it is banned: its ban does not hold, or not for all it can
// reach. The ban then lasts a bantime from the last failure on. j.mu is held.
func (j *Jail) prolong(b event.Ban, last time.Time) (event.Ban, bool) {
	level := slog.LevelDebug // fail2ban's levels: a log may come a little late
	switch since := last.Sub(b.At); {
	case since >= time.Minute:
		level = slog.LevelWarn
	case since >= 3*time.Second:
		level = LevelNotice
	}
	j.log.Log(context.Background(), level, fmt.Sprintf("[%s] %s already banned", j.Name, b.Subject.Word()))
	until := j.end(last)
	if b.Permanent() || !until.IsZero() && until.Sub(b.Until) < prolongBy {
		return event.Ban{}, false
	}
	longer := b
	b.Before = nil
	longer.Until, longer.Before = until, &b
	j.bans[b.Subject] = longer
	return longer, true
}

// Ban makes a manual ban of the subject, from now on for the jail's bantime; see BanUntil.
func (j *Jail) Ban(s event.Subject, now time.Time) event.Ban {
	j.mu.Lock()
	until := j.end(now)
	j.mu.Unlock()
	return j.BanUntil(s, now, until)
}

// BanUntil makes a manual ban of the subject, from now on until a time, zero for ever. A ban that stands is prolonged
// where it would end sooner, and else stays as it is: then it is returned, as the one before it too. The ban is not yet
// carried out: see Enforcer.Enforce.
func (j *Jail) BanUntil(s event.Subject, now, until time.Time) event.Ban {
	j.mu.Lock()
	defer j.mu.Unlock()
	b := event.Ban{Jail: j.Name, Subject: s, At: now, Until: until}
	j.widen(&b)
	if stood, again := j.bans[s]; again && stood.Active(now) {
		stood.Before = nil
		b = stood
		b.Before = &stood
		if !b.Permanent() && (until.IsZero() || until.After(b.Until)) {
			b.Until = until
		}
	} else {
		j.banned++
	}
	j.bans[s] = b
	j.counter.forget(s)
	return b
}

// Spares reports why a manual ban of the subject would hit somebody whom the jail does not ban by itself, or this
// machine; "" for no such reason. A network that is blocked and holds such an address counts.
func (j *Jail) Spares(s event.Subject) (why string) {
	own := ownAddresses()
	j.mu.Lock()
	defer j.mu.Unlock()
	b := event.Ban{Subject: s}
	j.widen(&b)
	p, blocks := b.Network()
	if !blocks {
		return ""
	}
	switch rule := j.ignore.holds(s); {
	case own.cover(p):
		return "an address of this machine"
	case own.within(p):
		return "a network that holds an address of this machine"
	case rule != "":
		return "spared by ignoreip of jail " + j.Name
	case j.ignore.within(p):
		return "a network that holds an address spared by ignoreip of jail " + j.Name
	}
	return ""
}

// Restore takes over the bans that stand from before, and returns them. Whom ignoreip spares by now is left out.
func (j *Jail) Restore(bans []event.Ban, now time.Time) (restored []event.Ban, spared []event.Ban) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, b := range bans {
		if rule := j.ignores(b.Subject, b.Fields); rule != "" {
			j.log.Info(fmt.Sprintf("[%s] Ignore %s by %s", j.Name, b.Subject.Word(), rule))
			spared = append(spared, b)
			continue
		}
		j.widen(&b)
		j.bans[b.Subject] = b
		j.banned++
		restored = append(restored, b)
	}
	return restored, spared
}

// missing are those of the bans that the jail does not hold.
func (j *Jail) missing(bans []event.Ban) []event.Ban {
	j.mu.Lock()
	defer j.mu.Unlock()
	return slices.DeleteFunc(bans, func(b event.Ban) bool {
		_, ok := j.bans[b.Subject]
		return ok
	})
}

// release forgets the bans of the subjects and returns those that stood.
func (j *Jail) release(subjects []event.Subject) (lifted []event.Ban) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, s := range subjects {
		if b, ok := j.bans[s]; ok {
			delete(j.bans, s)
			lifted = append(lifted, b)
		}
	}
	return lifted
}

// refuse takes back a ban that cannot be made, and has the one stand again in whose place it came, which it returns.
func (j *Jail) refuse(b event.Ban) (before *event.Ban) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if stands := j.bans[b.Subject]; !stands.At.Equal(b.At) || b.Prolonged() && !stands.Until.Equal(b.Until) {
		return nil // another one does
	}
	if b.Before != nil {
		j.bans[b.Subject] = *b.Before
		return b.Before
	}
	delete(j.bans, b.Subject)
	j.banned--
	return nil
}

// unneeded are those of the networks that no ban is about: two ids may stand for one address.
func (j *Jail) unneeded(networks []netip.Prefix) []netip.Prefix {
	j.mu.Lock()
	defer j.mu.Unlock()
	needed := map[netip.Prefix]bool{}
	for _, b := range j.bans {
		if p, ok := b.Network(); ok {
			needed[p] = true
		}
	}
	return slices.DeleteFunc(networks, func(p netip.Prefix) bool { return needed[p] })
}

// sweep ends the bans whose time is over, returning them, and forgets old failures.
func (j *Jail) sweep(now time.Time) (ended []event.Ban) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for s, b := range j.bans {
		if !b.Active(now) {
			delete(j.bans, s)
			ended = append(ended, b)
		}
	}
	j.counter.sweep(now)
	if n := j.counter.unkept; n > 0 && now.Sub(j.unkeptTold) >= time.Minute {
		j.log.Warn("so many fail that the lines of some failures are not kept; they count all the same", "jail", j.Name, "failures", n)
		j.counter.unkept, j.unkeptTold = 0, now
	}
	j.tellNameless(now)
	j.tellFlood(now)
	return ended
}

// Bans returns the bans in force, the oldest first.
func (j *Jail) Bans() []event.Ban {
	bans := j.unsorted() // there may be many: nobody who judges shall wait until they are sorted
	slices.SortFunc(bans, func(a, b event.Ban) int {
		if c := a.At.Compare(b.At); c != 0 {
			return c
		}
		return cmp.Compare(a.Subject.String(), b.Subject.String())
	})
	return bans
}

func (j *Jail) unsorted() []event.Ban {
	j.mu.Lock()
	defer j.mu.Unlock()
	return slices.Collect(maps.Values(j.bans))
}

// Remaining tells how much longer each banned network is banned, 0 meaning for ever.
func (j *Jail) Remaining(now time.Time) map[netip.Prefix]time.Duration {
	return durations(j.unsorted(), now)
}

// A Status is what a jail says of itself.
type Status struct {
	Failing int // subjects with failures within findtime
	Failed  int // failures since the start
	Banned  int // bans in force
	Bans    int // bans since the start, those restored included
}

// Status counts what the jail holds.
func (j *Jail) Status() Status {
	j.mu.Lock()
	defer j.mu.Unlock()
	return Status{Failing: j.counter.tallies.len(), Failed: j.failed, Banned: len(j.bans), Bans: j.banned}
}

// holds tells whether the very ban b still stands at now, and how long by now: it may have been prolonged.
func (j *Jail) holds(b event.Ban, now time.Time) (until time.Time, ok bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	stands, ok := j.bans[b.Subject]
	return stands.Until, ok && stands.At.Equal(b.At) && stands.Active(now)
}
