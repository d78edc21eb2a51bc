package main

import (
	"fmt"
	"net/url"
	"strings"
	"time"
	"unicode"

	"bailiff/jails/filter"
)

// report prints what the run found, as fail2ban-regex lays it out.
func (t *regexTest) report() {
	t.say("Results\n=======")
	if pref := t.filter.Prefregex(); pref != "" {
		lines := []string{pref}
		for i, g := range t.stats.prefixes {
			if i == t.keepLines() {
				lines = append(lines, "    ...")
				break
			}
			lines = append(lines, "    "+dictRepr(g))
		}
		t.say("\nPrefregex: %d total", t.stats.prefix)
		t.list("", lines)
	}
	t.reportRegexes("Failregex", t.definition.Failregex, t.stats.fail)
	t.reportRegexes("Ignoreregex", t.definition.Ignoreregex, t.stats.ignore)
	t.reportDates()
	s := &t.stats
	t.say("\nLines: %d lines, %d ignored, %d matched, %d missed", s.tested, s.ignored.n, s.matched.n, s.missed.n)
	t.say("[processed in %.2f sec]\n", t.took.Seconds())
	if t.printAllMatched {
		t.reportLines("matched", s.matched, true, t.definition.Failregex)
	}
	if !t.printNoIgnored {
		t.reportLines("ignored", s.ignored, t.printAllIgnored, t.definition.Ignoreregex)
	}
	if !t.printNoMissed {
		t.reportLines("missed", s.missed, t.printAllMissed, t.definition.Failregex)
	}
}

// list prints lines in a frame.
func (t *regexTest) list(header string, lines []string) {
	if len(lines) == 0 {
		return
	}
	if header != "" {
		t.say("|- %s", header)
	}
	t.say("|  %s\n`-", strings.Join(lines, "\n|  "))
}

func (t *regexTest) reportRegexes(title string, regexes []string, hits []regexHits) {
	total, lines := 0, []string(nil)
	for i, r := range regexes {
		h := hits[i]
		total += h.n
		if h.n == 0 && t.verbose == 0 {
			continue
		}
		lines = append(lines, fmt.Sprintf("%2d) [%d] %s", i+1, h.n, r))
		if t.verbose == 0 {
			continue
		}
		for _, x := range h.seen {
			lines = append(lines, fmt.Sprintf("    %s  %s%s", x.id, timeText(x.at), map[bool]string{true: " (multiple regex matched)"}[x.multiple]))
		}
	}
	t.say("\n%s: %d total", title, total)
	t.list(" #) [# of hits] regular expression", lines)
}

// timeText writes a time, or now where the line had none.
func timeText(at time.Time) string {
	if at.IsZero() {
		at = time.Now()
	}
	return at.Local().Format("Mon Jan 02 15:04:05 2006")
}

// reportDates prints how often each date template matched, in the order in which the next line would try them.
func (t *regexTest) reportDates() {
	if t.undated && len(t.definition.Datepattern) == 0 {
		return
	}
	var lines []string
	for _, d := range t.matcher.Templates() {
		if d.Hits == 0 && t.verbose == 0 {
			continue
		}
		lines = append(lines, fmt.Sprintf("[%d] %s", d.Hits, d.Name))
		if t.verboseDate {
			lines = append(lines, fmt.Sprintf("    # weight: %.3f (%.3f), pattern: %s", d.Weight, d.Base, d.Pattern), "    # regex:   "+d.Expr)
		}
	}
	t.say("\nDate template hits:")
	t.list("[# of hits] date format", lines)
}

func (t *regexTest) reportLines(kind string, k kept, all bool, regexes []string) {
	if k.n == 0 {
		return
	}
	header := strings.ToUpper(kind[:1]) + kind[1:] + " line(s):"
	if k.n >= t.keepLines() && !all {
		t.say("%s too many to print.  Use --print-all-%s to print all %d lines", header, kind, k.n)
		return
	}
	var lines []string
	if t.debuggex {
		for _, text := range k.texts {
			for _, r := range regexes {
				lines = append(lines, text+" | "+r+" |  "+t.debuggexURL(text, r))
			}
		}
	} else {
		for _, line := range k.lines {
			lines = append(lines, strings.TrimRightFunc(line, isSpace))
		}
	}
	t.list(header, lines)
}

// isSpace is Python's: the four ASCII separators are space, too.
func isSpace(r rune) bool { return r >= 0x1c && r <= 0x1f || unicode.IsSpace(r) }

// debuggexURL is a page where the regex can be tried on the line.
func (t *regexTest) debuggexURL(text, regex string) string {
	q := "re=" + url.QueryEscape(filter.Expand(regex, t.definition.UseDNS)) + "&str=" + url.QueryEscape(text) + "&flavor=python"
	if t.definition.Maxlines > 1 {
		q += "&flags=m"
	}
	return "https://www.debuggex.com/?" + q
}

// dictRepr writes groups as Python prints a dictionary.
func dictRepr(groups []filter.Group) string {
	pairs := make([]string, len(groups))
	for i, g := range groups {
		pairs[i] = filter.Repr(g.Name) + ": " + g.Repr()
	}
	return "{" + strings.Join(pairs, ", ") + "}"
}
