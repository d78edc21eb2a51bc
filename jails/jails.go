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

// A Store remembers bans over restarts. Save and Lift may be repeated.
type Store interface {
	// Save stores the bans in one transaction.
	Save(ctx context.Context, bans []event.Ban) error
	// Lift ends the jail's bans of the subjects.
	Lift(ctx context.Context, jail string, subjects ...event.Subject) error
}

// A Blocklist drops the packets of banned networks. Both methods may be repeated.
type Blocklist interface {
	// Add blocks each network for its duration, 0 meaning for ever, as one batch.
	Add(ctx context.Context, jail string, bans map[netip.Prefix]time.Duration) error
	// Remove lets the networks through again; one that is not blocked is no error.
	Remove(ctx context.Context, jail string, networks ...netip.Prefix) error
}

// LevelNotice is the level of bans and unbans in the log: fail2ban's NOTICE, between Info and Warn.
const LevelNotice = slog.LevelInfo + 2
