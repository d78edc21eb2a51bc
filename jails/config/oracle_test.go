package config

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// fail2ban asks Debian's fail2ban for its command streams of several directories, in one process.
func fail2ban(t *testing.T, dirs []string) map[string][]string {
	t.Helper()
	cmd := exec.Command("/usr/bin/python3", "testdata/oracle.py")
	cmd.Stdin = strings.NewReader(strings.Join(dirs, "\n") + "\n")
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("ask fail2ban: %v\n%s", err, errs.String())
	}
	streams := map[string][]string{}
	dir := ""
	for line := range strings.Lines(string(out)) {
		line = strings.TrimSuffix(line, "\n")
		if d, ok := strings.CutPrefix(line, "### "); ok {
			dir = d
			streams[dir] = []string{}
			continue
		}
		streams[dir] = append(streams[dir], line)
	}
	return streams
}

// refused tells that fail2ban takes the directory not at all, or leaves jails out.
func refused(stream []string) bool {
	return slices.ContainsFunc(stream, func(line string) bool {
		return strings.HasPrefix(line, "ERROR") || strings.HasPrefix(line, "['config-error'")
	})
}

func dump(dir string) ([]string, error) {
	var out bytes.Buffer
	if err := DumpFail2ban(os.DirFS("/"), dir, &out); err != nil {
		return nil, err
	}
	return strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n"), nil
}

// stock is a copy of Debian's configuration with every jail enabled.
func stock(t testing.TB) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "fail2ban")
	if err := os.CopyFS(dir, os.DirFS("/etc/fail2ban")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "jail.local"), []byte("[DEFAULT]\nenabled = true\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	return dir
}

// Every command that differs from fail2ban's would need a row in docs/fail2ban.md and a line here. There are none.
func TestStockJails(t *testing.T) {
	dir := stock(t)
	want := fail2ban(t, []string{dir})[dir]
	got, err := dump(dir)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if len(got) < 1000 {
		t.Errorf("only %d commands", len(got))
	}
	c, err := Load(os.DirFS("/"), dir)
	if err != nil {
		t.Fatal(err)
	}
	if warnings := Faults(c.Warnings).Error(); strings.Contains(warnings, "did you mean") {
		t.Errorf("options of fail2ban's own are taken for misspelt:\n%s", warnings)
	}
	t.Logf("%d commands of %d jails, none differs", len(got), len(c.Jails))
}

func TestGeneratedConfigurations(t *testing.T) {
	const count = 300
	root := t.TempDir()
	var dirs []string
	for i := range count {
		dir := filepath.Join(root, fmt.Sprint(i))
		for name, text := range (generator{rand.New(rand.NewPCG(uint64(i), 3))}).directory() {
			path := filepath.Join(dir, name)
			if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o644)); err != nil {
				t.Fatal(err)
			}
		}
		dirs = append(dirs, dir)
	}
	want := fail2ban(t, dirs)
	taken := 0
	for _, dir := range dirs {
		got, err := dump(dir)
		switch {
		case refused(want[dir]) != (err != nil):
			t.Errorf("%s: fail2ban says\n%s\nwe say %v", filepath.Base(dir), strings.Join(want[dir], "\n"), err)
		case err == nil:
			taken++
			if diff := cmp.Diff(want[dir], got); diff != "" {
				t.Errorf("%s differs:\n%s", filepath.Base(dir), diff)
			}
		}
	}
	t.Logf("%d of %d configurations without faults, all as fail2ban resolves them", taken, count)
	if taken < 150 {
		t.Errorf("only %d configurations without faults", taken)
	}
}
