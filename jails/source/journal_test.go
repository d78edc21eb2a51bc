package source

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"bailiff/jails/event"
	"bailiff/journal"
	"bailiff/journal/journaltest"
)

func anEntry(message string) *journal.Entry {
	return &journal.Entry{Fields: []journal.Field{{Name: "MESSAGE", Value: []byte(message)}, {Name: "_COMM", Value: []byte("sshd")},
		{Name: "_SOURCE_REALTIME_TIMESTAMP", Value: []byte("1790000000000000")}}}
}

// TestEntriesOfABlockKeepTheirFields fills a block, twice, with more than its memory held at first.
func TestEntriesOfABlockKeepTheirFields(t *testing.T) {
	j := &Journal{}
	for range 2 {
		for i := range 3000 {
			j.block.append(anEntry(fmt.Sprint("message ", i)))
		}
		check := func(_ context.Context, b *event.Block) (event.Effects, error) {
			for i, e := range b.Entries {
				if got := string(e.Fields[0].Value); got != fmt.Sprint("message ", i) || string(e.Fields[1].Value) != "sshd" {
					t.Fatalf("entry %d has the fields %q", i, e.Fields)
				}
			}
			return event.Effects{}, nil
		}
		if _, err := j.see(t.Context(), check); err != nil {
			t.Fatal(err)
		}
	}
}

func BenchmarkAppend(b *testing.B) {
	j, e := &Journal{}, anEntry("Failed password for root from 192.0.2.1 port 22 ssh2")
	nothing := func(context.Context, *event.Block) (event.Effects, error) { return event.Effects{}, nil }
	b.ReportAllocs()
	for b.Loop() {
		for range blockEntries {
			j.block.append(e)
		}
		j.see(b.Context(), nothing)
	}
	b.ReportMetric(float64(blockEntries*b.N)/b.Elapsed().Seconds(), "lines/s")
}

// TestAPositionMovesOnOnlyBehindWhatWasJudged runs itself inside journald's namespaces, where its journal is the machine's own.
func TestAPositionMovesOnOnlyBehindWhatWasJudged(t *testing.T) {
	if os.Getenv("SOURCE_INSIDE") != "" {
		positionsInside(t)
		return
	}
	journald := journaltest.Start(t)
	journald.Log(journaltest.Sender{Comm: "sshd"}, "one")
	journald.Log(journaltest.Sender{Comm: "chatter"}, "two", "three")
	cmd := journald.Command("test.service", os.Args[0], "-test.run=^"+t.Name()+"$")
	cmd.Env = append(os.Environ(), "SOURCE_INSIDE=1")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

func positionsInside(t *testing.T) {
	m := &memory{saved: map[string]string{}}
	make := func() runs {
		return &Journal{Key: "journal", Jails: []string{"sshd"}, Back: time.Now().Add(-time.Hour), Positions: m,
			Selector: event.Selector{{{Field: "SYSLOG_IDENTIFIER", Values: []string{"sshd"}}}},
			Log:      slog.New(slog.DiscardHandler), Beat: func() {}}
	}
	_ = fail(t, make, &reading{fails: errors.New("disk full")})
	if len(m.saved) > 0 {
		t.Errorf("nothing was judged, and the position is %v", m.saved)
	}
	newest := ""
	err := journal.Read(t.Context(), journal.Options{}, func(e *journal.Entry) error { newest = e.Cursor(); return nil })
	if err != nil {
		t.Fatal(err)
	}
	during(t, make, &reading{}, "+one")
	if saved := m.saved["journal"]; !strings.Contains(saved, newest) {
		t.Errorf("the position is %s, the newest entry %s", saved, newest)
	}
}
