package filter

import (
	"slices"

	"bailiff/jails/match"
)

// A hit is one failregex that matched. Its groups, laid over the prefregex's, are in the fresh session.
type hit struct {
	regex     int
	matched   []tuple
	unmatched []tuple // lines that later lines may still complete
}

// find runs the filter's regexes over the line, in fail2ban's order.
func (m *Matcher) find() {
	m.hold(m.at.tuple)
	m.text.whole = join(m.text.whole[:0], m.lines)
	text := m.text.whole
	// With few ignoreregexes fail2ban tries them first.
	if n := len(m.filter.ignore); n > 0 && n < len(m.filter.fail)-2 && m.ignored(nil, text) {
		return
	}
	if text = m.prefix(text); text == nil {
		return
	}
	for i := m.next(0); i < len(m.filter.fail); i = m.next(i + 1) {
		if text == nil {
			m.text.rest = join(m.text.rest[:0], m.lines)
			text = m.text.rest
		}
		caps := m.search(m.filter.fail[i], &m.scratch.fail, text, "failregex", i)
		if caps == nil {
			continue
		}
		if m.at.open {
			if m.settle(); !m.timely() {
				return
			}
			m.org[0] = m.at.tuple
		}
		m.note(i, caps, text)
		var done bool
		if text, done = m.take(text); done {
			return
		}
		if text == nil {
			m.may = nil // what is left is another text
		}
	}
}

// next is the first failregex from i on that may match.
func (m *Matcher) next(i int) int {
	if m.may == nil {
		return i
	}
	for len(m.may) > 0 && m.may[0] < i {
		m.may = m.may[1:]
	}
	if len(m.may) == 0 {
		return len(m.filter.fail)
	}
	return m.may[0]
}

// take judges the hit. It returns the text for the next failregex, nil where the buffer changed, and whether the line is
// done.
func (m *Matcher) take(text []byte) (rest []byte, done bool) {
	if len(m.filter.ignore) > 0 && m.ignored(&m.hit, text) {
		return nil, !m.options.CheckAll
	}
	if m.at.undated {
		m.warnUndated()
		if m.at.time.IsZero() && m.options.FindTime > 0 {
			m.waits = m.filter.maxlines > 1
			return text, false
		}
	}
	if !m.options.CheckAll || m.filter.maxlines > 1 {
		m.leave(m.hit.unmatched)
		text = nil
	}
	return text, m.report()
}

// hold makes the line the last of the lines at hand.
func (m *Matcher) hold(t tuple) {
	if m.filter.maxlines == 1 {
		m.org = append(m.org[:0], t)
		m.lines = m.org
		return
	}
	if len(m.lines) < m.filter.maxlines {
		m.lines = append(m.lines, t.keep(nil))
	} else {
		oldest := m.lines[0].memory()
		m.lines[copy(m.lines, m.lines[1:])] = t.keep(oldest)
	}
	m.org = m.lines
}

// leave makes lines all that is at hand. Where no regex spans lines there are none.
func (m *Matcher) leave(lines []tuple) {
	if m.filter.maxlines == 1 {
		m.lines = m.lines[:0]
		return
	}
	m.lines = slices.Clone(lines)
}

// prefix runs the prefregex. It returns the text for the failregexes: what <F-CONTENT> matched, or else text itself,
// and nil where the prefregex does not match.
func (m *Matcher) prefix(text []byte) []byte {
	r := m.filter.pref
	if r == nil {
		return text
	}
	var err error
	if m.pref, err = r.pattern.Search(&m.scratch.pref, text, 0); err != nil {
		m.gaveUp("prefregex", 0)
	}
	if m.pref == nil {
		return nil
	}
	i := 2 * r.content
	if i < 0 || m.pref[i] < 0 || m.pref[i] == m.pref[i+1] {
		return text
	}
	found := m.lineOf(text, m.pref[i], m.pref[i+1])
	line := tuple{post: found[:len(found)-1]}
	if m.filter.maxlines == 1 {
		m.inner = append(m.inner[:0], line)
		m.lines = m.inner
	} else {
		m.lines = []tuple{line.keep(nil)}
	}
	return found
}

// lineOf is a part of the text with a newline behind it, which mostly stands there.
func (m *Matcher) lineOf(text []byte, start, end int) []byte {
	if end < len(text) && text[end] == '\n' {
		return text[start : end+1]
	}
	m.text.content = append(append(m.text.content[:0], text[start:end]...), '\n')
	return m.text.content
}

// note takes down where a failregex matched.
func (m *Matcher) note(i int, caps []int, text []byte) {
	r := m.filter.fail[i]
	m.hit = hit{regex: i, matched: m.org}
	if len(m.org) > 1 {
		m.hit.matched, m.hit.unmatched = r.split(caps, text, m.org)
	}
	if m.fresh == nil {
		m.fresh = m.sessions.take()
	} else {
		m.fresh.reset()
	}
	g, l := &m.fresh.groups, m.filter.layouts[i]
	l.start(g)
	if m.pref != nil {
		m.filter.pref.capture(g, l.pref, m.pref, m.text.whole)
	}
	r.capture(g, l.fail, caps, text)
}

// ignored tells whether an ignoreregex matches: the whole text where h is nil, else what h matched.
func (m *Matcher) ignored(h *hit, text []byte) (found bool) {
	if h != nil && m.filter.maxlines > 1 {
		m.text.ignore = join(m.text.ignore[:0], h.matched)
		text = m.text.ignore
	}
	for i, r := range m.filter.ignore {
		if m.search(r, &m.scratch.ignore, text, "ignoreregex", i) == nil {
			continue
		}
		found = true
		m.reportIgnored(h, i)
		if h != nil && (!m.options.CheckAll || m.filter.maxlines > 1) {
			m.leave(h.unmatched)
		}
		if !m.options.CheckAll {
			break
		}
	}
	return found
}

// search is Search that counts what it gave up as no match.
func (m *Matcher) search(r *regex, s *match.Scratch, text []byte, option string, i int) []int {
	caps, err := r.pattern.Search(s, text, 0)
	if err != nil {
		m.gaveUp(option, i)
		return nil
	}
	return caps
}
