package journal_test

import (
	"context"
	"errors"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"bailiff/journal"
	"bailiff/journal/journaltest"

	"github.com/google/go-cmp/cmp"
)

// errEnough ends a Follow.
var errEnough = errors.New("enough")

var sshd = journaltest.Sender{Unit: "ssh.service", Comm: "sshd"}

// follow returns the messages and cursors of the next n entries.
func follow(t *testing.T, o journal.Options, n int) (messages, cursors []string) {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), 20*time.Second)
	defer stop()
	err := journal.Follow(ctx, o, func(e *journal.Entry) error {
		messages = append(messages, string(e.Get("MESSAGE")))
		cursors = append(cursors, e.Cursor())
		if len(messages) == n {
			return errEnough
		}
		return nil
	})
	if !errors.Is(err, errEnough) {
		t.Fatalf("after %d of %d entries: %v", len(messages), n, err)
	}
	return messages, cursors
}

func TestFollowYieldsOldAndNewEntries(t *testing.T) {
	for _, reader := range readers {
		t.Run(reader, func(t *testing.T) {
			j := journaltest.Start(t)
			j.Log(sshd, "one", "two")
			j.Log(journaltest.Sender{Unit: "cron.service", Comm: "cron"}, "other")
			o := journal.Options{Dir: j.Dir, Reader: reader, Fields: []string{"MESSAGE"}, Match: journal.Match{{
				{Field: "_SYSTEMD_UNIT", Values: []string{"ssh.service"}}, {Field: "_COMM", Values: []string{"sshd"}}}}}
			once := sync.OnceFunc(func() {
				j.Rotate()
				j.Log(sshd, "three")
			})
			o.Idle = once
			got, _ := follow(t, o, 3)
			if diff := cmp.Diff([]string{"one", "two", "three"}, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestFollowResumesAfterACursor(t *testing.T) {
	j := journaltest.Start(t)
	j.Log(sshd, "one", "two", "three")
	j.Rotate()
	j.Log(sshd, "four")
	for _, reader := range readers {
		t.Run(reader, func(t *testing.T) {
			o := journal.Options{Dir: j.Dir, Reader: reader, Match: journal.Match{{{Field: "_COMM", Values: []string{"sshd"}}}}}
			_, cursors := follow(t, o, 4)
			o.Cursor = cursors[1]
			got, _ := follow(t, o, 2)
			if diff := cmp.Diff([]string{"three", "four"}, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestFollowReportsAGap(t *testing.T) {
	j := journaltest.Start(t)
	j.Log(sshd, "one", "two", "three")
	_, cursors := follow(t, journal.Options{Dir: j.Dir, Match: journal.Match{{{Field: "_COMM", Values: []string{"sshd"}}}}}, 3)
	j.Rotate()
	j.Log(sshd, "four")
	j.Run("journalctl", "--vacuum-files=1")
	for _, reader := range readers {
		t.Run(reader, func(t *testing.T) {
			var gap journal.Gap
			o := journal.Options{Dir: j.Dir, Reader: reader, Match: journal.Match{{{Field: "_COMM", Values: []string{"sshd"}}}},
				Cursor: cursors[0], Lost: func(g journal.Gap) { gap = g }, Counters: &journal.Counters{}}
			got, _ := follow(t, o, 1)
			if got[0] != "four" || gap.Entries < 2 || !gap.To.After(gap.From) {
				t.Errorf("got %q after %+v", got, gap)
			}
			if o.Counters.Gaps.Load() != 1 || o.Counters.GapEntries.Load() != gap.Entries {
				t.Errorf("counted %d gaps of %d entries", o.Counters.Gaps.Load(), o.Counters.GapEntries.Load())
			}
		})
	}
}

func TestFollowEndsWithItsContext(t *testing.T) {
	j := journaltest.Start(t)
	for _, reader := range readers {
		ctx, stop := context.WithCancel(t.Context())
		err := journal.Follow(ctx, journal.Options{Dir: j.Dir, Reader: reader, Idle: stop}, func(*journal.Entry) error { return nil })
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", reader, err)
		}
	}
}

func TestAvailableSaysWhyNot(t *testing.T) {
	for _, reader := range readers {
		for name, o := range map[string]journal.Options{
			"no such file": {Dir: "/nonexistent"},
			"no values":    {Match: journal.Match{{{Field: "A"}}}},
			"more than":    {Dir: "/tmp", Namespace: "x"},
		} {
			o.Reader = reader
			if err := journal.Available(o); err == nil || !strings.Contains(err.Error(), name) {
				t.Errorf("%s, %s: got %v", reader, name, err)
			}
		}
	}
}

func TestSuppressionIsCounted(t *testing.T) {
	j := journaltest.Start(t, "RateLimitIntervalSec=1s", "RateLimitBurst=1")
	j.Log(sshd, slices.Repeat([]string{"line"}, 200)...)
	after := 0
	for noted := false; !noted; noted = strings.Contains(j.Run("journalctl", "-o", "cat"), "Suppressed") {
		j.Log(sshd, "after")
		after++
	}
	for _, reader := range readers {
		c := &journal.Counters{}
		o := journal.Options{Dir: j.Dir, Reader: reader, Match: journal.Match{{{Field: "_COMM", Values: []string{"sshd"}}}}, Counters: c}
		err := journal.Read(t.Context(), o, func(e *journal.Entry) error {
			if strings.HasPrefix(string(e.Get("MESSAGE")), "Suppressed") {
				t.Errorf("%s: yielded the note itself", reader)
			}
			return nil
		})
		if err != nil || c.Suppressed.Load() == 0 || c.Suppressed.Load()+c.Entries.Load() != uint64(200+after) {
			t.Errorf("%s: %v: %d suppressed, %d yielded", reader, err, c.Suppressed.Load(), c.Entries.Load())
		}
	}
}

// TestForgedSuppressionIsNotCounted sends what only journald may say.
func TestForgedSuppressionIsNotCounted(t *testing.T) {
	j := journaltest.Start(t)
	conn, err := net.Dial("unixgram", j.Socket())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Write([]byte("MESSAGE_ID=a596d6fe7bfa4994828e72309e95d61e\nN_DROPPED=1000\n_TRANSPORT=driver\nMESSAGE=Suppressed 1000 messages\n")); err != nil {
		t.Fatal(err)
	}
	j.Sync()
	for _, reader := range readers {
		c := &journal.Counters{}
		forged, _ := messages(t, journal.Options{Dir: j.Dir, Reader: reader, Counters: c,
			Match: journal.Match{{{Field: "N_DROPPED", Values: []string{"1000"}}}}})
		if len(forged) != 1 || c.Suppressed.Load() != 0 {
			t.Errorf("%s: %q, %d suppressed", reader, forged, c.Suppressed.Load())
		}
	}
}
