package filter

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bailiff/jails/event"
	"bailiff/jails/match"
)

func compile(t testing.TB, d Definition) *Filter {
	t.Helper()
	f, err := Compile(d)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// noon is a time that no clock change is near to.
func noon() time.Time { return time.Date(2026, 6, 1, 12, 0, 0, 0, time.Local) }

// logged is a logger and what it was given.
func logged() (*slog.Logger, *bytes.Buffer) {
	var b bytes.Buffer
	return slog.New(slog.NewTextHandler(&b, nil)), &b
}

func TestAllFaultsAreFoundAtOnce(t *testing.T) {
	_, err := Compile(Definition{
		Prefregex: `(`, Failregex: []string{`<HOST>`, `a)`, `nobody`, ` `}, Ignoreregex: []string{`ok`, `[`},
		Datepattern: []string{`%Y`, `(%`}, Maxlines: -1,
	})
	var got []string
	for _, err := range err.(interface{ Unwrap() []error }).Unwrap() {
		var f *Fault
		if !errors.As(err, &f) {
			t.Errorf("%v is no fault", err)
			continue
		}
		got = append(got, f.Option+" "+string(rune('0'+f.Index)))
	}
	want := []string{"datepattern 1", "maxlines 0", "prefregex 0", "failregex 1", "failregex 3", "ignoreregex 1"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s\n%v", diff, err)
	}
}

func TestJournalFieldsAreCaptures(t *testing.T) {
	m := compile(t, Definition{Failregex: []string{`no from <HOST> for <F-PRIORITY>\w+</F-PRIORITY>`}}).NewMatcher(Options{})
	found := m.Match(event.Line{Text: []byte("srv x[1]: no from 192.0.2.1 for me"), Time: time.Unix(1e9, 0), Fields: []event.Field{
		{Name: "_SYSTEMD_UNIT", Value: []byte("x.service")}, {Name: "PRIORITY", Value: []byte("5")}, {Name: "MESSAGE", Value: []byte("no")},
	}}, time.Unix(1e9, 0))
	want := map[string]string{"_systemd_unit": "x.service", "priority": "me", "ip4": "192.0.2.1"}
	if diff := cmp.Diff(want, found[0].Fields); diff != "" {
		t.Error(diff)
	}
	if got := found[0].Lines[0]; got != time.Unix(1e9, 0).Format("2006-01-02T15:04:05-07:00")+" srv x[1]: no from 192.0.2.1 for me" {
		t.Errorf("line %q", got)
	}
}

func TestAnUnknownHostNameIsLeftToTheCaller(t *testing.T) {
	m := compile(t, Definition{Failregex: []string{`from <HOST>`}}).NewMatcher(Options{})
	found := m.Match(event.Line{Text: []byte("from host.example")}, time.Now())
	if len(found) != 1 || !found[0].Subject.IsZero() || found[0].Host != "host.example" || found[0].ID != "host.example" {
		t.Errorf("%+v", found)
	}
}

func TestAMatchOwnsItsMemory(t *testing.T) {
	d := Definition{Failregex: []string{`^<F-MLFID>\d+</F-MLFID> <F-USER>\w+</F-USER> from <HOST>`}}
	m, text := compile(t, d).NewMatcher(Options{}), []byte("7 root from 192.0.2.1")
	first := m.Match(event.Line{Text: text}, time.Now())[0]
	copy(text, "7 user from 192.0.2.2")
	m.Match(event.Line{Text: text}, time.Now())
	if first.Host != "192.0.2.1" || first.Fields["user"] != "root" || first.Lines[0] != "7 root from 192.0.2.1" ||
		first.Fields["users"] != "{'root'}" {
		t.Errorf("%+v", first)
	}
}

func TestALineThatTakesTooLongIsGivenUp(t *testing.T) {
	gaveUp := 0
	log, out := logged()
	d := Definition{Failregex: []string{`^((a|aa)+)\1{3}b <HOST>`, `from <HOST>$`}}
	m := compile(t, d).NewMatcher(Options{GaveUp: func() { gaveUp++ }, Log: log})
	l := event.Line{Text: []byte(strings.Repeat("a", 4000) + " from 192.0.2.1")}
	now := time.Now()
	for i := range 3 {
		if found := m.Match(l, now.Add(time.Duration(i)*25*time.Second)); len(found) != 1 || found[0].Regex != 1 {
			t.Errorf("%+v", found)
		}
	}
	if gaveUp != 3 || strings.Count(out.String(), "gave up") != 1 {
		t.Errorf("gave up %d times, said\n%s", gaveUp, out)
	}
	m.Match(l, now.Add(61*time.Second))
	if strings.Count(out.String(), "gave up") != 2 || !strings.Contains(out.String(), "regex=1") {
		t.Errorf("said\n%s", out)
	}
}

func TestWarningsAreGivenOnceADay(t *testing.T) {
	log, out := logged()
	m := compile(t, Definition{Failregex: []string{`from <HOST>`}}).NewMatcher(Options{FindTime: time.Hour, Log: log})
	now := noon()
	line := func(ago time.Duration, live bool) event.Line {
		return event.Line{Text: []byte(now.Add(-ago).Format(time.DateTime) + " from 192.0.2.1"), Live: live}
	}
	for range 3 {
		if found := m.Match(line(90*time.Minute, false), now); len(found) != 0 {
			t.Errorf("an old line counts: %+v", found)
		}
		if found := m.Match(line(50*time.Minute, true), now); len(found) != 1 || !found[0].Time.Equal(now) {
			t.Errorf("a late line does not count as now: %+v", found)
		}
		m.lastDate = time.Time{}
		if found := m.Match(event.Line{Text: []byte("from 192.0.2.1"), Live: true}, now); len(found) != 1 {
			t.Errorf("a line without a date does not count")
		}
	}
	for _, said := range []string{"older than findtime", "far from now", "no valid time"} {
		if n := strings.Count(out.String(), said); n != 1 {
			t.Errorf("%q said %d times\n%s", said, n, out)
		}
	}
	if !strings.Contains(out.String(), "problem=latency") {
		t.Errorf("no latency in\n%s", out)
	}
	m.Match(line(-2*time.Hour, true), now.Add(25*time.Hour))
	if strings.Count(out.String(), "far from now") != 2 || !strings.Contains(out.String(), "problem=timezone") {
		t.Errorf("a day later:\n%s", out)
	}
}

func TestFutureTimesAreNow(t *testing.T) {
	m := compile(t, Definition{Failregex: []string{`from <HOST>`}}).NewMatcher(Options{FindTime: time.Hour})
	now := noon()
	for _, live := range []bool{true, false} {
		text := now.Add(30*time.Second).Format(time.DateTime) + " from 192.0.2.1"
		if found := m.Match(event.Line{Text: []byte(text), Live: live}, now); len(found) != 1 || !found[0].Time.Equal(now) {
			t.Errorf("%+v", found)
		}
	}
}

func TestReportedIgnoredMatches(t *testing.T) {
	d := Definition{Failregex: []string{`from <HOST>`}, Ignoreregex: []string{`never`, `by monitor`}}
	l := event.Line{Text: []byte("from 192.0.2.1 by monitor")}
	if found := compile(t, d).NewMatcher(Options{}).Match(l, time.Now()); len(found) != 0 {
		t.Errorf("%+v", found)
	}
	found := compile(t, d).NewMatcher(Options{Report: true}).Match(l, time.Now())
	if len(found) != 1 || !found[0].Ignored || found[0].Ignoreregex != 1 || found[0].ID != "192.0.2.1" {
		t.Errorf("%+v", found)
	}
}

func FuzzMatch(f *testing.F) {
	f.Add("2005-08-14 12:00:00 s[1]: conn from 192.0.2.1", uint8(0))
	f.Add("Aug 14 12:00:00 s[1]: fail for root from two.example\xff", uint8(1))
	f.Add("\x00\n\n", uint8(2))
	var filters []*Filter
	for _, name := range []string{"connection", "subjects", "lines", "lines and content", "dates", "optional dates"} {
		filters = append(filters, compile(f, twinFilters[name]))
	}
	f.Fuzz(func(t *testing.T, text string, how uint8) {
		m := filters[int(how)%len(filters)].NewMatcher(Options{
			CheckAll: how&64 != 0, Report: how&128 != 0, FindTime: time.Duration(how&32) * time.Minute})
		for line := range strings.SplitSeq(text, "|") {
			for _, x := range m.Match(event.Line{Text: match.Valid(nil, []byte(line)), Live: how&16 != 0}, time.Unix(sampleNow, 0)) {
				if !x.Pending && !x.Ignored && x.Subject.IsZero() && x.Host == "" {
					t.Errorf("%q: nobody in %+v", line, x)
				}
				if x.Regex >= len(m.filter.fail) {
					t.Errorf("%q: %+v", line, x)
				}
			}
		}
	})
}

func TestAConnectionIsRememberedUpToAPoint(t *testing.T) {
	d := Definition{Failregex: []string{`^(?:<F-NOFAIL>note</F-NOFAIL>|fail) <F-MLFID>\d</F-MLFID> <F-USER>\w+</F-USER> from <HOST>`}}
	m := compile(t, d).NewMatcher(Options{})
	for i := range 3 * maxKept {
		m.Match(event.Line{Text: fmt.Appendf(nil, "note 1 u%d from 192.0.2.1", i)}, time.Now())
	}
	found := m.Match(event.Line{Text: []byte("fail 1 last from 192.0.2.1")}, time.Now())
	if n := len(found[0].Lines); n > maxKept || found[0].Lines[n-1] != "fail 1 last from 192.0.2.1" {
		t.Errorf("%d lines, the last %q", n, found[0].Lines[n-1])
	}
	if n := strings.Count(found[0].Fields["users"], "u"); n > maxKept {
		t.Errorf("%d users", n)
	}
}
