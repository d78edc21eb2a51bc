package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"bailiff/jails/filter"
	"bailiff/jails/resolve"
)

const regexUsage = `LOG is a log file, - for standard input, systemd-journal, or a log line itself.
FILTER is a filter's name, which may carry options, or its file: sshd, 'sshd[mode="aggressive"]', ./my.conf.
REGEX is one failregex, IGNOREREGEX one ignoreregex.`

func newRegexCommand() *cobra.Command {
	f := &regexFlags{}
	c := &cobra.Command{
		Use:     "regex [flags] LOG FILTER|REGEX [IGNOREREGEX]",
		Short:   "Try a filter or a regex on a log",
		Long:    "Try a filter or a regex on a log.\n\n" + regexUsage,
		Example: "bailiff regex /var/log/auth.log sshd\nbailiff regex systemd-journal sshd[mode=aggressive]\nbailiff regex --json app.log \"^ login failed from <HOST>$\"",
		Args:    arguments(2, 3),

		ValidArgsFunction: completeFilters(&f.config),
		RunE: func(c *cobra.Command, args []string) error {
			if err := f.check(); err != nil {
				return usage(c, err)
			}
			if err := checkDirectory(c, f.config); err != nil {
				return err
			}
			if err := misplaced(f, args); err != nil {
				return usage(c, err)
			}
			t := newRegexTest(f, c.InOrStdin(), c.OutOrStdout())
			return errors.Join(t.run(c.Context(), args), t.out.Flush())
		},
	}
	f.register(c.Flags())
	return c
}

// A regexTest is one run of a filter over a log.
type regexTest struct {
	*regexFlags
	in         io.Reader
	out        *bufio.Writer
	now        time.Time // zero: each line's own moment
	loaded     loadedFilter
	definition filter.Definition
	filter     *filter.Filter
	matcher    *filter.Matcher
	names      *resolve.Resolver
	stats      regexStats
	print      func([]filter.Match) // for -o
	parts      map[string][3]string // lines with a date, for -o matches
	took       time.Duration
	undated    bool // the journal tells the time, no date is looked for
	warnings   []string
	nameless   nameless
}

func newRegexTest(f *regexFlags, in io.Reader, out io.Writer) *regexTest {
	return &regexTest{regexFlags: f, in: in, out: bufio.NewWriter(out)}
}

// say prints to people, not to programs.
func (t *regexTest) say(format string, args ...any) {
	if t.template == "" && !t.json {
		fmt.Fprintf(t.out, format+"\n", args...)
	}
}

func (t *regexTest) run(ctx context.Context, args []string) error {
	t.say("\nRunning tests\n=============\n")
	if t.nowText != "" {
		now, err := time.Parse(time.RFC3339, t.nowText)
		if err != nil {
			return fmt.Errorf("--now: %w", err)
		}
		t.now = now
	}
	if err := t.define(args); err != nil {
		return err
	}
	t.output()
	if err := t.watchNames(); err != nil {
		return err
	}
	started := time.Now()
	if err := t.lines(ctx, args[0]); err != nil {
		return err
	}
	t.took = time.Since(started)
	if t.template == "" && !t.json {
		t.report()
		t.explainMisses(args[0])
	}
	return nil
}

// define loads the filter, lays the flags over it and compiles it.
func (t *regexTest) define(args []string) (err error) {
	if t.maxlines > 0 {
		t.say("Use         maxlines : %d", t.maxlines)
	}
	if t.datepattern != "" {
		t.sayDates(nonEmptyLines(t.datepattern))
	}
	if t.loaded, err = t.load(args[0], args[1]); err != nil {
		return err
	}
	t.definition = t.loaded.Definition
	if err := t.override(); err != nil {
		return err
	}
	if len(args) == 3 {
		t.say("Use ignoreregex line : %s", shorten(args[2]))
		t.definition.Ignoreregex = append(t.definition.Ignoreregex, args[2])
	}
	if t.filter, err = filter.Compile(t.definition); err != nil {
		return explain(err)
	}
	o := filter.Options{CheckAll: !t.noCheckAll && t.template == "", Report: t.template == "",
		RawHost: t.raw, AllYears: !t.fail2ban} // fail2ban-regex knows this century only
	t.matcher = t.filter.NewMatcher(o)
	return nil
}

// override lays the flags over what the filter's files say.
func (t *regexTest) override() error {
	d := &t.definition
	if d.Maxlines > 1 && t.maxlines == 0 {
		t.say("Use         maxlines : %d", d.Maxlines)
	}
	if t.maxlines > 0 {
		d.Maxlines = t.maxlines
	}
	switch {
	case t.datepattern != "":
		d.Datepattern = nonEmptyLines(t.datepattern)
	case len(d.Datepattern) > 0:
		t.sayDates(d.Datepattern)
	}
	d.UseDNS = cmp.Or(t.usedns, d.UseDNS)
	return t.setZone()
}

// sayDates names the date patterns, and their template where it is one of its own.
func (t *regexTest) sayDates(patterns []string) {
	name := "Default Detectors"
	f, err := filter.Compile(filter.Definition{Datepattern: patterns})
	if err == nil && len(f.Dates().Names()) <= 2 {
		name = f.Dates().Names()[0]
	}
	t.say("Use      datepattern : %s : %s", strings.Join(patterns, "\n"), name)
}

func nonEmptyLines(s string) (lines []string) {
	for line := range strings.SplitSeq(s, "\n") {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	return lines
}

// shorten cuts text that would not fit a terminal's line.
func shorten(s string) string {
	if r := []rune(s); len(r) > 53 {
		return string(r[:50]) + "..."
	}
	return s
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}
