package filter

import (
	"bytes"
	"slices"
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
	time    time.Time // zero: unknown
	undated bool      // the line says no time; time is a guess
	open    bool      // the lines before it were not asked yet
}

// Fail2ban's limits: how far a new line's time may be off, how far a slow log may be behind, how long the last date
// holds for lines without one.
const (
	maxOff  = 60 * time.Second
	maxLate = 55 * time.Minute
	maxHold = 60 * time.Second
)

// look finds the time of the line at hand: the journal's, or the date in its text, or the last one known.
func (m *Matcher) look() {
	l, w := &m.line, &m.at
	if !l.Time.IsZero() {
		m.lastDate = l.Time
		*w = moment{tuple: tuple{post: l.Text, stamp: l.Time}, time: l.Time}
		return
	}
	*w = moment{tuple: tuple{post: l.Text}}
	d, ok := m.detector.Match(l.Text, m.now)
	m.dated, m.hasDate = d, ok
	if n := m.detector.GaveUp(); n != m.datesGivenUp {
		m.datesGivenUp = n
		m.gaveUp("datepattern", 0)
	}
	if ok {
		w.tuple = tuple{pre: l.Text[:d.Start], date: l.Text[d.Start:d.End], post: l.Text[d.End:]}
	}
	optional := ok && d.Start == d.End
	if ok && !optional && !d.Time.IsZero() {
		w.time, m.lastDate = d.Time, d.Time
		m.lastText = append(m.lastText[:0], w.date...)
		return
	}
	w.undated, w.open = !optional, true
	if ok && !optional {
		m.settle() // whether a date that is none is cut out depends on the lines before
	}
}

// settle finds the time of a line that says none.
func (m *Matcher) settle() {
	w := &m.at
	w.open = false
	m.lookBack(m.line.Before)
	if !m.hasDate {
		m.bare.end, m.bare.lines = m.bare.end+len(m.line.Text)+1, m.bare.lines+1
	}
	if m.recent() {
		w.tuple, w.time = tuple{date: m.lastText, post: m.line.Text}, m.lastDate
	} else if !w.undated || m.options.FindTime > 0 && m.line.Live {
		w.time = m.now
	}
}

// lookBackLines is how many lines before an undated one are searched for a date.
const lookBackLines = 100

// A bare is a part of the block at hand that has no date, so that lookBack looks through it once only.
type bare struct {
	start, end int // of its lines, in the block
	lines      int
	found      int // the detector's count of dates, on which it depends what is one
}

// lookBack takes the last date from the lines before: the matcher is not shown those that its regexes cannot match.
func (m *Matcher) lookBack(before []byte) {
	known, b := m.bare, &m.bare
	*b = bare{start: len(before), end: len(before), found: m.detector.Found()}
	for b.lines < lookBackLines && b.start > 0 {
		if b.start == known.end && known.found == m.detector.Found() {
			b.start, b.lines = known.start, b.lines+known.lines
			known.end = 0
			continue
		}
		start := bytes.LastIndexByte(before[:b.start-1], '\n') + 1
		line := before[start : b.start-1]
		b.start, b.lines = start, b.lines+1
		if d, ok := m.detector.Match(line, m.now); ok && d.Start < d.End && !d.Time.IsZero() {
			m.lastDate, m.lastText = d.Time, append(m.lastText[:0], line[d.Start:d.End]...)
			return
		}
	}
}

// recent tells whether the last date still holds.
func (m *Matcher) recent() bool {
	return !m.lastDate.IsZero() && m.lastDate.After(m.now.Add(-maxHold))
}

// timely checks a line's time against the clock. A new line that is far off counts as written now; an old line beyond
// the findtime does not count.
func (m *Matcher) timely() bool {
	at := m.at.time
	if m.options.FindTime <= 0 || at.IsZero() {
		return true
	}
	if !m.line.Live {
		if at.Before(m.now.Add(-m.options.FindTime)) {
			m.warnOld()
			return false
		}
		return true
	}
	if isOff(at, m.now) {
		m.warnOff(at)
		m.at.time, m.lastDate = m.now, m.now
	}
	return true
}

// isOff tells whether a line's time is too far from now for a new line: maxOff in whole seconds. It is asked for each line,
// and time.Time.Sub takes as long as the rest of timely.
func isOff(at, now time.Time) bool {
	const most = int64(maxOff/time.Second) + 1
	off := at.Unix() - now.Unix()
	switch {
	case off == most:
		return at.Nanosecond() >= now.Nanosecond()
	case off == -most:
		return at.Nanosecond() <= now.Nanosecond()
	}
	return off > most || off < -most
}

// dateText is the text that says the line's time.
func (t tuple) dateText() []byte {
	if t.stamp.IsZero() {
		return t.date
	}
	return []byte(Stamp(t.stamp))
}

// stampLayout is how fail2ban writes the time of a journal entry, but for fractions of a second.
const stampLayout = "2006-01-02T15:04:05-07:00 "

// Stamp is what fail2ban writes before the line of a journal entry of that time.
func Stamp(at time.Time) string {
	s := stamps{Seconds: event.Seconds{Layout: stampLayout}}
	return string(s.stamp(at))
}

// stamps writes Stamp again and again.
type stamps struct {
	event.Seconds
	text []byte
}

// stamp is Stamp, valid until the next call.
func (s *stamps) stamp(at time.Time) []byte {
	whole := s.Text(at)
	micros := at.Nanosecond() / 1000
	if micros == 0 {
		return whole
	}
	zone := len(whole) - len("-07:00 ")
	s.text = append(append(s.text[:0], whole[:zone]...), ".000000"...)
	for i := len(s.text) - 1; micros > 0; i-- {
		s.text[i] += byte(micros % 10)
		micros /= 10
	}
	s.text = append(s.text, whole[zone:]...)
	return s.text
}

// keep copies a tuple that lives on to b, or to new memory where that is too small.
func (t tuple) keep(b []byte) tuple {
	b = slices.Grow(b[:0], len(t.pre)+len(t.date)+len(t.post))
	b = append(append(append(b, t.pre...), t.date...), t.post...)
	i, j := len(t.pre), len(t.pre)+len(t.date)
	return tuple{pre: b[:i], date: b[i:j:j], post: b[j:], stamp: t.stamp}
}

// memory is what a kept tuple, which nobody needs any more, was copied to; nil where that is much.
func (t tuple) memory() []byte {
	if cap(t.pre) > mostSpare {
		return nil
	}
	return t.pre
}

// addWholes adds the lines as they were read, each after its time where that came from elsewhere.
func (m *Matcher) addWholes(to *event.Lines, ts []tuple) {
	for i := range ts {
		t := &ts[i]
		if t.stamp.IsZero() {
			to.Add(t.pre, t.date, t.post)
			continue
		}
		to.Add(t.pre, m.stamps.stamp(t.stamp), t.post)
	}
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
