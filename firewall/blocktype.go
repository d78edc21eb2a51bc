package firewall

import (
	"fmt"
	"slices"
	"strings"
)

// A verdict is what befalls a packet.
type verdict struct {
	drop   bool
	reject reject // how it is answered when it is not dropped
}

// A reject is an answer to a packet that is not let in: its names in iptables and its numbers on the wire.
type reject struct {
	name4, name6 string
	code4, code6 uint8 // of ICMP type 3 and of ICMPv6 type 1
	reset        bool  // a TCP reset instead
}

// rejects lists iptables' types of REJECT; the first is its default. Each has the nearest thing of the other family
// beside it.
func rejects() []reject {
	return []reject{
		{"icmp-port-unreachable", "icmp6-port-unreachable", 3, 4, false},
		{"icmp-net-unreachable", "icmp6-no-route", 0, 0, false},
		{"icmp-host-unreachable", "icmp6-addr-unreachable", 1, 3, false},
		{"icmp-admin-prohibited", "icmp6-adm-prohibited", 13, 1, false},
		{"icmp-proto-unreachable", "icmp6-port-unreachable", 2, 4, false},
		{"icmp-net-prohibited", "icmp6-adm-prohibited", 9, 1, false},
		{"icmp-host-prohibited", "icmp6-adm-prohibited", 10, 1, false},
		{"tcp-reset", "tcp-reset", 0, 0, true},
	}
}

// parseBlockType reads a blocktype as iptables' command line has it after -j.
func parseBlockType(s string) (verdict, error) {
	words := strings.Fields(s)
	if len(words) == 0 {
		words = []string{"REJECT"}
	}
	switch {
	case len(words) == 1 && words[0] == "DROP":
		return verdict{drop: true}, nil
	case len(words) == 1 && words[0] == "REJECT":
		return verdict{reject: rejects()[0]}, nil
	case len(words) == 3 && words[0] == "REJECT" && words[1] == "--reject-with":
		return parseReject(words[2])
	}
	return verdict{}, fmt.Errorf("blocktype %q is neither DROP nor REJECT [--reject-with TYPE]", s)
}

func parseReject(name string) (verdict, error) {
	full := name
	if rest, ok := strings.CutPrefix(name, "icmpv6-"); ok {
		full = "icmp6-" + rest
	}
	all := rejects()
	i := slices.IndexFunc(all, func(r reject) bool { return r.name4 == full || r.name6 == full })
	if i < 0 {
		return verdict{}, fmt.Errorf("blocktype: REJECT has no type %q", name)
	}
	return verdict{reject: all[i]}, nil
}

// target is the verdict as iptables prints it for packets of a family and protocol. Only TCP can be reset.
func (v verdict) target(f family, protocol string) string {
	r := v.reject
	if r.reset && protocol != "tcp" {
		r = rejects()[0]
	}
	switch {
	case v.drop:
		return "DROP"
	case f.v6:
		return "REJECT --reject-with " + r.name6
	}
	return "REJECT --reject-with " + r.name4
}
