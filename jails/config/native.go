package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"bailiff/jails/rules"
)

// What introduces a remark on an action.
const (
	notRun    = "the action %s is not run: "
	otherwise = "the action %s is not run as it is written: "
)

// native is what an action's commands block, as the built-in firewall can. What it cannot is remembered for a warning.
func (s *section) native(a *action) Firewall {
	if a.combined == nil {
		s.remember(a, notRun, "it is a Python program", "")
		return Firewall{Kind: none}
	}
	if own := a.combined.text("blocktype"); blockType(own) == "" {
		s.remember(a, notRun, "it lets addresses through with "+own, "")
		return Firewall{Kind: none}
	}
	found := rules.Read(a.commands(), s.fsys)
	if len(found.Blocks)+len(found.Sets) == 0 {
		if !s.emptyOption(a, found) {
			s.unlike(a, found)
		}
		return Firewall{Kind: none}
	}
	f := Firewall{Kind: none}
	for _, b := range found.Blocks {
		f = s.together(a, f, a.blocked(b))
	}
	if len(found.Sets) > 0 {
		f = s.together(a, f, a.unruled(found.Wide))
		s.remember(a, otherwise, "the rules that look at the set "+strings.Join(found.Sets, ", ")+" are not the action's: all ports are closed", "")
	}
	if f.Log = strings.Contains(a.name, "-log"); found.Logs && !f.Log { // iptables-multiport-log, firewallcmd-rich-logging
		s.remember(a, otherwise, "packets are not logged, unless the jail says firewall.log = yes", "")
	}
	for _, u := range found.Undone {
		s.remember(a, otherwise, u.Why, u.String())
	}
	if len(found.Others) > 0 {
		s.remember(a, "the action %s blocks, but its other commands are not run: ", strings.Join(found.Others, ", "), "")
	}
	return f
}

// commands are the scripts of an action.
func (a *action) commands() (all []rules.Script) {
	for _, name := range scriptOptions {
		if text := a.scripts.text(name); text != "" {
			all = append(all, rules.Script{Name: name, Text: text})
		}
	}
	return all
}

// emptyOption reports whether an action's commands lack an option that is set to nothing, which is a
// fault: iptables refuses them.
func (s *section) emptyOption(a *action, found rules.Reading) bool {
	for _, option := range []string{"port", "protocol", "chain"} {
		v, ok := a.combined.get(option)
		used := refersTo(s.sets[below("action.d", a.name)], option)
		if len(found.Undone) == 0 || !used || !ok || v.text() != "" {
			continue
		}
		const why, hint = "the action %s needs a %s, and this is empty", "write one, or leave the option out"
		at := cmp.Or(v.from, a.from)
		if own, ok := s.all.Raw(s.jail.name, option); ok && own.Text == "" && own.Place != nil {
			at = own.Place
		}
		s.report.fault(at.Fault(0, s.jail.name, option, fmt.Sprintf(why, a.name, option), hint))
		return true
	}
	return false
}

// unlike remembers why an action blocks nothing in the built-in firewall.
func (s *section) unlike(a *action, found rules.Reading) {
	switch {
	case len(found.Undone) > 0:
		for _, u := range found.Undone {
			s.remember(a, notRun, u.Why, u.String())
		}
	case len(found.Passes) > 0:
		s.remember(a, notRun, "it lets addresses through", "")
	case found.Filter:
		s.remember(a, notRun, "none of its commands stops packets of the banned", "")
	default:
		s.remember(a, notRun, "it tells somebody, or blocks by other means than the kernel's packet filter", "")
	}
}

// blocked is a block of the action's commands in our words.
func (a *action) blocked(b rules.Block) Firewall {
	f := Firewall{Kind: multiport, Ports: b.Ports, Protocols: b.Protocols, Chains: b.Chains, BlockType: blockType(b.Target), Egress: b.Egress}
	if b.Ports == nil {
		f.Kind = allports
	}
	if slices.Equal(f.Chains, []string{"OUTPUT"}) {
		f.Egress = false // there it is what is looked at
	}
	both := slices.ContainsFunc(a.combined.list, func(n named) bool { return strings.HasSuffix(n.name, "?family=inet6") })
	if b.Wide <= 32 && (b.Form != 6 || both) {
		f.Wide4 = b.Wide
	}
	if b.Form != 4 || both {
		f.Wide6 = b.Wide
	}
	return f
}

// unruled is for an action that fills a set and leaves the rules to others. Its options say what they can.
func (a *action) unruled(wide int) Firewall {
	chain := a.combined.text("chain")
	if strings.ContainsAny(chain, "<_") {
		chain = ""
	}
	return a.blocked(rules.Block{Protocols: rules.List(cmp.Or(a.combined.text("protocol"), "all")),
		Chains: splitWords(cmp.Or(chain, "INPUT")), Target: a.combined.text("blocktype"), Wide: wide})
}

// A remark is something that an action of fail2ban does and bailiff does not.
type remark struct {
	message string
	at      *Fault // where it is said
	jails   []string
}

// remember notes what is not done of an action. In the words that introduce it, %s is the action's name. Where what is
// said of jails differs only in its example, the first one's is kept.
func (s *section) remember(a *action, words, what, example string) {
	intro := fmt.Sprintf(words, a.name)
	r := s.remarks[intro+what]
	if r == nil {
		r = &remark{intro + cmp.Or(example, what), s.blameAction(s.jail, a.from, a.name, "", ""), nil}
		s.remarks[intro+what] = r
		s.said = append(s.said, r)
	}
	if !slices.Contains(r.jails, s.jail.name) {
		r.jails = append(r.jails, s.jail.name)
	}
}

// warnActions names what is not done of actions, each thing once.
func (b *builder) warnActions() {
	for _, r := range b.said {
		r.at.Message = fmt.Sprintf("%s (%s)", r.message, b.jailList(r.jails))
		b.warn(r.at)
	}
}
