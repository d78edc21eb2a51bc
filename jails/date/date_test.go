package date

import (
	"errors"
	"testing"
	"time"

	"bailiff/jails/match"
)

func TestPatternErrorsSpeakOfThePattern(t *testing.T) {
	tests := []struct {
		pattern string
		pos     int // of the fault in pattern; -1: none is known
	}{
		{"%Y-%q", 3},
		{"{^LN-BEG}%Y-%Q", 12},
		{"%Y-%m-%d [", 9},
		{"%b %d (", 6},
		{"{UNB}%b %d )", 11},
		{"**%b %d )", 8},
		{"^%Y (?:%m", 4},
		{"{^LN-BEG}(?P<x>%d) *+?*", 21},
		{"<{DATE} (?<", 11},
		{"[{DATE}", 1},
		{"({EPOCH}", 0},
		{"%Y %Y", 3},
		{"100%", 3},
	}
	for _, tt := range tests {
		_, err := Compile([]string{"%Y", tt.pattern}, Options{})
		var p *PatternError
		if !errors.As(err, &p) || p.Index != 1 || p.Pattern != tt.pattern {
			t.Errorf("%q: error %v", tt.pattern, err)
			continue
		}
		var s *match.SyntaxError
		if !errors.As(err, &s) || s.Pos != tt.pos || s.Expr != tt.pattern {
			t.Errorf("%q: %v, want position %d", tt.pattern, err, tt.pos)
		}
	}
}

func TestCompileReportsEveryPattern(t *testing.T) {
	_, err := Compile([]string{"%Q", "%Y", "%Y", "["}, Options{})
	list, ok := err.(interface{ Unwrap() []error })
	if !ok || len(list.Unwrap()) != 3 {
		t.Errorf("error %v, want three faults", err)
	}
}

func TestParseZone(t *testing.T) {
	tests := []struct {
		zone    string
		seconds int
		ok      bool
	}{
		{"UTC", 0, true}, {"", 0, true}, {"Z", 0, true}, {"CET", 3600, true}, {"EDT", -4 * 3600, true}, {"NPT", 20700, true},
		{"+0100", 3600, true}, {"-03:30", -12600, true}, {"+05", 18000, true}, {"CET+0100", 7200, true}, {"UTC-0130", -5400, true},
		{"BST", 0, false}, {"ET", 0, false}, {"cet", 0, false}, {"+1", 0, false}, {"+2500", 0, false}, {"UTC+01:0", 0, false},
		{"Europe/Berlin", 0, false}, {"utc", 0, false}, {"+01000", 0, false},
	}
	for _, tt := range tests {
		zone, err := ParseZone(tt.zone)
		if (err == nil) != tt.ok {
			t.Errorf("ParseZone(%q): error %v", tt.zone, err)
			continue
		}
		if err != nil {
			continue
		}
		if _, offset := time.Unix(0, 0).In(zone).Zone(); offset != tt.seconds {
			t.Errorf("ParseZone(%q) is %d s east, want %d", tt.zone, offset, tt.seconds)
		}
	}
}

func TestSearchesGivenUpAreCounted(t *testing.T) {
	p, err := Compile([]string{`^(?:(x+x+)+\1)+%H`, `{^LN-BEG}x+ %H:%M:%S`}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	d := p.NewDetector()
	m, ok := d.Match([]byte("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx 12:00:00 z"), time.Unix(1e9, 0))
	if !ok || m.Time.IsZero() || d.GaveUp() != 1 {
		t.Errorf("%+v %v, %d given up; want the second pattern's date and one", m, ok, d.GaveUp())
	}
}
