package archtest

import (
	"cmp"
	"go/ast"
	"go/token"
	"maps"
	"slices"
	"strings"
)

// A Function is a function or method and its size.
type Function struct {
	Name       string
	Lines      int
	Cyclomatic int // one more than its branches
}

// A Type is a type with the size of what a reader must hold in mind of it.
type Type struct {
	Name    string // with its package
	Methods int
	Files   int // that its methods stand in
	Fields  int
}

// An Interface is an interface type and how much it asks of those who implement it.
type Interface struct {
	Name    string
	Methods int
}

// A Measure is how large a program is, and how it is cut into pieces. Tests and generated files count only where it says so.
type Measure struct {
	Lines        int
	TestLines    int
	Packages     map[string]int // files, by package
	FileLines    []int
	Functions    []Function
	Types        map[string]*Type
	Interfaces   []Interface
	Exported     int
	Documented   int // of the exported names
	CommentLines int
	CommentWords int
	CommentWidth []int // in columns
	Widths       []int // of all lines, a tab being four columns
	Go           int   // go statements
	Inits        int
	Variables    int // of packages
	Exits        int // calls that end the process
	Panics       int
	Todos        int
	Skips        int
	Fuzz         int
	Examples     int
	Sleeps       int // in tests
	names        [2]int
}

// NameLength is the mean length of local names, in letters.
func (m *Measure) NameLength() float64 { return float64(m.names[0]) / float64(max(m.names[1], 1)) }

// Take measures a program.
func Take(files []File) *Measure {
	m := &Measure{Packages: map[string]int{}, Types: map[string]*Type{}}
	methods := map[string]map[string]bool{}
	for _, f := range files {
		switch {
		case ast.IsGenerated(f.AST):
		case f.Test():
			m.test(f)
		default:
			m.file(f, methods)
		}
	}
	for name, in := range methods {
		m.kind(name).Files = len(in)
	}
	return m
}

// Largest are the types with the most methods, the largest first.
func (m *Measure) Largest() []Type {
	var all []Type
	for _, t := range m.Types {
		all = append(all, *t)
	}
	slices.SortFunc(all, func(a, b Type) int {
		return cmp.Or(cmp.Compare(b.Methods, a.Methods), cmp.Compare(b.Fields, a.Fields), cmp.Compare(a.Name, b.Name))
	})
	return all
}

// LargestPackage is the package with the most files.
func (m *Measure) LargestPackage() string {
	return slices.MaxFunc(slices.Sorted(maps.Keys(m.Packages)), func(a, b string) int {
		return cmp.Compare(m.Packages[a], m.Packages[b])
	})
}

func (m *Measure) kind(name string) *Type {
	if m.Types[name] == nil {
		m.Types[name] = &Type{Name: name}
	}
	return m.Types[name]
}

func (m *Measure) test(f File) {
	m.TestLines += strings.Count(f.Text, "\n")
	for _, d := range f.AST.Decls {
		if fn, ok := d.(*ast.FuncDecl); ok {
			m.Fuzz += btoi(strings.HasPrefix(fn.Name.Name, "Fuzz"))
			m.Examples += btoi(strings.HasPrefix(fn.Name.Name, "Example"))
		}
	}
	ast.Inspect(f.AST, func(n ast.Node) bool {
		if c, ok := n.(*ast.CallExpr); ok {
			called := callee(c)
			m.Sleeps += btoi(called == "time.Sleep")
			m.Skips += btoi(strings.HasSuffix(called, ".Skip") || strings.HasSuffix(called, ".Skipf"))
		}
		return true
	})
}

func (m *Measure) file(f File, methods map[string]map[string]bool) {
	lines := strings.Split(strings.TrimSuffix(f.Text, "\n"), "\n")
	m.Lines += len(lines)
	m.FileLines = append(m.FileLines, len(lines))
	m.Packages[f.Package]++
	for _, l := range lines {
		m.Widths = append(m.Widths, width(l))
	}
	m.comments(f)
	for _, d := range f.AST.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			m.function(f, d, methods)
		case *ast.GenDecl:
			m.declaration(f, d)
		}
		m.exported(d)
	}
	ast.Inspect(f.AST, m.node)
}

