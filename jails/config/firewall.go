package config

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"bailiff/jails/rules"
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
		f := s.native(a)
		if f.Kind == none {
			continue
		}
		if own := s.text("blocktype"); own != "" && !a.given.has("blocktype") {
			f.BlockType = blockType(own)
		}
		found = s.together(a, found, s.checked(f, a))
	}
	if found.Kind == none {
		s.warnBansNobody(action)
	}
	return found
}

func (s *section) warnBansNobody(action setting) {
	const why, hint = "the jail bans nobody: none of its actions blocks addresses", "name a banaction such as iptables-multiport"
	if len(s.jail.actions) == 0 {
		s.warn("action", 0, why, hint)
		return
	}
	s.report.warn(s.blameAction(s.jail, action.from, s.jail.actions[0].name, why, hint))
}

// together is what two actions, or two commands of one, block. Packets to the banned are looked for in OUTPUT; in other
// chains a jail looks at one direction only.
func (s *section) together(a *action, f, more Firewall) Firewall {
	if f.Kind != none && f.Egress != more.Egress {
		outward := f
		if more.Egress {
			outward, more = more, f
		}
		s.remember(a, otherwise, "packets to the banned are let through in "+strings.Join(outward.Chains, ", "), "")
		return more
	}
	return merge(f, more)
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
	a.Wide4, a.Wide6 = wider(a.Wide4, b.Wide4), wider(a.Wide6, b.Wide6)
	a.Ports, a.Chains = rules.Union(a.Ports, b.Ports), rules.Union(a.Chains, b.Chains)
	a.Protocols = rules.Union(a.Protocols, b.Protocols)
	return a
}

// wider is the length of the wider of two networks; 0 stands for a single address.
func wider(a, b int) int {
	if a == 0 || b != 0 && b < a {
		return b
	}
	return a
}

// withoutAction is for a configuration that names no action: banaction's name alone, and the jail's own options.
func (s *section) withoutAction() Firewall {
	f := Firewall{
		Kind:      multiport,
		Ports:     rules.List(cmp.Or(s.text("port"), "0:65535")),
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
			p = culprit(p)
			s.blame(a, "port", p, fmt.Sprintf("%q is no port", p), "write names, numbers and ranges such as ssh,8080,6000:6010"+commas(p))
		}
		if p[0] >= '0' && p[0] <= '9' {
			f.Ports[i] = strings.Replace(p, "-", ":", 1)
		}
	}
	for i, p := range f.Protocols {
		name := strings.ToLower(p)
		f.Protocols[i] = cmp.Or(protocolNames[name], name)
		if !slices.Contains([]string{"tcp", "udp", "sctp", "dccp", "udplite", "icmp", "all"}, f.Protocols[i]) {
			s.blame(a, "protocol", p, fmt.Sprintf("%q is no protocol", p), "write tcp, udp, all or several of them"+commas(p))
		}
	}
	for i, c := range f.Chains {
		f.Chains[i] = builtIn(c)
		if f.Chains[i] == "PREROUTING" || f.Chains[i] == "POSTROUTING" {
			s.blame(a, "chain", c, fmt.Sprintf("%q is no chain of the table filter", c), "write INPUT, FORWARD, or both")
		}
		if strings.ContainsAny(c, ";|&<>()`'\"/\\") {
			s.blame(a, "chain", c, fmt.Sprintf("%q is no chain", c), "write INPUT, DOCKER-USER or the like"+commas(c))
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

// builtIn is the name of a chain as iptables and Docker have it, where it is theirs in other letters. An
// action's chain of another table is one of filter by now.
func builtIn(chain string) string {
	for _, name := range []string{"INPUT", "FORWARD", "PREROUTING", "POSTROUTING", "DOCKER-USER"} {
		if strings.EqualFold(chain, name) {
			return name
		}
	}
	return chain
}

// culprit is the first of several words that is no port, or all of them where they only are not parted by commas.
func culprit(words string) string {
	for _, w := range strings.Fields(words) {
		if !portWord.MatchString(w) {
			return w
		}
	}
	return words
}

// commas is a hint for words that other signs part.
func commas(words string) string {
	parts := strings.FieldsFunc(words, func(r rune) bool { return strings.ContainsRune(" \t;|&", r) })
	if len(parts) < 2 {
		return ""
	}
	return ", with commas between them: " + strings.Join(parts, ",")
}

// blame reports a fault of a value: where the jail's list of actions gives it, where the jail sets the option, else where
// the action's files do.
func (s *section) blame(a *action, option, value, message, hint string) {
	if a != nil {
		for _, g := range a.given.list {
			list, _ := s.all.Raw(s.jail.name, "action")
			if strings.Contains(g.text(), value) && strings.Contains(list.Text, value) {
				s.fault("action", lineOf(s.text("action"), value), fmt.Sprintf("%s of action %s: %s", g.name, a.name, message), hint)
				return
			}
		}
	}
	if v, ok := s.get(option); a == nil || ok && strings.Contains(v.text(), value) {
		s.fault(option, lineOf(v.text(), value), message, hint)
		return
	}
	v, ok := a.combined.get(option)
	if !ok || !strings.Contains(v.text(), value) {
		v, _ = a.combined.get("actionban")
	}
	s.report.fault(cmp.Or(v.from, a.from).Fault(0, s.jail.name, option, message, hint))
}
