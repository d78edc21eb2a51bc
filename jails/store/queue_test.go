package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bailiff/jails/event"
)

// A bench is a queue at work on a store that can be made to fail.
type bench struct {
	*Queue
	mu    sync.Mutex
	fails error
	path  string
}

func (b *bench) open() (*Store, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.fails != nil {
		return nil, b.fails
	}
	return Open(b.path)
}

func (b *bench) set(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.fails = err
}

// run has the queue at work until the test calls the function that it returns.
func (b *bench) run(t *testing.T) (end func()) {
	ctx, cancel := context.WithCancel(t.Context())
	var g sync.WaitGroup
	g.Go(func() { b.Queue.Run(ctx) })
	return func() { cancel(); g.Wait() }
}

func newBench(path string, s *Store) *bench {
	b := &bench{path: path}
	b.Queue = NewQueue(s, b.open, slog.New(slog.DiscardHandler))
	return b
}

// TestAQueueSavesInOrderWhenItCan opens a store late, and finds all in it.
func TestAQueueSavesInOrderWhenItCan(t *testing.T) {
	path := filepath.Join(t.TempDir(), "bailiff.db")
	b := newBench(path, nil)
	b.set(errors.New("disk full"))
	told := make(chan error, 1000)
	b.Problem = func(err error, _ int) { told <- err }
	end := b.run(t)
	one, two := address("192.0.2.1"), address("192.0.2.2")
	first := b.Save([]event.Ban{ban("sshd", one, noon, 0), ban("sshd", two, noon, 0)})
	b.SetMark(Mark{"journal", "1"})
	b.Lift("sshd", one)
	b.SetMark(Mark{"journal", "2"})
	b.Drop([]event.Ban{ban("sshd", two, noon, 0)})
	last := b.Save([]event.Ban{ban("sshd", two, noon.Add(time.Second), 0)})
	if err := <-told; err == nil || b.Waiting() < 6 || len(b.Lifted()) != 1 {
		t.Errorf("told of %v, %d wait, %v is to be lifted", err, b.Waiting(), b.Lifted())
	}
	select {
	case <-first:
		t.Error("saved though the store fails")
	default:
	}
	b.set(nil)
	<-first
	<-last
	for <-told != nil {
	}
	end()
	s := open1(t, path)
	if d := cmp.Diff([]string{"sshd/192.0.2.2"}, subjects(t, s, noon)); d != "" {
		t.Error(d)
	}
	marks, err := s.Marks(t.Context())
	if err != nil || marks["journal"] != "2" {
		t.Errorf("positions are %v, %v", marks, err)
	}
	past, known, err := s.Past(t.Context(), "sshd", address("192.0.2.1"))
	if err != nil || !known || past.Lifted.IsZero() || !past.Until.IsZero() {
		t.Errorf("the lifted ban is %+v, %v, %v", past, known, err)
	}
	if n := count(t, s, "SELECT count(*) FROM bans"); n != 2 {
		t.Errorf("%d bans in the history, want the lifted one and the one that stands", n)
	}
}

// TestAPositionIsNeverSavedBeforeItsBans looks into the store after each transaction.
func TestAPositionIsNeverSavedBeforeItsBans(t *testing.T) {
	s := open1(t, Memory)
	q := NewQueue(s, nil, slog.New(slog.DiscardHandler))
	for i := range 3 * transaction {
		a := event.Address(netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}))
		q.Save([]event.Ban{ban("sshd", a, noon, 0)})
		q.SetMark(Mark{"journal", fmt.Sprint(i + 1)})
	}
	for q.Waiting() > 0 {
		ops := q.take()
		err := s.carryOut(t.Context(), ops)
		q.settle(ops, err)
		marks, err2 := s.Marks(t.Context())
		if err != nil || err2 != nil {
			t.Fatal(err, err2)
		}
		var read int
		fmt.Sscan(marks["journal"], &read)
		if saved := count(t, s, "SELECT count(*) FROM bans"); read > saved {
			t.Fatalf("the position is behind %d bans, and %d are saved", read, saved)
		}
	}
	if n := count(t, s, "SELECT count(*) FROM bans"); n != 3*transaction {
		t.Errorf("%d bans saved", n)
	}
}