func (m *Measure) comments(f File) {
	for _, g := range f.AST.Comments {
		for _, c := range g.List {
			for line := range strings.Lines(c.Text) {
				words := strings.Fields(strings.TrimLeft(line, "/* \t"))
				m.CommentLines++
				m.CommentWords += len(words)
				m.CommentWidth = append(m.CommentWidth, width(strings.TrimRight(line, "\n")))
				m.Todos += btoi(len(words) > 0 && slices.Contains([]string{"TODO", "FIXME", "XXX", "HACK"},
					strings.Trim(words[0], ":()")))
			}
		}
	}
}

func (m *Measure) function(f File, d *ast.FuncDecl, methods map[string]map[string]bool) {
	fn := Function{Name: f.Package + "." + d.Name.Name, Lines: f.Line(d.End()) - f.Line(d.Pos()) + 1, Cyclomatic: branches(d)}
	m.Functions = append(m.Functions, fn)
	if d.Recv == nil {
		m.Inits += btoi(d.Name.Name == "init")
		return
	}
	name := f.Package + "." + receiver(d)
	m.kind(name).Methods++
	if methods[name] == nil {
		methods[name] = map[string]bool{}
	}
	methods[name][f.Path] = true
}

func (m *Measure) declaration(f File, d *ast.GenDecl) {
	if d.Tok == token.VAR {
		for _, s := range d.Specs {
			m.Variables += len(s.(*ast.ValueSpec).Names)
		}
	}
	for _, s := range d.Specs {
		t, ok := s.(*ast.TypeSpec)
		if !ok {
			continue
		}
		name := f.Package + "." + t.Name.Name
		switch u := t.Type.(type) {
		case *ast.StructType:
			m.kind(name).Fields = fields(u.Fields)
		case *ast.InterfaceType:
			m.Interfaces = append(m.Interfaces, Interface{name, fields(u.Methods)})
		}
	}
}

// fields counts the names of a list, and what is embedded.
func fields(l *ast.FieldList) (n int) {
	for _, f := range l.List {
		n += max(len(f.Names), 1)
	}
	return n
}

func (m *Measure) exported(d ast.Decl) {
	missing := len(undocumented(d))
	m.Documented -= missing
	count := func(name string) {
		m.Exported += btoi(ast.IsExported(name))
		m.Documented += btoi(ast.IsExported(name))
	}
	switch d := d.(type) {
	case *ast.FuncDecl:
		if d.Recv == nil || ast.IsExported(receiver(d)) {
			count(d.Name.Name)
		}
	case *ast.GenDecl:
		for _, s := range d.Specs {
			switch s := s.(type) {
			case *ast.TypeSpec:
				count(s.Name.Name)
			case *ast.ValueSpec:
				count(s.Names[0].Name)
			}
		}
	}
}

// node counts statements and local names.
func (m *Measure) node(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.GoStmt:
		m.Go++
	case *ast.CallExpr:
		called := callee(n)
		m.Exits += btoi(called == "os.Exit" || strings.HasPrefix(called, "log.Fatal"))
		m.Panics += btoi(called == "panic")
	case *ast.AssignStmt:
		for _, left := range n.Lhs {
			if id, ok := left.(*ast.Ident); ok && n.Tok == token.DEFINE && id.Name != "_" {
				m.names[0] += len(id.Name)
				m.names[1]++
			}
		}
	}
	return true
}

// callee is what a call names, as os.Exit or panic.
func callee(c *ast.CallExpr) string {
	switch f := c.Fun.(type) {
	case *ast.Ident:
		return f.Name
	case *ast.SelectorExpr:
		if id, ok := f.X.(*ast.Ident); ok {
			return id.Name + "." + f.Sel.Name
		}
	}
	return ""
}

// branches is the cyclomatic number of a function: one more than the places where it may go two ways.
func branches(d *ast.FuncDecl) int {
	n := 1
	ast.Inspect(d, func(node ast.Node) bool {
		switch node := node.(type) {
		case *ast.IfStmt, *ast.ForStmt, *ast.RangeStmt:
			n++
		case *ast.CaseClause:
			n += btoi(node.List != nil)
		case *ast.CommClause:
			n += btoi(node.Comm != nil)
		case *ast.BinaryExpr:
			n += btoi(node.Op == token.LAND || node.Op == token.LOR)
		}
		return true
	})
	return n
}

// width is how many columns a line takes.
func width(line string) int { return len([]rune(strings.ReplaceAll(line, "\t", "    "))) }

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}
