//go:build bars

package config

import (
	"io"
	"os"
	"os/exec"
	"testing"
	"time"
)

// TestConfigBars holds us to resolving every stock jail of Debian's fail2ban at least 20 times faster than
// fail2ban-client -d does: the same command stream, the best of five runs each, taken by turns.
func TestConfigBars(t *testing.T) {
	const bar, rounds = 20, 5
	dir := stock(t)
	ours, theirs := time.Hour, time.Hour
	for range rounds {
		theirs = min(theirs, took(t, func() error {
			return exec.Command("/usr/bin/fail2ban-client", "-c", dir, "-d").Run()
		}))
		ours = min(ours, took(t, func() error { return DumpFail2ban(os.DirFS("/"), dir, io.Discard) }))
	}
	ratio := float64(theirs) / float64(ours)
	t.Logf("fail2ban-client -d %v, bailiff's dump %v: %.1f times faster", theirs.Round(time.Microsecond), ours.Round(time.Microsecond), ratio)
	if ratio < bar {
		t.Errorf("the bar is %d times", bar)
	}
}

func took(t *testing.T, do func() error) time.Duration {
	t.Helper()
	began := time.Now()
	if err := do(); err != nil {
		t.Fatal(err)
	}
	return time.Since(began)
}
