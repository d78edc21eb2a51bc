package filter

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bailiff/jails/event"
)

// A twinCase is a filter and lines that this package and fail2ban process alike.
type twinCase struct {
	Definition Definition `json:"definition"`
	CheckAll   bool       `json:"checkAll"`
	Report     bool       `json:"report"`
	RawHost    bool       `json:"rawHost"`
	FindTime   int        `json:"findTime"`
	Lines      []twinLine `json:"lines"`
}

type twinLine struct {
	Text string  `json:"text"`
	Now  int64   `json:"now"`
	Live bool    `json:"live"`
	At   float64 `json:"at"` // a journal entry's time; 0: the date stands in the text
}

// twinWords make lines that exercise every group of the filters below.
var twinWords = []string{
	"conn from 192.0.2.1", "conn from 192.0.2.2", "conn from 2001:db8::1", "conn from known.example", "conn from nobody.example",
	"bad user root", "bad user eve", "bad user", "fail for root from 192.0.2.1", "fail for eve from 192.0.2.2",
	"fail for bob from two.example", "open for root", "open for eve", "close", "close quietly", "note", "ignore me from 192.0.2.1",
	"net 192.0.2.200/24", "net 2001:db8::5/32", "net 192.0.2.9/40", "id abc", "id 192.0.2.3", "id [2001:db8::9]", "id 192.0.2.0/28",
	"id abc from 192.0.2.4", "id 192.0.2.5 from 192.0.2.5", "alt 1 a", "alt 2 b", "alt 1 a 2 b", "tup x y", "tup x",
	"bad ip 192.0.2.300", "mapped ::ffff:192.0.2.6", "quiet 192.0.2.1", "",
}

const twinDates = `^%Y-%m-%d %H:%M:%S`

// twinFilters are filters that together use all of what lines can be joined by.
var twinFilters = map[string]Definition{
	"connection": {
		Datepattern: []string{twinDates},
		Prefregex:   `^ (?:s\[<F-MLFID>\d+</F-MLFID>\]: )?<F-CONTENT>.+</F-CONTENT>$`,
		Failregex: []string{
			`^<F-NOFAIL>conn</F-NOFAIL> from <HOST>$`, `^bad user <F-USER>\w+</F-USER>$`, `^bad user<F-USER></F-USER>$`,
			`^fail for <F-USER>\w+</F-USER> from <HOST>$`, `^<F-MLFFORGET><F-MLFGAINED>open</F-MLFGAINED></F-MLFFORGET> for <F-USER>root</F-USER>$`,
			`^<F-MLFGAINED>open</F-MLFGAINED> for <F-USER>\w+</F-USER>$`, `^<F-NOFAIL><F-MLFFORGET>close</F-MLFFORGET></F-NOFAIL>$`,
			`^<F-MLFFORGET>close</F-MLFFORGET> quietly$`, `^ignore me from <HOST>`, `^<F-NOFAIL>quiet</F-NOFAIL> <ADDR>`,
		},
	},
	"subjects": {
		Datepattern: []string{twinDates},
		Failregex: []string{
			` net <SUBNET>`, ` id <F-ID/>(?: from <ADDR>)?$`, ` conn from <HOST>$`, ` mapped <ADDR>`, ` bad ip <IP4>`,
			` alt (?:1 <F-ALT_ID_1>\w</F-ALT_ID_1>)? ?(?:2 <F-ALT_ID_2>\w</F-ALT_ID_2>)?$(?:<F-ID>never</F-ID>)?`,
			` (?:<F-TUPLE_ID>tup</F-TUPLE_ID>) <F-ID>\w</F-ID>(?: <F-TUPLE_ID_1>\w</F-TUPLE_ID_1>)?$`,
			` fail for <F-USER>\w+</F-USER> from <DNS>`,
		},
		Ignoreregex: []string{`abc from`},
	},
	"lines": {
		Datepattern: []string{twinDates}, Maxlines: 4,
		Failregex: []string{
			`^ s\[(?P<id>\d)\]: conn from <HOST>$<SKIPLINES>^ s\[(?P=id)\]: bad user <F-USER>\w+</F-USER>$`,
			`open for root\n.*fail for eve from <HOST>`, `^ fail for <F-USER>\w+</F-USER> from <HOST>$`,
		},
		Ignoreregex: []string{`user eve`},
	},
	"lines and content": {
		Datepattern: []string{twinDates}, Maxlines: 3,
		Prefregex:   `^ s\[<F-MLFID>\d+</F-MLFID>\]: (?:note|<F-CONTENT>.+</F-CONTENT>)$`,
		Failregex:   []string{`^fail for <F-USER>\w+</F-USER> from <HOST>`, `^(?:id|conn from) <F-ID>\S+</F-ID>$`, `^ignore me from <HOST>`},
		Ignoreregex: []string{`ignore`, `eve`},
	},
	"dates": {
		Failregex: []string{`fail for \w+ from <HOST>`, `(?:note|^.*conn) from <HOST>`},
	},
	"optional dates": {
		Datepattern: []string{`^%Y-%m-%d %H:%M:%S`, `^ s()**`},
		Failregex:   []string{`fail for \w+ from <HOST>`, `conn from <HOST>`},
	},
}

