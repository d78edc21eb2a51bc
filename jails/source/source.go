// Package source turns the journal and log files into blocks of lines for the
// jails. It saves how far it has read only behind the lines' effects, and reads
// again what a restarted jail has forgotten.
package source

import (
	"context"

	"bailiff/jails/event"
)

// See judges a block. When it returns nil the block need not be read again, but
// for what a crash loses. The effects say when a position behind the block may
// be saved.
type See func(ctx context.Context, b *event.Block) (event.Effects, error)