// TestAQueueDoesNotGrowForEver has few subjects banned and unbanned for long while nothing can be saved.
func TestAQueueDoesNotGrowForEver(t *testing.T) {
	q := NewQueue(nil, nil, slog.New(slog.DiscardHandler))
	now := time.Now()
	for i := range 10 * queueLimit {
		who := event.Address(netip.AddrFrom4([4]byte{10, 0, 0, byte(i % 100)}))
		switch at := now.Add(time.Duration(i) * time.Microsecond); {
		case i%100 < 50:
			q.Save([]event.Ban{ban("sshd", who, at, time.Hour)})
		case i%200 < 100:
			q.Save([]event.Ban{ban("sshd", who, at.Add(-2*time.Hour), time.Hour)}) // over
		default:
			q.Lift("sshd", who)
		}
		q.SetMark(Mark{"journal", fmt.Sprint(i)})
		if i%1000 == 0 { // as the writer does
			ops := q.take()
			q.settle(ops, errors.New("disk full"))
		}
	}
	q.compact(now)
	if n := q.Waiting(); n > 101 {
		t.Errorf("%d operations wait for 100 subjects and a source", n)
	}
	s := open1(t, Memory)
	for q.Waiting() > 0 {
		ops := q.take()
		q.settle(ops, s.carryOut(t.Context(), ops))
	}
	if n := len(subjects(t, s, now)); n != 50 {
		t.Errorf("%d subjects are banned in the end, want 50", n)
	}
	marks, _ := s.Marks(t.Context())
	if marks["journal"] != fmt.Sprint(10*queueLimit-1) {
		t.Errorf("the position is %s", marks["journal"])
	}
}

// TestAStoreWhoseFileIsGone is opened anew, and learns what is in force.
func TestAStoreWhoseFileIsGone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "bailiff.db")
	s, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	b := newBench(path, s)
	kept := ban("sshd", address("192.0.2.1"), noon, 0)
	b.Merge = func(found []event.Ban) ([]event.Ban, []Mark) {
		if len(found) != 1 || found[0].Subject != address("192.0.2.7") {
			t.Errorf("found are %v", found)
		}
		return []event.Ban{kept}, []Mark{{"journal", "1"}}
	}
	end := b.run(t)
	<-b.Save([]event.Ban{kept})
	other := filepath.Join(t.TempDir(), "other.db") // somebody puts another one in its place
	o := open1(t, other)
	save(t, o, ban("sshd", address("192.0.2.7"), noon, 0), ban("sshd", address("192.0.2.8"), noon, 0))
	o.Close()
	b.set(errors.New("not yet"))
	if err := os.Rename(other, path); err != nil {
		t.Fatal(err)
	}
	for lifted := false; !lifted; { // once the queue has noticed
		<-time.After(10 * time.Millisecond)
		b.Queue.mu.Lock()
		lifted = b.failure != nil
		b.Queue.mu.Unlock()
	}
	b.Lift("sshd", address("192.0.2.8"))
	b.set(nil)
	<-b.Save([]event.Ban{ban("sshd", address("192.0.2.2"), noon, 0)})
	end()
	if d := cmp.Diff("sshd/192.0.2.7 sshd/192.0.2.1 sshd/192.0.2.2", strings.Join(subjects(t, open1(t, path), noon), " ")); d != "" {
		t.Error(d)
	}
}

// TestTheEndTellsWhatIsUnsaved ends a queue whose store fails, at once after an unban.
func TestTheEndTellsWhatIsUnsaved(t *testing.T) {
	b := newBench(filepath.Join(t.TempDir(), "bailiff.db"), nil)
	b.set(errors.New("disk full"))
	told := make(chan int, 100)
	b.Problem = func(error, int) { told <- len(b.Lifted()) }
	b.Save([]event.Ban{ban("sshd", address("192.0.2.1"), noon, 0)})
	end := b.run(t)
	<-told
	b.Lift("sshd", address("192.0.2.1"))
	end()
	close(told)
	last := 0
	for last = range told {
	}
	if last != 1 {
		t.Errorf("the last word was told of %d unbans", last)
	}
}
