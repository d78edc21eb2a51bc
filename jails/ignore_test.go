package jails

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"bailiff/jails/config"
	"bailiff/jails/event"
	"bailiff/jails/resolve"
)

// follow runs the lists until stop, or for as long as the test lasts, and has them learn what the jails ignore.
func follow(t *testing.T, l *IgnoreLists, js ...*config.Jail) (stop func()) {
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		_ = l.Run(ctx)
		close(done)
	}()
	stop = func() {
		cancel()
		<-done
	}
	t.Cleanup(stop)
	l.Learn(ctx, js)
	return stop
}

func TestJailSparesWhomItIgnores(t *testing.T) {
	list := filepath.Join(t.TempDir(), "friends")
	if err := os.WriteFile(list, []byte("# friends\n198.51.100.7, 198.51.100.8 ; both\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	j, log := testJail(func(c *config.Jail) {
		c.MaxRetry, c.IgnoreSelf = 1, true
		c.IgnoreIP = []string{"192.0.2.0/24", "10.0.0.0/255.0.0.0", "2001:db8::1", "2001:db9::/ffff:ffff::", "[2001:dba::1]", "localhost", "file:" + list}
	})
	j.lists.resolver = resolve.New(net.DefaultResolver.LookupNetIP, j.log)
	follow(t, j.lists, j.config)
	for who, rule := range map[string]string{
		"192.0.2.77": "by ip", "10.1.2.3": "by ip", "2001:db8::1": "by ip", "2001:db9:1::1": "by ip", "127.0.0.5": "by ignoreself rule",
		"198.51.100.8": "by ip", "192.0.3.1": "", "2001:db8::2": "", "198.51.100.9": "",
	} {
		_, banned := fails(j, who, noon)
		if banned != (rule == "") {
			t.Errorf("%s: banned %v, want the rule %q", who, banned, rule)
		}
		if rule != "" && !strings.Contains(log.String(), "[sshd] Ignore "+who+" "+rule) {
			t.Errorf("%s: no word of being ignored %s", who, rule)
		}
	}
}

// friends has lists follow a file, which spares 192.0.2.1 or does not.
func friends(t *testing.T, write func(path string)) (spared func() bool) {
	path := filepath.Join(t.TempDir(), "friends")
	write(path)
	c := &config.Jail{IgnoreIP: []string{"file:" + path}}
	l := NewIgnoreLists(nil, nil, slog.New(slog.DiscardHandler))
	follow(t, l, c)
	list := l.list(c.IgnoreIP, false)
	return func() bool { return list.holds(subject("192.0.2.1")) == "ip" }
}

func TestAChangedIgnoreFileIsReadAgain(t *testing.T) {
	var list string
	write := func(text string) {
		if err := os.WriteFile(list, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	synctest.Test(t, func(t *testing.T) {
		spared := friends(t, func(path string) { list = path })
		if spared() {
			t.Fatal("spared by a file that is not there")
		}
		for i, c := range []struct {
			change func()
			spared bool
		}{
			{func() { write("192.0.2.1\n") }, true},
			{func() { write("198.51.100.222, 192.0.2.2\n") }, false},
			{func() { write("# 192.0.2.1\n192.0.2.0/24 ; all of them\n") }, true},
			{func() { _ = os.Remove(list) }, true}, // what it held last holds
			{func() { write("") }, false},
		} {
			c.change()
			time.Sleep(fileEvery)
			synctest.Wait()
			if spared() != c.spared {
				t.Errorf("change %d: spared %v, want %v", i, !c.spared, c.spared)
			}
		}
	})
}

func TestAnIgnoreFileMayNameItselfAndHaveLongLines(t *testing.T) {
	spared := friends(t, func(path string) {
		text := "file:" + path + "\n" + strings.Repeat("198.51.100.7,", 10_000) + "192.0.2.1\n"
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	})
	if !spared() {
		t.Error("not read as it stands")
	}
}

// TestAnIgnoreFileThatIsNoFileHoldsUpNobody has a FIFO that nobody writes to: to read it would wait for ever.
func TestAnIgnoreFileThatIsNoFileHoldsUpNobody(t *testing.T) {
	spared := friends(t, func(path string) {
		if err := syscall.Mkfifo(path, 0o600); err != nil {
			t.Fatal(err)
		}
	})
	if spared() {
		t.Error("spared")
	}
}

// kept is a Memory.
type kept struct{ values sync.Map }

func (k *kept) Load(key string) (string, bool) {
	v, ok := k.values.Load(key)
	value, _ := v.(string)
	return value, ok
}

func (k *kept) Save(_ context.Context, key, value string) error {
	k.values.Store(key, value)
	return nil
}

// A nameServer answers as the test says.
type nameServer struct {
	mu sync.Mutex
	reply
}

type reply struct {
	addr string // empty: there is no such name
	err  error
	hang bool
}

func (s *nameServer) set(r reply) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reply = r
}

func (s *nameServer) look(ctx context.Context, _, _ string) ([]netip.Addr, error) {
	s.mu.Lock()
	r := s.reply
	s.mu.Unlock()
	switch {
	case r.hang:
		<-ctx.Done()
		return nil, ctx.Err()
	case r.err != nil:
		return nil, r.err
	case r.addr == "":
		return nil, &net.DNSError{Err: "no such host", IsNotFound: true}
	}
	return []netip.Addr{netip.MustParseAddr(r.addr)}, nil
}

// TestTheLastAnswerToANameHolds goes through a day of a name that ignoreip has, and restarts.
func TestTheLastAnswerToANameHolds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, memory, c := &nameServer{}, &kept{}, &config.Jail{IgnoreIP: []string{"home.example"}}
		var lists *IgnoreLists
		stop := func() {}
		start := func() {
			stop()
			lists = NewIgnoreLists(resolve.New(s.look, slog.New(slog.DiscardHandler)), memory, slog.New(slog.DiscardHandler))
			stop = follow(t, lists, c)
		}
		start()
		for _, step := range []struct {
			name   string
			server reply
			after  time.Duration // 0: after a restart
			spared string        // this one of both addresses
		}{
			{"there is no such name", reply{}, time.Second, ""},
			{"there is", reply{addr: "192.0.2.1"}, nameEvery, "192.0.2.1"},
			{"the name server fails", reply{err: errors.New("server misbehaving")}, 6 * time.Hour, "192.0.2.1"},
			{"it hangs at a restart", reply{hang: true}, 0, "192.0.2.1"},
			{"and for days", reply{hang: true}, 48 * time.Hour, "192.0.2.1"},
			{"the address changes", reply{addr: "192.0.2.2"}, nameEvery + nameLimit, "192.0.2.2"},
			{"the name is gone for a while", reply{}, missingFor, "192.0.2.2"},
			{"and is back", reply{addr: "192.0.2.2"}, nameEvery, "192.0.2.2"},
			{"and is gone again", reply{}, missingFor, "192.0.2.2"},
			{"for good", reply{}, 2 * nameEvery, ""},
			{"and so it is at a restart", reply{hang: true}, 0, ""},
			{"until the name server is there", reply{addr: "192.0.2.1"}, failedEvery + nameLimit, "192.0.2.1"},
		} {
			s.set(step.server)
			if step.after == 0 {
				start()
			}
			time.Sleep(step.after)
			synctest.Wait()
			list := lists.list(c.IgnoreIP, false)
			for _, addr := range []string{"192.0.2.1", "192.0.2.2"} {
				if spared := list.holds(subject(addr)) == "dns"; spared != (addr == step.spared) {
					t.Errorf("%s: %s is spared: %v", step.name, addr, spared)
				}
			}
		}
	})
}

