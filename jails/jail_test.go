package jails

import (
	"log/slog"
	"net/netip"
	"strings"
	"testing"
	"time"

	"bailiff/jails/config"
	"bailiff/jails/event"
)

func subject(s string) event.Subject { return event.Address(netip.MustParseAddr(s)) }

func testJail(change func(*config.Jail)) (*Jail, *strings.Builder) {
	c := &config.Jail{Name: "sshd", MaxRetry: 3, MaxMatches: 3, FindTime: 10 * time.Minute, BanTime: time.Hour}
	if change != nil {
		change(c)
	}
	var log strings.Builder
	l := slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	return NewJail(c, NewIgnoreLists(nil, nil, l), l, nil), &log
}

func fails(j *Jail, who string, at time.Time) (event.Ban, bool) {
	return j.judge(&event.Failure{Subject: subject(who), Time: at, Attempts: 1, Lines: []string{"line"}}, at, false)
}

func TestJailBansAtMaxretry(t *testing.T) {
	j, log := testJail(nil)
	for i := range 2 {
		if _, banned := fails(j, "192.0.2.1", noon.Add(time.Duration(i)*time.Second)); banned {
			t.Fatalf("banned at failure %d", i+1)
		}
	}
	b, banned := fails(j, "192.0.2.1", noon.Add(2*time.Second))
	if !banned || b.Failures != 3 || !b.Until.Equal(noon.Add(2*time.Second+time.Hour)) || len(b.Lines) != 3 {
		t.Fatalf("the third failure gave %+v, %v", b, banned)
	}
	if n := strings.Count(log.String(), "[sshd] Found 192.0.2.1 - "); n != 3 {
		t.Errorf("%d failures in the log", n)
	}
	if _, again := fails(j, "192.0.2.1", noon.Add(3*time.Second)); again {
		t.Error("banned twice")
	}
	if s := j.Status(); s != (Status{Failing: 1, Failed: 4, Banned: 1, Bans: 1}) {
		t.Errorf("status %+v", s)
	}
}

// TestWhoIsBannedGoesOnFailing holds that a banned subject's failures count as anybody's: maxretry of them prolong the
// ban, are told as fail2ban tells them, and the rest counts when the ban is over.
func TestWhoIsBannedGoesOnFailing(t *testing.T) {
	j, log := testJail(nil)
	fail := func(after ...time.Duration) (b event.Ban, banned bool) {
		for _, d := range after {
			b, banned = fails(j, "192.0.2.1", noon.Add(d))
		}
		return b, banned
	}
	fail(0, 0, 0)
	for _, c := range []struct {
		after time.Duration
		told  string
	}{
		{500 * time.Millisecond, "level=DEBUG"}, // less than what is worth saving
		{2 * time.Second, "level=DEBUG"},
		{30 * time.Second, "level=INFO+2"},
		{5 * time.Minute, "level=WARN"},
	} {
		log.Reset()
		b, prolonged := fail(c.after, c.after, c.after)
		if want := c.after >= prolongBy; prolonged != want || want && (!b.Prolonged() || !b.At.Equal(noon) || !b.Until.Equal(noon.Add(c.after+time.Hour))) {
			t.Errorf("after %v: %v, %+v", c.after, prolonged, b)
		}
		if want := c.told + ` msg="[sshd] 192.0.2.1 already banned"`; strings.Count(log.String(), "already banned") != 1 || !strings.Contains(log.String(), want) {
			t.Errorf("after %v: no %s in\n%s", c.after, want, log)
		}
	}
	fail(time.Hour, time.Hour)
	if ended := j.sweep(noon.Add(time.Hour + 4*time.Minute)); len(ended) != 0 {
		t.Error("the ban was not prolonged")
	}
	over := time.Hour + 5*time.Minute
	if ended := j.sweep(noon.Add(over)); len(ended) != 1 {
		t.Error("the prolonged ban never ends")
	}
	if b, banned := fail(over); !banned || b.Prolonged() || b.Failures != 3 {
		t.Errorf("two failures of a banned subject and one more gave %+v, %v", b, banned)
	}
}

func TestJailCountsAnewAfterABan(t *testing.T) {
	j, _ := testJail(nil)
	for range 3 {
		fails(j, "192.0.2.1", noon)
	}
	later := noon.Add(2 * time.Hour)
	if ended := j.sweep(later); len(ended) != 1 {
		t.Fatalf("ended %v", ended)
	}
	if _, banned := fails(j, "192.0.2.1", later); banned {
		t.Error("the failures before the ban still count")
	}
}

func TestKnownFailuresOnlyRebuildTheCounter(t *testing.T) {
	j, log := testJail(nil)
	known := func(at time.Duration) bool {
		_, banned := j.judge(&event.Failure{Subject: subject("192.0.2.1"), Time: noon.Add(at)}, noon.Add(time.Minute), true)
		return banned
	}
	for i := range 4 { // the third was a ban once, the fourth began a new count
		if known(time.Duration(i) * time.Second) {
			t.Fatal("a known failure banned")
		}
	}
	if log.Len() > 0 || j.Status() != (Status{Failing: 1}) {
		t.Errorf("known failures were told of: %+v, %s", j.Status(), log)
	}
	fails(j, "192.0.2.1", noon.Add(time.Minute))
	if _, banned := fails(j, "192.0.2.1", noon.Add(time.Minute)); !banned {
		t.Error("one known and two new failures of three did not ban")
	}
}

