package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"bailiff/jails/config"
	"bailiff/jails/event"
	"bailiff/jails/filter"
	"bailiff/jails/source"
	"bailiff/journal"
)

// readJournal tests the entries of the journal that the filter's journalmatch or the flag chooses.
func (t *regexTest) readJournal(ctx context.Context, log string) error {
	t.undated = true
	o, err := t.journalOptions(log)
	if err != nil {
		return err
	}
	t.say("Use         systemd journal")
	t.say("Use         encoding : %s", t.encoding)
	if shown := showMatch(o.Match); shown != "" {
		t.say("Use    journal match : %s", shown)
	}
	t.say("\n")
	n := 0
	err = journal.Read(ctx, o, func(e *journal.Entry) error {
		n++
		fields := make([]event.Field, len(e.Fields))
		for i, f := range e.Fields {
			fields[i] = event.Field{Name: f.Name, Value: f.Value}
		}
		text := filter.Synthesise(nil, fields, e.Monotonic())
		at := e.Sent()
		t.test(n, event.Line{Text: text, Time: at, Fields: fields}, filter.Stamp(at)+string(text))
		return nil
	})
	if err != nil {
		return fmt.Errorf("read the journal: %w", err)
	}
	return nil
}

// journalOptions reads systemd-journal[option=value,...].
func (t *regexTest) journalOptions(log string) (o journal.Options, err error) {
	o.Match = source.Pushdown(t.loaded.journal)
	if t.journalmatch != "" {
		chosen, err := givenMatch(t.journalmatch)
		if err != nil {
			return o, err
		}
		o.Match = source.Pushdown(chosen)
	}
	for _, m := range givenOption.FindAllStringSubmatch(log, -1) {
		switch value := m[2] + m[3] + m[4]; m[1] {
		case "journalpath":
			o.Dir = value
		case "journalfiles":
			o.Files = strings.FieldsFunc(value, func(r rune) bool { return r == ',' || r == '\n' || r == ' ' })
		case "journalflags":
			n, err := strconv.Atoi(value)
			if err != nil {
				return o, fmt.Errorf("journalflags: %w", err)
			}
			o.Flags = journal.Flags(n)
		case "namespace":
			o.Namespace = value
		default:
			return o, fmt.Errorf("systemd-journal has no option %s: journalpath, journalfiles, journalflags, namespace", m[1])
		}
	}
	return o, nil
}

// givenMatch reads the journal match of the flag as the configuration reads its own: lines are alternatives.
func givenMatch(text string) (match event.Selector, err error) {
	for line := range strings.SplitSeq(text, "\n") {
		groups, err := config.ParseMatch(line)
		if err != nil {
			return nil, fmt.Errorf("--journalmatch %q: %w\nhint: write FIELD=value, with + between alternatives: '_SYSTEMD_UNIT=ssh.service + _COMM=sshd'", line, err)
		}
		match = append(match, groups...)
	}
	return match, nil
}

func showMatch(m journal.Match) string {
	var groups []string
	for _, g := range m {
		var words []string
		for _, term := range g {
			for _, v := range term.Values {
				words = append(words, term.Field+"="+v)
			}
		}
		groups = append(groups, strings.Join(words, " "))
	}
	return strings.Join(groups, " + ")
}
