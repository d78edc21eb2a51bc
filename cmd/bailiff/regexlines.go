package main

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"bailiff/jails/event"
	"bailiff/jails/match"
)

// lines tests every line of the log.
func (t *regexTest) lines(ctx context.Context, log string) error {
	t.undated = t.journal
	switch {
	case isFile(log) || !t.fail2ban && isStream(log):
		f, err := openLog(log)
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
	if !t.fail2ban && strings.HasPrefix(log, "/") && !strings.ContainsAny(log, " \n") {
		_, err := os.Stat(log)
		return cmp.Or(err, fmt.Errorf("%s is no file", log)) // meant as one, and no line of a log
	}
	if err := noSuchLog(log); err != nil && !t.fail2ban {
		return err
	}
	lines := strings.Split(log, "\n")
	if max(t.definition.Maxlines, 1) == 1 && len(lines) == 1 {
		t.say("Use      single line : %s", shorten(log))
	} else {
		t.sayLines(lines)
	}
	t.say("\n")
	for i, line := range lines {
		t.testText(i+1, []byte(line))
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

// testText tests a line of text. Comments and empty lines are left out, as fail2ban-regex does.
func (t *regexTest) testText(n int, text []byte) {
	text = bytes.TrimRight(text, "\r\n")
	if len(text) == 0 || text[0] == '#' {
		return
	}
	l := event.Line{Text: match.Valid(nil, text), Live: true}
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
