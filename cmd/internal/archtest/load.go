// Package archtest holds the shape of the program as tests: which package may import which, which packages are dangerous
// and who may use them, and the limits of the house. A change of shape begins here. It also measures programs, so that
// ours can be laid beside others.
package archtest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// A File is one Go file of a program.
type File struct {
	Package string // its folder, from the top, with slashes
	Path    string // as it is opened from here
	Text    string
	AST     *ast.File
	Set     *token.FileSet
}

// Test reports whether the file holds tests.
func (f File) Test() bool { return strings.HasSuffix(f.Path, "_test.go") }

// Line is the number of a place's line, the first being 1.
func (f File) Line(at token.Pos) int { return f.Set.Position(at).Line }

// Load parses the Go files below a folder, but for test data, hidden folders and modules of their own.
func Load(top string) (files []File, err error) {
	err = filepath.WalkDir(top, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && path != top {
			return pass(path, d.Name())
		}
		if !strings.HasSuffix(path, ".go") {
			return nil
		}
		f, err := parse(top, path)
		files = append(files, f)
		return err
	})
	return files, err
}

// pass returns fs.SkipDir for a folder that does not belong to the program.
func pass(path, name string) error {
	if strings.HasPrefix(name, ".") || name == "testdata" || name == "vendor" {
		return fs.SkipDir
	}
	if _, err := os.Stat(filepath.Join(path, "go.mod")); err == nil {
		return fs.SkipDir
	}
	return nil
}

func parse(top, path string) (File, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return File{}, err
	}
	f := File{Path: path, Text: string(text), Set: token.NewFileSet()}
	f.AST, err = parser.ParseFile(f.Set, path, text, parser.ParseComments|parser.SkipObjectResolution)
	rel, _ := filepath.Rel(top, filepath.Dir(path))
	f.Package = filepath.ToSlash(rel)
	return f, err
}
