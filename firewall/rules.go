package firewall

import (
	"cmp"
	"fmt"
	"strings"
)

// packets are some of those a jail is about: their protocol, and the match that finds them.
type packets struct{ protocol, match string }

// packets are the alternatives of a jail's packets in a family, in the chain of ours that hook jumps to. All matches are
// in the words and order in which iptables -S prints them.
func (b block) packets(f family, hook string) []packets {
	protocols := b.protocols
	if b.verdict.reject.reset && protocols[0] == "all" {
		protocols = []string{"tcp", "all"}
	}
	var all []packets
	for _, protocol := range protocols {
		for _, ports := range b.portMatches(hook) {
			all = append(all, packets{protocol, join(protocolMatch(f, protocol), ports)})
		}
	}
	return all
}

// setRules are the rules that stop the jail's packets from those in its set.
func (b block) setRules(f family, hook string) rules {
	var all rules
	for _, p := range b.packets(f, hook) {
		match := fmt.Sprintf("-m set --match-set %s %s", b.setName(f), b.direction(hook))
		all = append(all, b.stopRules(f, p.protocol, join(p.match, match))...)
	}
	return all
}

// setName is the name of the jail's ipset.
func (b block) setName(f family) string {
	if f.v6 {
		return cmp.Or(b.renamed[1], f.setName(b.jail))
	}
	return cmp.Or(b.renamed[0], f.setName(b.jail))
}

// stopRules stop what matches, and log it first where the jail says so.
func (b block) stopRules(f family, protocol, match string) rules {
	stop := join(match, "-j "+b.verdict.target(f, protocol))
	if !b.log {
		return rules{stop}
	}
	return rules{join(match, b.logTarget()), stop}
}

// direction is ipset's word for the side of the packet whose address is looked up.
func (b block) direction(hook string) string {
	if b.egress || hook == "OUTPUT" {
		return "dst"
	}
	return "src"
}

// portMatches are the alternatives of the port match; one empty one where every port is meant. A forwarded packet may
// have been sent to another port than it now bears, for a container's: connection tracking knows which.
func (b block) portMatches(hook string) (matches []string) {
	if forwards(hook) {
		matches = b.forwardMatches()
		if !b.eitherPort(hook) {
			return matches
		}
	} else if b.ports == nil {
		return []string{""}
	}
	for _, ports := range multiports(b.ports) {
		matches = append(matches, "-m multiport --dports "+ports)
	}
	return matches
}

func forwards(hook string) bool { return hook != "INPUT" && hook != "OUTPUT" }

// eitherPort tells whether a forwarded packet's own port counts as well as the one that it was sent to: in a chain that
// somebody named, for fail2ban's rules there look at the former.
func (b block) eitherPort(hook string) bool { return forwards(hook) && !b.auto && b.ports != nil }

// forwardMatches in automatic chains keep to packets to published ports: what the machine routes for others is not the
// jail's business.
func (b block) forwardMatches() []string {
	published := ""
	if b.auto {
		published = "--ctstate DNAT"
	}
	if b.ports == nil {
		if b.auto {
			return []string{"-m conntrack --ctstate DNAT --ctdir ORIGINAL"}
		}
		return []string{""}
	}
	var matches []string
	for _, r := range b.ports {
		matches = append(matches, join("-m conntrack", published, "--ctorigdstport", r.String(), "--ctdir ORIGINAL"))
	}
	return matches
}

func protocolMatch(f family, protocol string) string {
	switch {
	case protocol == "all":
		return ""
	case protocol == "icmp" && f.v6:
		return "-p ipv6-icmp"
	}
	return "-p " + protocol
}

func (b block) logTarget() string {
	return fmt.Sprintf("-m limit --limit 6/min --limit-burst 2 -j LOG --log-prefix %q", logPrefix(b.jail))
}

// logPrefix is what the kernel puts before the packets it logs, at most the 29 bytes it keeps.
func logPrefix(jail string) string {
	prefix := "bailiff " + jail + ": "
	return prefix[:min(len(prefix), 29)]
}

func join(words ...string) string {
	var kept []string
	for _, w := range words {
		if w != "" {
			kept = append(kept, w)
		}
	}
	return strings.Join(kept, " ")
}
