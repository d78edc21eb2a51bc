package main

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"bailiff/cmd/internal/control"
	"bailiff/metrics"
)

// TestProblemsAreToldEverywhereAlike sets, changes and clears problems, and looks where they are told.
func TestProblemsAreToldEverywhereAlike(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var p problems
		began := time.Now()
		p.set(jailsLeftOut, "2 jails\nleft out", "jail.conf:1: no")
		time.Sleep(time.Minute)
		p.set(oldConfiguration, "the files cannot be read")
		p.set(jailsLeftOut, "1 jail left out", "jail.conf:2: no")
		want := []control.Problem{
			{Kind: "old_configuration", Text: "the files cannot be read", Since: began.Add(time.Minute)},
			{Kind: "jails_left_out", Text: "1 jail left out", Details: []string{"jail.conf:2: no"}, Since: began},
		}
		if d := cmp.Diff(want, p.answers()); d != "" {
			t.Error(d)
		}
		if err := p.err(); err == nil || err.Error() != "the files cannot be read\n1 jail left out" {
			t.Errorf("the error is %v", err)
		}
		p.clear(oldConfiguration)
		if s := p.samples(); s[0].Value != 0 || s[1].Value != 1 || s[1].Name != metrics.Problems || s[1].Labels[0] != "jails_left_out" {
			t.Errorf("the samples are %v", s)
		}
		p.clear(jailsLeftOut)
		if err := p.err(); err != nil || p.answers() != nil {
			t.Errorf("%v, %v", err, p.answers())
		}
	})
}
