package main

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"bailiff/cmd/internal/snapshot"
)

// A shelter is a keeper of a configuration directory with one jail that can run.
type shelter struct {
	*keeper
	t *testing.T
}

func newShelter(t *testing.T) shelter {
	dir := t.TempDir()
	s := shelter{&keeper{dir: filepath.Join(dir, "conf"), state: filepath.Join(dir, "state"), log: slog.New(slog.DiscardHandler), work: make(chan reading, 1)}, t}
	s.put("filter.d/web.conf", "[Definition]\nfailregex = ^ denied <ADDR>$\n")
	s.put("jail.conf", "[web]\nenabled = true\nlogpath = /x\n")
	return s
}

func (s shelter) put(path, text string) {
	s.t.Helper()
	path = filepath.Join(s.dir, path)
	must(s.t, os.MkdirAll(filepath.Dir(path), 0o755))
	must(s.t, os.WriteFile(path, []byte(text), 0o600))
}

// start chooses a configuration and keeps it where it is the one in the files.
func (s shelter) start() (reading, error) {
	s.t.Helper()
	r, err := s.choose()
	if err == nil {
		must(s.t, s.write(r, time.Now()))
	}
	return r, err
}

// names lists the jails that run, and behind a slash those that are left out; old says that they are of the copy.
func (r reading) names() string {
	var words []string
	for _, j := range r.Jails {
		words = append(words, j.Name)
	}
	words = append(words, "/")
	for _, l := range r.LeftOut {
		words = append(words, l.Name)
	}
	if !r.since.IsZero() {
		words = append(words, "old")
	}
	return strings.Join(words, " ")
}

// TestWhatAStartIsWith breaks a configuration that has worked, and one that has not.
func TestWhatAStartIsWith(t *testing.T) {
	const broken = "[web]\nenabled = true\nlogpath = /x\nmaxretry = many\n"
	for name, tt := range map[string]struct {
		files            []string
		fresh, hasWorked string // "": it does not start
	}{
		"as it was":            {nil, "web /", "web /"},
		"a jail more":          {[]string{"jail.local", "[mail]\nenabled = true\nfilter = web\nlogpath = /x\n"}, "web mail /", "web mail /"},
		"a broken jail more":   {[]string{"jail.local", "[mail]\nenabled = true\nfilter = no\nlogpath = /x\n"}, "web / mail", "web / mail"},
		"every jail broken":    {[]string{"jail.conf", broken}, "", "web / old"},
		"no jail enabled":      {[]string{"jail.conf", "[web]\n"}, "/", "/"},
		"a line of all":        {[]string{"jail.local", "nonsense\n"}, "web /", "web / old"},
		"not UTF-8":            {[]string{"jail.d/x.conf", "# \xe4\n"}, "web /", "web / old"},
		"the service's option": {[]string{"bailiff.conf", "[Definition]\nfirewall = brick\n"}, "web /", "web /"},
		"the service's line":   {[]string{"bailiff.conf", "[Definition]\nfirewall\n"}, "web /", "web / old"},
		"no firewall for it":   {[]string{"jail.local", "[web]\nport = no-such-service\n"}, "", "web / old"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, worked := range []bool{false, true} {
				s, want := newShelter(t), tt.fresh
				if worked {
					want = tt.hasWorked
					s.start()
				}
				for i := 0; i < len(tt.files); i += 2 {
					s.put(tt.files[i], tt.files[i+1])
				}
				r, err := s.start()
				if (err != nil) != (want == "") || err == nil && r.names() != want {
					t.Errorf("worked before %v: %q, %v, want %q", worked, r.names(), err, want)
				}
				if again, err2 := s.start(); (err2 == nil) != (err == nil) || err == nil && again.names() != want {
					t.Errorf("worked before %v: the next start is with %q, %v", worked, again.names(), err2)
				}
				if told := len(r.shortfalls()) > 0; err == nil && told != (strings.Contains(want, "old") || len(r.Faults) > 0) {
					t.Errorf("worked before %v: %v", worked, r.shortfalls())
				}
			}
		})
	}
}

// TestADirectoryThatIsGone has been used before, or not.
func TestADirectoryThatIsGone(t *testing.T) {
	s := newShelter(t)
	s.start()
	must(t, os.RemoveAll(s.dir))
	if r, err := s.start(); err != nil || r.names() != "web / old" || !strings.Contains(r.why.Error(), "no such directory") {
		t.Errorf("%v, %v", r.names(), err)
	}
	s.dir += "2"
	if r, err := s.start(); err == nil {
		t.Errorf("another directory starts with %s", r.names())
	}
}

