package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"bailiff/cmd/internal/control"
)

// A realSet is a configuration as people have them, imitated: files that lie over those of Debian's fail2ban, which
// jails run with them, which are left out, and what is said.
type realSet struct {
	dir           string
	runs, leftOut []string
	says          []*regexp.Regexp
}

func readSet(t *testing.T, path string) (s realSet) {
	archive, err := txtar.ParseFile(path)
	must(t, err)
	s.dir = filepath.Join(t.TempDir(), "fail2ban")
	must(t, os.CopyFS(s.dir, os.DirFS("/etc/fail2ban")))
	for _, f := range archive.Files {
		if f.Name != "want" {
			must(t, os.WriteFile(filepath.Join(s.dir, f.Name), f.Data, 0o644))
			continue
		}
		for line := range strings.Lines(string(f.Data)) {
			what, text, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ":")
			switch text = strings.TrimSpace(text); what {
			case "runs":
				s.runs = strings.Fields(text)
			case "left out":
				s.leftOut = strings.Fields(text)
			case "says":
				s.says = append(s.says, regexp.MustCompile("(?m)"+text))
			default:
				t.Fatalf("%s: %q", path, line)
			}
		}
	}
	return s
}

// TestRealSetsStart starts a daemon with each kind of configuration that people were seen to have.
func TestRealSetsStart(t *testing.T) {
	paths, err := filepath.Glob("testdata/sets/*.txtar")
	if err != nil || len(paths) != 17 {
		t.Fatalf("%d sets, %v", len(paths), err)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			t.Parallel()
			s := readSet(t, path)
			check, _ := exec.Command("/usr/bin/env", asBailiff+"=1", os.Args[0], "config", "check", "--config", s.dir).CombinedOutput()
			for _, want := range s.says {
				if !want.Match(check) {
					t.Errorf("config check does not say %s:\n%s", want, check)
				}
			}
			runs, leftOut := startSet(t, s.dir)
			if d := cmp.Diff(sorted(s.runs), sorted(runs)); d != "" {
				t.Errorf("running:\n%s%s", d, check)
			}
			if d := cmp.Diff(sorted(s.leftOut), sorted(leftOut)); d != "" {
				t.Errorf("left out:\n%s%s", d, check)
			}
		})
	}
}

func sorted(names []string) []string { return slices.Sorted(slices.Values(names)) }

// startSet starts a dry run, asks it for its jails, and ends it.
func startSet(t *testing.T, dir string) (runs, leftOut []string) {
	socket := filepath.Join(t.TempDir(), "s")
	var log strings.Builder
	daemon := exec.Command(os.Args[0], "run", "--dry-run", "--config", dir, "--state", t.TempDir(), "--metrics", "", "--socket", socket)
	daemon.Env = append(os.Environ(), asBailiff+"=1")
	daemon.Stderr = &log
	must(t, daemon.Start())
	defer func() {
		daemon.Process.Signal(syscall.SIGTERM)
		if err := daemon.Wait(); err != nil {
			t.Errorf("%v\n%s", err, log.String())
		}
		if m := regexp.MustCompile(`left out for faults: (.*?)(?: hint=.*)?\n`).FindStringSubmatch(log.String()); m != nil {
			leftOut = strings.Split(m[1], ", ")
		}
	}()
	for end := time.Now().Add(patience); time.Now().Before(end); <-time.After(20 * time.Millisecond) {
		out, err := exec.Command("/usr/bin/env", asBailiff+"=1", os.Args[0], "status", "--json", "--socket", socket).Output()
		var status control.Status
		if err != nil || json.Unmarshal(out, &status) != nil {
			continue
		}
		for _, j := range status.Jails {
			runs = append(runs, j.Name)
		}
		return runs, nil
	}
	t.Error("the daemon does not answer")
	return nil, nil
}
