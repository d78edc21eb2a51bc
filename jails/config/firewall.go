package config

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

const (
	multiport = "multiport"
	allports  = "allports"
	none      = "none"

	defaultBlockType = "REJECT --reject-with icmp-port-unreachable"
)

// firewall is what the jail's actions that block addresses would have blocked. Actions that only tell somebody,
// and those without an equivalent in the built-in firewall, are remembered for a warning.
func (s *section) firewall() Firewall {
	action, _ := s.get("action")
	if action.from == nil && len(s.jail.actions) == 0 {
		return s.checked(s.withoutAction(), nil)
	}
	found := Firewall{Kind: none}
	for _, a := range s.jail.actions {
		f, why := native(a)
		if why != "" {
			s.remember(a, why)
			continue
		}
		if own := s.text("blocktype"); own != "" && !a.given.has("blocktype") {
			f.BlockType = blockType(own)
		}
		found = merge(found, s.checked(f, a))
	}
	if found.Kind == none {
		s.warn("action", 0, "the jail bans nobody: none of its actions blocks addresses", "name a banaction such as iptables-multiport")
	}
	return found
}

// merge is what two actions block together, or a little more: the ports of both for the protocols of both.
func merge(a, b Firewall) Firewall {
	if a.Kind == none {
		return b
	}
	if a.Kind == allports || b.Kind == allports {
		a.Kind, a.Ports, b.Ports = allports, nil, nil
	}
	a.Log = a.Log || b.Log
	a.Ports, a.Protocols, a.Chains = union(a.Ports, b.Ports), union(a.Protocols, b.Protocols), union(a.Chains, b.Chains)
	return a
}

func union(a, b []string) []string {
	for _, v := range b {
		if !slices.Contains(a, v) {
			a = append(a, v)
		}
	}
	return a
}

// withoutAction is for a configuration that names no action: banaction's name alone, and the jail's own options.
func (s *section) withoutAction() Firewall {
	f := Firewall{
		Kind:      multiport,
		Ports:     splitWords(cmp.Or(s.text("port"), "0:65535")),
		Protocols: splitWords(cmp.Or(s.text("protocol"), "tcp")),
		Chains:    []string{"INPUT"},
		BlockType: blockType(cmp.Or(s.text("blocktype"), defaultBlockType)),
	}
	if strings.Contains(s.text("banaction"), allports) {
		f.Kind = allports
	}
	if chain := s.text("chain"); !strings.Contains(chain, "<") && chain != "" {
		f.Chains = splitWords(chain)
	}
	return f
}

var (
	// blocker finds a packet filter's command where a shell would run it.
	blocker = regexp.MustCompile("(?m)(?:^|[;&|({`]|\\bdo|\\bthen|\\belse)\\s*(?:sudo )?<?(?:/\\S*/)?" +
		`(iptables|ip6tables|nft|ipset|firewall-cmd|ufw|shorewall|apf|ip route add)\b`)
	// dropFile finds a file through which a packet filter is commanded.
	dropFile = regexp.MustCompile(`/xt_recent/|/symbiosis/firewall/`)
	// admits finds commands of such programs that let an address through.
	admits = regexp.MustCompile(`\bufw (?:\S+ )*allow\b|\bshorewall allow\b|\bapf -a\b|\bip route add <ip>\S* (?:via|dev)\b`)
	// portMatch finds a rule that holds for some ports only.
	portMatch = regexp.MustCompile(`\bdports?\b|\bport port=|\bto any port\b`)
)

// native is what an action's commands block, or why the built-in firewall has no part in it.
func native(a *action) (f Firewall, why string) {
	if a.combined == nil {
		return f, "it is a Python program"
	}
	script := a.combined.text("actionstart") + "\n" + a.combined.text("actionban")
	m := blocker.FindStringSubmatch(script)
	if m == nil && !dropFile.MatchString(script) {
		return f, "it tells somebody, or blocks by other means than the kernel's packet filter"
	}
	f = Firewall{Kind: allports, BlockType: blockType(a.combined.text("blocktype")), Chains: []string{"INPUT"}, Protocols: []string{"all"}}
	f.Log = strings.Contains(a.name, "-log") // iptables-multiport-log, firewallcmd-rich-logging
	if f.BlockType == "" {
		return f, fmt.Sprintf("it lets addresses through with %s", a.combined.text("blocktype"))
	}
	if m == nil || slices.Contains([]string{"ufw", "shorewall", "apf", "ip route add"}, m[1]) {
		if m != nil && admits.MatchString(script) {
			return f, "it lets addresses through"
		}
		return f, ""
	}
	f.Protocols = splitWords(a.combined.text("protocol"))
	if portMatch.MatchString(script) {
		f.Kind, f.Ports = multiport, splitWords(a.combined.text("port"))
	}
	f.Chains = chains(m[1], a.combined)
	return f, f.follow(readRules(m[1], script))
}