// TestNobodyWaitsForANameServer holds that a start and a reload wait two seconds for names that are new, and a judge
// not at all.
func TestNobodyWaitsForANameServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &nameServer{reply: reply{hang: true}}
		log := slog.New(slog.DiscardHandler)
		l := NewIgnoreLists(resolve.New(s.look, log), nil, log)
		c := &config.Jail{Name: "sshd", MaxRetry: 1, FindTime: time.Hour, BanTime: time.Hour, IgnoreSelf: true}
		for i := range 500 {
			c.IgnoreIP = append(c.IgnoreIP, fmt.Sprint("host", i, ".example"))
		}
		start := time.Now()
		follow(t, l, c)
		if took := time.Since(start); took != learnLimit {
			t.Errorf("the start took %v", took)
		}
		j := NewJail(c, l, log, nil)
		for range 20 {
			start = time.Now()
			if _, banned := fails(j, "192.0.2.1", start); !banned {
				t.Error("not banned")
			}
			if took := time.Since(start); took != 0 {
				t.Errorf("judged in %v", took)
			}
			j.release([]event.Subject{subject("192.0.2.1")})
			time.Sleep(time.Minute)
		}
	})
}

// TestWhatNobodyIgnoresIsNotFollowed holds that names and files go with the last jail that names them.
func TestWhatNobodyIgnoresIsNotFollowed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "friends")
	if err := os.WriteFile(path, []byte("inner.example"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := &nameServer{reply: reply{addr: "192.0.2.1"}}
	log := slog.New(slog.DiscardHandler)
	l := NewIgnoreLists(resolve.New(s.look, log), &kept{}, log)
	a := &config.Jail{IgnoreIP: []string{"a.example", "both.example"}}
	b := &config.Jail{IgnoreIP: []string{"b.example", "both.example", "file:" + path}}
	follow(t, l, a, b)
	for _, c := range []struct {
		jails     []*config.Jail
		forgotten string
	}{{[]*config.Jail{a, b}, ""}, {[]*config.Jail{b}, "a"}, {[]*config.Jail{a}, "b inner"}, {nil, "a b both inner"}} {
		l.Learn(t.Context(), []*config.Jail{a, b})
		l.Keep(c.jails)
		var forgotten []string
		for _, name := range []string{"a", "b", "both", "inner"} {
			if l.Forgotten("ignoreip:" + name + ".example") {
				forgotten = append(forgotten, name)
			}
		}
		if got := strings.Join(forgotten, " "); got != c.forgotten {
			t.Errorf("with %d jails %q are forgotten, want %q", len(c.jails), got, c.forgotten)
		}
	}
	if l.Forgotten("journal:") {
		t.Error("a position is taken for a name")
	}
}
