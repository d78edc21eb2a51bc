package main

import (
	"slices"
	"time"

	"bailiff/jails/event"
	"bailiff/jails/filter"
)

// regexStats is what a run found.
type regexStats struct {
	tested                   int
	matched, ignored, missed kept
	fail, ignore             []regexHits
	prefix                   int
	prefixes                 [][]filter.Group
	last                     []filter.Group // of the prefregex
	lastMatched              bool
}

// kept counts lines and keeps some of them for printing.
type kept struct {
	n     int
	lines []string
	texts []string // the same for debuggex
}

// regexHits are the matches of one regex.
type regexHits struct {
	n    int
	seen []regexHit
}

type regexHit struct {
	id       string
	at       time.Time
	multiple bool
}

// keepLines is how many lines of a kind are printed.
func (t *regexTest) keepLines() int {
	if t.maxlines > 0 {
		return t.maxlines
	}
	return 20
}

// test tests one line. raw is the line for people.
func (t *regexTest) test(n int, l event.Line, raw string) {
	before := t.matcher.Buffer()
	full := len(before) >= t.definition.Maxlines
	found := t.resolve(t.matcher.Match(l, t.clock()))
	if t.json {
		t.printJSON(n, l, found)
		return
	}
	t.split(string(l.Text), found)
	t.noteNames(l, found)
	if t.print != nil {
		t.print(slices.DeleteFunc(found, func(x filter.Match) bool { return x.NoFail }))
		return
	}
	hits, ignored := t.count(found)
	t.countPrefix(found)
	text := t.settle(before, full, raw)
	t.file(raw, text, hits, ignored)
	t.stats.tested++
}

// count counts the matches by regex. It returns how many of them are failures, and whether the line was ignored.
func (t *regexTest) count(found []filter.Match) (hits int, ignored bool) {
	for _, x := range found {
		if x.Ignored {
			t.stats.ignore[x.Ignoreregex].n++
			ignored = true
			continue
		}
		h := &t.stats.fail[x.Regex]
		h.n++
		if t.verbose > 0 {
			h.seen = append(h.seen, regexHit{idOf(x), x.Time, hits > 1})
		}
		if x.NoFail {
			ignored = true
		} else {
			hits++
		}
	}
	return hits, ignored
}

// idOf is whom a match is about, as fail2ban prints it.
func idOf(x filter.Match) string {
	if x.Pending {
		return "None"
	}
	return x.ID
}

// countPrefix counts the prefregex's match. Where an ignoreregex came first fail2ban-regex counts the line before again.
func (t *regexTest) countPrefix(found []filter.Match) {
	if !slices.ContainsFunc(found, func(x filter.Match) bool { return x.Ignored && x.Regex < 0 }) {
		t.stats.last, t.stats.lastMatched = t.matcher.Prefix()
	}
	if !t.stats.lastMatched {
		return
	}
	t.stats.prefix++
	if t.verbose > 0 && len(t.stats.prefixes) <= t.keepLines() {
		t.stats.prefixes = append(t.stats.prefixes, t.stats.last)
	}
}

// settle takes lines that a later line completed off the missed ones. It returns the line, after such lines before it
// where they are to be printed together.
func (t *regexTest) settle(before [][3]string, full bool, raw string) (text string) {
	if t.definition.Maxlines <= 1 {
		return raw
	}
	if full {
		before = before[1:]
	}
	now := t.matcher.Buffer()
	lines := ""
	for _, b := range before {
		if slices.Contains(now, b) {
			continue
		}
		whole := b[0] + b[1] + b[2]
		t.stats.missed.lines = without(t.stats.missed.lines, whole)
		t.stats.missed.texts = without(t.stats.missed.texts, b[0]+b[2])
		if t.printAllMatched && t.debuggex {
			lines += b[0] + b[2] + "\n"
		} else if t.printAllMatched {
			t.stats.matched.lines = append(t.stats.matched.lines, whole)
			t.stats.matched.texts = append(t.stats.matched.texts, b[0]+b[2])
		}
		t.stats.matched.n++
		t.stats.missed.n--
	}
	if lines == "" {
		return raw
	}
	if d, ok := t.matcher.Date(); ok {
		raw = raw[:d.Start] + raw[d.End:]
	}
	return lines + raw
}

func without(lines []string, line string) []string {
	if i := slices.Index(lines, line); i >= 0 {
		return slices.Delete(lines, i, i+1)
	}
	return lines
}

// file counts the line among its kind and keeps it if it is to be printed.
func (t *regexTest) file(raw, text string, hits int, ignored bool) {
	kind, keep := &t.stats.missed, !t.printNoMissed && (t.printAllMissed || t.stats.missed.n <= t.keepLines())
	switch {
	case ignored:
		kind, keep = &t.stats.ignored, !t.printNoIgnored && (t.printAllIgnored || t.stats.ignored.n <= t.keepLines())
	case hits > 0:
		kind, keep = &t.stats.matched, t.printAllMatched
	}
	kind.n++
	if keep {
		kind.lines = append(kind.lines, raw)
		kind.texts = append(kind.texts, text)
	}
}
