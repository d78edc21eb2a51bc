package jails

import (
	"bytes"
	"slices"
	"time"

	"bailiff/jails/event"
	"bailiff/jails/filter"
	"bailiff/jails/match"
)

// A team is the posts that share a matcher: jails with the same filter on the same lines, which are matched once.
type team struct {
	matcher *filter.Matcher
	posts   []*Post
	seen    int   // how far into the block its matcher has read, where regexes span lines
	may     []int // the failregexes that may match the line at hand; nil: all
}

// match is the matcher's Match, or its Keep.
func (t *team) match(l *event.Line, keep bool, now time.Time) []filter.Match {
	if keep {
		return t.matcher.Keep(*l, now)
	}
	return t.matcher.MatchAmong(t.may, *l, now)
}

// A listener hears the lines of a block that are some team's business.
type listener interface {
	concerned(t *team, entry int) bool
	// hear is told a line that the team's filter may match; with keep, one that it only has to remember. The line is gone
	// when it returns.
	hear(t *team, l *event.Line, keep bool)
}

// A scan finds the lines of a block that filters may match. Most lines are never looked at by any filter.
type scan struct {
	teams  []*team
	every  []*team // those that have to read every line
	set    *match.Set
	ruled  []*team // the teams of the set's rules
	entry  int     // the journal's entry of the line found last: lines are found in order
	line   event.Line
	missed []missed
}

// newScan plans the scan of a source whose text is such as the sample.
func newScan(posts []*Post, journal bool, sample []byte) *scan {
	s := &scan{teams: teams(posts)}
	var rules []match.Rule
	for _, t := range s.teams {
		rule, ok := t.matcher.Rule(journal)
		if !ok {
			s.every = append(s.every, t)
			continue
		}
		rules = append(rules, rule)
		s.ruled = append(s.ruled, t)
	}
	s.set = match.NewSet(rules, match.Options{Sample: sample})
	return s
}

func teams(posts []*Post) (all []*team) {
	for _, p := range posts {
		i := slices.IndexFunc(all, func(t *team) bool { return t.matcher == p.Matcher })
		if i < 0 {
			i = len(all)
			all = append(all, &team{matcher: p.Matcher})
		}
		all[i].posts = append(all[i].posts, p)
	}
	return all
}

// run tells the listener each line that a team's filter may match, for each team in the order of the lines.
func (s *scan) run(b *event.Block, to listener) {
	for _, t := range s.teams {
		t.seen = 0
		t.matcher.Begin()
	}
	s.entry = 0
	for start := 0; len(s.every) > 0 && start < len(b.Text); s.entry++ {
		end := start + bytes.IndexByte(b.Text[start:], '\n')
		for _, t := range s.every {
			s.tell(b, t, start, end, to)
		}
		start = end + 1
	}
	s.entry = 0
	s.set.Scan(b.Text, func(start, end int, hits []match.Hit) bool {
		s.entry = entryFrom(b, s.entry, start)
		for len(hits) > 0 {
			t := s.ruled[hits[0].Rule]
			hits = t.candidates(hits)
			s.catchUp(b, t, start, to)
			s.tell(b, t, start, end, to)
		}
		return true
	})
	s.entry = len(b.Entries)
	for _, t := range s.ruled {
		s.catchUp(b, t, len(b.Text), to)
	}
}

// candidates takes over the first hits, which are of one rule, and returns the others. What is left at hand of several
// lines may be matched by any regex.
func (t *team) candidates(hits []match.Hit) []match.Hit {
	n := 0
	for t.may = t.may[:0]; n < len(hits) && hits[n].Rule == hits[0].Rule; n++ {
		t.may = append(t.may, hits[n].Pattern)
	}
	if t.matcher.Span() > 1 {
		t.may = nil
	}
	return hits[n:]
}

// tell makes the team hear a line, that of the entry at hand.
func (s *scan) tell(b *event.Block, t *team, start, end int, to listener) {
	t.seen = end + 1
	if to.concerned(t, s.entry) {
		s.read(b, start, end, s.entry)
		to.hear(t, &s.line, false)
	}
}

// catchUp lets a matcher whose regexes span lines remember the lines before at, where the entry at hand begins, that it was
// not told.
func (s *scan) catchUp(b *event.Block, t *team, at int, to listener) {
	most, entry := t.matcher.Span()-1, s.entry
	for end := at - 1; end >= t.seen && len(s.missed) < most; {
		start := bytes.LastIndexByte(b.Text[:end], '\n') + 1
		if entry--; to.concerned(t, entry) {
			s.missed = append(s.missed, missed{start, end, entry})
		}
		end = start - 1
	}
	for _, l := range slices.Backward(s.missed) {
		s.read(b, l.start, l.end, l.entry)
		to.hear(t, &s.line, true)
	}
	s.missed = s.missed[:0]
}

// A missed is a line that a matcher was not told.
type missed struct{ start, end, entry int }

// read makes the line that stands in the block's text from start to end the line at hand.
func (s *scan) read(b *event.Block, start, end, entry int) {
	s.line = event.Line{Origin: b.Origin, Text: b.Text[start:end], Before: b.Text[:start], Live: b.Live}
	if b.Entries != nil {
		e := &b.Entries[entry]
		s.line.Entry, s.line.Time, s.line.Fields = entry, e.Time, e.Fields
	}
}

// entryFrom is the number of the entry whose line begins at start, searched from entry i on, whose line does not begin
// behind it. Lines are about as long as each other: the search begins where it will nearly end.
func entryFrom(b *event.Block, i, start int) int {
	entries := b.Entries
	if len(entries) == 0 {
		return 0
	}
	near, step := min(i+(start-entries[i].Start)*len(entries)/len(b.Text), len(entries)-1), 1
	for near > i && entries[near].Start > start {
		near -= step
		step *= 2
	}
	i = max(i, near)
	for step = 1; i+step < len(entries) && entries[i+step].Start <= start; step *= 2 {
		i += step
	}
	for ; step > 0; step /= 2 {
		if i+step < len(entries) && entries[i+step].Start <= start {
			i += step
		}
	}
	return i
}
