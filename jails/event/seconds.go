package event

import "time"

// Seconds writes local times, each second only once: those of one second after the other share it. It is not safe for
// concurrent use.
type Seconds struct {
	Layout string // as of time.Format, without fractions of a second

	second int64
	text   []byte // empty: none yet
}

// Text is the local time in the layout. It is valid until the next call.
func (s *Seconds) Text(at time.Time) []byte {
	if second := at.Unix(); second != s.second || len(s.text) == 0 {
		s.second, s.text = second, at.Local().AppendFormat(s.text[:0], s.Layout)
	}
	return s.text
}
