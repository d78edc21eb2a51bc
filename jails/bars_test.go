//go:build bars

package jails

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"bailiff/jails/config"
	"bailiff/jails/event"
	"bailiff/jails/filter"
)

// ten are the filters of a host with a bit of everything.
var ten = strings.Fields("sshd dovecot postfix nginx-http-auth nginx-botsearch nginx-limit-req recidive vsftpd apache-auth proftpd")

// A contestant does its work on some lines, and says how many.
type contestant struct {
	name string
	work func() (lines int)
	best float64 // lines a second
	once bool    // it is slow
}

// A bar is what a contestant has to reach, as a multiple of another.
type bar struct {
	work, who, peer string
	least           float64 // 0: only told
}

var bars = []bar{
	{"ordinary, sshd, in memory", "ours ordinary sshd", "memchr ordinary", 0.35},
	{"", "ours ordinary sshd", "go ordinary sshd", 0},
	{"", "ours ordinary sshd", "fail2ban-regex ordinary sshd", 1000},
	{"ordinary, all filters", "ours ordinary all", "memchr ordinary", 0.15},
	{"", "ours ordinary all", "go ordinary all", 0},
	{"", "ours ordinary all", "fail2ban-regex ordinary all", 1000},
	{"12 % failures, sshd", "ours attacked sshd", "memchr attacked", 0.08},
	{"12 % failures, all filters", "ours attacked all", "memchr attacked", 0.05},
	{"half failures, sshd, dated, counted", "ours stormed counted", "memchr stormed", 0.01},
	{"the same, of one banned address", "ours stormed banned", "ours stormed counted", 0},
	{"web, 10 filters", "ours access ten", "memchr access", 0.2},
	{"web, all filters", "ours access all", "memchr access", 0.06},
	{"file, ordinary, sshd", "ours file ordinary", "rg -c ordinary", 2},
	{"", "ours file ordinary", "grep -cP ordinary", 2},
	{"file, 12 % failures, sshd", "ours file attacked", "rg -c attacked", 0.8},
	{"", "ours file attacked", "grep -cP attacked", 0.8},
	{"file of an sshd", "ours file guarded", "sshg-parser guarded", 8},
	{"growth: 100 equal jails / one", "ours ordinary hundred", "ours ordinary sshd", 1 / 1.1},
	{"", "ours ordinary hundred", "memchr ordinary", 0.35},
	{"growth: all filters / ten, ordinary", "ours ordinary all", "ours ordinary ten", 1 / 3.5},
	{"growth: 12 % failures", "ours attacked all", "ours attacked ten", 1 / 3.5},
	{"growth: web", "ours access all", "ours access ten", 1 / 3.5},
	{"ten filters, dated file, ordinary", "ours file ten ordinary", "memchr ordinary", 0},
	{"all filters, dated file, ordinary", "ours file all ordinary", "memchr ordinary", 0},
	{"ten filters, dated file, web", "ours file ten access", "memchr access", 0},
	{"all filters, dated file, web", "ours file all access", "memchr access", 0},
}

// rounds is how often each contestant runs, in turns, and leastTime how long at least.
const (
	rounds    = 5
	leastTime = 60 * time.Millisecond
)

// TestMatchBars runs matching and its peers in turns, prints how they compare and fails where matching is too slow.
func TestMatchBars(t *testing.T) {
	r := newRace(t)
	for round := range rounds {
		for _, c := range r.contestants {
			if !c.once || round == 0 {
				begin := time.Now()
				c.run()
				if took := time.Since(begin); took > 5*time.Second {
					t.Logf("%s took %v", c.name, took)
				}
			}
		}
	}
	t.Logf("| work | lines/s | peer | its lines/s | ratio | bar |")
	for _, b := range bars {
		who, peer := r.find(b.who), r.find(b.peer)
		if who == nil || peer == nil {
			t.Errorf("%s: nobody ran as %q or %q", b.work, b.who, b.peer)
			continue
		}
		ratio, bar := who.best/peer.best, "-"
		if b.least > 0 {
			bar = fmt.Sprintf("%.3g", b.least)
		}
		t.Logf("| %s | %s | %s | %s | %.3g | %s |", b.work, rate(who.best), peer.name, rate(peer.best), ratio, bar)
		if ratio < b.least {
			t.Errorf("%s: %.3g of %s, %.3g wanted", b.who, ratio, peer.name, b.least)
		}
	}
}

func rate(perSecond float64) string {
	if perSecond >= 1e6 {
		return fmt.Sprintf("%.2f M", perSecond/1e6)
	}
	return fmt.Sprintf("%.1f k", perSecond/1e3)
}

func (c *contestant) run() {
	begin, lines := time.Now(), 0
	for done := false; !done; done = time.Since(begin) > leastTime {
		lines += c.work()
	}
	if lines > 0 {
		c.best = max(c.best, float64(lines)/time.Since(begin).Seconds())
	}
}

