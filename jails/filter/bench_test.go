package filter

import (
	"fmt"
	"testing"
	"time"

	"bailiff/jails/event"
)

// authLog is a day of sshd among others, one failure in every ten lines.
func authLog(n int) (lines [][]byte) {
	at := time.Date(2026, 11, 22, 10, 0, 0, 0, time.Local)
	for i := range n {
		stamp := at.Add(time.Duration(i) * time.Second / 10).Format("Jan _2 15:04:05")
		text := "CRON[%d]: pam_unix(cron:session): session opened for user root(uid=0) by (uid=0)"
		switch i % 10 {
		case 0:
			text = "sshd[%d]: Failed password for invalid user admin from 192.0.2.7 port 50022 ssh2"
		case 3:
			text = "sshd[%d]: Connection closed by 198.51.100.3 port 3388 [preauth]"
		case 5:
			text = "systemd[1]: Started session-%d.scope - Session of User root."
		}
		lines = append(lines, fmt.Appendf(nil, "%s srv "+text, stamp, 1000+i%5000))
	}
	return lines
}

func BenchmarkMatch(b *testing.B) {
	all := []wanted{{"sshd", `{}`}, {"nginx-http-auth", `{}`}, {"postfix", `{}`}}
	defs := definitions(b, all)
	lines, now := authLog(10_000), time.Date(2026, 11, 22, 10, 20, 0, 0, time.Local)
	for _, w := range all {
		b.Run(w.name, func(b *testing.B) {
			f, err := Compile(defs[w])
			if err != nil {
				b.Fatal(err)
			}
			m := f.NewMatcher(Options{FindTime: time.Hour})
			b.ReportAllocs()
			n := 0
			for b.Loop() {
				m.Match(event.Line{Text: lines[n%len(lines)]}, now)
				n++
			}
			b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "lines/s")
		})
	}
}

func TestLinesThatDoNotMatchAllocateNothing(t *testing.T) {
	w := wanted{"sshd", `{}`}
	f, err := Compile(definitions(t, []wanted{w})[w])
	if err != nil {
		t.Fatal(err)
	}
	m, now := f.NewMatcher(Options{FindTime: time.Hour}), noon()
	for _, l := range []event.Line{
		{Text: []byte(now.Format("Jan _2 15:04:05") + " srv CRON[7]: pam_unix(cron:session): session opened")},
		{Text: []byte("srv sshd[7]: Server listening on 0.0.0.0 port 22."), Time: now},
	} {
		if n := testing.AllocsPerRun(100, func() { m.Match(l, now) }); n != 0 {
			t.Errorf("%s: %v allocations", l.Text, n)
		}
	}
}