func TestJailIgnoresABanThatIsOverAlready(t *testing.T) {
	j, log := testJail(func(c *config.Jail) { c.MaxRetry, c.BanTime = 1, time.Minute })
	f := event.Failure{Subject: subject("192.0.2.1"), Time: noon}
	if _, banned := j.judge(&f, noon.Add(5*time.Minute), false); banned {
		t.Error("banned for a time that is over")
	}
	if !strings.Contains(log.String(), "[sshd] Ignore 192.0.2.1, expired bantime") {
		t.Error("not told of")
	}
}

func TestPermanentBansDoNotEnd(t *testing.T) {
	j, _ := testJail(func(c *config.Jail) { c.MaxRetry, c.BanTime = 1, -time.Second })
	if b, banned := fails(j, "192.0.2.1", noon); !banned || !b.Permanent() {
		t.Fatalf("got %+v", b)
	}
	if ended := j.sweep(noon.AddDate(100, 0, 0)); len(ended) > 0 {
		t.Error("ended")
	}
}

func TestFailuresThatTwoSourcesTellCountOnce(t *testing.T) {
	j, _ := testJail(func(c *config.Jail) {
		c.MaxRetry, c.Backend, c.HasJournalMatch, c.LogPaths = 5, "auto", true, []config.LogPath{{Glob: "/log"}}
	})
	at := noon.Add(300 * time.Millisecond)
	fails(j, "192.0.2.1", at)
	fails(j, "192.0.2.1", at)
	j.Moved()
	for range 3 { // the two that are known, and one more
		fails(j, "192.0.2.1", noon)
	}
	if s := j.Status(); s.Failed != 3 {
		t.Errorf("%d failures, want 3", s.Failed)
	}
}

func TestRestoreLeavesOutWhomIgnoreipSparesByNow(t *testing.T) {
	j, _ := testJail(func(c *config.Jail) { c.IgnoreIP = []string{"192.0.2.1"} })
	stored := []event.Ban{{Jail: "sshd", Subject: subject("192.0.2.1"), At: noon}, {Jail: "sshd", Subject: subject("192.0.2.2"), At: noon}}
	got, spared := j.Restore(stored, noon)
	if len(got) != 1 || got[0].Subject != subject("192.0.2.2") || len(spared) != 1 || spared[0].Subject != subject("192.0.2.1") {
		t.Errorf("restored %v, spared %v", got, spared)
	}
	if s := j.Status(); s.Bans != 1 || s.Banned != 1 {
		t.Errorf("%+v: a restored ban is one since the start", s)
	}
}

// TestAnIDIsIgnoredByItsAddress holds that what is blocked for an opaque id is spared as well.
func TestAnIDIsIgnoredByItsAddress(t *testing.T) {
	j, log := testJail(func(c *config.Jail) { c.IgnoreSelf = true })
	for range 3 {
		f := &event.Failure{Subject: event.ID("mallory"), Time: noon, Attempts: 1, Fields: map[string]string{"ip": "127.0.0.1"}}
		if b, ok := j.judge(f, noon, false); ok {
			t.Errorf("%+v", b)
		}
	}
	if !strings.Contains(log.String(), "Ignore mallory by ignoreself rule") {
		t.Error(log)
	}
}

// TestAManualBanIsNeverShortened bans again who is banned already.
func TestAManualBanIsNeverShortened(t *testing.T) {
	now := time.Now()
	hour := now.Add(time.Hour)
	for name, c := range map[string]struct{ stood, asked, want time.Time }{
		"sooner":        {hour, hour.Add(-time.Minute), hour},
		"later":         {hour, hour.Add(time.Minute), hour.Add(time.Minute)},
		"for ever":      {hour, time.Time{}, time.Time{}},
		"from for ever": {time.Time{}, hour, time.Time{}},
	} {
		j, _ := testJail(nil)
		first := j.BanUntil(subject("192.0.2.1"), now, c.stood)
		again := j.BanUntil(subject("192.0.2.1"), now.Add(time.Second), c.asked)
		if !again.Until.Equal(c.want) || !again.At.Equal(first.At) || again.Before == nil || !again.Before.Until.Equal(c.stood) {
			t.Errorf("%s: %+v after %+v", name, again, first)
		}
		if s := j.Status(); s.Banned != 1 || s.Bans != 1 {
			t.Errorf("%s: %+v", name, s)
		}
	}
}

func someSubject(t *testing.T, word string) event.Subject {
	s, err := event.ParseSubject(word)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestWhomAManualBanWouldHit(t *testing.T) {
	j, _ := testJail(func(c *config.Jail) { c.IgnoreIP = []string{"203.0.113.0/24", "2001:db8::1"} })
	for word, want := range map[string]string{
		"203.0.113.7":    "spared by ignoreip of jail sshd",
		"203.0.0.0/16":   "a network that holds an address spared by ignoreip of jail sshd",
		"2001:db8::/32":  "a network that holds an address spared by ignoreip of jail sshd",
		"127.0.0.1":      "an address of this machine",
		"::1":            "an address of this machine",
		"126.0.0.0/7":    "a network that holds an address of this machine",
		"198.51.100.1":   "",
		"198.51.0.0/16":  "",
		"2001:db9::/32":  "",
		"203.0.112.0/24": "",
	} {
		if why := j.Spares(someSubject(t, word)); why != want {
			t.Errorf("%s: %q, want %q", word, why, want)
		}
	}
	wide, _ := testJail(func(c *config.Jail) { c.IgnoreIP, c.Firewall.Wide4 = []string{"203.0.113.7"}, 24 })
	if why := wide.Spares(subject("203.0.113.9")); why != "a network that holds an address spared by ignoreip of jail sshd" {
		t.Errorf("the network around an address: %q", why)
	}
}
