package main

import (
	"cmp"
	"fmt"
	"log/slog"
	"net"
	"regexp"
	"strconv"
	"strings"
	"time"

	"bailiff/jails/filter"
	"bailiff/jails/resolve"
)

// output prepares what the flags ask for: statistics, failures as -o wants them, or JSON.
func (t *regexTest) output() {
	t.names = resolve.New(net.DefaultResolver.LookupNetIP, slog.New(slog.DiscardHandler))
	t.parts = map[string][3]string{}
	t.stats.fail = make([]regexHits, len(t.definition.Failregex))
	t.stats.ignore = make([]regexHits, len(t.definition.Ignoreregex))
	switch t.template {
	case "":
	case "id", "fid":
		t.print = t.each(func(x filter.Match) string { return x.ID })
	case "ip":
		t.print = t.each(addressOf)
	case "msg":
		t.print = t.each(func(x filter.Match) string { return strings.Join(x.Lines, "\n") })
	case "matches":
		t.print = t.each(t.matches)
	case "row":
		t.print = t.each(func(x filter.Match) string {
			return fmt.Sprintf("[%s,\t%s,\t%s],", filter.Repr(x.ID), seconds(x.Time), dictRepr(x.Groups))
		})
	default:
		t.print = t.each(func(x filter.Match) string { return groupOf(x, t.template) })
		if strings.Contains(t.template, "<") {
			t.print = t.fill
		}
	}
}

// each prints one line for a match.
func (t *regexTest) each(text func(filter.Match) string) func([]filter.Match) {
	return func(found []filter.Match) {
		for _, x := range found {
			fmt.Fprintln(t.out, text(x))
		}
	}
}

// matches are the lines of a match as Python prints them: each as the text before its date, the date, and the text after.
func (t *regexTest) matches(x filter.Match) string {
	lines := make([]string, len(x.Lines))
	for i, line := range x.Lines {
		parts, ok := t.parts[line]
		if !ok {
			parts = [3]string{"", "", line}
		}
		lines[i] = "(" + filter.Repr(parts[0]) + ", " + filter.Repr(parts[1]) + ", " + filter.Repr(parts[2]) + ")"
	}
	return "[" + strings.Join(lines, ", ") + "]"
}

// split remembers where the date of a line is, for -o matches. A line that looks dated and is not stands behind the date
// of one before it.
func (t *regexTest) split(line string, found []filter.Match) {
	if t.template != "matches" {
		return
	}
	if d, ok := t.matcher.Date(); ok {
		t.parts[line] = [3]string{line[:d.Start], line[d.Start:d.End], line[d.End:]}
	}
	for _, x := range found {
		for _, matched := range x.Lines {
			if date, ok := strings.CutSuffix(matched, line); ok && date != "" {
				t.parts[matched] = [3]string{"", date, line}
			}
		}
	}
}

// addressOf is the address of a match, beside which it may have another id.
func addressOf(x filter.Match) string {
	if ip, ok := x.Fields["ip"]; ok {
		return ip
	}
	return x.ID
}

// groupOf is a group as Python prints it.
func groupOf(x filter.Match, name string) string {
	for _, g := range x.Groups {
		if g.Name == name && g.Kind != filter.Null {
			return g.Value
		}
	}
	return "None"
}

// seconds writes a time as Python prints it.
func seconds(at time.Time) string {
	if at.IsZero() {
		return "None"
	}
	s := strconv.FormatFloat(float64(at.UnixMicro())/1e6, 'f', -1, 64)
	if !strings.Contains(s, ".") {
		s += ".0"
	}
	return s
}

var outTag = regexp.MustCompile(`<([^ <>]+)>`)

// fill prints the template with its tags filled in: one line for a match, or with <msg> one for each line that led to
// one of several matches.
func (t *regexTest) fill(found []filter.Match) {
	for _, x := range found {
		lines := []string{strings.Join(x.Lines, "\n")}
		if len(x.Lines) > 1 && strings.Contains(t.template, "<msg>") {
			lines = x.Lines
		}
		for _, line := range lines {
			fmt.Fprintln(t.out, outTag.ReplaceAllStringFunc(t.template, func(tag string) string {
				return tagValue(x, tag, line)
			}))
		}
	}
}

// tagValue is the value of a tag; an unknown one stays.
func tagValue(x filter.Match, tag, line string) string {
	switch name := tag[1 : len(tag)-1]; name {
	case "ip":
		return addressOf(x)
	case "fid":
		return x.ID
	case "family":
		return cmp.Or(x.Subject.Family(), "None")
	case "time":
		if x.Time.IsZero() { // a failure without a time is of now
			return seconds(time.Now())
		}
		return seconds(x.Time)
	case "failures", "restored", "bancount":
		return "0"
	case "msg":
		return line
	case "matches":
		return strings.Join(x.Lines, "\n")
	case "br":
		return "\n"
	case "sp":
		return " "
	default:
		if group, ok := strings.CutPrefix(name, "F-"); ok {
			return x.Fields[strings.ToLower(group)]
		}
		return tag
	}
}
