package firewall

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// A Spec says what one jail's bans stop. The zero value of everything but Jail stops all TCP packets to this machine
// with a REJECT.
type Spec struct {
	Jail string

	// Ports are numbers, ranges a:b or a-b, and names of services; several may stand in one word, with commas. Empty
	// means every port, as AllPorts does.
	Ports    []string
	AllPorts bool

	// Protocols are tcp, udp, sctp, dccp, udplite, icmp, or all; empty means tcp. all with ports means tcp,
	// udp and sctp.
	Protocols []string

	// Chains are the chains whose packets are looked at. Empty or "auto": INPUT, and FORWARD and DOCKER-USER where
	// containers publish ports. OUTPUT looks at destinations. In other chains than INPUT and OUTPUT a port is the one
	// the packet was sent to, before any container's address translation. A chain that does not exist is waited for.
	// nftables has none but INPUT, FORWARD and OUTPUT: DOCKER-USER stands for FORWARD, others for INPUT and FORWARD.
	Chains []string

	// BlockType is DROP, or REJECT with an optional --reject-with TYPE. A type of either family is turned into the
	// other's where needed. Empty means REJECT.
	BlockType string

	// Log has the kernel log a few of the packets that are stopped: 6 a minute after the first 2, prefixed
	// "bailiff JAIL: ".
	Log bool

	// KeepConnections leaves alone the connections that somebody has when he is banned; else Run cuts those that the
	// jail's ports and protocols are about.
	KeepConnections bool

	// Egress stops packets to the banned address instead of from it; empty Chains then mean OUTPUT.
	Egress bool
}

// A block is a Spec that was read and found good.
type block struct {
	jail      string
	ports     []portRange // nil: every port
	protocols []string    // "all" stands alone
	chains    []string
	auto      bool // find more chains where containers publish ports
	verdict   verdict
	log       bool
	egress    bool
	keep      bool // leave connections alone

	renamed [2]string // the names of its ipsets, IPv4 first, where they are not the usual ones
}

// Check tells what Ensure would find wrong with the jail, without touching anything.
func (s Spec) Check() error {
	_, err := s.block()
	return err
}

func (s Spec) block() (block, error) {
	b := block{jail: s.Jail, log: s.Log, egress: s.Egress, keep: s.KeepConnections}
	if s.Jail == "" || strings.ContainsAny(s.Jail, " \t\n\"'\\") {
		return b, fmt.Errorf("a set cannot have the name of jail %q", s.Jail)
	}
	var err1, err2, err3 error
	if !s.AllPorts {
		b.ports, err1 = parsePorts(s.Ports)
	}
	b.protocols, err2 = parseProtocols(s.Protocols, b.ports != nil)
	b.verdict, err3 = parseBlockType(s.BlockType)
	b.chains = splitWords(s.Chains)
	if slices.Contains(b.chains, "auto") || len(b.chains) == 0 {
		b.chains, b.auto = []string{"INPUT"}, true
	}
	if b.egress && b.auto {
		b.chains, b.auto = []string{"OUTPUT"}, false
	}
	return b, errors.Join(err1, err2, err3)
}

// blocks reads what Ensure is given. Jails with a fault are left out and told of in the error.
func blocks(specs []Spec) ([]block, error) {
	var good []block
	var errs []error
	for _, s := range specs {
		b, err := s.block()
		if err != nil {
			errs = append(errs, fmt.Errorf("jail %s: %w", s.Jail, err))
			continue
		}
		good = append(good, b)
	}
	return good, errors.Join(errs...)
}

func parseProtocols(words []string, ports bool) ([]string, error) {
	withPorts := []string{"tcp", "udp", "sctp", "dccp", "udplite"}
	protocols := splitWords(words)
	switch {
	case len(protocols) == 0:
		return []string{"tcp"}, nil
	case slices.Contains(protocols, "all") && ports:
		return []string{"tcp", "udp", "sctp"}, nil
	case slices.Contains(protocols, "all"):
		return []string{"all"}, nil
	}
	for _, p := range protocols {
		known := slices.Contains(withPorts, p)
		if p != "icmp" && !known {
			return nil, fmt.Errorf("protocol %q is none of %s, icmp, all", p, strings.Join(withPorts, ", "))
		}
		if ports && !known {
			return nil, fmt.Errorf("protocol %s has no ports", p)
		}
	}
	return protocols, nil
}
