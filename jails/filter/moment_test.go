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

func TestTimesThatAreOff(t *testing.T) {
	r, off := rand.New(rand.NewPCG(1, 2)), 0
	for range 10_000 {
		now := noon().Add(time.Duration(r.Int64N(2)) * time.Duration(r.Int64N(1e9)))
		at := now.Add(time.Duration(r.Int64N(123)-61)*time.Second + time.Duration(r.Int64N(3)-1)*time.Duration(r.Int64N(2e9)))
		d := at.Sub(now)
		want := d >= maxOff+time.Second || d <= -maxOff-time.Second
		if isOff(at, now) != want {
			t.Fatalf("%v from %v: %v", at, now, !want)
		}
		if want {
			off++
		}
	}
	if off < 100 || !isOff(time.Time{}, noon()) || !isOff(time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC), noon()) {
		t.Errorf("only %d were off, or times far from now were not", off)
	}
}
