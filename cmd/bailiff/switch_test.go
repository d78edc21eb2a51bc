package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"bailiff/journal/journaltest"
)

// TestJailTurnsFromTheJournalToItsLogAndBack follows a jail whose log appears and goes. What both tell counts once.
func TestJailTurnsFromTheJournalToItsLogAndBack(t *testing.T) {
	journald, dir := journaltest.Start(t), t.TempDir()
	for path, text := range map[string]string{
		"jail.conf":         "[web]\nenabled = true\nfilter = web\nbackend = auto\nbanaction = multiport\nmaxretry = 6\nfindtime = 10m\nbantime = 10m\nlogpath = " + dir + "/web.log\n",
		"filter.d/web.conf": "[Definition]\nfailregex = web(?:\\[\\d+\\])?: denied <ADDR>$\njournalmatch = _COMM=web\n",
	} {
		os.MkdirAll(filepath.Dir(filepath.Join(dir, path)), 0o755)
		if err := os.WriteFile(filepath.Join(dir, path), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	h := &host{t: t, log: &syncBuffer{}}
	h.daemon = journald.Command("bailiff.service", os.Args[0], "run", "--dry-run", "--config", dir, "--metrics", "", "--socket", dir+"/b.sock")
	h.daemon.Env, h.daemon.Stderr = append(os.Environ(), asBailiff+"=1"), h.log
	if err := h.daemon.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		h.kill(os.Interrupt)
		if t.Failed() {
			t.Log(h.log)
		}
	})
	said := func(what string) func() bool { return func() bool { return strings.Contains(h.log.String(), what) } }
	found := func(n int) func() bool {
		return func() bool { return strings.Count(h.log.String(), "[web] Found 192.0.2.1 ") == n }
	}
	logged := func() { journald.Log(journaltest.Sender{Comm: "web"}, "denied 192.0.2.1") }

	h.await("the journal to be chosen", said("source=journal"))
	h.await("ready", said(" ready "))
	for range 3 {
		logged()
	}
	h.await("three failures from the journal", found(3))

	var text strings.Builder
	for i := range 4 { // the three that the journal has told of, and one that it has not
		at := time.Now().Add(-time.Duration(i/3) * time.Hour / 12)
		fmt.Fprintf(&text, "%s box web[1]: denied 192.0.2.1\n", times(h.log.String(), i, at))
	}
	if err := os.WriteFile(dir+"/web.log", []byte(text.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	h.await("the log to be chosen", said("source=files"))
	h.await("the one failure that is new", found(4))

	if err := os.Remove(dir + "/web.log"); err != nil {
		t.Fatal(err)
	}
	h.await("the journal to be chosen again", func() bool { return strings.Count(h.log.String(), "source=journal") == 2 })
	logged()
	h.await("the fifth failure", found(5))
	logged()
	h.await("the ban at the sixth", said("[web] would ban 192.0.2.1"))
	if !found(6)() {
		t.Error("a failure counted twice")
	}
}

// times is the time of the nth failure that was told of, in syslog's form; at where there are not so many.
func times(log string, n int, at time.Time) string {
	told := strings.Split(log, "[web] Found 192.0.2.1 - ")[1:]
	if n < len(told) {
		at, _ = time.ParseInLocation(time.DateTime, told[n][:len(time.DateTime)], time.Local)
	}
	return at.Format(time.Stamp)
}