// TestACopyWithFaultsDoesNotReplaceOneWithout breaks a jail, and then everything.
func TestACopyWithFaultsDoesNotReplaceOneWithout(t *testing.T) {
	s := newShelter(t)
	broken := func() {
		s.put("jail.d/mail.conf", "[mail]\nenabled = true\nfilter = web\nmaxretry = many\n")
		if r, err := s.start(); err != nil || r.names() != "web / mail" {
			t.Errorf("%s, %v", r.names(), err)
		}
	}
	broken()
	s.put("jail.local", "nonsense\n")
	if r, _ := s.choose(); r.names() != "web / mail old" {
		t.Errorf("with a copy that has faults: %s", r.names())
	}
	s.put("jail.local", "")
	s.put("jail.d/mail.conf", "[mail]\nenabled = true\nfilter = web\n")
	s.start()
	broken()
	s.put("jail.local", "nonsense\n")
	if r, _ := s.choose(); r.names() != "web mail / old" {
		t.Errorf("with a copy that has none: %s", r.names())
	}
}

// TestADamagedCopyIsToldOf cuts the copy in half.
func TestADamagedCopyIsToldOf(t *testing.T) {
	s := newShelter(t)
	s.start()
	_, path := s.place()
	text, err := os.ReadFile(path)
	must(t, err)
	must(t, os.WriteFile(path, text[:len(text)/2], 0o600))
	s.put("jail.local", "nonsense\n")
	if r, err := s.choose(); err != nil || r.names() != "web /" || r.note == nil {
		t.Errorf("%s, %v, note %v", r.names(), err, r.note)
	}
}

// TestACopyHasAllThatWasRead has files of every kind, and an include from elsewhere.
func TestACopyHasAllThatWasRead(t *testing.T) {
	s := newShelter(t)
	elsewhere := filepath.Join(t.TempDir(), "more.conf")
	must(t, os.WriteFile(elsewhere, []byte("[DEFAULT]\nmaxretry = 7\n"), 0o600))
	s.put("jail.local", "[INCLUDES]\nbefore = "+elsewhere+"\n[web]\naction = own[name=x]\nfilter = web\n")
	s.put("filter.d/web.local", "[INCLUDES]\nafter = web-more.conf\n")
	s.put("filter.d/web-more.conf", "[Definition]\nfailregex = %(known/failregex)s\n  ^ worse <ADDR>$\n")
	s.put("filter.d/unused.conf", "nonsense")
	s.put("action.d/own.conf", "[Definition]\nactionban = iptables -I INPUT -s <ip> -j DROP\n")
	s.put("bailiff.conf", "[Definition]\nloglevel = DEBUG\n")
	before, err := s.start()
	must(t, err)
	must(t, os.RemoveAll(s.dir))
	must(t, os.Remove(elsewhere))
	after, err := s.choose()
	if err != nil || len(after.Faults) > 0 || after.names() != "web / old" {
		t.Fatalf("%s, %v", after.names(), err)
	}
	was, is := before.Jails[0], after.Jails[0]
	if is.MaxRetry != 7 || len(is.Definition.Failregex) != 2 || is.Firewall.BlockType != was.Firewall.BlockType || after.Daemon.LogLevel != "DEBUG" {
		t.Errorf("%+v", is)
	}
	for name := range after.copy.Files {
		if strings.Contains(name, "unused") {
			t.Errorf("%s is kept", name)
		}
	}
}

// TestWhatCannotBeKeptIsTriedAgain has a file in the way, and takes it away.
func TestWhatCannotBeKeptIsTriedAgain(t *testing.T) {
	s := newShelter(t)
	r, err := s.read()
	must(t, err)
	must(t, os.WriteFile(s.state, nil, 0o600))
	dir, path := s.place()
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		s.log, s.work = slog.New(slog.NewTextHandler(&log, nil)), make(chan reading, 1)
		ctx, cancel := context.WithCancel(t.Context())
		var g sync.WaitGroup
		g.Go(func() { s.Run(ctx) })
		s.keep(r)
		time.Sleep(3 * keepAgain)
		must(t, os.Remove(s.state))
		time.Sleep(2 * keepAgain)
		if _, err := snapshot.Read(path, dir); err != nil {
			t.Error(err)
		}
		cancel()
		g.Wait()
		if n := strings.Count(log.String(), "trying again"); n != 1 {
			t.Errorf("told %d times: %s", n, log.String())
		}
	})
}

// TestTheNewestConfigurationIsKept gives a keeper more than it has time for, and ends it.
func TestTheNewestConfigurationIsKept(t *testing.T) {
	s := newShelter(t)
	for _, jail := range []string{"a", "b", "c"} {
		s.put("jail.conf", "["+jail+"]\nenabled = true\nfilter = web\nlogpath = /x\n")
		r, err := s.read()
		must(t, err)
		s.keep(r)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	must(t, s.Run(ctx))
	dir, path := s.place()
	c, err := snapshot.Read(path, dir)
	must(t, err)
	if text := string(c.Files[strings.TrimPrefix(s.dir, "/")+"/jail.conf"]); !strings.HasPrefix(text, "[c]") {
		t.Errorf("kept is %q", text)
	}
}
