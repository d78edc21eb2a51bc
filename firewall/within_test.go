package firewall

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// A program that hangs holds go-iptables for ever, and what it has started holds the pipes: all of it is killed.
func TestWithinEndsAProgramThatHangs(t *testing.T) {
	dir := t.TempDir()
	script := filepath.Join(dir, "iptables-that-hangs")
	text := "#!/bin/sh\nsleep 1000.25 &\nexec sleep 1000.25\n"
	if err := os.WriteFile(script, []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
	defer cancel()
	begun := time.Now()
	_, _, err := openIPTables(ctx, family{}, script)
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the error is %v, and not that time is up", err)
	}
	if took := time.Since(begun); took > 10*time.Second {
		t.Errorf("it took %v", took)
	}
	for pid, parent := range parents() {
		if line, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid)); string(line) == "sleep\x001000.25\x00" {
			t.Errorf("process %d, a child of %d, is left", pid, parent)
		}
	}
}
