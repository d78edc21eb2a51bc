package rules

import (
	"fmt"
	"slices"
	"strings"

	"bailiff/jails/shell"
)

// A rule is what a command has a packet filter do with some packets.
type rule struct {
	from      *shell.Command
	table     string // of nft with its family before it
	chain     string
	src, dst  bool     // it is about packets from, or to, the banned
	wide      int      // how much of the address counts
	lookups   []lookup // of addresses in sets
	protocols []string // nil: all
	ports     []string // nil: all
	target    string
	narrow    string // a match that makes it hold for some of these packets only
	form      int
	logs      bool
}

// A lookup finds the packet's source or destination in a set.
type lookup struct{ set, side string }

// byDefault is the target of programs that stop packets as their own settings say.
const byDefault = "by default"

func passes(target string) bool {
	return strings.TrimSpace(target) == "" || firstIn(target, `accept return log nflog mark connmark
		redirect dnat snat allow limit trace set queue nfqueue continue`)
}

func stops(target string) bool { return target == byDefault || firstIn(target, "drop reject deny") }

// firstIn reports whether a target's first word is one of the words, in whatever case.
func firstIn(target, words string) bool {
	first, _, _ := strings.Cut(strings.ToLower(strings.TrimSpace(target)), " ")
	return slices.Contains(strings.Fields(words), first)
}

func place(table, chain string) string { return table + " " + chain }

// narrowed notes the first match that makes a rule hold for fewer packets. It is always false.
func (r *rule) narrowed(why string) bool {
	if r.narrow == "" {
		r.narrow = why
	}
	return false
}

// meet has the rule be about who is banned where its sets hold them.
func (b *book) meet(r *rule) {
	for _, l := range r.lookups {
		s, ok := b.sets[l.set]
		if !ok {
			r.narrowed("for addresses in " + strings.TrimPrefix(l.set, "@") + " only")
			continue
		}
		if s.inner != "" {
			r.narrowed(s.inner)
		}
		switch l.side {
		case "src":
			r.src = true
		case "dst":
			r.dst = true
		default:
			r.narrowed("whose " + l.side + " a set holds")
		}
		if r.wide = s.wide; r.wide == 0 {
			r.wide = b.lengths[l.set]
		}
		if r.from.Under == "" {
			r.from.Under = s.from.Under
		}
	}
}

// judge makes blocks of all that was read.
func (b *book) judge() {
	looked := map[string]bool{}
	for i := range b.rules {
		r := &b.rules[i]
		b.meet(r)
		for _, l := range r.lookups {
			looked[l.set] = true
		}
	}
	for i := range b.rules {
		r := &b.rules[i]
		b.Logs = b.Logs || r.logs || r.target == "LOG" || r.target == "NFLOG"
		if r.src || r.dst {
			b.judgeRule(r)
		} else if r.narrow != "" && banned.MatchString(r.from.Text) && !passes(r.target) {
			b.undone("it stops only packets "+r.narrow, r.from)
		}
	}
	for name, s := range b.sets {
		switch {
		case looked[name] || b.conditional(s.from):
		case s.inner != "":
			b.undone("it fills a set with more than addresses", s.from)
		default:
			b.Sets = append(b.Sets, strings.TrimPrefix(name, "@"))
			b.Wide = max(b.Wide, s.wide, b.lengths[name])
		}
	}
	slices.Sort(b.Sets)
}

func (b *book) judgeRule(r *rule) {
	target, known := b.end(r, 0)
	switch {
	case passes(target):
		b.Passes = append(b.Passes, short(r.from.Text))
		return
	case !known:
		b.undone(fmt.Sprintf("what %s does with a packet is not known", target), r.from)
		return
	case r.narrow != "":
		b.undone("it stops only packets "+r.narrow, r.from)
		return
	case r.src && r.dst:
		b.undone("it stops only packets from the banned to the banned", r.from)
		return
	case b.conditional(r.from):
		return
	}
	for _, w := range b.ways(r.table, r.chain, 0) {
		if w.why != "" {
			b.undone(w.why, r.from)
			continue
		}
		b.block(r, w, target)
	}
}

