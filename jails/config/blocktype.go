package config

import "strings"

// blockType is a target in the words of iptables, "" for one that does not block.
func blockType(s string) string {
	word, _, _ := strings.Cut(strings.TrimSpace(s), " ")
	switch strings.ToLower(word) {
	case "":
		return defaultBlockType
	case "drop", "deny", "blackhole":
		return "DROP"
	case "return", "accept", "allow":
		return ""
	case "reject", "unreachable", "prohibit":
		return rejection(s)
	}
	return s
}

// rejection is a REJECT with its type, which iptables and nft name each in its own way.
func rejection(s string) string {
	if strings.Contains(s, "--reject-with") && !strings.Contains(s, "<") { // firewalld's has a tag of the family
		return "REJECT" + s[len("REJECT"):]
	}
	words := strings.Fields(s)
	switch last := words[len(words)-1]; {
	case strings.HasSuffix(s, "with tcp reset"):
		return "REJECT --reject-with tcp-reset"
	case strings.Contains(s, " icmpv6 ") && (strings.HasSuffix(last, "-unreachable") || last == "no-route"):
		return "REJECT --reject-with icmp6-" + last
	case last == "prot-unreachable":
		return "REJECT --reject-with icmp-proto-unreachable"
	case strings.Contains(s, " with icmp ") && (strings.HasSuffix(last, "-unreachable") || strings.HasSuffix(last, "-prohibited")):
		return "REJECT --reject-with icmp-" + last
	case strings.Contains(s, " with icmpx ") && (strings.HasSuffix(last, "-unreachable") || last == "admin-prohibited"):
		return "REJECT --reject-with icmp-" + last
	}
	return defaultBlockType
}
