package filter

import (
	"math/rand/v2"
	"testing"
	"time"
)

func TestStampsAreWrittenAsTimeWritesThem(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	m := compile(t, Definition{Failregex: []string{`<HOST>`}}).NewMatcher(Options{})
	at := noon()
	for range 10_000 {
		at = at.Add(time.Duration(r.Int64N([]int64{1e3, 1e6, 1e9, 1e14}[r.IntN(4)])))
		if r.IntN(10) == 0 {
			at = at.Truncate(time.Second)
		}
		layout := "2006-01-02T15:04:05-07:00 "
		if at.Nanosecond() >= 1000 {
			layout = "2006-01-02T15:04:05.000000-07:00 "
		}
		if got, want := string(m.stamps.stamp(at)), at.Local().Format(layout); got != want || Stamp(at) != want {
			t.Fatalf("%s and %s, want %s", got, Stamp(at), want)
		}
	}
}
