package main

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

// TestALongPastIsReadBeforeReady fills the log before the start: READY comes after the last of its
// failures, and until then systemd is asked to wait.
func TestALongPastIsReadBeforeReady(t *testing.T) {
	s := supervise(t, 0, func(dir string) {
		var text strings.Builder
		for i := range 50_000 {
			fmt.Fprintf(&text, "%s denied 198.51.%d.%d\n", time.Now().Format(time.RFC3339), i>>8, i&255)
		}
		if err := os.WriteFile(dir+"/web.log", []byte(text.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	})
	begin, last, extended := time.Now(), time.Now(), 0
	for m := ""; m != "READY=1"; {
		switch m = s.hear(patience); {
		case m == "":
			t.Fatalf("silence for %s before READY", patience)
		case strings.HasPrefix(m, "EXTEND_TIMEOUT_USEC="):
			extended++
			last = time.Now()
		}
	}
	t.Logf("READY after %s, extended %d times", time.Since(begin), extended)
	if silent := time.Since(last); silent > 10*extendEvery {
		t.Errorf("systemd was not asked to wait for %s", silent)
	}
	const ready = " ready jails=1"
	s.awaitLog(ready)
	before, _, _ := strings.Cut(s.log.String(), ready)
	if n := strings.Count(before, "[web] Ban "); n != 50_000 {
		t.Errorf("READY with %d of 50,000 addresses banned", n)
	}
}
