package config

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// warnLists warns of what the lists of a jail's filter, backend and actions say and do not mean.
func (s *section) warnLists() {
	for _, option := range []string{"filter", "backend"} {
		s.warnItem(option, s.text(option))
	}
	var names []string
	for _, item := range splitList(s.text("action")) {
		s.warnItem("action", item)
	}
	for _, a := range s.jail.actions {
		if slices.Contains(names, a.actname) && a.actname != "" {
			s.warn("action", lineOf(s.text("action"), a.name),
				fmt.Sprintf("the action %s is listed twice", a.name),
				"keep one of them, or give each an actname of its own; fail2ban refuses the second")
		}
		names = append(names, a.actname)
	}
}

// glued finds a value in which another option stands, since there is no comma between them.
var glued = regexp.MustCompile(`\s([A-Za-z_][\w.-]*)=`)

// warnItem looks at one `name[option=value, ...]`.
func (s *section) warnItem(option, item string) {
	open := strings.IndexByte(item, '[')
	if open <= 0 {
		return
	}
	body, _ := brackets(item[open:])
	line := lineOf(s.text(option), item)
	var given []string
	for body != "" {
		one := newSettings()
		rest, err := parseOne(body, one)
		if err != nil || len(one.list) == 0 {
			return // which is a fault
		}
		name, value := one.list[0].name, one.list[0].text()
		if slices.Contains(given, name) {
			message := fmt.Sprintf("%s is given twice in %s: the last one counts", name, quoted(item))
			s.warn(option, line, message, "keep one of them")
		}
		given = append(given, name)
		_, raw, _ := strings.Cut(body, "=")
		inQuotes := strings.HasPrefix(raw, `"`) || strings.HasPrefix(raw, "'")
		if m := glued.FindStringSubmatch(value); m != nil && !inQuotes {
			message := fmt.Sprintf("%s is the value of %s", quoted(value), name)
			s.warn(option, line, message, "put a comma before "+m[1])
		}
		// A second group is there to override the first.
		if strings.HasSuffix(strings.TrimSuffix(body, rest), "[") {
			given = nil
		}
		body = rest
	}
}
