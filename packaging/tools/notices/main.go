// Command notices prints the licences of everything that is linked into a Go program, for the packages that
// distribute it: of Go itself, of each module, and of code that a module has taken from elsewhere and keeps in a
// folder with a licence of its own. It fails when a module has no licence file, or a licence that is not known to
// allow that.
package main

import (
	"bytes"
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/google/licensecheck"
)

// allowed are the licences, by SPDX's names, whose only condition is that their text goes along.
var allowed = []string{"Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT", "GooglePatentsFile"}

// leastKnown is how much of a licence's text, in percent, must be one that licensecheck knows.
const leastKnown = 75

// read are files of licences that are more than one, or none that licensecheck knows, by the SHA-256 of what
// somebody has read: a new version is to be read anew.
var read = map[string]string{
	"8438c9c89b849131ead81d5435cb97fcf052df5b0b286dda8a2d4c29e6cb3fd0": "SQLite is in the public domain",
	"b4366b9c27a9364633e015011a231913ed19bf1228f335bf617e50a6f7b168a6": "of modernc.org/sqlite: permissive all; the one MPL-2.0 is of a module that is linked into nothing",
	"f597097efe3d97021f89170746bd3a0fb9a8b6fb26b82043ed68a4e0283bee6c": "of modernc.org/libc: BSD and MIT for what is linked, musl's and others'",
}

var (
	licenceName = regexp.MustCompile(`(?i)^(licen[cs]e|copying|notice|patents)`)
	// picture finds the terms of a logo, which is in no program.
	picture = regexp.MustCompile(`(?i)logo`)
)

func main() {
	top := flag.String("top", ".", "the folder of the program's go.mod")
	program := flag.String("package", "./cmd/bailiff", "the program's package, as go build takes it there")
	flag.Parse()
	if flag.NArg() != 1 {
		fmt.Fprintln(os.Stderr, "usage: notices [-top DIR] [-package PATH] BINARY")
		os.Exit(2)
	}
	if err := run(os.Stdout, *top, *program, flag.Arg(0)); err != nil {
		fmt.Fprintln(os.Stderr, "notices:", err)
		os.Exit(1)
	}
}

func run(w io.Writer, top, program, binary string) error {
	info, err := buildinfo.ReadFile(binary)
	if err != nil {
		return err
	}
	folders, err := linkedFolders(top, program)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "%s is one file that holds, besides its own code under the Apache License 2.0, the software below.\n",
		filepath.Base(program))
	var errs []error
	for _, m := range append([]*debug.Module{{Path: "Go", Version: info.GoVersion}}, info.Deps...) {
		errs = append(errs, printModule(w, m, folders[m.Path]))
	}
	return errors.Join(errs...)
}

// linkedFolders lists, by module, the folders of the packages that the program is made from, with the folders
// above them up to the module's own.
func linkedFolders(top, program string) (map[string][]string, error) {
	goroot, err := goTool(top, "env", "GOROOT")
	if err != nil {
		return nil, err
	}
	folders := map[string][]string{"Go": {strings.TrimSpace(string(goroot))}}
	out, err := goTool(top, "list", "-deps", "-json=Dir,Module", program)
	if err != nil {
		return nil, err
	}
	type pkg struct {
		Dir    string
		Module *struct {
			Path, Dir string
			Main      bool
		}
	}
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var p pkg
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, err
		}
		if p.Module == nil || p.Module.Main {
			continue
		}
		for dir := p.Dir; strings.HasPrefix(dir, p.Module.Dir); dir = filepath.Dir(dir) {
			folders[p.Module.Path] = append(folders[p.Module.Path], dir)
		}
	}
	for path, list := range folders {
		slices.Sort(list)
		folders[path] = slices.Compact(list)
	}
	return folders, nil
}

func goTool(top string, args ...string) ([]byte, error) {
	cmd := exec.Command("go", args...)
	cmd.Dir, cmd.Stderr = top, os.Stderr
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux")
	return cmd.Output()
}

// printModule prints a module's licences, those of its own folder first.
func printModule(w io.Writer, m *debug.Module, folders []string) error {
	fmt.Fprintf(w, "\n%s\n%s %s\n", strings.Repeat("=", 78), m.Path, m.Version)
	licences := 0
	var errs []error
	for i, dir := range folders {
		entries, err := os.ReadDir(dir)
		if err != nil {
			return err
		}
		for _, e := range entries {
			if e.IsDir() || !licenceName.MatchString(e.Name()) || picture.MatchString(e.Name()) {
				continue
			}
			text, err := os.ReadFile(filepath.Join(dir, e.Name()))
			if err != nil {
				return err
			}
			name := filepath.Join(strings.TrimPrefix(dir, folders[0]), e.Name())
			fmt.Fprintf(w, "\n%s:\n\n%s\n", strings.TrimPrefix(name, "/"), bytes.TrimSpace(text))
			if !strings.HasPrefix(strings.ToUpper(e.Name()), "LICEN") {
				continue // a notice or a grant, besides the licence
			}
			if err := check(text); err != nil && read[fmt.Sprintf("%x", sha256.Sum256(text))] == "" {
				errs = append(errs, fmt.Errorf("%s: %s: %w", m.Path, name, err))
			}
			if i == 0 {
				licences++
			}
		}
	}
	if licences == 0 {
		errs = append(errs, fmt.Errorf("%s: no licence file", m.Path))
	}
	return errors.Join(errs...)
}

// check reports a text that is not made of licences that are allowed.
func check(text []byte) error {
	found := licensecheck.Scan(text)
	for _, l := range found.Match {
		if !slices.Contains(allowed, l.ID) {
			return fmt.Errorf("the licence %s is not among those that are allowed", l.ID)
		}
	}
	if len(found.Match) == 0 || found.Percent < leastKnown {
		return fmt.Errorf("%.0f %% of the text is of licences that are known: read it", found.Percent)
	}
	return nil
}
