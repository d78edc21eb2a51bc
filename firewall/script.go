package firewall

import (
	"bytes"
	"fmt"
)

// A script is what iptables-restore is to do in one transaction, and what of that repairs what had stood, in words.
type script struct {
	chains []string // declarations, which make or empty a chain
	rules  []string
	jumps  []string
	drops  []string         // the chains to remove afterwards
	made   map[string]rules // the chains, and what they are made of
	done   []string

	waiting []string // the chains of others that there are not yet
	notes   []string // what of others is in the way and left as it is, in words
}

// chain makes a chain of ours anew.
func (s *script) chain(own string, want rules, repair bool) {
	s.chains = append(s.chains, declare(own)...)
	for _, r := range want {
		s.rules = append(s.rules, "-A "+own+" "+r)
	}
	s.made[own] = want
	if repair {
		s.done = append(s.done, "chain "+own)
	}
}

// jump replaces the n jumps that a hook has by one in the first place.
func (s *script) jump(hook, own string, n int, repair bool) {
	s.unjump(hook, own, n)
	s.jumps = append(s.jumps, fmt.Sprintf("-I %s 1 -j %s", hook, own))
	if repair {
		s.done = append(s.done, "jump from "+hook)
	}
}

func (s *script) unjump(hook, own string, n int) {
	for range n {
		s.jumps = append(s.jumps, fmt.Sprintf("-D %s -j %s", hook, own))
	}
}

// drop empties a chain of ours, for which there is no use any more. It can be removed once nothing jumps to it: others'
// rules may, so that is a transaction of its own.
func (s *script) drop(own string) {
	s.chains = append(s.chains, declare(own)...)
	s.drops = append(s.drops, own)
}

// declare are the lines that make chains, or empty those that there are.
func declare(chains ...string) (lines []string) {
	for _, chain := range chains {
		lines = append(lines, fmt.Sprintf(":%s - [0:0]", chain))
	}
	return lines
}

func (s *script) empty() bool { return len(s.chains)+len(s.jumps)+len(s.drops) == 0 }

func (s *script) text() []byte {
	var b bytes.Buffer
	b.WriteString("*filter\n")
	for _, part := range [][]string{s.chains, s.rules, s.jumps} {
		for _, line := range part {
			b.WriteString(line)
			b.WriteByte('\n')
		}
	}
	b.WriteString("COMMIT\n")
	return b.Bytes()
}
