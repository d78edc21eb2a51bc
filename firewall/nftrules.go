package firewall

import (
	"slices"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"
)

// register is the one register that the rules need.
const register = 1

// makeRules puts all chains and rules into the transaction. The chain of a hook looks at protocols and ports and jumps
// to the jail's chain, from-JAIL or to-JAIL, which looks the address up.
func (n *nft) makeRules(blocks []block, forward bool) {
	hooks := map[string]*nftables.Chain{}
	for _, b := range blocks {
		targets := map[string]bool{}
		for _, hook := range b.nftHooks(forward) {
			base := n.baseChain(hooks, hook)
			target := jailChain(b.jail, b.direction(hook))
			if !targets[target] {
				n.makeJailChain(b, target)
				targets[target] = true
			}
			n.makeJumps(b, base, hook, target)
		}
	}
}

// nftHooks are the hooks a block's packets are seen in. nftables knows nothing of iptables' further chains: those of
// DOCKER-USER are all forwarded, and those of others may be either.
func (b block) nftHooks(forward bool) []string {
	var hooks []string
	for _, chain := range b.chains {
		switch chain {
		case "INPUT", "OUTPUT", "FORWARD":
			hooks = append(hooks, chain)
		case "DOCKER-USER":
			hooks = append(hooks, "FORWARD")
		default:
			hooks = append(hooks, "INPUT", "FORWARD")
		}
	}
	if b.auto && forward {
		hooks = append(hooks, "FORWARD")
	}
	slices.Sort(hooks)
	return slices.Compact(hooks)
}

func jailChain(jail, direction string) string {
	if direction == "dst" {
		return tableName("to-"+jail, maxTableChain)
	}
	return tableName("from-"+jail, maxTableChain)
}

// baseChain is our chain at a hook. It comes before those of iptables and of most others.
func (n *nft) baseChain(made map[string]*nftables.Chain, hook string) *nftables.Chain {
	if c := made[hook]; c != nil {
		return c
	}
	names := map[string]string{"INPUT": "input", "OUTPUT": "output", "FORWARD": "forward"}
	numbers := map[string]*nftables.ChainHook{
		"INPUT": nftables.ChainHookInput, "OUTPUT": nftables.ChainHookOutput, "FORWARD": nftables.ChainHookForward,
	}
	made[hook] = n.conn.AddChain(&nftables.Chain{
		Table: n.table, Name: names[hook], Type: nftables.ChainTypeFilter,
		Hooknum: numbers[hook], Priority: nftables.ChainPriorityRef(*nftables.ChainPriorityFilter - 10),
	})
	return made[hook]
}

// makeJailChain makes the chain that looks up an address in the sets of a jail and stops the packet.
func (n *nft) makeJailChain(b block, name string) {
	n.conn.AddChain(&nftables.Chain{Table: n.table, Name: name})
	for _, f := range families() {
		set := f.tableSet(b.jail)
		n.makeVerdicts(b, f, name, set, f.length)
		for _, bits := range n.lengths[set] {
			n.makeVerdicts(b, f, name, networkSet(set, bits), bits)
		}
	}
}

// makeVerdicts makes the rules for those in one set. Where TCP is to be reset, others are still answered by ICMP.
func (n *nft) makeVerdicts(b block, f family, chain, set string, bits int) {
	packets := append(matchFamily(f), lookup(f, chain, set, bits)...)
	if b.log {
		n.rule(chain, packets, rateLimit(), logPacket(b.jail))
	}
	if b.verdict.reject.reset {
		n.rule(chain, matchProtocol("tcp", f), packets, counter(), b.verdict.express(f, "tcp"))
	}
	n.rule(chain, packets, counter(), b.verdict.express(f, "all"))
}

// makeJumps makes the rules that send packets of the jail's protocols and ports to its chain.
func (n *nft) makeJumps(b block, base *nftables.Chain, hook, target string) {
	jump := []expr.Any{&expr.Verdict{Kind: expr.VerdictJump, Chain: target}}
	for _, protocol := range b.protocols {
		if protocol == "icmp" {
			for _, f := range families() {
				n.rule(base.Name, matchFamily(f), matchProtocol(protocol, f), jump)
			}
			continue
		}
		n.rule(base.Name, matchProtocol(protocol, families()[0]), b.published(hook), n.matchPorts(b, hook), jump)
		if b.eitherPort(hook) {
			n.rule(base.Name, matchProtocol(protocol, families()[0]), n.matchPorts(b, "INPUT"), jump)
		}
	}
}

func (n *nft) rule(chain string, parts ...[]expr.Any) {
	n.queued++
	n.conn.AddRule(&nftables.Rule{Table: n.table, Chain: &nftables.Chain{Table: n.table, Name: chain}, Exprs: slices.Concat(parts...)})
}
