package filter

import (
	"log/slog"
	"time"

	"bailiff/jails/date"
	"bailiff/jails/event"
	"bailiff/jails/match"
)

// Options say how a Matcher works. The zero Options look at no clock.
type Options struct {
	FindTime time.Duration // how old a line may be while reading what was written before; zero: times are not checked
	CheckAll bool          // try every failregex on a line, and return what NoFail and Pending matches there are
	Report   bool          // return Ignored and Pending matches too
	RawHost  bool          // take a host name as an id, as usedns = raw does
	AllYears bool          // accept years of 19xx
	GaveUp   func()        // called for every search that was given up; nil: not counted
	Log      *slog.Logger  // for warnings, each at most once a day, or once a minute for searches given up; nil: discarded
}

// A Match is what a filter found in a line. It owns its memory, but for the Evidence of MatchAmong. One about a host name
// has no Subject, for the caller to look its Host up.
type Match struct {
	event.Failure
	Regex       int     // which failregex, from 0
	Ignoreregex int     // which ignoreregex, from 0, where Ignored
	ID          string  // the address, or else the host name or id as it stood in the line
	NoFail      bool    // it only says something of its connection: <F-NOFAIL>
	Ignored     bool    // an ignoreregex matched too
	Pending     bool    // whom it is about is not known yet: <F-MLFID> without an address
	Groups      []Group // every captured group, in fail2ban's order
}

// A Matcher finds failures in the lines of one source for one jail, in the lines' order. It keeps what lines share:
// the connections by <F-MLFID>, the last lines where maxlines says so, the last date and the date templates' weights.
// It is not safe for concurrent use.
type Matcher struct {
	filter   *Filter
	options  Options
	raw      bool // a host name is an id
	detector *date.Detector
	scratch  struct{ pref, fail, ignore match.Scratch }

	line  event.Line // the line at hand
	now   time.Time
	at    moment // the line at hand, and when it was written
	may   []int  // the failregexes that can match, nil: all
	whole bool   // matches are to be complete

	lines []tuple // the line at hand, after up to maxlines-1 lines before it
	org   []tuple // lines as they were before a regex consumed some of them
	inner []tuple // what <F-CONTENT> made of the line at hand
	text  struct{ whole, content, rest, ignore []byte }
	waits bool     // a match had no time: the lines stay at hand
	pref  []int    // where prefregex matched in text.whole
	hit   hit      // the failregex that matched
	fresh *session // what it said; nil: to be taken

	lastDate time.Time // the last time read in a line; zero: none yet
	lastText []byte    // and how it was written
	dated    date.Match
	hasDate  bool
	bare     bare

	datesGivenUp int
	sessions     *sessions
	stamps       stamps
	warned       warned
	evidence     evidence
	found        []Match
}

// SetFindTime changes how old a line may be while reading what was written before.
func (m *Matcher) SetFindTime(d time.Duration) { m.options.FindTime = d }

// NewMatcher returns a matcher that has seen no line yet.
func (f *Filter) NewMatcher(o Options) *Matcher {
	m := &Matcher{filter: f, options: o, raw: f.usedns == "raw" || o.RawHost}
	m.sessions, m.stamps.Layout = newSessions(), stampLayout
	if o.Log == nil {
		m.options.Log = slog.New(slog.DiscardHandler)
	}
	dates := f.dates
	if o.AllYears {
		// The same patterns compiled before, so this cannot fail.
		if all, err := date.Compile(f.source.Datepattern, date.Options{Zone: f.source.Zone, AllYears: true}); err == nil {
			dates = all
		}
	}
	m.detector = dates.NewDetector()
	return m
}

// Begin says that what stood before the lines so far does not stand before those to come: another block begins.
func (m *Matcher) Begin() { m.bare = bare{} }

// Match returns the failures in a line, valid until the next call. The clock stands at now. The line's text must be
// valid UTF-8.
func (m *Matcher) Match(l event.Line, now time.Time) []Match {
	m.line, m.whole = l, true
	return m.read(nil, now)
}

// MatchAmong is Match where only the failregexes with the numbers in may, ascending, can match; nil: all. Of a failure
// it says only what is needed to count it: Subject, Time, Attempts, Regex, NoFail, and ID and Host where there is no
// Subject. The Evidence has the lines and captures until the next call. With CheckAll or Report matches are complete.
func (m *Matcher) MatchAmong(may []int, l event.Line, now time.Time) []Match {
	m.line = l
	m.whole = m.options.CheckAll || m.options.Report // several matches of a line would share their evidence
	return m.read(may, now)
}

// read finds the failures in the line at hand.
func (m *Matcher) read(may []int, now time.Time) []Match {
	m.now, m.may = now, may
	m.found, m.pref, m.hasDate, m.waits = m.found[:0], nil, false, false
	m.look()
	if m.at.open && (m.filter.maxlines > 1 || m.options.Report || m.options.CheckAll) {
		m.settle()
	}
	if m.timely() {
		m.find()
	}
	return m.found
}

// Keep takes note of a line that no failregex can match by its coming, for one that spans it and later lines. It returns
// what MatchAmong does where an earlier match waits for a line that has a time.
func (m *Matcher) Keep(l event.Line, now time.Time) []Match {
	if m.waits {
		return m.MatchAmong(nil, l, now)
	}
	m.line, m.now = l, now
	m.found, m.hasDate = m.found[:0], false
	m.look()
	if m.at.open {
		m.settle()
	}
	if m.timely() {
		m.hold(m.at.tuple)
	}
	return nil
}

// Date returns the date found in the last line; false where there was none or the journal told the time.
func (m *Matcher) Date() (date.Match, bool) { return m.dated, m.hasDate }

// Templates returns the date templates as they stand after the lines so far, in the order in which they are tried next.
func (m *Matcher) Templates() []date.Template { return m.detector.Templates() }

// Prefix returns the groups of the prefregex in the last line; false where it did not match or was not tried.
func (m *Matcher) Prefix() ([]Group, bool) {
	if m.pref == nil {
		return nil, false
	}
	var g groups
	l := newLayout(nil, m.filter.pref)
	l.start(&g)
	m.filter.pref.capture(&g, l.fail, m.pref, m.text.whole)
	return g.named(m.filter.names), true
}

// Buffer returns the lines kept for a failregex that spans lines, each as its text before the date, the date and the
// text after it. It is valid until the next Match.
func (m *Matcher) Buffer() [][3]string {
	if m.filter.maxlines == 1 {
		return nil
	}
	kept := make([][3]string, len(m.lines))
	for i, t := range m.lines {
		kept[i] = [3]string{string(t.pre), string(t.dateText()), string(t.post)}
	}
	return kept
}
