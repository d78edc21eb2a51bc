package main

import (
	"log/slog"
	"testing"
	"time"

	"bailiff/jails"
	"bailiff/jails/config"
	"bailiff/jails/filter"
	"bailiff/jails/source"
)

// TestJailsThatSharedAMatcherPart has two jails with one filter read the same log, until one's findtime changes.
func TestJailsThatSharedAMatcherPart(t *testing.T) {
	definition := filter.Definition{Name: "web", Failregex: []string{`^ denied <ADDR>$`}}
	f, err := filter.Compile(definition)
	must(t, err)
	settings := func(name string, findtime time.Duration) *config.Jail {
		return &config.Jail{Name: name, Filter: f, Definition: definition, FindTime: findtime, LogPaths: []config.LogPath{{Glob: "/web.log"}}}
	}
	log := slog.New(slog.DiscardHandler)
	a := jails.NewJail(settings("a", time.Hour), jails.NewIgnoreLists(nil, nil, log), log, nil)
	b := jails.NewJail(settings("b", time.Hour), jails.NewIgnoreLists(nil, nil, log), log, nil)
	s := newSources(log, nil, nil, nil, nil, nil, nil)
	p := &plan{key: "files", kind: source.FromFiles, jails: []*jails.Jail{a, b}}

	before, _ := s.post(p, map[string]bool{})
	if before[0].Matcher != before[1].Matcher {
		t.Error("jails alike do not share a matcher")
	}
	a.Configure(settings("a", time.Minute))
	after, _ := s.post(p, map[string]bool{})
	if after[0].Matcher != before[0].Matcher || after[1].Matcher == after[0].Matcher {
		t.Error("jails of different findtime share a matcher, or lost what theirs remembers")
	}
}

// A source that failed a few times in a year must not cost a blind minute each time.
func TestTheDelayOfASourceFallsBack(t *testing.T) {
	delay := time.Duration(0)
	for i, c := range []struct{ ran, want time.Duration }{
		{0, retryFirst}, {time.Second, 2 * retryFirst}, {0, 4 * retryFirst}, {2 * retryMost, retryFirst}, {0, 2 * retryFirst},
	} {
		if delay = nextDelay(delay, c.ran); delay != c.want {
			t.Errorf("failure %d: the delay is %v, want %v", i, delay, c.want)
		}
	}
	for range 20 {
		delay = nextDelay(delay, 0)
	}
	if delay != retryMost {
		t.Errorf("the delay grows to %v, want %v", delay, retryMost)
	}
}
