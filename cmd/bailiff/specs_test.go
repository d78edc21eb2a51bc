package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestWhatTheFirewallRefusesIsAFault loads a jail that no firewall can have rules for.
func TestWhatTheFirewallRefusesIsAFault(t *testing.T) {
	dir := t.TempDir()
	must(t, os.Mkdir(filepath.Join(dir, "filter.d"), 0o755))
	must(t, os.WriteFile(filepath.Join(dir, "filter.d/f.conf"), []byte("[Definition]\nfailregex = ^bad <HOST>$\n"), 0o644))
	jail := "[DEFAULT]\nlogpath = /x\n[f]\nenabled = true\nfilter = f\nport = no-such-service\n"
	must(t, os.WriteFile(filepath.Join(dir, "jail.conf"), []byte(jail), 0o644))
	_, err := loadConfig(dir)
	if want := `jail.conf:6: [f] port: "no-such-service"`; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("error is %v, want %q", err, want)
	}
}
