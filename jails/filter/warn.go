package filter

import "time"

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

func (m *Matcher) warnOff(at time.Time) {
	if !due(&m.warned.off, m.now, day) {
		return
	}
	off := at.Sub(m.now).Truncate(time.Second)
	problem := "timezone"
	if off < 0 && off >= -maxLate {
		problem = "latency"
	}
	m.options.Log.Warn("time of a new line is far from now, such lines count as written now",
		"off", off, "problem", problem, "origin", m.line.Origin, "line", string(m.line.Text))
}

func (m *Matcher) warnOld() {
	if due(&m.warned.old, m.now, day) {
		m.options.Log.Warn("ignoring lines older than findtime, probably written while this was not running",
			"findtime", m.options.FindTime, "origin", m.line.Origin, "line", string(m.line.Text))
	}
}

func (m *Matcher) warnUndated() {
	if due(&m.warned.undated, m.now, day) {
		m.options.Log.Warn("a line matched but has no valid time, a datepattern of its own may help",
			"origin", m.line.Origin, "line", string(m.line.Text))
	}
}

// gaveUp counts a search that used up its budget.
func (m *Matcher) gaveUp(option string, regex int) {
	if m.options.GaveUp != nil {
		m.options.GaveUp()
	}
	if due(&m.warned.gaveUp, m.now, minute) {
		m.options.Log.Warn("gave up on a line: the regex took too many steps", "option", option, "regex", regex+1)
	}
}
