package date

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// An oracle is a fail2ban in a child that lives as long as the test.
type oracle struct {
	t   *testing.T
	in  *json.Encoder
	out *bufio.Scanner
}

func newOracle(t *testing.T) *oracle {
	t.Helper()
	cmd := exec.Command("/usr/bin/python3", "testdata/oracle.py")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		cmd.Wait()
	})
	scanner := bufio.NewScanner(out)
	scanner.Buffer(nil, 64<<20)
	return &oracle{t, json.NewEncoder(in), scanner}
}

func (o *oracle) ask(request, answer any) {
	o.t.Helper()
	if err := o.in.Encode(request); err != nil {
		o.t.Fatal(err)
	}
	if !o.out.Scan() {
		o.t.Fatalf("the oracle ended: %v", o.out.Err())
	}
	if err := json.Unmarshal(o.out.Bytes(), answer); err != nil {
		o.t.Fatalf("%v: %s", err, o.out.Bytes())
	}
}

// A peer is fail2ban's detector and ours for the same patterns and zones.
type peer struct {
	*oracle
	detector  *Detector
	templates [][]any // of fail2ban: name, expression, weight
	refused   string  // why fail2ban did not take the patterns
}

// setLocal sets the process's zone while the test runs.
func setLocal(t *testing.T, zone *time.Location) {
	before := time.Local
	t.Cleanup(func() { time.Local = before })
	time.Local = zone
}

// use makes tz the local zone.
func (o *oracle) use(tz string) {
	o.t.Helper()
	location, err := time.LoadLocation(tz)
	if err != nil {
		o.t.Fatal(err)
	}
	setLocal(o.t, location)
}

func (o *oracle) detector(patterns []string, tz, zone string) *peer {
	o.t.Helper()
	p, err := o.tryDetector(patterns, tz, zone)
	if err != nil || p.refused != "" {
		o.t.Fatal(err, p.refused)
	}
	return p
}

// tryDetector returns the error that our Compile gave.
func (o *oracle) tryDetector(patterns []string, tz, zone string) (*peer, error) {
	o.t.Helper()
	o.use(tz)
	if patterns == nil {
		patterns = []string{}
	}
	request := map[string]any{"patterns": patterns, "tz": tz, "zone": nil}
	var options Options
	if zone != "" {
		request["zone"] = zone
		var err error
		if options.Zone, err = ParseZone(zone); err != nil {
			o.t.Fatal(err)
		}
	}
	var answer any
	o.ask(map[string]any{"new": request}, &answer)
	p := &peer{oracle: o}
	if list, ok := answer.([]any); ok {
		for _, t := range list {
			p.templates = append(p.templates, t.([]any))
		}
	} else {
		p.refused = answer.(string)
	}
	compiled, err := Compile(patterns, options)
	if err != nil {
		return p, err
	}
	p.detector = compiled.NewDetector()
	return p, nil
}

// A stamped line is a line and the Unix time at which it is read.
type stamped struct {
	line string
	now  float64
}

// compare feeds the lines to both, reports where they differ, and returns how many had a date.
func (p *peer) compare(lines []stamped) (found int) {
	p.t.Helper()
	answers := p.find(lines)
	for i, l := range lines {
		want := describe(answers[i])
		now := time.UnixMicro(int64(l.now * 1e6))
		got := "none"
		if m, ok := p.detector.Match([]byte(l.line), now); ok {
			got = describeMatch(m)
			found++
		}
		if raised, ok := answers[i].(string); ok && strings.Contains(got, raisedMeans(raised)) {
			continue
		}
		if got != want {
			p.t.Errorf("line %d %q at %v\n got %s\nwant %s", i, l.line, now, got, want)
			return found
		}
	}
	return found
}

func (p *peer) find(lines []stamped) []any {
	p.t.Helper()
	request := make([][]any, len(lines))
	for i, l := range lines {
		request[i] = []any{l.line, l.now}
	}
	var answers []any
	p.ask(map[string]any{"lines": request}, &answers)
	return answers
}

