package jails

import (
	"testing"
	"time"

	"bailiff/jails/event"
)

// TestOverlapRemembersTheNewest notes more failures than are remembered.
func TestOverlapRemembersTheNewest(t *testing.T) {
	const many = 3 * mostRecent
	o, begin := overlap{isOn: true}, time.Unix(1_790_000_000, 0)
	at := func(i int) *event.Failure {
		return &event.Failure{Subject: subject("192.0.2.1"), Time: begin.Add(time.Duration(i) * 10 * time.Second)}
	}
	for i := range many {
		o.note(at(i))
		if len(o.recent) > mostRecent {
			t.Fatalf("%d are remembered", len(o.recent))
		}
	}
	o.moved()
	for i, want := range map[int]bool{0: false, many - mostRecent/2: true, many - 1: true, many: false} {
		if got := o.repeats(at(i)); got != want {
			t.Errorf("failure %d of %d counts again: %t", i, many, !got)
		}
	}
	if o.repeats(at(many - 1)) {
		t.Error("one that was counted once counts for two")
	}
}
