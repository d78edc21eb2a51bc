package filter

import (
	"slices"
	"time"

	"bailiff/jails/event"
	"bailiff/jails/match"
)

// A hit is one failregex that matched.
type hit struct {
	regex     int
	groups    groups // the failregex's over the prefregex's
	matched   []tuple
	unmatched []tuple // lines that later lines may still complete
}

// find runs the filter's regexes over the line, in fail2ban's order.
func (m *Matcher) find(l event.Line, w moment, now time.Time) {
	m.hold(w.tuple)
	m.text.whole = join(m.text.whole[:0], m.lines)
	text := m.text.whole
	// With few ignoreregexes fail2ban tries them first.
	if n := len(m.filter.ignore); n > 0 && n < len(m.filter.fail)-2 && m.ignored(nil, text, w, now) {
		return
	}
	if text = m.prefix(text, now); text == nil {
		return
	}
	for i, r := range m.filter.fail {
		if m.may != nil && !slices.Contains(m.may, i) {
			continue
		}
		if text == nil {
			m.text.rest = join(m.text.rest[:0], m.lines)
			text = m.text.rest
		}
		caps := m.search(r, &m.scratch.fail, text, "failregex", i, now)
		if caps == nil {
			continue
		}
		if w.open {
			if m.settle(&w, l, now); !m.timely(&w, l, now) {
				return
			}
			m.org[0] = w.tuple
		}
		h := m.hit(i, caps, text)
		var done bool
		if text, done = m.take(h, text, l, w, now); done {
			return
		}
		if text == nil {
			m.may = nil // what is left is another text
		}
	}
}

// take judges a failregex's hit. It returns the text for the next failregex, nil where the buffer changed, and whether
// the line is done.
func (m *Matcher) take(h *hit, text []byte, l event.Line, w moment, now time.Time) (rest []byte, done bool) {
	if len(m.filter.ignore) > 0 && m.ignored(h, text, w, now) {
		return nil, !m.options.CheckAll
	}
	if w.undated {
		m.warnUndated(l, now)
		if w.at.IsZero() && m.options.FindTime > 0 {
			m.waits = m.filter.maxlines > 1
			return text, false
		}
	}
	if !m.options.CheckAll || m.filter.maxlines > 1 {
		m.leave(h.unmatched)
		text = nil
	}
	return text, m.report(h, l, w, now)
}

// hold makes the line the last of the lines at hand.
func (m *Matcher) hold(t tuple) {
	if m.filter.maxlines == 1 {
		m.lines, m.org = append(m.lines[:0], t), append(m.org[:0], t)
		return
	}
	m.lines = append(m.lines, t.keep())
	if over := len(m.lines) - m.filter.maxlines; over > 0 {
		m.lines = append(m.lines[:0:0], m.lines[over:]...)
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
func (m *Matcher) prefix(text []byte, now time.Time) []byte {
	r := m.filter.pref
	if r == nil {
		return text
	}
	if m.pref = m.search(r, &m.scratch.pref, text, "prefregex", 0, now); m.pref == nil {
		return nil
	}
	i := 2 * r.content
	if i < 0 || m.pref[i] < 0 || m.pref[i] == m.pref[i+1] {
		return text
	}
	m.text.content = append(append(m.text.content[:0], text[m.pref[i]:m.pref[i+1]]...), '\n')
	content := tuple{post: m.text.content[:len(m.text.content)-1]}
	if m.filter.maxlines == 1 {
		m.lines = append(m.lines[:0], content)
	} else {
		m.lines = []tuple{content.keep()}
	}
	return m.text.content
}

// hit describes where a failregex matched.
func (m *Matcher) hit(i int, caps []int, text []byte) *hit {
	r := m.filter.fail[i]
	h := &hit{regex: i, matched: m.org}
	if len(m.org) > 1 {
		h.matched, h.unmatched = r.split(caps, text, m.org)
	}
	if m.pref == nil {
		h.groups = r.groups(nil, caps, text, "")
		return h
	}
	m.over = r.groups(m.over[:0], caps, text, "")
	under := make(groups, 0, len(m.filter.pref.named)+len(m.over)+2)
	h.groups = m.filter.pref.groups(under, m.pref, m.text.whole, "content").under(m.over)
	return h
}

// ignored tells whether an ignoreregex matches: the whole text where h is nil, else what h matched.
func (m *Matcher) ignored(h *hit, text []byte, w moment, now time.Time) (found bool) {
	if h != nil && m.filter.maxlines > 1 {
		m.text.ignore = join(m.text.ignore[:0], h.matched)
		text = m.text.ignore
	}
	for i, r := range m.filter.ignore {
		if m.search(r, &m.scratch.ignore, text, "ignoreregex", i, now) == nil {
			continue
		}
		found = true
		m.reportIgnored(h, i, w)
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
func (m *Matcher) search(r *regex, s *match.Scratch, text []byte, option string, i int, now time.Time) []int {
	caps, err := r.pattern.Search(s, text, 0)
	if err != nil {
		m.gaveUp(option, i, now)
		return nil
	}
	return caps
}
