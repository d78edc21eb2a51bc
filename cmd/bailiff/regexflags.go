package main

import (
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/pflag"

	"bailiff/jails/date"
)

// regexFlags are the flags of bailiff regex: fail2ban-regex's and a few of its own.
type regexFlags struct {
	fail2ban bool // called as fail2ban-regex

	config, datepattern, timezone, encoding, usedns, journalmatch, template string

	raw, verboseDate, debuggex, noCheckAll, version, shortVersion bool

	printNoMissed, printNoIgnored, printAllMatched, printAllMissed, printAllIgnored bool

	maxlines, verbose int

	json, journal bool
	nowText       string
}

func (f *regexFlags) register(s *pflag.FlagSet) {
	s.SortFlags = false
	s.SetNormalizeFunc(func(_ *pflag.FlagSet, name string) pflag.NormalizedName {
		switch name {
		case "TZ":
			name = "timezone"
		case "VD":
			name = "verbose-date"
		}
		return pflag.NormalizedName(name)
	})
	s.StringVarP(&f.config, "config", "c", "", "configuration directory")
	s.StringVarP(&f.datepattern, "datepattern", "d", "", "find dates by this pattern")
	s.StringVar(&f.timezone, "timezone", "", "zone of dates that name none, also --TZ")
	s.StringVarP(&f.encoding, "encoding", "e", "UTF-8", "encoding of the log")
	s.BoolVarP(&f.raw, "raw", "r", false, "take host names as they are, look none up")
	s.StringVar(&f.usedns, "usedns", "", "what to do with host names: yes, warn, no, raw")
	s.IntVarP(&f.maxlines, "maxlines", "L", 0, "how many lines a regex may span")
	s.StringVarP(&f.journalmatch, "journalmatch", "m", "", "which entries of systemd-journal, as journalctl takes it")
	s.BoolVar(&f.verboseDate, "verbose-date", false, "show the date patterns, also --VD")
	s.BoolVarP(&f.debuggex, "debuggex", "D", false, "print links to debuggex.com")
	s.BoolVar(&f.noCheckAll, "no-check-all", false, "stop at the first failregex that matches, as the daemon does")
	s.StringVarP(&f.template, "out", "o", "", "print failures only: row, id, ip, msg, a group's name, or a text with <tags>")
	s.BoolVar(&f.printNoMissed, "print-no-missed", false, "print no missed lines")
	s.BoolVar(&f.printNoIgnored, "print-no-ignored", false, "print no ignored lines")
	s.BoolVar(&f.printAllMatched, "print-all-matched", false, "print all matched lines")
	s.BoolVar(&f.printAllMissed, "print-all-missed", false, "print all missed lines")
	s.BoolVar(&f.printAllIgnored, "print-all-ignored", false, "print all ignored lines")
	s.CountVarP(&f.verbose, "verbose", "v", "say more")
	s.IntVar(&f.verbose, "verbosity", 0, "say more: 0 to 4")
	f.registerOwn(s)
}

// registerOwn adds the flags that fail2ban-regex has and that mean nothing here, or that it has not.
func (f *regexFlags) registerOwn(s *pflag.FlagSet) {
	if f.fail2ban {
		s.StringP("log-level", "l", "critical", "accepted, means nothing")
		s.BoolP("log-traceback", "t", false, "accepted, means nothing")
		s.Bool("full-traceback", false, "accepted, means nothing")
		s.BoolVarP(&f.shortVersion, "short-version", "V", false, "print the version alone")
		s.BoolVar(&f.version, "version", false, "print the version")
	}
	s.BoolVar(&f.json, "json", false, "print one JSON object for each match")
	s.BoolVar(&f.journal, "journal", false, "take each line as the text of a journal entry written now")
	s.StringVar(&f.nowText, "now", "", "what time it is, as 2006-01-02T15:04:05Z07:00")
}

func (f *regexFlags) check() error {
	switch {
	case f.printNoMissed && f.printAllMissed:
		return errors.New("--print-no-missed and --print-all-missed are mutually exclusive")
	case f.printNoIgnored && f.printAllIgnored:
		return errors.New("--print-no-ignored and --print-all-ignored are mutually exclusive")
	case !f.fail2ban && f.usedns != "" && !slices.Contains([]string{"yes", "warn", "no", "raw"}, f.usedns):
		return fmt.Errorf("--usedns %q is none of yes, warn, no, raw", f.usedns)
	case f.maxlines < 0:
		return fmt.Errorf("--maxlines %d is below one", f.maxlines)
	}
	return nil
}

func (t *regexTest) setZone() (err error) {
	if t.timezone != "" {
		t.definition.Zone, err = date.ParseZone(t.timezone)
	}
	return err
}
