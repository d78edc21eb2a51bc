package resolve

import "time"

// A memory remembers answers: at least those of the last Room/2 names, at most Room. The zero value holds none.
type memory struct {
	young, old map[string]memo
}

// A memo is an answer, and when it was given.
type memo struct {
	Answer
	at time.Time
}

// get returns the answer to a name where there is one that still holds.
func (m *memory) get(host string, now time.Time) (a Answer, ok bool) {
	known, ok := m.young[host]
	if !ok {
		known, ok = m.old[host]
	}
	holds := believed
	if known.Err != nil {
		holds = failedFor
	}
	return known.Answer, ok && now.Sub(known.at) < holds
}

// put remembers an answer. Where there is no room, the older half is forgotten.
func (m *memory) put(host string, a Answer, now time.Time) {
	if m.young == nil || len(m.young) >= Room/2 {
		m.young, m.old = map[string]memo{}, m.young
	}
	m.young[host] = memo{a, now}
}
