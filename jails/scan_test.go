package jails

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bailiff/jails/config"
	"bailiff/jails/event"
	"bailiff/jails/filter"
)

// stock is the directory of fail2ban's configuration, as Debian installs it.
const stock = "/etc/fail2ban"

// stockJails are all of fail2ban's jails whose filters compile.
func stockJails(t testing.TB) []*config.Jail {
	root := t.TempDir()
	if err := os.CopyFS(root+"/etc", os.DirFS(stock)); err != nil {
		t.Fatal(err)
	}
	local := "[DEFAULT]\nenabled = true\n[INCLUDES]\n"
	if err := os.WriteFile(root+"/etc/jail.local", []byte(local), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := config.Load(os.DirFS(root), "/etc")
	if err != nil {
		t.Fatal(err)
	}
	return c.Jails
}

// stockFilters are the filters of these jails.
func stockFilters(t testing.TB) (all []*filter.Filter) {
	for _, j := range stockJails(t) {
		all = append(all, j.Filter)
	}
	return all
}

// lines are made-up log lines, most of them of no filter's business.
func lines(rng *rand.Rand, n int, dated bool) []byte {
	kinds := []string{
		"box sshd[%d]: Failed password for root from 192.0.2.%d port 22 ssh2",
		"box sshd[%d]: Failed password for invalid user a b from 192.0.2.%d port 22 ssh2",
		"box sshd[%d]: Accepted publickey for root from 192.0.2.%d port 22 ssh2",
		"box sshd[%d]: Connection closed by authenticating user root 192.0.2.%d port 22 [preauth]",
		"box CRON[%d]: pam_unix(cron:session): session opened for user root(uid=0) by (uid=%d)",
		"box kernel: [%d.%06d] usb 1-1: new high-speed USB device",
		"box postfix/smtpd[%d]: NOQUEUE: reject: RCPT from unknown[192.0.2.%d]: 554 5.7.1 relay access denied",
		"box dovecot[%d]: imap-login: Disconnected (auth failed, 1 attempts in 2 secs): user=<x>, rip=192.0.2.%d",
		"box named[%d]: client 192.0.2.%d#53: query (cache) 'x/IN/A' denied",
		"192.0.2.%[2]d - - \"GET /wp-login.php HTTP/1.1\" 404 %[1]d",
		"box slapd[7]: conn=%d fd=12 ACCEPT from IP=192.0.2.%d:36320 (IP=0.0.0.0:389)",
		"box slapd[7]: conn=%d op=0 RESULT tag=97 err=49 text= %d",
		"box slapd[7]: conn=1 op=%[1]d RESULT tag=97 err=49 text=",
		"box slapd[7]: conn=1 fd=%d ACCEPT from IP=192.0.2.%d:36320 (IP=0.0.0.0:389)",
		"I ACCESS  [conn9] Unauthorized: not authorized on admin to execute command [conn1] %[1]d",
		"[thread1] connection accepted from 192.0.2.%d:53276 #%d",
		"I ACCESS   [conn1] SCRAM-SHA-1 authentication failed for admin on admin from client 192.0.2.%[2]d",
		"box \xc3\xa9\xc3\xa8 %d %d",
		"",
	}
	var b strings.Builder
	now := time.Now()
	for range n {
		text := kinds[rng.IntN(len(kinds))]
		if strings.Contains(text, "%") {
			text = fmt.Sprintf(text, rng.IntN(1000), rng.IntN(256))
		}
		if dated && rng.IntN(20) > 0 {
			text = now.Add(-time.Duration(rng.IntN(60))*time.Second).Format(time.Stamp) + " " + text
		}
		b.WriteString(text + "\n")
	}
	return []byte(b.String())
}

// TestScanAgainstReadingEveryLine compares what filters find in the lines that the scan shows them with what they find
// when they read every line.
func TestScanAgainstReadingEveryLine(t *testing.T) {
	filters := stockFilters(t)
	if len(filters) < 80 {
		t.Fatalf("%d filters", len(filters))
	}
	rng := rand.New(rand.NewPCG(3, 4))
	for _, dated := range []bool{true, false} {
		var posts []*Post
		var twins []*filter.Matcher
		for _, f := range filters {
			posts = append(posts, &Post{Matcher: f.NewMatcher(filter.Options{})})
			twins = append(twins, f.NewMatcher(filter.Options{}))
		}
		found := 0
		for range 8 {
			b := &event.Block{Origin: "/log", Text: lines(rng, 300, dated)}
			if !dated {
				for i, start := 0, 0; start < len(b.Text); i++ {
					b.Entries = append(b.Entries, event.Entry{Start: start, Time: time.Now().Add(time.Duration(i) * time.Second)})
					start += strings.IndexByte(string(b.Text[start:]), '\n') + 1
				}
			}
			got, now := map[string]bool{}, time.Now()
			newScan(posts, !dated, b.Text).run(b, each(func(t *team, l event.Line, ms []filter.Match) {
				for i, p := range posts {
					if p.Matcher == t.matcher {
						noteMatches(got, i, ms, l)
					}
				}
			}))
			want := map[string]bool{}
			for start, entry := 0, 0; start < len(b.Text); entry++ {
				end := start + strings.IndexByte(string(b.Text[start:]), '\n')
				for i, m := range twins {
					l := event.Line{Origin: b.Origin, Text: b.Text[start:end]}
					if !dated {
						l.Entry, l.Time = entry, b.Entries[entry].Time
					}
					noteMatches(want, i, m.Match(l, now), l)
				}
				start = end + 1
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("found (-every line +scan):\n%s", diff)
			}
			found += len(want)
		}
		if found < 100 {
			t.Errorf("only %d matches: the test is blind", found)
		}
	}
}

// each is a listener that every line is the business of; it is told what is found.
type each func(*team, event.Line, []filter.Match)

func (each) concerned(*team, int) bool { return true }

func (f each) hear(t *team, l *event.Line, keep bool) { f(t, *l, t.match(l, keep, time.Now())) }

func noteMatches(found map[string]bool, filter int, ms []filter.Match, l event.Line) {
	for _, m := range ms {
		found[fmt.Sprintf("%d: %q: %d %s %v %v", filter, l.Text, m.Regex, m.Subject, m.Time.Unix(), m.NoFail)] = true
	}
}

// BenchmarkWatch reads an ordinary host's log with one filter of an OpenSSH server.
func BenchmarkWatch(b *testing.B) {
	f, err := filter.Compile(filter.Definition{Name: "sshd", Datepattern: []string{"{^LN-BEG}"},
		Failregex: []string{`sshd\[\d+\]: Failed password for (?:invalid user .*|\S+) from <ADDR> port \d+ ssh2$`}})
	if err != nil {
		b.Fatal(err)
	}
	var text strings.Builder
	for i := range 2000 {
		line := "box systemd[1]: Started Session %d of user root, as it does all day long on every host there is.\n"
		if i%100 == 0 {
			line = "box sshd[%d]: Failed password for root from 192.0.2.1 port 22 ssh2\n"
		}
		fmt.Fprintf(&text, time.Now().Format(time.Stamp)+" "+line, i)
	}
	block := &event.Block{Origin: "/log", Text: []byte(text.String()), Live: true}
	j, _ := testJail(func(c *config.Jail) { c.MaxRetry = 1 << 30 })
	w := &Watch{Source: "files"}
	w.Post([]*Post{{Jail: j, Matcher: f.NewMatcher(filter.Options{FindTime: time.Hour})}})
	b.SetBytes(int64(len(block.Text)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := w.See(b.Context(), block); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)*2000/b.Elapsed().Seconds(), "lines/s")
}

func TestEveryLineOfABlockFindsItsEntry(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for range 200 {
		b := &event.Block{}
		for range 1 + rng.IntN(50) {
			b.Entries = append(b.Entries, event.Entry{Start: len(b.Text)})
			size := []int{0, rng.IntN(5), rng.IntN(500)}[rng.IntN(3)]
			b.Text = append(b.Text, strings.Repeat("x", size)+"\n"...)
		}
		last := 0
		for i, e := range b.Entries {
			if rng.IntN(3) == 0 {
				continue
			}
			if got := entryFrom(b, last, e.Start); got != i {
				t.Fatalf("entry %d of %d is found as %d from %d on", i, len(b.Entries), got, last)
			}
			last = i
		}
	}
}
