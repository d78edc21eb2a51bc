package config

import (
	"fmt"
	"slices"
)

// stopping adds what the jail itself says of how its firewall stops the banned.
func (s *section) stopping(f Firewall) Firewall {
	f.Log = s.either("firewall.log", "yes", "no", f.Log)
	f.KeepConnections = s.either("firewall.connections", "keep", "cut", false)
	f.Egress = s.either("firewall.direction", "out", "in", f.Egress)
	if f.Egress && (slices.Equal(f.Chains, []string{"INPUT"}) || slices.Contains(f.Chains, "auto")) {
		f.Chains = []string{"OUTPUT"} // what goes out never passes the others
	}
	return f
}

// either reads an option that has two values. Unless it is set it is as standard says.
func (s *section) either(option, on, off string, standard bool) bool {
	switch value := s.text(option); value {
	case on:
		return true
	case off:
		return false
	case "":
		return standard
	default:
		s.fault(option, 0, fmt.Sprintf("%q is neither %s nor %s", value, on, off), fmt.Sprintf("write %s or %s", on, off))
		return standard
	}
}