// A race is the contestants and what they work on.
type race struct {
	t           *testing.T
	jails       []*config.Jail
	dir         string
	contestants []*contestant
}

func newRace(t *testing.T) *race {
	r := &race{t: t, jails: stockJails(t), dir: t.TempDir()}
	seeds := []uint64{1, 2, 3, 4}
	quiet, attack := makeLog(ordinary, 200_000, seeds...), makeLog(attacked, 200_000, seeds...)
	storm, web := makeLog(stormed, 50_000, seeds...), makeLog(access, 100_000, seeds...)
	sshd, some := r.named("sshd"), r.named(ten...)
	for _, l := range []struct {
		name string
		log  madeLog
	}{{"ordinary", quiet}, {"attacked", attack}, {"stormed", storm}, {"access", web}} {
		r.add("memchr "+l.name, func() int { return memchr(l.log.bare) })
		if l.name == "stormed" {
			continue
		}
		blocks := l.log.blocks(true)
		r.add("ours "+l.name+" sshd", inMemory(sshd, 1, blocks))
		if l.name == "ordinary" { // as near to the one jail as can be: what matters little is to be told from noise
			r.add("ours ordinary hundred", inMemory(sshd, 100, blocks))
		}
		r.add("ours "+l.name+" ten", inMemory(some, 1, blocks))
		r.add("ours "+l.name+" all", inMemory(r.jails, 1, blocks))
	}
	r.add("ours stormed counted", counted(t, sshd[0], storm, false))
	r.add("ours stormed banned", counted(t, sshd[0], storm, true))
	r.files("ordinary", quiet)
	r.files("attacked", attack)
	r.guard(attack)
	r.dated("ordinary", makeLog(ordinary, 20_000, seeds...), some)
	r.dated("access", makeLog(access, 20_000, seeds...), some)
	r.slow(quiet)
	return r
}

// dated adds those who find the date of each line, as in files; patterns of users decide where it stands.
func (r *race) dated(name string, l madeLog, some []*config.Jail) {
	blocks := l.blocks(false)
	r.add("ours file ten "+name, inMemory(some, 1, blocks))
	r.add("ours file all "+name, inMemory(r.jails, 1, blocks))
}

func (r *race) add(name string, work func() int) {
	r.contestants = append(r.contestants, &contestant{name: name, work: work})
}

func (r *race) find(name string) *contestant {
	i := slices.IndexFunc(r.contestants, func(c *contestant) bool { return c.name == name })
	if i < 0 {
		return nil
	}
	return r.contestants[i]
}

// named are the jails called so.
func (r *race) named(names ...string) (all []*config.Jail) {
	for _, c := range r.jails {
		if slices.Contains(names, c.Name) {
			all = append(all, c)
		}
	}
	if len(all) != len(names) {
		r.t.Fatalf("%d jails of %s", len(all), names)
	}
	return all
}

// posts are the jails' places at a source, each jail so often under the same filter.
func posts(jails []*config.Jail, copies int) (all []*Post) {
	for _, c := range jails {
		m := c.Filter.NewMatcher(filter.Options{})
		for range copies {
			all = append(all, &Post{Matcher: m})
		}
	}
	return all
}

// inMemory finds the failures of a log that is in memory as blocks.
func inMemory(jails []*config.Jail, copies int, blocks []*event.Block) func() int {
	s := newScan(posts(jails, copies), blocks[0].Entries != nil, blocks[0].Text)
	lines := 0
	for _, b := range blocks {
		lines += bytes.Count(b.Text, []byte("\n"))
	}
	return func() int {
		for _, b := range blocks {
			s.run(b, &reading{now: time.Now()})
		}
		return lines
	}
}

// A reading is a listener that every line is the business of. Like the daemon it asks for the time once a block.
type reading struct {
	now     time.Time
	matched int // how many lines were some filter's business
}

func (r *reading) concerned(*team, int) bool { return true }

func (r *reading) hear(t *team, l *event.Line, keep bool) { r.matched += len(t.match(l, keep, r.now)) }

// onlyOne are the addresses that become one.
var onlyOne = regexp.MustCompile(`\b\d+\.\d+\.\d+\.\d+\b`)

