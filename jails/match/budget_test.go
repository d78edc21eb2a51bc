package match

import (
	"errors"
	"strings"
	"testing"
	"time"
)

const longLine = 64 << 10

// TestBudget runs patterns that backtracking makes exponential, or polynomial of a high degree, on lines of 64 KB.
// Those without backreferences are decided all the same.
func TestBudget(t *testing.T) {
	tests := []struct {
		expr, unit, end string
		matches         bool
		err             error
	}{
		{expr: `^(a+)+$`, unit: "a", end: "!"},
		{expr: `^(a|aa)+$`, unit: "a", end: "!"},
		{expr: `^(a|a?)+$`, unit: "a", end: "!"},
		{expr: `(a*)*b`, unit: "a"},
		{expr: `^(?:.*a){12}$`, unit: "a", end: "!"},
		{expr: `(.*)(.*)(.*)(.*)x$`, unit: "a"},
		{expr: `.*?.*?.*?=.*x`, unit: "a="},
		{expr: `\s+$`, unit: " ", end: "x"},
		{expr: `(x+x+)+y`, unit: "x"},
		{expr: `^(([a-z])+.)+[A-Z]([a-z])+$`, unit: "a"},
		{expr: `^(?:(?:(?! from ).)*)*$`, unit: "ab", end: " from "},
		{expr: `^(?:(?=a)a|b?)*c`, unit: "ab"},
		{expr: `^(?>a|ab)*$`, unit: "a", end: "b"},
		{expr: `^(a)?(?:a|aa)+(?(1)b|c)$`, unit: "a"},
		{expr: `^(?:a|aa)+b?$`, unit: "a", matches: true},
		{expr: `^(?P<user>.*) from (?P<host>\S+)(?: port \d+)?(?: .*)*$`, unit: " from x port 1", end: "\n\n"},
		{expr: `^(?:\w+\s*)*:$`, unit: "word ", end: "!"},
		{expr: `^(a+)+\1b$`, unit: "a", err: ErrBudget},
		{expr: `(?:a{1,3}){1,300}b`, unit: "a", err: ErrBudget}, // more states than a linear search tells apart
		{expr: `(?:(?=a*)a)*x`, unit: "a", err: ErrBudget},
		{expr: `.{0,1000}.{0,1000}.{0,1000}x`, unit: "a", err: ErrBudget},
		{expr: `(?:(?:a|b){1,4}c?){1,7}x`, unit: "ab"},
		{expr: `[^x]{5,}?[^y]{5,}?z`, unit: "a"},
		{expr: `a{60000}b`, unit: "a", err: ErrBudget},
		{expr: `(?<!a{9000})b|(?<=a{9000}b)a`, unit: "a", err: ErrBudget},
		{expr: `\w+@`, unit: "a"},
		{expr: `\w++@`, unit: "a", err: ErrBudget},
		{expr: `(?:\w+?,?)+=`, unit: "é"},
	}
	for _, tt := range tests {
		p, err := Compile(tt.expr, 0)
		if err != nil {
			t.Fatal(err)
		}
		var s Scratch
		start := processorTime()
		caps, err := p.Search(&s, []byte(strings.Repeat(tt.unit, longLine/len(tt.unit))+tt.end), 0)
		took := processorTime() - start
		t.Logf("%-60s %9d steps %8v", tt.expr, s.Steps(), took.Round(time.Millisecond))
		if took > 5*time.Second {
			t.Errorf("%s took %v", tt.expr, took)
		}
		if !errors.Is(err, tt.err) || (caps != nil) != tt.matches {
			t.Errorf("%s: %v, %v", tt.expr, caps, err)
		}
		if s.Steps() > budget+linearBudget+longLine {
			t.Errorf("%s took %d steps", tt.expr, s.Steps())
		}
	}
}
