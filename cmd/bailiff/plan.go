package main

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"bailiff/filefollow"
	"bailiff/jails"
	"bailiff/jails/config"
	"bailiff/jails/date"
	"bailiff/jails/event"
	"bailiff/jails/source"
	"bailiff/journal"
)

// A plan is one source to read, and the jails that follow it.
type plan struct {
	key     string // names the source
	shape   string // all that a running reader cannot change: another shape is another reader
	kind    source.Kind
	jails   []*jails.Jail
	journal source.Journal
	files   source.Files
}

// wish is what the jail's configuration says about its source.
func wish(c *config.Jail) source.Wish {
	w := source.Wish{Backend: c.Backend, OwnMatch: c.OwnMatch, HasMatch: c.HasJournalMatch}
	for _, p := range c.LogPaths {
		w.Globs = append(w.Globs, p.Glob)
	}
	return w
}

// followed lists the files that the jail's logpath names now.
func followed(c *config.Jail) []string {
	files := []string{}
	for _, p := range c.LogPaths {
		found, err := filepath.Glob(p.Glob)
		if err == nil {
			files = append(files, found...)
		}
	}
	slices.Sort(files)
	return slices.Compact(files)
}

// journalOptions names the journal that the jail reads.
func journalOptions(c *config.Jail, reader string) journal.Options {
	return journal.Options{Dir: c.JournalPath, Files: c.JournalFiles, Namespace: c.Namespace,
		Flags: journal.Flags(c.JournalFlags), Reader: reader}
}

// planKey names the source that the choice comes down to.
func planKey(c *config.Jail, kind source.Kind) string {
	if kind == source.FromJournal {
		return fmt.Sprintf("journal:%s%s%s:%d", c.JournalPath, strings.Join(c.JournalFiles, ","), c.Namespace, c.JournalFlags)
	}
	return fmt.Sprintf("files:%s:%t", c.LogEncoding, c.Backend == "polling")
}

// add puts a jail into the plan.
func (p *plan) add(j *jails.Jail, c *config.Jail, reader string, now time.Time) {
	p.jails = append(p.jails, j)
	if p.kind == source.FromJournal {
		p.addJournal(j, c, reader)
	} else {
		p.addFiles(c, now)
	}
}

func (p *plan) addJournal(j *jails.Jail, c *config.Jail, reader string) {
	first := len(p.jails) == 1
	p.journal.Options, p.journal.Key = journalOptions(c, reader), p.key
	p.journal.Jails = append(p.journal.Jails, j.Name)
	switch {
	case len(c.Journal) == 0:
		p.journal.Selector = nil
	case first || p.journal.Selector != nil:
		p.journal.Selector = append(p.journal.Selector, c.Journal...)
	}
	p.shape += fmt.Sprintf("%s %q %s\n", j.Name, c.Journal, reader)
}

func (p *plan) addFiles(c *config.Jail, now time.Time) {
	p.files.Encoding, p.files.Polling = c.LogEncoding, c.Backend == "polling"
	if p.files.Polling {
		p.files.Key = "polling:"
	}
	if p.files.Encoding != "" && p.files.Encoding != "auto" {
		p.files.Key += p.files.Encoding + ":"
	}
	since := now.Add(-c.FindTime)
	for _, path := range c.LogPaths {
		p.files.Paths = append(p.files.Paths, source.Path{Jail: c.Name, Glob: filefollow.Glob{
			Pattern: path.Glob, Tail: path.Tail, Since: since, Date: dates(c),
		}})
		p.shape += fmt.Sprintf("%s %q %t\n", c.Name, path.Glob, path.Tail)
	}
}

// dates finds the date of a line as the jail's filter does.
func dates(c *config.Jail) func(line []byte) (time.Time, bool) {
	var d *date.Detector
	return func(line []byte) (time.Time, bool) {
		if d == nil {
			d = c.Filter.Dates().NewDetector()
		}
		m, ok := d.Match(line, time.Now())
		return m.Time, ok && !m.Time.IsZero()
	}
}

// journalMatches writes a selector in journalctl's notation.
func journalMatches(s event.Selector) string {
	var groups []string
	for _, g := range s {
		var words []string
		for _, t := range g {
			for _, v := range append(append([]string(nil), t.Values...), t.Globs...) {
				words = append(words, t.Field+"="+v)
			}
		}
		groups = append(groups, strings.Join(words, " "))
	}
	return strings.Join(groups, " + ")
}
