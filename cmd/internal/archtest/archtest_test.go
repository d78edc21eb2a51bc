package archtest

import (
	"go/ast"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "bailiff"

// arrows is the import map: every package and the packages of ours that its non-test files may import. A package on
// the map may not exist yet; one that exists must be on the map. "*" is everything.
var arrows = map[string]string{
	"jails/event":                   "",
	"jails/match":                   "",
	"jails/date":                    "jails/match",
	"jails/filter":                  "jails/date jails/event jails/match",
	"jails/ini":                     "",
	"jails/shell":                   "",
	"jails/rules":                   "jails/shell",
	"jails/config":                  "jails/action jails/date jails/event jails/filter jails/ini jails/match jails/rules jails/shell",
	"jails/resolve":                 "",
	"jails/store":                   "jails/event",
	"jails/action":                  "jails/event",
	"jails/fleet":                   "jails/event",
	"jails/source":                  "filefollow jails/event jails/filter journal",
	"jails":                         "jails/config jails/event jails/filter jails/match jails/resolve metrics",
	"journal":                       "",
	"journal/journaltest":           "",
	"filefollow":                    "",
	"firewall":                      "",
	"firewall/firewalltest":         "firewall",
	"metrics":                       "",
	"packaging":                     "",
	"cmd/internal/control":          "jails",
	"cmd/internal/compat":           "cmd/internal/control",
	"cmd/internal/logging":          "jails jails/event",
	"cmd/internal/sdnotify":         "",
	"cmd/internal/snapshot":         "",
	"cmd/internal/archtest":         "",
	"cmd/internal/archtest/measure": "cmd/internal/archtest",
	"cmd/bailiff":                   "*",
}

// doors names, for each dangerous package, the only packages whose non-test files may import it.
var doors = map[string]string{
	"os/exec":      "firewall firewall/firewalltest jails/action journal/journaltest",
	"database/sql": "jails/store",
	"net/http":     "cmd/internal/control metrics",
	"C":            "journal",
	"unsafe":       "firewall journal",
	"github.com/coreos/go-systemd/v22/sdjournal": "journal",
}

const (
	functionLines = 80
	fileLines     = 600
)

func sources(t *testing.T) []File {
	t.Helper()
	files, err := Load("../../..")
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestImportMap(t *testing.T) {
	for _, s := range sources(t) {
		allowed, known := arrows[s.Package]
		if !known {
			t.Errorf("%s: package %s is not on the map: draw it or drop it", s.Path, s.Package)
			continue
		}
		if s.Test() {
			continue
		}
		for _, imp := range s.AST.Imports {
			path, _ := strconv.Unquote(imp.Path.Value)
			if to, ours := strings.CutPrefix(path, module+"/"); ours && allowed != "*" && !slices.Contains(strings.Fields(allowed), to) {
				t.Errorf("%s: %s imports %s, the map says (%s)", s.Path, s.Package, to, allowed)
			}
			if door, guarded := doors[path]; guarded && !slices.Contains(strings.Fields(door), s.Package) {
				t.Errorf("%s: imports %s, only %s may", s.Path, path, door)
			}
		}
	}
}

func TestPackagingIsImportedByCommandsOnly(t *testing.T) {
	for from, to := range arrows {
		if slices.Contains(strings.Fields(to), "packaging") {
			t.Errorf("%s may import packaging", from)
		}
	}
}

func TestEveryPackageIsDocumented(t *testing.T) {
	documented := map[string]bool{}
	for _, s := range sources(t) {
		documented[s.Package] = documented[s.Package] || s.AST.Doc != nil
	}
	for pkg, ok := range documented {
		if !ok {
			t.Errorf("package %s has no package comment", pkg)
		}
	}
}

func TestHouseLimits(t *testing.T) {
	for _, s := range sources(t) {
		if s.Test() {
			continue
		}
		if n := s.Line(s.AST.FileEnd); n > fileLines {
			t.Errorf("%s: %d lines, the limit is %d", s.Path, n, fileLines)
		}
		for _, d := range s.AST.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok {
				continue
			}
			begin, end := s.Line(f.Pos()), s.Line(f.End())
			if n := end - begin + 1; n > functionLines {
				t.Errorf("%s:%d: %s has %d lines, the limit is %d", s.Path, begin, f.Name.Name, n, functionLines)
			}
			if f.Recv == nil && f.Name.Name == "init" {
				t.Errorf("%s:%d: init functions hide work from the reader", s.Path, begin)
			}
		}
	}
}

func TestExportedNamesAreDocumented(t *testing.T) {
	for _, s := range sources(t) {
		if s.Test() {
			continue
		}
		for _, d := range s.AST.Decls {
			for _, name := range undocumented(d) {
				t.Errorf("%s: exported %s has no comment", s.Path, name)
			}
		}
	}
}
