package date

import (
	"testing"
	"time"
)

// What mktime makes of the hours that a zone skips or has twice hangs on the time read before.
func TestHoursSkippedAndTwice(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	civilAt := func(month, day, hour, minute int32) int64 {
		v, ok := civil(2026, month, day, hour, minute, 0)
		if !ok {
			t.Fatal("no such time")
		}
		return v
	}
	tests := []struct {
		name           string
		before, read   int64
		want           string
		beforeIsNeeded bool
	}{
		{"skipped, after winter", civilAt(3, 29, 1, 0), civilAt(3, 29, 2, 30), "2026-03-29T03:30:00+02:00", true},
		{"skipped, after summer", civilAt(7, 1, 1, 0), civilAt(3, 29, 2, 30), "2026-03-29T03:30:00+02:00", true},
		{"twice, after summer", civilAt(10, 25, 1, 59), civilAt(10, 25, 2, 30), "2026-10-25T02:30:00+02:00", true},
		{"twice, after winter", civilAt(10, 25, 3, 0), civilAt(10, 25, 2, 30), "2026-10-25T02:30:00+01:00", true},
		{"twice, first of all", 0, civilAt(10, 25, 2, 30), "2026-10-25T02:30:00+01:00", false},
	}
	for _, tt := range tests {
		var c localClock
		if tt.beforeIsNeeded {
			c.unix(berlin, tt.before)
		}
		if got := time.Unix(c.unix(berlin, tt.read), 0).In(berlin).Format(time.RFC3339); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
}
