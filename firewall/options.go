package firewall

import (
	"context"
	"log/slog"
	"net/netip"
	"time"
)

// Options choose how a Firewall works. The zero value is ready for use.
type Options struct {
	// Backend is iptables (rules by iptables, sets by ipset), nftables, iptables-plain (a rule an address), dry
	// (touches nothing), or auto, also "": the first of iptables, nftables and iptables-plain that works.
	Backend string

	// Program is the iptables to run: iptables, also "", or iptables-nft or iptables-legacy.
	Program string

	// MaxElem is how many entries a new ipset holds before it has to grow; 0 means 65536.
	MaxElem uint32

	// Restore tells what is banned in a jail, with the time each ban still has, 0 for ever. Run asks it when a set was
	// lost, with the firewall locked; nil means that lost bans stay lost.
	Restore func(ctx context.Context, jail string) (map[netip.Prefix]time.Duration, error)

	// RuntimeDir is a directory of ours, such as /run/bailiff. Where the process is not root, iptables gets a lock file
	// in it, through the environment of the process.
	RuntimeDir string

	// Trouble is told, in one line, what keeps the rules from standing, and "" when they stand again. nil means nobody.
	Trouble func(text string)

	// Log is told what is chosen and repaired; nil means nobody.
	Log *slog.Logger
}
