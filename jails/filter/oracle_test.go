package filter

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os/exec"
	"testing"
	"time"
	_ "time/tzdata" // the samples' zone, on a machine without zone files
)

// The samples of fail2ban are read at this moment.
const (
	sampleNow = 1124013600
	sampleDir = "/usr/lib/python3/dist-packages/fail2ban/tests/files/logs"
	python    = "/usr/bin/python3" // the one that apt installs fail2ban for
)

// A wanted is a filter with options, as a jail names it.
type wanted struct {
	name    string
	options string // JSON, sorted: comparable
}

// definitions has fail2ban resolve filters.
func definitions(t testing.TB, all []wanted) map[wanted]Definition {
	t.Helper()
	request := make([][2]json.RawMessage, len(all))
	for i, w := range all {
		request[i] = [2]json.RawMessage{[]byte(fmt.Sprintf("%q", w.name)), []byte(w.options)}
	}
	in, err := json.Marshal(request)
	if err != nil {
		t.Fatal(err)
	}
	var resolved []Definition
	if err := json.Unmarshal(runPython(t, in, "testdata/definitions.py"), &resolved); err != nil {
		t.Fatal(err)
	}
	found := map[wanted]Definition{}
	for i, d := range resolved {
		found[all[i]] = d
	}
	return found
}

func runPython(t testing.TB, in []byte, script string) []byte {
	t.Helper()
	cmd := exec.Command(python, script)
	cmd.Stdin = bytes.NewReader(in)
	out, err := cmd.Output()
	if err != nil {
		if e, ok := err.(*exec.ExitError); ok {
			t.Fatalf("%s: %v\n%s", script, err, e.Stderr)
		}
		t.Fatal(err)
	}
	return out
}

// TestMain puts the tests where fail2ban's samples were written.
func TestMain(m *testing.M) {
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		panic(err)
	}
	time.Local = zone
	m.Run()
}

// sampleMatcher reads lines as fail2ban's sample tests do.
func sampleMatcher(t testing.TB, d Definition) *Matcher {
	t.Helper()
	f, err := Compile(d)
	if err != nil {
		t.Fatalf("%s: %v", d.Name, err)
	}
	return f.NewMatcher(Options{CheckAll: true, RawHost: true, AllYears: true})
}
