package firewall_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// TestMain gives all tests one lock file for iptables, so that they may be parallel and wait for nobody else. Those that
// are run by others for what the machine's own lock does keep it.
func TestMain(m *testing.M) {
	if os.Getenv("BAILIFF_BOOTED") != "" || os.Getenv("BAILIFF_RUNTIME") != "" {
		os.Exit(m.Run())
	}
	flag.Parse()
	if err := flag.Set("test.parallel", "4"); err != nil { // they wait more than they compute
		panic(err)
	}
	os.Exit(lockedRun(m))
}

func lockedRun(m *testing.M) int {
	dir, err := os.MkdirTemp("", "bailiff-firewall-")
	if err == nil {
		defer os.RemoveAll(dir)
		err = os.Setenv("XTABLES_LOCKFILE", filepath.Join(dir, "xtables.lock"))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}