// follow has what the commands say go before the options, which they need not use. It returns why it cannot.
func (f *Firewall) follow(b rulebook) (why string) {
	if len(b.chains) > 0 {
		f.Chains = b.chains
	}
	if len(b.protocols) > 0 {
		f.Protocols = b.protocols
	}
	if f.Kind == multiport && len(b.ports) > 0 {
		f.Ports = b.ports
	}
	if b.target != "" {
		f.BlockType = blockType(b.target)
	}
	return b.unlike
}

// chains are the chains of iptables that an action's rules stand in. nftables and firewalld have their own, which
// belong to a hook that iptables has a chain for.
func chains(command string, opts *settings) []string {
	chain := opts.text("chain")
	if command == "nft" {
		chain = "" // its hook tells
	}
	if chain == "" || strings.HasPrefix(chain, "INPUT_") || strings.Contains(chain, "<") {
		chain = "INPUT"
	}
	return splitWords(strings.TrimSuffix(chain, "_direct"))
}

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
		if strings.Contains(s, "--reject-with") && !strings.Contains(s, "<") { // firewalld's has a tag of the family
			return "REJECT" + s[len("REJECT"):]
		}
		if strings.HasSuffix(s, "with tcp reset") { // in nft's words
			return "REJECT --reject-with tcp-reset"
		}
		return defaultBlockType
	}
	return s
}

// portWord is a port or a range of them; iptables lets a range be open at one end.
var portWord = regexp.MustCompile(strings.ReplaceAll(`^(?:N|N:|:N|N:N|\d{1,5}-\d{1,5})$`, "N", `(?:[A-Za-z][\w.+-]*|\d{1,5})`))

// protocolNames are the protocols under other names that iptables takes for them.
var protocolNames = map[string]string{
	"0": "all", "1": "icmp", "6": "tcp", "17": "udp", "33": "dccp", "58": "icmp", "132": "sctp", "136": "udplite",
	"ip": "all", "icmpv6": "icmp", "ipv6-icmp": "icmp", "icmp6": "icmp",
}

// checked reports what no firewall would take, in the options of the action if one is given.
func (s *section) checked(f Firewall, a *action) Firewall {
	for i, p := range f.Ports {
		if !portWord.MatchString(p) {
			s.blame(a, "port", fmt.Sprintf("%q is no port", p), "write names, numbers and ranges such as ssh,8080,6000:6010")
		}
		if p[0] >= '0' && p[0] <= '9' {
			f.Ports[i] = strings.Replace(p, "-", ":", 1)
		}
	}
	for i, p := range f.Protocols {
		p = strings.ToLower(p) // as iptables does
		p = cmp.Or(protocolNames[p], p)
		f.Protocols[i] = p
		if !slices.Contains([]string{"tcp", "udp", "sctp", "dccp", "udplite", "icmp", "all"}, p) {
			s.blame(a, "protocol", fmt.Sprintf("%q is no protocol", p), "write tcp, udp, all or several of them")
		}
	}
	if f.Kind == multiport && len(f.Ports) == 0 {
		f.Kind = allports
	}
	if f.BlockType == "" {
		s.fault("blocktype", 0, fmt.Sprintf("%q blocks nobody", s.text("blocktype")), "write DROP or REJECT")
	}
	return f
}

// blame reports a fault of an option where the jail sets it, else where the action's files do, else of the action.
func (s *section) blame(a *action, option, message, hint string) {
	if _, ok := s.get(option); !ok && a != nil {
		v, _ := a.combined.get(option)
		s.report.fault(cmp.Or(v.from, a.from).Fault(0, s.jail.name, option, message, hint))
		return
	}
	s.fault(option, 0, message, hint)
}

// An unable action bans nothing in the built-in firewall.
type unable struct {
	why   string
	at    *Fault // where the first jail names it
	jails []string
}

func (s *section) remember(a *action, why string) {
	u := s.unable[a.name]
	if u == nil {
		u = &unable{why: why, at: a.from.Fault(lineOf(s.text("action"), a.name), s.jail.name, "action", "", "")}
		s.unable[a.name] = u
	}
	if !slices.Contains(u.jails, s.jail.name) {
		u.jails = append(u.jails, s.jail.name)
	}
}

// warnActions names every action that is not run, once.
func (b *builder) warnActions() {
	for _, j := range b.jails {
		for _, a := range j.actions {
			u := b.unable[a.name]
			if u == nil {
				continue
			}
			u.at.Message = fmt.Sprintf("the action %s is not run: %s (%s)", a.name, u.why, b.jailList(u.jails))
			b.warn(u.at)
			delete(b.unable, a.name)
		}
	}
}
