package date

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
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
}

func (o *oracle) detector(patterns []string, tz, zone string) *peer {
	o.t.Helper()
	if patterns == nil {
		patterns = []string{}
	}
	location, err := time.LoadLocation(tz)
	if err != nil {
		o.t.Fatal(err)
	}
	time.Local = location
	request := map[string]any{"patterns": patterns, "tz": tz, "zone": nil}
	options := Options{}
	if zone != "" {
		request["zone"] = zone
		if options.Zone, err = ParseZone(zone); err != nil {
			o.t.Fatal(err)
		}
	}
	compiled, err := Compile(patterns, options)
	if err != nil {
		o.t.Fatal(err)
	}
	p := &peer{oracle: o, detector: compiled.NewDetector()}
	o.ask(map[string]any{"new": request}, &p.templates)
	return p
}

// A stamped line is a line and the Unix time at which it is read.
type stamped struct {
	line string
	now  float64
}

// compare feeds the lines to both and reports where they differ.
func (p *peer) compare(lines []stamped) {
	p.t.Helper()
	request := make([][]any, len(lines))
	for i, l := range lines {
		request[i] = []any{l.line, l.now}
	}
	var answers []any
	p.ask(map[string]any{"lines": request}, &answers)
	for i, l := range lines {
		want := describe(answers[i])
		now := time.UnixMicro(int64(l.now * 1e6))
		got := "none"
		if m, ok := p.detector.Match([]byte(l.line), now); ok {
			got = describeMatch(m)
		}
		if got != want {
			p.t.Errorf("line %d %q at %v\n got %s\nwant %s", i, l.line, now, got, want)
			return
		}
	}
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
	return fmt.Sprintf("%d-%d %.4f %s", m.Start, m.End, float64(m.Time.UnixMicro())/1e6, m.Template)
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

func TestSmoke(t *testing.T) {
	p := newOracle(t).detector(nil, "Europe/Berlin", "")
	now := float64(time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC).Unix())
	var lines []stamped
	for _, l := range []string{
		"Nov 22 06:39:04 host sshd[1]: x", "2026-11-22T06:39:04.123+01:00 host x", "2026-11-22 06:39:04,123 host x",
		`1.2.3.4 - - [22/Nov/2026:06:39:04 +0000] "GET /"`, "[1795000000.123] x", "type=AUTH msg=audit(1795000000.123:99): x",
		"nothing here", "@4000000037c219bf2ef02e94 x", "06:39:04 x", "<11/22/26@06:39:04>x",
	} {
		lines = append(lines, stamped{l, now})
	}
	p.compare(lines)
}
