package firewall

import (
	"context"
	"net/netip"
	"time"
)

// A rulebook makes rules stand.
type rulebook interface {
	// stand makes sets, chains, rules and jumps stand for exactly these blocks and tells what was missing or wrong.
	// Sets that stand are kept as they are.
	stand(ctx context.Context, blocks []block) (repairs, error)
	// missing tells what of these blocks does not stand, in words, and changes nothing. Bans are not looked at.
	missing(ctx context.Context, blocks []block) ([]string, error)
	// lift removes every set, chain and rule of ours. It tells what of others is in the way of that, as stand does.
	lift(ctx context.Context) (repairs, error)
	close() error
}

// A keeper holds the bans of a jail's sets.
type keeper interface {
	// add puts entries of one family into a jail's set, in one transaction where the kernel has them. An entry that is
	// there gets the new timeout. The errors are those of the entries at fault, each a BanError; the others are in.
	add(ctx context.Context, jail string, f family, entries []entry) []error
	// remove takes entries out; those that are not there do not matter.
	remove(ctx context.Context, jail string, f family, prefixes []netip.Prefix) error
	// list tells every entry's remaining time, 0 for permanent ones.
	list(ctx context.Context, jail string, f family) (map[netip.Prefix]time.Duration, error)
}

// A watcher finds out cheaply whether something is amiss that no notification tells of.
type watcher interface {
	// glance tells whether rules may have changed.
	glance() bool
	// has tells whether a ban stands.
	has(jail string, f family, p netip.Prefix) (bool, error)
}

// A backend is all that, of one kind. A keeper's methods may be called while one of the rulebook's is at work.
type backend interface {
	rulebook
	keeper
	watcher
}

// An entry is a ban as a set holds it.
type entry struct {
	prefix  netip.Prefix
	timeout time.Duration // 0: permanent
}

// repairs is what stand had to make good.
type repairs struct {
	done  []string // in words
	empty []string // the jails with a set that had to be made anew

	waiting []string // chains that rules are wanted in and that there are not
	notes   []string // what of others is in the way and left as it is, in words
}
