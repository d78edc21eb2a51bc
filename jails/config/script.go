package config

import (
	"path"
	"regexp"
	"slices"
	"strings"
)

// A rulebook is what the commands of an action say of the rules they make, where the action has no option for it or the
// author wrote it out. What is empty they do not say, or only through a variable of the shell.
type rulebook struct {
	chains    []string // of iptables, in which rules or jumps stand
	protocols []string
	ports     []string
	target    string // DROP, or REJECT with its type
	unlike    string // why the built-in firewall cannot do the same
}

// readRules reads the commands of a packet filter in a script.
func readRules(command, script string) rulebook {
	switch command {
	case "nft":
		return readNft(script)
	case "iptables", "ip6tables", "ipset":
		return readIptables(script)
	}
	return rulebook{}
}

// commandEnd parts the commands of a script.
var commandEnd = regexp.MustCompile("[\n;|&{}()`]+")

// oneLine joins what a command has on several lines, and writes out tags of blanks.
var oneLine = strings.NewReplacer("<sp>", " ", "<br>", "\n", "\\\n", " ")

// readIptables reads the commands of iptables in a script.
func readIptables(script string) rulebook {
	var added []map[string]string
	made := map[string]bool{}
	for _, command := range commandEnd.Split(oneLine.Replace(script), -1) {
		rule := iptablesRule(strings.Fields(command))
		if rule["new"] != "" {
			made[rule["new"]] = true
		}
		if rule["chain"] != "" {
			added = append(added, rule)
		}
	}
	var b rulebook
	var targets []string
	about, stopping := 0, 0 // rules about the banned, and those of them that may stop packets
	for _, rule := range added {
		if rule["negated"] != "" {
			b.unlike = "a rule of it holds for all but some packets (!)"
		}
		if rule["about"] != "" {
			about++
			if !letsPass[rule["target"]] {
				stopping++
			}
		}
		if !made[rule["chain"]] {
			b.chains = union(b.chains, hookChains(rule["table"], rule["chain"]))
		}
		b.protocols = union(b.protocols, splitWords(rule["protocol"]))
		b.ports = union(b.ports, splitWords(rule["ports"]))
		if t := rule["target"]; strings.HasPrefix(t, "DROP") || strings.HasPrefix(t, "REJECT") {
			targets = union(targets, []string{t})
		}
	}
	if about > 0 && stopping == 0 {
		b.unlike = "its rules do not stop packets"
	}
	if len(added) > 0 && len(b.protocols) == 0 {
		b.protocols = []string{"all"}
	}
	if len(targets) == 1 {
		b.target = targets[0]
	}
	b.chains, b.protocols, b.ports = saidOutright(b.chains), saidOutright(b.protocols), saidOutright(b.ports)
	return b
}

// letsPass are targets that do not stop packets.
var letsPass = map[string]bool{"ACCEPT": true, "RETURN": true, "LOG": true, "NFLOG": true, "MARK": true, "CONNMARK": true, "REDIRECT": true, "DNAT": true}

// iptablesFlags are the flags of iptables that a rulebook is made from.
var iptablesFlags = map[string]string{
	"-t": "table", "--table": "table", "-N": "new", "--new-chain": "new", "-p": "protocol", "--protocol": "protocol",
	"-I": "chain", "--insert": "chain", "-A": "chain", "--append": "chain", "-j": "target", "--jump": "target",
	"--dport": "ports", "--dports": "ports", "--destination-port": "ports", "--destination-ports": "ports",
}

// iptablesRule takes a command of iptables apart. It is empty for other commands.
func iptablesRule(words []string) map[string]string {
	is := func(w string) bool {
		return strings.Contains(path.Base(w), "iptables") || strings.Contains(path.Base(w), "ip6tables")
	}
	begin := slices.IndexFunc(words, is)
	if begin < 0 {
		return nil
	}
	words = splitFlags(words[begin:])
	rule := map[string]string{}
	for i := 0; i+1 < len(words); i++ {
		if key := iptablesFlags[words[i]]; key != "" {
			rule[key] = strings.Trim(words[i+1], `"'`)
		}
		switch words[i+1] {
		case "<ip>", "<ip>/32", "<ip>/<cidr>", "--match-set":
			rule["about"] = words[i+1]
		}
		if words[i] == "!" {
			rule["negated"] = words[i+1]
		}
	}
	if i := slices.Index(words, "--reject-with"); i >= 0 && i+1 < len(words) {
		rule["target"] += " --reject-with " + words[i+1]
	}
	return rule
}

// splitFlags parts flags from values that are written after a =, or right after a letter.
func splitFlags(words []string) (parts []string) {
	for _, w := range words {
		if flag, value, ok := strings.Cut(w, "="); ok && iptablesFlags[flag] != "" {
			parts = append(parts, flag, value)
		} else if len(w) > 2 && w[1] != '-' && iptablesFlags[w[:2]] != "" {
			parts = append(parts, w[:2], w[2:])
		} else {
			parts = append(parts, w)
		}
	}
	return parts
}

// hookChains are the chains of the filter table that see the packets of a chain of another table.
func hookChains(table, chain string) []string {
	if table != "" && table != "filter" || chain == "PREROUTING" {
		if chain == "OUTPUT" || chain == "POSTROUTING" {
			return []string{"OUTPUT"}
		}
		return []string{"INPUT", "FORWARD"}
	}
	return []string{chain}
}

// saidOutright are the values, none if one of them is known only to the shell.
func saidOutright(values []string) []string {
	if slices.ContainsFunc(values, func(v string) bool { return strings.ContainsAny(v, "$<>") }) {
		return nil
	}
	return values
}

var (
	nftHook     = regexp.MustCompile(`\bhook (\w+)`)
	nftProtocol = regexp.MustCompile(`\b(?:tcp|udp|sctp|dccp|l4proto|protocol|nexthdr)\b|\$proto`)
	nftAdmits   = regexp.MustCompile(`(?:^|[^y]) accept\b`)
	nftDrop     = regexp.MustCompile(`(?:^|[^y]) drop\b`) // and not "policy drop"
)

// readNft reads the commands of nft in a script.
func readNft(script string) rulebook {
	var b rulebook
	for _, m := range nftHook.FindAllStringSubmatch(script, -1) {
		switch m[1] {
		case "prerouting", "ingress":
			b.chains = union(b.chains, []string{"INPUT", "FORWARD"})
		case "output", "postrouting":
			b.chains = union(b.chains, []string{"OUTPUT"})
		default:
			b.chains = union(b.chains, []string{strings.ToUpper(m[1])})
		}
	}
	if !nftProtocol.MatchString(script) {
		b.protocols = []string{"all"}
	}
	switch drops, rejects := nftDrop.MatchString(script), strings.Contains(script, "reject"); {
	case drops && !rejects:
		b.target = "DROP"
	case !drops && !rejects && nftAdmits.MatchString(script):
		b.unlike = "its rules do not stop packets"
	}
	return b
}
