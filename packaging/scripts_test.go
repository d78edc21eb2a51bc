package packaging

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sync/errgroup"
)

// script runs commands of bash with the functions of cache.sh and a mmdebstrap that is the given script.
func script(t *testing.T, cache, mmdebstrap, commands string) (string, error) {
	t.Helper()
	bin := t.TempDir()
	write(t, filepath.Join(bin, "mmdebstrap"), "#!/bin/bash\n"+mmdebstrap)
	c := exec.Command("bash", "-c", "set -euo pipefail; . test/cache.sh; "+commands)
	c.Env = append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"), "BAILIFF_TEST_CACHE="+cache)
	out, err := c.CombinedOutput()
	return string(out), err
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
}

func TestTheCacheIsRootsAlone(t *testing.T) {
	needRoot(t)
	prepare := func(mode os.FileMode, uid int) string {
		dir := filepath.Join(t.TempDir(), "cache")
		if err := os.Mkdir(dir, mode); err != nil {
			t.Fatal(err)
		}
		if err := os.Chown(dir, uid, 0); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	openParent := prepare(0o700, 0)
	if err := os.Chmod(filepath.Dir(openParent), 0o777); err != nil {
		t.Fatal(err)
	}
	dangling := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink("/nowhere/at/all", dangling); err != nil {
		t.Fatal(err)
	}
	theirs := prepare(0o700, 65534)
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(theirs, link); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		cache string
		fine  bool
	}{
		"that is new":                 {filepath.Join(t.TempDir(), "a/b"), true},
		"of root":                     {prepare(0o700, 0), true},
		"of somebody else":            {theirs, false},
		"that leads to somebody else": {link, false},
		"that leads nowhere":          {dangling, false},
		"which others may read":       {prepare(0o755, 0), false},
		"in a directory of all":       {openParent, false},
	} {
		out, err := script(t, c.cache, "", "cache_open")
		if (err == nil) != c.fine || (err != nil && !strings.Contains(out, filepath.Dir(c.cache)) && !strings.Contains(out, theirs)) {
			t.Errorf("a cache %s: %v: %s", name, err, out)
		}
	}
}

// TestARootIsMadeOnce has several runs want a root at once, while the registry fails at first.
func TestARootIsMadeOnce(t *testing.T) {
	needRoot(t)
	cache, calls := filepath.Join(t.TempDir(), "cache"), filepath.Join(t.TempDir(), "calls")
	const mmdebstrap = `echo called >>"$CALLS"; for dir; do case $dir in */*.making) break ;; esac; done
		mkdir "$dir" # which fails where something is left of another
		[ "$(wc -l <"$CALLS")" -gt 1 ] || { echo "E: Failed to fetch"; exit 1; }
		mkdir -p "$dir/etc"`
	t.Setenv("CALLS", calls)
	var g errgroup.Group
	for range 3 {
		g.Go(func() error {
			out, err := script(t, cache, mmdebstrap, `settle() { touch "$1/settled"; }; booted_root name a,b settle; test -e "$booted_root/settled" -a -e "$booted_root/etc/machine-id"`)
			if err != nil {
				t.Errorf("%v: %s", err, out)
			}
			if strings.Contains(out, "trying again") && !strings.Contains(out, "E: Failed to fetch") {
				t.Errorf("apt's own words are missing: %s", out)
			}
			return nil
		})
	}
	g.Wait()
	if made, _ := os.ReadFile(calls); string(made) != "called\ncalled\n" {
		t.Errorf("mmdebstrap ran %d times", strings.Count(string(made), "\n"))
	}
	if out, err := script(t, cache, mmdebstrap, "booted_root name a,b,c"); err != nil {
		t.Errorf("%v: %s", err, out)
	}
	if all, _ := filepath.Glob(cache + "/name-*"); len(all) != 2 {
		t.Errorf("in the cache are %v", all)
	}
}

// TestAnOldRootIsRemoved unless a machine uses it. What is mounted below it stays.
func TestAnOldRootIsRemoved(t *testing.T) {
	needRoot(t)
	cache := filepath.Join(t.TempDir(), "cache")
	const mmdebstrap = `for dir; do case $dir in */*.making) mkdir -p "$dir/etc" ;; esac; done`
	out, err := script(t, cache, mmdebstrap, `booted_root name old; mkdir "$cache/name-mounted" "$cache/name-mounted/sys"
		mount -t tmpfs tmpfs "$cache/name-mounted/sys"
		trap 'umount "$cache/name-mounted/sys"' EXIT
		touch "$cache/name-mounted/sys/kept" "$cache/name-free"
		touch -d "8 days ago" "$cache"/name-*
		(. test/cache.sh; booted_root name new)
		test -e "$cache/name-mounted/sys/kept"; test -e "$booted_root"; ! test -e "$cache/name-free"`)
	if err != nil {
		t.Errorf("%v: %s", err, out)
	}
}

func needRoot(t *testing.T) {
	t.Helper()
	if syscall.Geteuid() != 0 {
		t.Skip("needs root")
	}
}