// block notes what a rule stops that packets reach on a way.
func (b *book) block(r *rule, w way, target string) {
	made := Block{Ports: r.ports, Protocols: r.protocols, Egress: r.dst, Wide: r.wide, Form: r.form}
	if target != byDefault {
		made.Target = target
	}
	if made.Ports == nil {
		made.Ports = w.ports
	}
	if made.Protocols == nil {
		made.Protocols = w.protocols
	}
	if made.Protocols == nil {
		made.Protocols = []string{"all"}
	}
	for _, chain := range w.hooks {
		if chain == "INPUT" && r.dst || chain == "OUTPUT" && r.src {
			continue // the banned are not there
		}
		made.Chains = append(made.Chains, chain)
	}
	if made.Chains == nil {
		b.undone("packets of the banned do not pass there", r.from)
		return
	}
	b.Blocks = append(b.Blocks, made)
}

// end is what becomes of a packet that a rule finds: its target, or that of the chain it goes to.
func (b *book) end(r *rule, depth int) (target string, known bool) {
	if stops(r.target) || passes(r.target) {
		return r.target, true
	}
	name, _, _ := strings.Cut(r.target, " ")
	if b.chains[place(r.table, name)] && depth < 10 {
		for i := range b.rules {
			next := &b.rules[i]
			if next.table != r.table || next.chain != name || next.narrow != "" || next.src || next.dst ||
				next.from.Under != "" {
				continue
			}
			if t, known := b.end(next, depth+1); known && stops(t) {
				return t, true
			}
		}
		return "RETURN", true
	}
	// somebody else's chain, or a module's target
	for _, like := range []string{"reject REJECT", "drop DROP", "deny DROP", "tarpit DROP"} {
		word, target, _ := strings.Cut(like, " ")
		if strings.Contains(strings.ToLower(name), word) {
			b.undone("what "+name+" does beside "+target, r.from)
			return target, true
		}
	}
	return r.target, false
}

// A way is how packets come to a chain: from hooks, through the matches of rules that jump.
type way struct {
	hooks            []string
	ports, protocols []string
	why              string // why nobody can tell
}

// ways are how packets come to a chain.
func (b *book) ways(table, chain string, depth int) []way {
	if depth > 10 {
		return nil
	}
	if !b.chains[place(table, chain)] {
		return []way{b.hook(table, chain)}
	}
	if hook, ok := b.bases[place(table, chain)]; ok {
		return []way{{hooks: hookChains(hook)}}
	}
	var all []way
	for i := range b.rules {
		jump := &b.rules[i]
		switch {
		case jump.table != table || jump.target != chain:
			continue
		case jump.narrow != "":
			all = append(all, way{why: "its chain sees only packets " + jump.narrow})
			continue
		case jump.from.Under != "":
			under := short(jump.from.Under)
			all = append(all, way{why: fmt.Sprintf("its chain is reached on a condition only (%s)", under)})
			continue
		}
		for _, w := range b.ways(table, jump.chain, depth+1) {
			if jump.ports != nil {
				w.ports = jump.ports
			}
			if jump.protocols != nil {
				w.protocols = jump.protocols
			}
			all = append(all, w)
		}
	}
	if all == nil {
		all = []way{{why: "nothing leads to its chain " + chain}}
	}
	return all
}

// hook is how packets come to a chain that the action does not make.
func (b *book) hook(table, chain string) way {
	if strings.Contains(table, " ") {
		return nftHook(table, chain)
	}
	if strings.ContainsAny(chain, "<$") {
		chain = "INPUT"
	}
	chain = strings.TrimSuffix(chain, "_direct")
	for _, name := range []string{"INPUT", "FORWARD", "OUTPUT"} {
		if strings.HasPrefix(chain, name+"_") { // firewalld's
			chain = name
		}
	}
	switch table {
	case "nat":
		return way{why: "the table nat stops no packets"}
	case "filter", "security":
		return way{hooks: []string{chain}}
	}
	return way{hooks: hookChains(strings.ToLower(chain))}
}

// hookChains are the chains of iptables' filter table that see the packets of a hook.
func hookChains(hook string) []string {
	switch hook {
	case "input", "forward", "output":
		return []string{strings.ToUpper(hook)}
	case "postrouting", "egress":
		return []string{"OUTPUT", "FORWARD"}
	}
	return []string{"INPUT", "FORWARD"}
}
