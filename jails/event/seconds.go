package event

import (
	"strings"
	"time"
)

// Seconds writes local times, and what they share with the time before, which is mostly all but the seconds, only once.
// It is not safe for concurrent use.
type Seconds struct {
	Layout string // as of time.Format, without fractions of a second, and what stands before its "05" of fixed width

	minute int64  // when the minute that text is of began
	place  int    // of the seconds
	text   []byte // empty: none yet
}

// Text is the local time in the layout. It is valid until the next call.
func (s *Seconds) Text(at time.Time) []byte {
	second := at.Unix() - s.minute
	if second < 0 || second >= 60 || len(s.text) == 0 {
		local := at.Local()
		second = int64(local.Second()) // a zone may be off by seconds
		s.minute, s.place = at.Unix()-second, strings.Index(s.Layout, "05")
		s.text = local.AppendFormat(s.text[:0], s.Layout)
	}
	s.text[s.place], s.text[s.place+1] = '0'+byte(second/10), '0'+byte(second%10)
	return s.text
}
