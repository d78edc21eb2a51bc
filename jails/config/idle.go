package config

import "strings"

// idleOptions are read and checked, and have no effect yet. Those of escalation have none in fail2ban either, unless
// bantime.increment is true.
var idleOptions = []string{
	"ignorecommand", "ignorecache", "bantime.increment", "bantime.factor", "bantime.formula", "bantime.multipliers",
	"bantime.maxtime", "bantime.rndtime", "bantime.overalljails",
}

// warnIdle names every option that jails set in vain, once.
func (b *builder) warnIdle() {
	for _, option := range idleOptions {
		var first *section
		var jails []string
		for _, s := range b.sections {
			if s.inVain(option) {
				jails = append(jails, s.jail.name)
			}
			if len(jails) == 1 && first == nil {
				first = s
			}
		}
		if first != nil {
			first.warn(option, 0, "the option has no effect yet ("+b.jailList(jails)+")", "")
		}
	}
}

func (s *section) inVain(option string) bool {
	v, ok := s.get(option)
	if !ok || v.value == "" || v.kind == boolean && v.value == no {
		return false
	}
	return !strings.HasPrefix(option, "bantime.") || s.truth("bantime.increment", false)
}
