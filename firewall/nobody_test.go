package firewall_test

import (
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"bailiff/firewall"
	"bailiff/firewall/firewalltest"
)

const nobody = "65534"

// TestWithoutRoot runs this test's program again as nobody, with the two capabilities that a service of ours has, and
// without them.
func TestWithoutRoot(t *testing.T) {
	lab := firewalltest.New(t)
	program := firewalltest.ProgramForAll(t)
	runtimeDir := filepath.Join(filepath.Dir(program), "run")
	must(t, os.Mkdir(runtimeDir, 0o777))
	must(t, os.Chmod(runtimeDir, 0o777))
	setpriv := func(caps string) []string {
		return []string{"--reuid", nobody, "--regid", nobody, "--clear-groups", "--inh-caps", caps, "--ambient-caps", caps,
			"env", "-u", "XTABLES_LOCKFILE", "BAILIFF_RUNTIME=" + runtimeDir, program, "-test.v", "-test.run"}
	}
	out := lab.Box.Run(t, "setpriv", append(setpriv("+net_admin,+net_raw"), "^TestNobodyWithCapabilities$")...)
	if !strings.Contains(out, "PASS: TestNobodyWithCapabilities") {
		t.Error(out)
	}
	out = lab.Box.Run(t, "setpriv", append(setpriv("-all"), "^TestNobodyWithoutCapabilities$")...)
	if !strings.Contains(out, "PASS: TestNobodyWithoutCapabilities") {
		t.Error(out)
	}
}

// TestNobodyWithCapabilities is run by TestWithoutRoot in a namespace of its own; else it has nothing to say.
func TestNobodyWithCapabilities(t *testing.T) {
	runtimeDir := os.Getenv("BAILIFF_RUNTIME")
	if runtimeDir == "" {
		return
	}
	for name, options := range backends() {
		t.Run(name, func(t *testing.T) {
			options.RuntimeDir = runtimeDir
			fw := open(t, options)
			p := netip.MustParsePrefix("198.51.100.7/32")
			must(t, fw.Ensure(t.Context(), []firewall.Spec{{Jail: "sshd", Ports: []string{"ssh"}}}))
			must(t, fw.Add(t.Context(), "sshd", bans(time.Hour, p)))
			if got, err := fw.List(t.Context(), "sshd"); err != nil || got[p] == 0 {
				t.Error(got, err)
			}
			must(t, fw.Lift(t.Context()))
		})
	}
}

// TestNobodyWithoutCapabilities is run likewise.
func TestNobodyWithoutCapabilities(t *testing.T) {
	if os.Getenv("BAILIFF_RUNTIME") == "" {
		return
	}
	for name, options := range backends() {
		options.RuntimeDir = os.Getenv("BAILIFF_RUNTIME")
		_, err := firewall.Open(t.Context(), options)
		if err == nil || !strings.Contains(err.Error(), "CAP_NET_ADMIN and CAP_NET_RAW are missing") {
			t.Errorf("%s: error is %v", name, err)
		}
	}
}
