package config

import (
	"fmt"
	"slices"
	"strings"
)

// lateTags are those of commands that fail2ban replaces when it bans.
var lateTags = []string{
	"ip", "family", "ip-rev", "ip-host", "fid", "failures", "time", "bantime", "bancount", "banip",
	"matches", "ipmatches", "ipjailmatches", "ipfailures", "ipjailfailures", "raw-ticket",
	"restored", "name", "actname", "timeout",
}

// warnActionTags warns of words in angle brackets in an action's commands that are nearly its
// options, or tags in other letters: a shell takes what is left for the names of files.
func (s *section) warnActionTags() {
	for _, a := range s.jail.actions {
		if a.combined == nil {
			continue
		}
		for i := range a.combined.list {
			o := &a.combined.list[i]
			if !isOneOf(actionOptions, o.name) || o.from == nil {
				continue
			}
			text := o.text()
			for _, m := range tagWord.FindAllStringSubmatchIndex(text, -1) {
				if meant := a.meant(text[m[4]:m[5]]); meant != "" {
					s.report.warn(o.from.Fault(strings.Count(text[:m[0]], "\n"), definitionSection, o.name,
						text[m[0]:m[1]]+" is no tag and stands for itself", fmt.Sprintf("is <%s> meant?", meant)))
				}
			}
		}
	}
}

// meant is the option or tag that a word in a command was perhaps meant as, "" when it is one or
// like none.
func (a *action) meant(word string) string {
	known := slices.Clone(lateTags)
	for i := range a.combined.list {
		name, _, _ := strings.Cut(a.combined.list[i].name, "?")
		known = append(known, name)
	}
	if slices.Contains(known, word) || customTag.MatchString(word) {
		return ""
	}
	for _, k := range known {
		if strings.EqualFold(word, k) || len(word) > 4 && distance(word, k) <= 1 {
			return k
		}
	}
	return ""
}
