package filter

import (
	"bytes"
	"time"

	"bailiff/jails/event"
)

// A tuple is a line cut at its date. Only pre and post are matched.
type tuple struct {
	pre, date, post []byte
	stamp           time.Time // a journal entry's time, which stands for date
}

// A moment is a line with its time.
type moment struct {
	tuple
	at      time.Time // zero: unknown
	undated bool      // the line says no time; at is a guess
	open    bool      // the lines before it were not asked yet
}

// Fail2ban's limits: how far a new line's time may be off, how far a slow log may be behind, how long the last date
// holds for lines without one.
const (
	maxOff  = 60 * time.Second
	maxLate = 55 * time.Minute
	maxHold = 60 * time.Second
)

// moment finds the time of a line: the journal's, or the date in its text, or the last one known.
func (m *Matcher) moment(l event.Line, now time.Time) moment {
	if !l.Time.IsZero() {
		m.lastDate = l.Time
		return moment{tuple: tuple{post: l.Text, stamp: l.Time}, at: l.Time}
	}
	w := moment{tuple: tuple{post: l.Text}}
	d, ok := m.detector.Match(l.Text, now)
	m.dated, m.hasDate = d, ok
	if n := m.detector.GaveUp(); n != m.datesGivenUp {
		m.datesGivenUp = n
		m.gaveUp("datepattern", 0, now)
	}
	if ok {
		w.tuple = tuple{pre: l.Text[:d.Start], date: l.Text[d.Start:d.End], post: l.Text[d.End:]}
	}
	optional := ok && d.Start == d.End
	if ok && !optional && !d.Time.IsZero() {
		w.at, m.lastDate = d.Time, d.Time
		m.lastText = append(m.lastText[:0], w.date...)
		return w
	}
	w.undated, w.open = !optional, true
	if ok && !optional {
		m.settle(&w, l, now) // whether a date that is none is cut out depends on the lines before
	}
	return w
}

// settle finds the time of a line that says none.
func (m *Matcher) settle(w *moment, l event.Line, now time.Time) {
	w.open = false
	m.lookBack(l.Before, now)
	if m.recent(now) {
		w.tuple, w.at = tuple{date: m.lastText, post: l.Text}, m.lastDate
	} else if !w.undated || m.options.FindTime > 0 && l.Live {
		w.at = now
	}
}

// lookBackLines is how many lines before an undated one are searched for a date.
const lookBackLines = 100

// lookBack takes the last date from the lines before: the matcher is not shown those that its regexes cannot match.
func (m *Matcher) lookBack(before []byte, now time.Time) {
	for range lookBackLines {
		if len(before) == 0 {
			return
		}
		start := bytes.LastIndexByte(before[:len(before)-1], '\n') + 1
		line := before[start : len(before)-1]
		before = before[:start]
		if d, ok := m.detector.Match(line, now); ok && d.Start < d.End && !d.Time.IsZero() {
			m.lastDate, m.lastText = d.Time, append(m.lastText[:0], line[d.Start:d.End]...)
			return
		}
	}
}

// recent tells whether the last date still holds.
func (m *Matcher) recent(now time.Time) bool {
	return !m.lastDate.IsZero() && m.lastDate.After(now.Add(-maxHold))
}

// timely checks a line's time against the clock. A new line that is far off counts as written now; an old line beyond
// the findtime does not count.
func (m *Matcher) timely(w *moment, l event.Line, now time.Time) bool {
	if m.options.FindTime <= 0 || w.at.IsZero() {
		return true
	}
	if !l.Live {
		if w.at.Before(now.Add(-m.options.FindTime)) {
			m.warnOld(l, now)
			return false
		}
		return true
	}
	if off := w.at.Sub(now).Truncate(time.Second); off > maxOff || off < -maxOff {
		m.warnOff(l, off, now)
		w.at, m.lastDate = now, now
	}
	return true
}

// dateText is the text that says the line's time.
func (t tuple) dateText() []byte {
	if t.stamp.IsZero() {
		return t.date
	}
	return []byte(Stamp(t.stamp))
}

// Stamp is what fail2ban writes before the line of a journal entry of that time.
func Stamp(at time.Time) string {
	layout := "2006-01-02T15:04:05-07:00 "
	if at.Nanosecond() >= 1000 {
		layout = "2006-01-02T15:04:05.000000-07:00 "
	}
	return at.Local().Format(layout)
}

// whole is the line as it was read, after its time where that came from elsewhere.
func (t tuple) whole() string { return string(t.pre) + string(t.dateText()) + string(t.post) }

// keep copies a tuple that lives on.
func (t tuple) keep() tuple {
	b := make([]byte, 0, len(t.pre)+len(t.date)+len(t.post))
	b = append(append(append(b, t.pre...), t.date...), t.post...)
	i, j := len(t.pre), len(t.pre)+len(t.date)
	return tuple{pre: b[:i:i], date: b[i:j:j], post: b[j:], stamp: t.stamp}
}

// wholes are the lines as they were read.
func wholes(ts []tuple) []string {
	lines := make([]string, len(ts))
	for i, t := range ts {
		lines[i] = t.whole()
	}
	return lines
}

// join appends the lines without their dates to dst, each ended by a newline; no line at all gives one newline.
func join(dst []byte, ts []tuple) []byte {
	for _, t := range ts {
		dst = append(append(append(dst, t.pre...), t.post...), '\n')
	}
	if len(ts) == 0 {
		dst = append(dst, '\n')
	}
	return dst
}