// twinLines writes lines whose dates are right, late, early, missing or none.
func twinLines(r *rand.Rand, n int, journal bool, ids int) (lines []twinLine) {
	now := int64(sampleNow)
	for range n {
		if now += r.Int64N(30); r.IntN(40) == 0 {
			now += 200
		}
		l := twinLine{Now: now, Live: r.IntN(4) > 0}
		at := now - []int64{0, 0, 0, 1, 30, 61, 3000, 90000, -5, -62}[r.IntN(10)]
		if journal {
			l.At = float64(at)
		} else if r.IntN(10) > 0 {
			l.Text = time.Unix(at, 0).Format(time.DateTime)
		} else if r.IntN(3) == 0 {
			l.Text = "2005-02-30 10:00:00"
		}
		if r.IntN(4) > 0 {
			l.Text += fmt.Sprintf(" s[%d]:", r.IntN(ids))
		}
		l.Text += " " + twinWords[r.IntN(len(twinWords))]
		lines = append(lines, l)
	}
	return lines
}

// TestTwin processes random lines with random options and demands what fail2ban finds.
func TestTwin(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var cases []twinCase
	for range 12 {
		for _, name := range []string{"connection", "subjects", "lines", "lines and content", "dates", "optional dates"} {
			c := twinCase{Definition: twinFilters[name], CheckAll: r.IntN(2) == 0, Report: r.IntN(2) == 0, RawHost: r.IntN(4) == 0,
				FindTime: []int{0, 600, 3600}[r.IntN(3)]}
			c.Definition.UseDNS = []string{"yes", "warn", "no", "raw"}[r.IntN(4)]
			c.Lines = twinLines(r, 150, name == "connection" && r.IntN(3) == 0, []int{3, 3, 300}[r.IntN(3)])
			cases = append(cases, c)
		}
	}
	in, err := json.Marshal(cases)
	if err != nil {
		t.Fatal(err)
	}
	var want [][][]recorded
	if err := json.Unmarshal(runPython(t, in, "testdata/process.py"), &want); err != nil {
		t.Fatal(err)
	}
	failures := 0
	for i, c := range cases {
		failures += checkTwin(t, c, want[i])
	}
	t.Logf("%d cases, %d failures", len(cases), failures)
}

func checkTwin(t *testing.T, c twinCase, want [][]recorded) (failures int) {
	t.Helper()
	f, err := Compile(c.Definition)
	if err != nil {
		t.Fatal(err)
	}
	m := f.NewMatcher(Options{CheckAll: c.CheckAll, Report: c.Report, RawHost: c.RawHost,
		FindTime: time.Duration(c.FindTime) * time.Second})
	for i, l := range c.Lines {
		line := event.Line{Text: []byte(l.Text), Live: l.Live}
		if l.At > 0 {
			line.Time = time.Unix(int64(l.At), 0)
		}
		var got []recorded
		for _, x := range lookedUp(m.Match(line, time.Unix(l.Now, 0))) {
			if !x.Ignored {
				got = append(got, recordOf(x))
			}
		}
		failures += len(got)
		expected := record{Failures: want[i]}.normal()
		for _, all := range [][]recorded{got, expected} {
			for k := range all {
				all[k].Lines, all[k].Time = unstamped(all[k].Lines), max(all[k].Time, 0)
			}
			slices.SortStableFunc(all, func(a, b recorded) int { return strings.Compare(fmt.Sprint(a.ID), fmt.Sprint(b.ID)) })
		}
		if diff := cmp.Diff(expected, got); diff != "" {
			t.Errorf("%+v\nline %d of %+v\n%+v\n%s", c.Definition, i, c, l, diff)
			return failures
		}
	}
	return failures
}

// unstamped takes off the time before a journal entry's line, which is @ in fail2ban's.
func unstamped(lines []string) (bare []string) {
	for _, line := range lines {
		line = strings.TrimPrefix(line, "@")
		if len(line) > 26 && line[10] == 'T' {
			line = line[26:]
		}
		bare = append(bare, line)
	}
	return bare
}

// lookedUp are the matches after their host names were looked up.
func lookedUp(found []Match) (all []Match) {
	for _, x := range found {
		if x.Pending || x.Ignored || !x.Subject.IsZero() {
			all = append(all, x)
			continue
		}
		for _, a := range twinNames(x.Host) {
			x.Subject = event.Address(a)
			x.ID = x.Subject.String()
			all = append(all, x)
		}
	}
	return all
}

func twinNames(host string) []netip.Addr {
	switch host {
	case "known.example":
		return []netip.Addr{netip.MustParseAddr("192.0.2.77")}
	case "two.example":
		return []netip.Addr{netip.MustParseAddr("192.0.2.78"), netip.MustParseAddr("2001:db8::78")}
	}
	return nil
}
