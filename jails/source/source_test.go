package source

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bailiff/filefollow"
	"bailiff/jails/event"
	"bailiff/journal"
	"bailiff/journal/journaltest"
)

const patience = 10 * time.Second

// memory keeps positions as the store does.
type memory struct {
	mu    sync.Mutex
	saved map[string]string
	fails error
}

func (m *memory) Load(key string) (string, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	v, ok := m.saved[key]
	return v, ok
}

func (m *memory) SaveAfter(_ context.Context, _ <-chan struct{}, key, value string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fails == nil {
		m.saved[key] = value
	}
	return m.fails
}

// A reading is what was seen of a source: its lines, "+" before those that are new.
type reading struct {
	mu    sync.Mutex
	lines []string
	fails error // what judging a block ends with
}

func (r *reading) see(_ context.Context, b *event.Block) (event.Effects, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.fails != nil {
		return event.Effects{}, r.fails
	}
	for line := range strings.Lines(string(b.Text)) {
		sign := "+"
		if b.Past && slices.Contains(b.Known, "sshd") {
			sign = "="
		}
		_, message, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
		r.lines = append(r.lines, sign+message)
	}
	return event.Effects{Any: true}, nil
}

func (r *reading) seen() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.lines)
}

// A runner makes a source, anew for each run.
type runner func() runs

type runs interface {
	Run(context.Context, See) error
}

// during runs the source until it has seen the lines, and returns its error.
func during(t *testing.T, make runner, r *reading, want ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var g sync.WaitGroup
	g.Go(func() { make().Run(ctx, r.see); cancel() })
	for ctx.Err() == nil && len(r.seen()) < len(want) {
		<-time.After(2 * time.Millisecond)
	}
	cancel()
	g.Wait()
	if diff := cmp.Diff(want, r.seen()); diff != "" {
		t.Errorf("seen (-want +got):\n%s", diff)
	}
}

// fail runs the source until it ends by itself, and returns its error.
func fail(t *testing.T, make runner, r *reading) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	return make().Run(ctx, r.see)
}

// sources runs the test on a file and on a real journal.
func sources(t *testing.T, test func(t *testing.T, make runner, m *memory, write func(lines ...string))) {
	t.Run("file", func(t *testing.T) {
		path, m := filepath.Join(t.TempDir(), "log"), &memory{saved: map[string]string{}}
		write := func(lines ...string) {
			f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			for _, l := range lines {
				fmt.Fprintf(f, "%s sshd: %s\n", time.Now().Format(time.RFC3339), l)
			}
		}
		date := func(line []byte) (time.Time, bool) {
			word, _, _ := strings.Cut(string(line), " ")
			at, err := time.Parse(time.RFC3339, word)
			return at, err == nil
		}
		test(t, func() runs {
			glob := filefollow.Glob{Pattern: path, Since: time.Now().Add(-time.Hour), Date: date}
			return &Files{Paths: []Path{{Jail: "sshd", Glob: glob}}, Positions: m, Log: slog.New(slog.DiscardHandler), Beat: func() {}}
		}, m, write)
	})
	t.Run("journal", func(t *testing.T) {
		journald, m := journaltest.Start(t), &memory{saved: map[string]string{}}
		test(t, func() runs {
			return &Journal{Options: journal.Options{Dir: journald.Dir}, Key: "journal", Jails: []string{"sshd"},
				Selector: event.Selector{{{Field: "SYSLOG_IDENTIFIER", Values: []string{"sshd"}}}},
				Back:     time.Now().Add(-time.Hour), Positions: m, Log: slog.New(slog.DiscardHandler), Beat: func() {}}
		}, m, func(lines ...string) { journald.Log(journaltest.Sender{Comm: "sshd"}, lines...) })
	})
}

func TestARestartRemembersWhatWasJudgedAndGoesOn(t *testing.T) {
	sources(t, func(t *testing.T, make runner, m *memory, write func(...string)) {
		write("one", "two")
		during(t, make, &reading{}, "+one", "+two")
		write("three")
		during(t, make, &reading{}, "=one", "=two", "+three")
		during(t, make, &reading{}, "=one", "=two", "=three")
	})
}

func TestWhatWasNotJudgedIsReadAgain(t *testing.T) {
	sources(t, func(t *testing.T, make runner, m *memory, write func(...string)) {
		write("one")
		during(t, make, &reading{}, "+one")
		write("two")
		fault := errors.New("disk full")
		if err := fail(t, make, &reading{fails: fault}); !errors.Is(err, fault) {
			t.Errorf("the source ended with %v", err)
		}
		during(t, make, &reading{}, "=one", "+two")
	})
}

// TestRememberingIsNotCounted holds that what is read again counts as read once.
func TestRememberingIsNotCounted(t *testing.T) {
	journald, m, c := journaltest.Start(t), &memory{saved: map[string]string{}}, &journal.Counters{}
	make := func() runs {
		return &Journal{Options: journal.Options{Dir: journald.Dir, Counters: c}, Key: "journal", Jails: []string{"sshd"},
			Selector: event.Selector{{{Field: "SYSLOG_IDENTIFIER", Values: []string{"sshd"}}}},
			Back:     time.Now().Add(-time.Hour), Positions: m, Log: slog.New(slog.DiscardHandler), Beat: func() {}}
	}
	journald.Log(journaltest.Sender{Comm: "sshd"}, "one", "two")
	during(t, make, &reading{}, "+one", "+two")
	journald.Log(journaltest.Sender{Comm: "sshd"}, "three")
	during(t, make, &reading{}, "=one", "=two", "+three")
	if n := c.Entries.Load(); n != 3 {
		t.Errorf("%d entries counted of 3", n)
	}
}

func TestAPositionThatCannotBeSavedEndsTheSource(t *testing.T) {
	sources(t, func(t *testing.T, make runner, m *memory, write func(...string)) {
		m.fails = errors.New("disk full")
		write("one")
		if err := fail(t, make, &reading{}); !errors.Is(err, m.fails) {
			t.Errorf("the source ended with %v", err)
		}
	})
}

func TestAPositionThatMakesNoSenseIsNone(t *testing.T) {
	sources(t, func(t *testing.T, make runner, m *memory, write func(...string)) {
		write("one")
		during(t, make, &reading{}, "+one")
		for _, nonsense := range []string{"{", `{"cursor":"s=1;i=2","jails":["sshd"]}`} {
			for key := range m.saved {
				m.saved[key] = nonsense
			}
			during(t, make, &reading{}, "+one")
		}
	})
}

func TestPushdownHoldsForAllThatTheSelectorChooses(t *testing.T) {
	unit := event.Term{Field: "_SYSTEMD_UNIT", Globs: []string{"ssh*"}}
	comm := event.Term{Field: "_COMM", Values: []string{"sshd", "sshd-session"}}
	for _, test := range []struct {
		in   event.Selector
		want journal.Match
	}{
		{nil, nil},
		{event.Selector{{unit}}, nil},
		{event.Selector{{comm}}, journal.Match{{{Field: "_COMM", Values: comm.Values}}}},
		{event.Selector{{unit, comm}}, journal.Match{{{Field: "_COMM", Values: comm.Values}}}},
		{event.Selector{{comm}, {unit}}, nil},
	} {
		if diff := cmp.Diff(test.want, Pushdown(test.in)); diff != "" {
			t.Errorf("%v (-want +got):\n%s", test.in, diff)
		}
	}
}
