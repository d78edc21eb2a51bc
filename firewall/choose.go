package firewall

import (
	"context"
	"fmt"
)

// choose opens the backend that the options ask for.
func (fw *Firewall) choose(_ context.Context, o Options) error {
	fw.name, fw.reason = o.Backend, "configured"
	switch o.Backend {
	case "dry":
		d := openDry(fw.log)
		fw.rules, fw.sets = d, d
		return nil
	case "nftables":
		b, err := openNFT()
		if err != nil {
			return fmt.Errorf("backend nftables: %w", err)
		}
		fw.rules, fw.sets = b, b
		return nil
	case "iptables-plain":
		b, err := openPlain(o)
		if err != nil {
			return fmt.Errorf("backend iptables-plain: %w", err)
		}
		fw.rules, fw.sets = b, b
		return nil
	case "", "auto":
		fw.name, fw.reason = "iptables", "iptables and ipset are there"
		fallthrough
	case "iptables":
		b, err := openIPSet(o)
		if err != nil {
			return fmt.Errorf("backend iptables: %w", err)
		}
		fw.rules, fw.sets = b, b
		return nil
	}
	return fmt.Errorf("backend %q is none of auto, nftables, iptables, iptables-plain, dry", o.Backend)
}
