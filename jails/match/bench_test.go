package match

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"syscall"
	"testing"
	"time"
)

// BenchmarkCompile compiles every pattern of Debian's filters.
func BenchmarkCompile(b *testing.B) {
	filters := fromPython[filterPattern](b, "filters.py")
	b.ReportAllocs()
	for b.Loop() {
		for _, f := range filters {
			if _, err := Compile(f.Expr, f.Flags); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(len(filters)), "patterns/op")
}

// BenchmarkSearch repeats the searches of fail2ban's own tests: half of them match.
func BenchmarkSearch(b *testing.B) {
	type search struct {
		p    *Pattern
		text []byte
	}
	var searches []search
	patterns := map[string]*Pattern{}
	for _, r := range fromPython[recordedSearch](b, "record.py") {
		p := patterns[r.Expr]
		if p == nil {
			var err error
			if p, err = Compile(r.Expr, r.Flags); err != nil {
				b.Fatal(err)
			}
			patterns[r.Expr] = p
		}
		searches = append(searches, search{p, []byte(r.Text)})
	}
	var s Scratch
	b.ReportAllocs()
	b.ResetTimer()
	for i := 0; i < b.N; i++ {
		c := searches[i%len(searches)]
		if _, err := c.p.Search(&s, c.text, 0); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "searches/s")
}

// TestNoAllocations searches and scans with warm memory.
func TestNoAllocations(t *testing.T) {
	rules, _ := debianRules(t)
	text := workloads()["auth"][:60_000]
	set := NewSet(rules, Options{Sample: text})
	v := verifier{rules: rules}
	yield := func(start, end int, hits []Hit) bool {
		v.verify(text[start:end], hits)
		return true
	}
	set.Scan(text, yield)
	if n := testing.AllocsPerRun(20, func() { set.Scan(text, yield) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

// BenchmarkNewSet plans for all of Debian's filters.
func BenchmarkNewSet(b *testing.B) {
	rules, sample := someRules(b), workloads()["quiet"]
	b.ReportAllocs()
	for b.Loop() {
		NewSet(rules, Options{Sample: sample})
	}
}

// workloads are what BenchmarkScan scans, a thousand lines of which good are sshd's and bad are failures.
func workloads() map[string][]byte {
	w := logWriter{rand.New(rand.NewPCG(*seed, 6))}
	return map[string][]byte{"quiet": w.hostLog(20000, 10, 5), "auth": w.hostLog(20000, 150, 50), "web": w.webLog(20000)}
}

// someRules returns the rules of the filters named; all, if none is.
func someRules(b *testing.B, names ...string) (some []Rule) {
	rules, all := debianRules(b)
	if len(names) == 0 {
		return rules
	}
	for i, n := range all {
		if slices.Contains(names, n) {
			some = append(some, rules[i])
		}
	}
	return some
}

// BenchmarkScan scans made-up logs and verifies what it finds, with groups. It reports lines a second of one processor, and which part of
// the speed of a plain search for newlines that is.
func BenchmarkScan(b *testing.B) {
	ten := []string{"sshd", "dovecot", "postfix", "nginx-http-auth", "nginx-botsearch", "nginx-limit-req", "recidive", "vsftpd", "apache-auth", "proftpd"}
	logs := workloads()
	for _, c := range []struct {
		log, rules string
		names      []string
	}{
		{"quiet", "1", []string{"sshd"}}, {"quiet", "10", ten}, {"quiet", "all", nil},
		{"auth", "1", []string{"sshd"}}, {"auth", "10", ten}, {"auth", "all", nil},
		{"web", "1", []string{"nginx-botsearch"}}, {"web", "10", ten}, {"web", "all", nil},
	} {
		b.Run(c.log+"/"+c.rules, func(b *testing.B) { benchmarkScan(b, logs[c.log], someRules(b, c.names...)) })
	}
}

func benchmarkScan(b *testing.B, text []byte, rules []Rule) {
	set := NewSet(rules, Options{Sample: text})
	v := verifier{rules: rules}
	lines := bytes.Count(text, []byte{'\n'})
	b.ReportAllocs()
	matched := 0
	start := processorTime()
	for b.Loop() {
		matched = 0
		for rest := text; len(rest) > 0; {
			chunk := rest[:min(len(rest), 64<<10)]
			chunk = chunk[:bytes.LastIndexByte(chunk, '\n')+1]
			set.Scan(chunk, func(start, end int, hits []Hit) bool {
				matched += v.verify(chunk[start:end+1], hits)
				return true
			})
			rest = rest[len(chunk):]
		}
	}
	perSecond := float64(lines) * float64(b.N) / (processorTime() - start).Seconds()
	b.ReportMetric(perSecond, "lines/s")
	b.ReportMetric(perSecond/newlinesPerSecond(text), "of-memchr")
	b.ReportMetric(float64(matched)/float64(lines), "matches/line")
}

// processorTime is the time this process has used a processor. It says more than the clock on a busy machine.
func processorTime() time.Duration {
	var use syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &use); err != nil {
		panic(err)
	}
	return time.Duration(use.Utime.Nano() + use.Stime.Nano())
}

// newlinesPerSecond is how many lines a plain search for newlines finds in a second.
func newlinesPerSecond(text []byte) float64 {
	clock, start, lines := time.Now(), processorTime(), 0
	for time.Since(clock) < 100*time.Millisecond {
		for rest := text; len(rest) > 0; lines++ {
			rest = rest[bytes.IndexByte(rest, '\n')+1:]
		}
	}
	return float64(lines) / (processorTime() - start).Seconds()
}

// A verifier matches what a Set has found, the prefix once a line and rule.
type verifier struct {
	rules        []Rule
	prefix, main Scratch
	content      []byte
}

func (v *verifier) verify(line []byte, hits []Hit) (matched int) {
	rule, text := -1, line
	for _, h := range hits {
		r := &v.rules[h.Rule]
		if h.Rule != rule {
			rule, text = h.Rule, v.start(r, line)
		}
		if text == nil {
			continue
		}
		if caps, _ := r.Patterns[h.Pattern].Search(&v.main, text, 0); caps != nil {
			matched++
			text = nil // the first one wins
		}
	}
	return matched
}

// start matches the prefix and returns the text for the patterns.
func (v *verifier) start(r *Rule, line []byte) []byte {
	if r.Prefix == nil {
		return line
	}
	caps, _ := r.Prefix.Search(&v.prefix, line, 0)
	if caps == nil {
		return nil
	}
	g := 2 * r.Prefix.GroupIndex("content")
	if g < 0 || caps[g] == caps[g+1] {
		return line
	}
	v.content = append(append(v.content[:0], line[caps[g]:caps[g+1]]...), '\n')
	return v.content
}
