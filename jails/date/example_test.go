package date

import (
	"testing"
	"time"
)

// The rules of the clock by example: what is left out is taken from now.
func TestDatesThatLeaveSomethingOut(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	setLocal(t, berlin)
	tests := []struct {
		line, now string
		zone      string // logtimezone
		text      string // what is cut out
		want      string // in UTC; "" is no time
	}{
		{"Nov 22 06:39:04 host x", "2026-11-22T12:00:00Z", "", "Nov 22 06:39:04", "2026-11-22T05:39:04Z"},
		{"Nov 22 06:39:04 host x", "2026-11-22T12:00:00Z", "-0300", "Nov 22 06:39:04", "2026-11-22T09:39:04Z"},
		{"Dec 31 23:59:59 host x", "2026-12-31T23:00:05Z", "", "Dec 31 23:59:59", "2026-12-31T22:59:59Z"}, // local New Year
		{"Jan  1 00:00:03 host x", "2026-12-31T22:59:58Z", "", "Jan  1 00:00:03", "2025-12-31T23:00:03Z"}, // two clocks a few seconds apart
		{"Nov 23 11:00:00 host x", "2026-11-22T12:00:00Z", "", "Nov 23 11:00:00", "2026-11-23T10:00:00Z"}, // up to a day ahead
		{"Nov 24 11:00:00 host x", "2026-11-22T12:00:00Z", "", "Nov 24 11:00:00", "2025-11-24T10:00:00Z"},
		{"Feb 29 11:00:00 host x", "2026-03-01T12:00:00Z", "", "Feb 29 11:00:00", ""},
		{"Feb 29 11:00:00 host x", "2028-01-01T12:00:00Z", "", "Feb 29 11:00:00", ""}, // nor was there one in 2027
		{"12:59:00 x", "2026-11-22T12:00:00Z", "", "12:59:00", "2026-11-22T11:59:00Z"},
		{"13:00:01 x", "2026-11-22T12:00:00Z", "", "13:00:01", "2026-11-21T12:00:01Z"},
		{"[2026-11-22 06:39:04.999 Z] x", "2026-11-22T12:00:00Z", "+0500", "2026-11-22 06:39:04.999 Z", "2026-11-22T06:39:04Z"},
		{`192.0.2.1 - - [22/Nov/2026:06:39:04 -0800] "GET /"`, "2026-11-22T12:00:00Z", "", "22/Nov/2026:06:39:04 -0800", "2026-11-22T14:39:04Z"},
		{"1795329544.125 x", "2026-11-22T12:00:00Z", "+0500", "1795329544.125", "2026-11-22T06:39:04.125Z"},
		{"BST Nov 22 06:39:04 x", "2026-11-22T12:00:00Z", "", "BST Nov 22 06:39:04", ""}, // fail2ban knows no BST
		{"PST Nov 22 06:39:04 x", "2026-11-22T12:00:00Z", "", "PST Nov 22 06:39:04", "2026-11-22T14:39:04Z"},
	}
	for _, tt := range tests {
		now, err := time.Parse(time.RFC3339, tt.now)
		if err != nil {
			t.Fatal(err)
		}
		var o Options
		if tt.zone != "" {
			if o.Zone, err = ParseZone(tt.zone); err != nil {
				t.Fatal(err)
			}
		}
		p, err := Compile(nil, o)
		if err != nil {
			t.Fatal(err)
		}
		m, ok := p.NewDetector().Match([]byte(tt.line), now)
		got := ""
		if !m.Time.IsZero() {
			got = m.Time.UTC().Format(time.RFC3339Nano)
		}
		if text := tt.line[m.Start:m.End]; !ok || text != tt.text || got != tt.want {
			t.Errorf("%q at %s %s: %v %q %s, want %q %s", tt.line, tt.now, tt.zone, ok, text, got, tt.text, tt.want)
		}
	}
}
