package filter

import (
	"time"

	"bailiff/jails/event"
)

// warned says until when each warning stays silent.
type warned struct{ off, old, undated, gaveUp time.Time }

const (
	day    = 24 * time.Hour
	minute = time.Minute
)

// due tells whether a warning may be given now and silences it for a while if so.
func due(silent *time.Time, now time.Time, while time.Duration) bool {
	if now.Before(*silent) {
		return false
	}
	*silent = now.Add(while)
	return true
}

func (m *Matcher) warnOff(l event.Line, off time.Duration, now time.Time) {
	if !due(&m.warned.off, now, day) {
		return
	}
	problem := "timezone"
	if off < 0 && off >= -maxLate {
		problem = "latency"
	}
	m.options.Log.Warn("time of a new line is far from now, such lines count as written now",
		"off", off, "problem", problem, "origin", l.Origin, "line", string(l.Text))
}

func (m *Matcher) warnOld(l event.Line, now time.Time) {
	if due(&m.warned.old, now, day) {
		m.options.Log.Warn("ignoring lines older than findtime, probably written while this was not running",
			"findtime", m.options.FindTime, "origin", l.Origin, "line", string(l.Text))
	}
}

func (m *Matcher) warnUndated(l event.Line, now time.Time) {
	if due(&m.warned.undated, now, day) {
		m.options.Log.Warn("a line matched but has no valid time, a datepattern of its own may help",
			"origin", l.Origin, "line", string(l.Text))
	}
}

// gaveUp counts a search that used up its budget.
func (m *Matcher) gaveUp(option string, regex int, now time.Time) {
	if m.options.GaveUp != nil {
		m.options.GaveUp()
	}
	if due(&m.warned.gaveUp, now, minute) {
		m.options.Log.Warn("gave up on a line: the regex took too many steps", "option", option, "regex", regex+1)
	}
}