// raises tells whether fail2ban cannot compile the patterns when it sees the lines.
func (p *peer) raises(lines []stamped) bool {
	for _, a := range p.find(lines) {
		if a == "error" {
			return true
		}
	}
	return false
}

// raisedMeans returns what a detector here says where fail2ban raises an exception, and so drops the line.
func raisedMeans(exception string) string {
	if exception == "IndexError" {
		return "empty" // a match at the end of the line
	}
	return "no time"
}

func describe(answer any) string {
	switch a := answer.(type) {
	case nil:
		return "none"
	case []any:
		if a[0] == a[1] {
			return fmt.Sprint("empty ", a[3])
		}
		if a[2] == nil {
			return fmt.Sprint(a[0], a[1], " no time ", a[3])
		}
		return fmt.Sprintf("%v-%v %.4f %v", a[0], a[1], a[2], a[3])
	}
	return fmt.Sprint(answer)
}

func describeMatch(m Match) string {
	if m.Start == m.End {
		return fmt.Sprint("empty ", m.Template)
	}
	if m.Time.IsZero() {
		return fmt.Sprint(m.Start, m.End, " no time ", m.Template)
	}
	return fmt.Sprintf("%d-%d %.4f %s", m.Start, m.End, float64(m.Time.Unix())+float64(m.Time.Nanosecond())/1e9, m.Template)
}

func TestDefaultTemplatesAreFail2bans(t *testing.T) {
	p := newOracle(t).detector(nil, "UTC", "")
	if len(p.templates) != len(p.detector.entries) {
		t.Fatalf("%d templates, fail2ban has %d", len(p.detector.entries), len(p.templates))
	}
	for i, e := range p.detector.entries {
		if want := p.templates[i]; e.name != want[0] || e.template.weight != want[2] {
			t.Errorf("template %d: %q %v, want %q %v", i, e.name, e.template.weight, want[0], want[2])
		} else if e.expr != want[1] {
			t.Logf("template %d:\n got %s\nwant %s", i, e.expr, want[1])
		}
	}
}

// sources makes the lines of one log: they mostly share a layout and come in order of time.
func (g *generator) source(n int, loc *time.Location) []stamped {
	all := layouts()
	layout := pick(g, pick(g, all...)...)
	t := g.moment(loc)
	drift := time.Duration(pick(g, 0, 0, 1, 30, 3600, 86400, 86400*200)) * time.Second
	var lines []stamped
	for range n {
		t = t.Add(time.Duration(g.IntN(900)) * time.Second)
		if g.IntN(10) == 0 {
			layout = pick(g, pick(g, all...)...)
		}
		now := t.Add(drift + time.Duration(g.IntN(3000))*time.Millisecond)
		if g.IntN(20) == 0 {
			drift = -drift
		}
		lines = append(lines, stamped{g.line(t, layout), float64(now.UnixMilli()) / 1000})
	}
	return lines
}

func TestSourcesAgainstFail2ban(t *testing.T) {
	o := newOracle(t)
	zones := []string{"UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "America/St_Johns", "Europe/Dublin"}
	wins := map[string]int{}
	for seed := range uint64(sourcesATest) {
		g := newGenerator(seed)
		tz, zone := pick(g, zones...), pick(g, "", "", "", "+0130", "EST", "CET+0100")
		patterns := pick(g, nil, nil, []string{"{^LN-BEG}"}, []string{"{DEFAULT}"}, []string{"{^LN-BEG}", "{DEFAULT}"}, []string{"{DATE}"}, []string{`^\W*{DATE}`, `\[({DATE})\]`})
		p := o.detector(patterns, tz, zone)
		p.compare(g.source(60, time.Local))
		if t.Failed() {
			t.Fatalf("seed %d: %s %q %q", seed, tz, zone, patterns)
		}
		for _, e := range p.detector.entries {
			wins[e.name] += e.wins
		}
	}
	for _, tm := range parsedTemplates(t, Options{}) {
		if wins[tm.name] < 5 {
			t.Errorf("only %d lines were decided by %s", wins[tm.name], tm.name)
		}
	}
}

const sourcesATest = 250
