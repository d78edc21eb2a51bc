package main

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"bailiff/jails"
	"bailiff/jails/event"
	"bailiff/jails/source"
	"bailiff/metrics"
	"bailiff/packaging"
)

// TestManyJailsOfOneFilterTakeLittleMemory has jails that share a filter read a log of their own each, as a host of
// many customers has them, and holds what one more costs.
func TestManyJailsOfOneFilterTakeLittleMemory(t *testing.T) {
	const many, most = 300, 60 << 10
	dir := filepath.Join(t.TempDir(), "conf")
	must(t, os.CopyFS(dir, packaging.Conf()))
	text := "[sshd]\nenabled = false\n"
	for i := range many {
		text += fmt.Sprintf("[j%d]\nenabled = true\nfilter = sshd\nbackend = polling\nlogpath = %s/%d.log\nfindtime = %dm\n", i, dir, i, 1+i%7)
	}
	must(t, os.WriteFile(filepath.Join(dir, "jail.local"), []byte(text), 0o600))
	log := slog.New(slog.DiscardHandler)
	before := reachable()

	c, err := loadConfig(dir)
	must(t, err)
	lists, m := jails.NewIgnoreLists(nil, nil, log), metrics.New("test", nil)
	s := newSources(log, nil, m, nil, nil, nil, nil)
	p := &plan{key: "files", kind: source.FromFiles}
	for _, j := range c.Jails {
		m.Jail(j.Name)
		p.add(jails.NewJail(j, lists, log, m), j, "", time.Now())
	}
	posts, _ := s.post(p, map[string]bool{})
	w := &jails.Watch{Source: "files", Metrics: m}
	w.Post(posts)
	for i := range many {
		line := time.Now().Format(time.RFC3339) + " host sshd[1]: Failed password for root from 192.0.2.1 port 40022 ssh2\n"
		b := &event.Block{Text: []byte(strings.Repeat(line, 3)), Jails: []string{fmt.Sprint("j", i)}}
		_, err := w.See(t.Context(), b)
		must(t, err)
	}
	each := (reachable() - before) / many
	t.Logf("a jail takes %d bytes", each)
	if each > most {
		t.Errorf("a jail takes %d bytes, at most %d are wanted", each, most)
	}
	runtime.KeepAlive([]any{c, p, w, s})
	if n := p.jails[0].Status().Failed; n != 3 {
		t.Errorf("%d failures, want 3", n)
	}
}

// reachable is how many bytes of memory are in use.
func reachable() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