// counted finds the failures of a log in memory, parses their dates, and counts them in a jail; with banned the jail
// has banned everybody before.
func counted(t testing.TB, c *config.Jail, l madeLog, banned bool) func() int {
	limits := *c
	limits.MaxRetry, limits.MaxMatches, limits.IgnoreSelf = 1<<30, 5, true
	limits.FindTime, limits.BanTime = 10*time.Minute, time.Hour
	j := NewJail(&limits, NewIgnoreLists(nil, nil, slog.New(slog.DiscardHandler)), slog.New(slog.DiscardHandler), nil)
	w := &Watch{Source: "files"}
	w.Post([]*Post{{Jail: j, Matcher: c.Filter.NewMatcher(filter.Options{FindTime: time.Hour})}})
	if banned {
		l.file = []byte(onlyOne.ReplaceAllString(string(l.file), "192.0.2.1"))
		j.Ban(subject("192.0.2.1"), time.Now())
	}
	blocks := l.blocks(false)
	failures := bytes.Count(l.file, []byte("\n")) / 2
	return func() int {
		for _, b := range blocks {
			if _, err := w.See(t.Context(), b); err != nil {
				t.Fatal(err)
			}
		}
		return failures
	}
}

// files adds those who read a file on disk.
func (r *race) files(name string, l madeLog) {
	path := filepath.Join(r.dir, name)
	text := bytes.Repeat(l.file, 4)
	if err := os.WriteFile(path, text, 0o600); err != nil {
		r.t.Fatal(err)
	}
	sshd := r.named("sshd")[0]
	lines, simple, pcre := 4*l.lines, onePattern(sshd, simpler), "(?J)"+onePattern(sshd, other)
	s := newScan(posts(r.named("sshd"), 1), false, l.file[:256<<10])
	r.add("ours file "+name, func() int { r.readFile(path, s); return lines })
	r.add("rg -c "+name, func() int { run(r.t, "", "rg", "-c", simple, path); return lines })
	r.add("grep -cP "+name, func() int { run(r.t, "", "grep", "-cP", pcre, path); return lines })
	r.t.Logf("%s: lines matched: rg %s, grep %s, ours %d", name, bytes.TrimSpace(run(r.t, "", "rg", "-c", simple, path)),
		bytes.TrimSpace(run(r.t, "", "grep", "-cP", pcre, path)), r.readFile(path, s))
}

// readFile finds the failures in a file, and returns how many lines were some filter's business.
func (r *race) readFile(path string, s *scan) (matched int) {
	f, err := os.Open(path)
	if err != nil {
		r.t.Fatal(err)
	}
	defer f.Close()
	b := &event.Block{Origin: path, Live: true}
	text, n := make([]byte, 256<<10), 0
	for {
		m, err := f.Read(text[n:])
		if err == io.EOF {
			return matched
		}
		if err != nil {
			r.t.Fatal(err)
		}
		n += m
		whole := bytes.LastIndexByte(text[:n], '\n') + 1
		b.Text = text[:whole]
		found := reading{now: time.Now()}
		s.run(b, &found)
		matched += found.matched
		n = copy(text, text[whole:n])
	}
}

// guard adds sshguard's parser, which knows how to find sshd's failures and those of a few others.
func (r *race) guard(l madeLog) {
	path := filepath.Join(r.dir, "guarded")
	if err := os.WriteFile(path, l.file, 0o600); err != nil {
		r.t.Fatal(err)
	}
	s := newScan(posts(r.named("sshd"), 1), false, l.file[:256<<10])
	r.add("ours file guarded", func() int { r.readFile(path, s); return l.lines })
	r.add("sshg-parser guarded", func() int { run(r.t, path, "/usr/libexec/sshguard/sshg-parser"); return l.lines })
}

// slow adds those who are so slow that they work on the beginning only, and one of them but once.
func (r *race) slow(l madeLog) {
	part := func(n int) []byte { return l.bare[:l.ends[n-1]] }
	one, all := goFilters(r.named("sshd")), goFilters(r.jails)
	r.add("go ordinary sshd", func() int { goLoop(one, part(5000)); return 5000 })
	r.add("go ordinary all", func() int { goLoop(all, part(500)); return 500 })
	none, few, many := r.head(l, "none", 1), r.head(l, "few", 3000), r.head(l, "many", 30_000)
	r.addTimed("fail2ban-regex ordinary sshd", 30_000, func() time.Duration { return fail2banRegex(r.t, many, none, "sshd") })
	r.addTimed("fail2ban-regex ordinary all", 3000, func() (sum time.Duration) {
		for _, c := range r.jails {
			sum += fail2banRegex(r.t, few, none, c.Definition.Name)
		}
		return sum
	}).once = true
}

// head writes the log's first lines to a file.
func (r *race) head(l madeLog, name string, lines int) (path string) {
	path = filepath.Join(r.dir, name)
	text := bytes.Join(bytes.SplitAfterN(l.file, []byte("\n"), lines+1)[:lines], nil)
	if err := os.WriteFile(path, text, 0o600); err != nil {
		r.t.Fatal(err)
	}
	return path
}

// addTimed adds a contestant that takes its time itself.
func (r *race) addTimed(name string, lines int, work func() time.Duration) *contestant {
	c := &contestant{name: name}
	c.work = func() int { c.best = max(c.best, float64(lines)/work().Seconds()); return 0 }
	r.contestants = append(r.contestants, c)
	return c
}
