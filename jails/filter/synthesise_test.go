package filter

import (
	"encoding/json"
	"testing"
	"time"
	"unicode/utf8"

	"bailiff/jails/event"
)

// entries are journal entries as pairs of field and value.
var entries = [][][2]string{
	{{"_HOSTNAME", "srv"}, {"SYSLOG_IDENTIFIER", "sshd"}, {"_PID", "42"}, {"MESSAGE", "Failed password"}},
	{{"_HOSTNAME", "srv"}, {"_COMM", "sshd"}, {"SYSLOG_PID", "7"}, {"_PID", "42"}, {"MESSAGE", "x"}},
	{{"SYSLOG_IDENTIFIER", "a"}, {"_COMM", "b"}, {"MESSAGE", "no host, no pid"}},
	{{"_HOSTNAME", "srv"}, {"MESSAGE", "no identifier"}, {"_PID", "1"}},
	{{"MESSAGE", "only a message"}},
	{{"_HOSTNAME", "srv"}, {"SYSLOG_IDENTIFIER", "sshd"}},
	{},
	{{"_HOSTNAME", "srv"}, {"SYSLOG_IDENTIFIER", "kernel"}, {"MESSAGE", "eth0 up"}},
	{{"_HOSTNAME", "srv"}, {"SYSLOG_IDENTIFIER", "kernel"}, {"_SOURCE_MONOTONIC_TIMESTAMP", "123456789"}, {"MESSAGE", "x"}},
	{{"_HOSTNAME", "srv"}, {"SYSLOG_IDENTIFIER", "kernel"}, {"_PID", "3"}, {"MESSAGE", "x"}},
	{{"_HOSTNAME", "srv"}, {"SYSLOG_IDENTIFIER", "x"}, {"SYSLOG_PID", "0042"}, {"MESSAGE", "zeros"}},
	{{"_HOSTNAME", "srv"}, {"SYSLOG_IDENTIFIER", "x"}, {"SYSLOG_PID", "abc"}, {"MESSAGE", "no number"}},
	{{"_HOSTNAME", "srv"}, {"SYSLOG_IDENTIFIER", "x"}, {"SYSLOG_PID", "0"}, {"_PID", "5"}, {"MESSAGE", "zero"}},
	{{"_HOSTNAME", "srv"}, {"SYSLOG_IDENTIFIER", ""}, {"_COMM", "b"}, {"MESSAGE", "empty identifier"}},
	{{"SYSLOG_IDENTIFIER", "x"}, {"MESSAGE", "one"}, {"MESSAGE", "two"}},
	{{"SYSLOG_IDENTIFIER", "x"}, {"MESSAGE", "two\nlines\n"}},
	{{"SYSLOG_IDENTIFIER", "x"}, {"MESSAGE", "a\r\tb ünïcode €"}},
}

func fieldsOf(pairs [][2]string) (fields []event.Field) {
	for _, p := range pairs {
		fields = append(fields, event.Field{Name: p[0], Value: []byte(p[1])})
	}
	return fields
}

func TestSynthesiseIsFail2bans(t *testing.T) {
	const monotonic = 4321.25
	var request [][2]any
	for _, e := range entries {
		if e == nil {
			e = [][2]string{}
		}
		request = append(request, [2]any{e, monotonic})
	}
	in, err := json.Marshal(request)
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	if err := json.Unmarshal(runPython(t, in, "testdata/synthesise.py"), &want); err != nil {
		t.Fatal(err)
	}
	for i, e := range entries {
		got := Synthesise([]byte("> "), fieldsOf(e), time.Duration(monotonic*float64(time.Second)))
		if string(got) != "> "+want[i] {
			t.Errorf("%v\n  is %q\nwant %q", e, got, want[i])
		}
	}
}

func FuzzSynthesise(f *testing.F) {
	f.Add("srv", "sshd", "42", "Failed\xff password\n")
	f.Fuzz(func(t *testing.T, host, name, pid, message string) {
		line := Synthesise(nil, fieldsOf([][2]string{
			{"_HOSTNAME", host}, {"SYSLOG_IDENTIFIER", name}, {"_PID", pid}, {"MESSAGE", message}}), time.Second)
		for _, r := range string(line) {
			if r == '\n' {
				t.Fatalf("a newline in %q", line)
			}
		}
		if !utf8.Valid(line) {
			t.Fatalf("%q is not UTF-8", line)
		}
	})
}

func BenchmarkSynthesise(b *testing.B) {
	fields := fieldsOf(entries[0])
	var line []byte
	b.ReportAllocs()
	for b.Loop() {
		line = Synthesise(line[:0], fields, time.Second)
	}
}
