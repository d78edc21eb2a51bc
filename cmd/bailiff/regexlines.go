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

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/htmlindex"

	"bailiff/jails/event"
	"bailiff/jails/match"
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
	if !t.fail2ban && strings.HasPrefix(log, "/") && !strings.ContainsAny(log, " \n") {
		_, err := os.Stat(log)
		return cmp.Or(err, fmt.Errorf("%s is no file", log)) // meant as one, and no line of a log
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
