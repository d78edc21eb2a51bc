package jails

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"bailiff/jails/event"
)

// TestChoice chooses entries of few and of many kinds, and asks each selector about each.
func TestChoice(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	names := []string{"_COMM", "_SYSTEMD_UNIT", "SYSLOG_IDENTIFIER", "MESSAGE"}
	value := func(kinds int) string { return fmt.Sprint("ab"[:r.IntN(3)], r.IntN(kinds)) }
	chosen := 0
	for _, kinds := range []int{2, 2, 2, 5, 5, 2 * knownKinds} {
		var selectors []event.Selector
		for range r.IntN(6) {
			var s event.Selector
			for range r.IntN(3) {
				var g event.Group
				for range r.IntN(3) {
					g = append(g, event.Term{Field: names[r.IntN(3)], Values: []string{value(kinds), value(kinds)}, Globs: []string{"b*", "?"}[:r.IntN(3)]})
				}
				s = append(s, g)
			}
			selectors = append(selectors, s)
		}
		c := newChoice(selectors)
		for range 5 {
			c.begin()
			want := make([]int, len(selectors))
			for range 2000 {
				var fields []event.Field
				for range r.IntN(5) {
					fields = append(fields, event.Field{Name: names[r.IntN(len(names))], Value: []byte(value(kinds))})
				}
				k := c.count(fields)
				for i, s := range selectors {
					if k.held[i] != s.Holds(fields) {
						t.Fatalf("%+v held for %s: %v", s, fields, k.held[i])
					}
					if k.held[i] {
						want[i]++
						chosen++
					}
				}
			}
			if got := c.held(); fmt.Sprint(got) != fmt.Sprint(want) {
				t.Fatalf("%v entries are chosen, want %v", got, want)
			}
		}
	}
	if chosen < 10_000 {
		t.Errorf("only %d were chosen: the test is blind", chosen)
	}
}
