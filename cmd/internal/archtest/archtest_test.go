// Package archtest holds the shape of the program: which package may import which, which packages are dangerous and
// who may use them, and the limits of the house. A change of shape begins here.
package archtest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "bailiff"

// arrows is the import map: every package and the packages of ours that its non-test files may import. A package on
// the map may not exist yet; one that exists must be on the map. "*" is everything.
var arrows = map[string]string{
	"jails/event":           "",
	"jails/match":           "",
	"jails/date":            "jails/match",
	"jails/filter":          "jails/date jails/event jails/match",
	"jails/ini":             "",
	"jails/config":          "jails/action jails/date jails/event jails/filter jails/ini jails/match",
	"jails/resolve":         "",
	"jails/store":           "jails/event",
	"jails/action":          "jails/event",
	"jails/fleet":           "jails/event",
	"jails/source":          "filefollow jails/event jails/filter journal",
	"jails":                 "jails/config jails/event jails/filter jails/match jails/resolve metrics",
	"journal":               "",
	"journal/journaltest":   "",
	"filefollow":            "",
	"firewall":              "",
	"firewall/firewalltest": "firewall",
	"metrics":               "",
	"packaging":             "",
	"cmd/internal/control":  "jails",
	"cmd/internal/compat":   "cmd/internal/control",
	"cmd/internal/sdnotify": "",
	"cmd/internal/archtest": "",
	"cmd/bailiff":           "*",
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

// A source is one Go file of the program.
type source struct {
	pkg  string // its folder, from the top
	path string
	ast  *ast.File
	fset *token.FileSet
}

func (s source) test() bool { return strings.HasSuffix(s.path, "_test.go") }

func sources(t *testing.T) (all []source) {
	t.Helper()
	top := "../../.."
	err := filepath.WalkDir(top, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if name := d.Name(); d.IsDir() && path != top && (strings.HasPrefix(name, ".") || name == "testdata") {
			return filepath.SkipDir
		}
		if d.IsDir() && path != top {
			if _, err := os.Stat(filepath.Join(path, "go.mod")); err == nil {
				return filepath.SkipDir // a tool with a module of its own
			}
		}
		if !strings.HasSuffix(path, ".go") {
			return nil
		}
		s := source{path: path, fset: token.NewFileSet()}
		s.ast, err = parser.ParseFile(s.fset, path, nil, parser.ParseComments|parser.SkipObjectResolution)
		rel, _ := filepath.Rel(top, filepath.Dir(path))
		s.pkg = filepath.ToSlash(rel)
		all = append(all, s)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestImportMap(t *testing.T) {
	for _, s := range sources(t) {
		allowed, known := arrows[s.pkg]
		if !known {
			t.Errorf("%s: package %s is not on the map: draw it or drop it", s.path, s.pkg)
			continue
		}
		if s.test() {
			continue
		}
		for _, imp := range s.ast.Imports {
			path, _ := strconv.Unquote(imp.Path.Value)
			if to, ours := strings.CutPrefix(path, module+"/"); ours && allowed != "*" && !slices.Contains(strings.Fields(allowed), to) {
				t.Errorf("%s: %s imports %s, the map says (%s)", s.path, s.pkg, to, allowed)
			}
			if door, guarded := doors[path]; guarded && !slices.Contains(strings.Fields(door), s.pkg) {
				t.Errorf("%s: imports %s, only %s may", s.path, path, door)
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
		documented[s.pkg] = documented[s.pkg] || s.ast.Doc != nil
	}
	for pkg, ok := range documented {
		if !ok {
			t.Errorf("package %s has no package comment", pkg)
		}
	}
}

func TestHouseLimits(t *testing.T) {
	for _, s := range sources(t) {
		if s.test() {
			continue
		}
		if n := s.fset.Position(s.ast.FileEnd).Line; n > fileLines {
			t.Errorf("%s: %d lines, the limit is %d", s.path, n, fileLines)
		}
		for _, d := range s.ast.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok {
				continue
			}
			begin, end := s.fset.Position(f.Pos()).Line, s.fset.Position(f.End()).Line
			if n := end - begin + 1; n > functionLines {
				t.Errorf("%s:%d: %s has %d lines, the limit is %d", s.path, begin, f.Name.Name, n, functionLines)
			}
			if f.Recv == nil && f.Name.Name == "init" {
				t.Errorf("%s:%d: init functions hide work from the reader", s.path, begin)
			}
		}
	}
}

func TestExportedNamesAreDocumented(t *testing.T) {
	for _, s := range sources(t) {
		if s.test() {
			continue
		}
		for _, d := range s.ast.Decls {
			for _, name := range undocumented(d) {
				t.Errorf("%s: exported %s has no comment", s.path, name)
			}
		}
	}
}

// undocumented returns the exported names that a declaration makes without a comment.
func undocumented(d ast.Decl) (names []string) {
	switch d := d.(type) {
	case *ast.FuncDecl:
		if d.Doc == nil && d.Name.IsExported() && !slices.Contains([]string{"Error", "Unwrap", "String"}, d.Name.Name) && (d.Recv == nil || ast.IsExported(receiver(d))) {
			names = append(names, d.Name.Name)
		}
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			switch spec := spec.(type) {
			case *ast.TypeSpec:
				if spec.Name.IsExported() && d.Doc == nil && spec.Doc == nil {
					names = append(names, spec.Name.Name)
				}
			case *ast.ValueSpec:
				if spec.Names[0].IsExported() && d.Doc == nil && spec.Doc == nil && spec.Comment == nil {
					names = append(names, spec.Names[0].Name)
				}
			}
		}
	}
	return names
}

func receiver(f *ast.FuncDecl) string {
	typ := f.Recv.List[0].Type
	if star, ok := typ.(*ast.StarExpr); ok {
		typ = star.X
	}
	if index, ok := typ.(*ast.IndexExpr); ok {
		typ = index.X
	}
	if id, ok := typ.(*ast.Ident); ok {
		return id.Name
	}
	return ""
}
