package filter

import (
	"slices"
	"strings"
	"time"

	"bailiff/jails/event"
)

// report turns a hit into matches. It returns whether the line is done.
func (m *Matcher) report(h *hit, l event.Line, w moment, now time.Time) (done bool) {
	var s *session
	id, joined := h.groups.get("mlfid")
	if joined {
		s = m.merge(id, h, now)
		if s.groups.holds("nofail") && !m.options.CheckAll {
			return true
		}
	} else {
		s = &session{groups: h.groups, lines: wholes(h.matched)}
	}
	whos, named := m.identify(&s.groups)
	if !named && !joined {
		return false // a regex whose id took no part in the match
	}
	if m.options.FindTime > 0 && w.at.After(now) {
		w.at = now
	}
	if !named {
		s.groups.set(Group{Name: "mlfpending", Value: "1", Kind: Literal})
		if m.options.CheckAll || m.options.Report {
			m.add(h, s, l, Match{Pending: true, Failure: event.Failure{Time: w.at}})
		}
		return !m.options.CheckAll
	}
	for _, x := range whos {
		m.add(h, s, l, Match{ID: x.id, Failure: event.Failure{Subject: x.subject, Host: x.host, Time: w.at}})
	}
	return !m.options.CheckAll
}

// add completes a match with what a session knows and returns it to the caller.
func (m *Matcher) add(h *hit, s *session, l event.Line, x Match) {
	x.Regex, x.Attempts = h.regex, 1
	x.NoFail = s.groups.holds("nofail")
	x.Lines = slices.Clone(s.lines)
	x.Groups = slices.Clone(s.groups)
	x.Fields = fields(s.groups, l.Fields)
	m.found = append(m.found, x)
}

// reportIgnored returns what an ignoreregex took away, where the caller wants to know. h is nil where no failregex was
// tried.
func (m *Matcher) reportIgnored(h *hit, ignoreregex int, w moment) {
	if !m.options.Report {
		return
	}
	x := Match{Ignored: true, Regex: -1, Ignoreregex: ignoreregex}
	x.Time, x.Attempts = w.at, 1
	if h != nil {
		x.Regex, x.Lines = h.regex, wholes(h.matched)
		x.Groups = slices.Clone(h.groups)
		x.Fields = fields(h.groups, nil)
		if whos, ok := identity(&h.groups, m.filter.usedns == "raw" || m.options.RawHost); ok {
			x.ID, x.Host, x.Subject = whos.id, whos.host, whos.subject
		}
	}
	m.found = append(m.found, x)
}

// fields are the captures of a failure: the filter's groups, and the journal entry's fields but its message under
// their lower-case names, where the filter has no group of that name.
func fields(g groups, entry []event.Field) map[string]string {
	n := len(entry)
	for _, e := range g {
		if e.Kind != Null {
			n++
		}
	}
	captures := make(map[string]string, n)
	for _, f := range entry {
		if f.Name != "MESSAGE" {
			captures[strings.ToLower(f.Name)] = string(f.Value)
		}
	}
	for _, e := range g {
		if e.Kind != Null {
			captures[e.Name] = e.Value
		}
	}
	return captures
}
