package filter_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"bailiff/jails/config"
	"bailiff/jails/filter"
)

const (
	theirConfig = "/etc/fail2ban"
	theirTests  = "/usr/lib/python3/dist-packages/fail2ban/tests/config"
)

// TestDefinitionsAreConfigs has package config resolve every filter of the samples and demands what fail2ban resolves:
// what TestCorpus proves of fail2ban's definitions holds for ours.
func TestDefinitionsAreConfigs(t *testing.T) {
	want := filter.SampleDefinitions(t)
	var installed, tests [][2]string
	for _, w := range slices.SortedFunc(maps.Keys(want), func(a, b [2]string) int { return strings.Compare(a[0]+a[1], b[0]+b[1]) }) {
		if strings.HasPrefix(w[0], "zzz-") {
			tests = append(tests, w)
		} else {
			installed = append(installed, w)
		}
	}
	top := t.TempDir()
	// Their tests' filters include files seven folders up.
	deep := filepath.Join(top, "build/python/lib/fail2ban/tests/config")
	link(t, theirConfig, filepath.Join(top, "config"))
	link(t, theirTests+"/filter.d", filepath.Join(deep, "filter.d"))
	link(t, theirConfig+"/filter.d", filepath.Join(top, "etc/filter.d"))
	compareDefinitions(t, deep, tests, want)
	compareDefinitions(t, filepath.Join(top, "etc"), installed, want)
	t.Logf("%d filters with their options", len(want))
}

func link(t *testing.T, to, from string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(from), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(to, from); err != nil {
		t.Fatal(err)
	}
}

func compareDefinitions(t *testing.T, dir string, names [][2]string, want map[[2]string]filter.Definition) {
	t.Helper()
	var jails strings.Builder
	for i, w := range names {
		fmt.Fprintf(&jails, "[j%d]\nenabled = true\nfilter = %s%s\n", i, w[0], options(t, w[1]))
	}
	if err := os.WriteFile(filepath.Join(dir, "jail.conf"), []byte(jails.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := config.Load(os.DirFS("/"), dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Jails) != len(names) {
		t.Fatalf("%d jails, want %d", len(c.Jails), len(names))
	}
	for _, j := range c.Jails {
		var i int
		if _, err := fmt.Sscanf(j.Name, "j%d", &i); err != nil {
			t.Fatal(err)
		}
		d := want[names[i]]
		d.Maxlines, j.Definition.Maxlines = max(d.Maxlines, 1), max(j.Definition.Maxlines, 1)
		if diff := cmp.Diff(d, j.Definition, cmpopts.IgnoreFields(filter.Definition{}, "UseDNS", "Zone"), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%v\n%s", names[i], diff)
		}
	}
}

// options writes a filter's options as a jail names them.
func options(t *testing.T, text string) string {
	t.Helper()
	var given map[string]string
	if err := json.Unmarshal([]byte(text), &given); err != nil {
		t.Fatal(err)
	}
	var pairs []string
	for _, name := range slices.Sorted(maps.Keys(given)) {
		pairs = append(pairs, fmt.Sprintf("%s=%q", name, given[name]))
	}
	if pairs == nil {
		return ""
	}
	return "[" + strings.Join(pairs, ", ") + "]"
}
