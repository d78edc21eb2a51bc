package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/htmlindex"

	"bailiff/jails/event"
	"bailiff/jails/filter"
	"bailiff/jails/match"
	"bailiff/jails/source"
	"bailiff/journal"
)

// lines tests every line of the log.
func (t *regexTest) lines(ctx context.Context, log string) error {
	t.undated = t.journal
	switch {
	case isFile(log):
		f, err := os.Open(log)
		if err != nil {
			return err
		}
		defer f.Close()
		t.say("Use         log file : %s", log)
		t.say("Use         encoding : %s", t.encoding)
		t.say("\n")
		return t.read(ctx, f)
	case log == "-":
		t.say("Use   standard input")
		t.say("Use         encoding : %s", t.encoding)
		t.say("\n")
		return t.read(ctx, t.in)
	case strings.HasPrefix(log, "systemd-journal"):
		return t.readJournal(ctx, log)
	}
	lines := strings.Split(log, "\n")
	if max(t.definition.Maxlines, 1) == 1 && len(lines) == 1 {
		t.say("Use      single line : %s", shorten(log))
	} else {
		t.sayLines(lines)
	}
	t.say("\n")
	for i, line := range lines {
		t.testText(i+1, line)
	}
	return nil
}

func (t *regexTest) sayLines(lines []string) {
	t.say("Use      multi line : %d line(s)", len(lines))
	for i, line := range lines {
		if i == 5 {
			t.say("| ...")
			break
		}
		t.say("| %2d: %s", i+1, shorten(line))
	}
	t.say("`-")
}

// read tests the lines of a file. A last line without its end counts too.
func (t *regexTest) read(ctx context.Context, r io.Reader) error {
	decoder, err := decoderOf(t.encoding)
	if err != nil {
		return err
	}
	if decoder != nil {
		r = decoder.Reader(r)
	}
	b := bufio.NewReaderSize(r, 64<<10)
	for n := 1; ctx.Err() == nil; n++ {
		line, err := b.ReadString('\n')
		if line != "" {
			t.testText(n, line)
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
	return ctx.Err()
}

// decoderOf is nil for UTF-8, which matching needs anyway.
func decoderOf(name string) (*encoding.Decoder, error) {
	if name == "" || strings.EqualFold(name, "auto") || strings.EqualFold(name, "UTF-8") || strings.EqualFold(name, "utf8") {
		return nil, nil
	}
	e, err := htmlindex.Get(name)
	if err != nil {
		return nil, fmt.Errorf("encoding %q: %w", name, err)
	}
	return e.NewDecoder(), nil
}

// testText tests a line of text. Comments and empty lines are left out, as fail2ban-regex does.
func (t *regexTest) testText(n int, text string) {
	text = strings.TrimRight(text, "\r\n")
	if text == "" || text[0] == '#' {
		return
	}
	l := event.Line{Text: match.Valid(nil, []byte(text)), Live: true}
	if t.journal {
		l.Time = t.clock()
	}
	t.test(n, l, string(l.Text))
}

// clock is what time it is.
func (t *regexTest) clock() time.Time {
	if t.now.IsZero() {
		return time.Now()
	}
	return t.now
}

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
		text := filter.Synthesise(nil, fields, e.Monotonic)
		at := entryTime(e)
		t.test(n, event.Line{Text: text, Time: at, Fields: fields}, at.Local().Format(journalStamp(at))+string(text))
		return nil
	})
	if err != nil {
		return fmt.Errorf("read the journal: %w", err)
	}
	return nil
}

func journalStamp(at time.Time) string {
	if at.Nanosecond() < 1000 {
		return "2006-01-02T15:04:05-07:00 "
	}
	return "2006-01-02T15:04:05.000000-07:00 "
}

// entryTime is when the sender sent the entry, else when it was received.
func entryTime(e *journal.Entry) time.Time {
	us, err := strconv.ParseInt(string(e.Get("_SOURCE_REALTIME_TIMESTAMP")), 10, 64)
	if err != nil || us <= 0 {
		return e.Realtime
	}
	return time.UnixMicro(us)
}

// journalOptions reads systemd-journal[option=value,...].
func (t *regexTest) journalOptions(log string) (o journal.Options, err error) {
	o.Match = source.Pushdown(t.loaded.journal)
	if t.journalmatch != "" {
		if o.Match, err = parseMatch(t.journalmatch); err != nil {
			return o, err
		}
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

// parseMatch reads journalctl's match: words of one field are alternatives, different fields must all hold, + begins
// a new alternative.
func parseMatch(text string) (m journal.Match, err error) {
	group := []journal.Term{}
	for _, word := range strings.Fields(text) {
		if word == "+" {
			m, group = append(m, group), nil
			continue
		}
		field, value, ok := strings.Cut(strings.Trim(word, `"'`), "=")
		if !ok {
			return nil, fmt.Errorf("journal match %q: a word is FIELD=value or +", word)
		}
		found := false
		for i := range group {
			if found = group[i].Field == field; found {
				group[i].Values = append(group[i].Values, value)
				break
			}
		}
		if !found {
			group = append(group, journal.Term{Field: field, Values: []string{value}})
		}
	}
	return append(m, group), nil
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
