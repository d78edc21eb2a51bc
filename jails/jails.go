// Package jails is the core: it counts failures per subject, decides on bans and sees them through.
//
// A Watch reads the blocks of one source and hands the failures that its filters find to their jails. A Jail counts
// them and gives verdicts. The Enforcer carries verdicts out in one order: remembered in the store, then put into the
// kernel, then told. Only after that does the source save its position, so a crash repeats work and never loses any;
// every step may be repeated.
package jails

import (
	"context"
	"log/slog"
	"net/netip"
	"time"

	"bailiff/jails/event"
)

// A Store remembers bans over restarts. Its methods return at once, however long the disk takes, and what is told first
// is saved first.
type Store interface {
	// Save remembers the bans. The channel is closed when they are saved.
	Save(bans []event.Ban) (saved <-chan struct{})
	// Lift ends the jail's bans of the subjects. The channel is closed when that is saved.
	Lift(jail string, subjects ...event.Subject) (saved <-chan struct{})
	// Drop forgets bans that never were in force.
	Drop(bans []event.Ban)
}

// A Blocklist drops the packets of banned networks. Both methods may be repeated. An error that joins Refusals is about
// their networks, and the others are done; any other error is about all of them, and may be another one later.
type Blocklist interface {
	// Add blocks each network for its duration, 0 meaning for ever, as one batch.
	Add(ctx context.Context, jail string, bans map[netip.Prefix]time.Duration) error
	// Remove lets the networks through again; one that is not blocked is no error.
	Remove(ctx context.Context, jail string, networks ...netip.Prefix) error
}

// A Refusal is why a Blocklist has not done what it was asked for one network.
type Refusal interface {
	error
	Network() netip.Prefix
	Final() bool // it will never be done, however often it is tried
}

// LevelNotice is the level of bans and unbans in the log: fail2ban's NOTICE, between Info and Warn.
const LevelNotice = slog.LevelInfo + 2
